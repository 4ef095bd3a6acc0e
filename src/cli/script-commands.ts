import type { CliCommand } from './cli-command.ts';
import { settingsOf, withSettings, type Options } from './options.ts';

/** The commands for scripts. */
export const scriptCommands: Readonly<Record<'script', CliCommand>> = {
  script: {
    description: 'scripts: run many calls at once, each checked as a call by itself; list and show stored ones',
    build: (command, io, end) => {
      withSettings(
        command
          .command('run')
          .description('run JavaScript; cloudstack.listZones({…}) and so on are its calls')
          .argument('<file>', 'the script, or the name of a stored one; - reads standard input')
          .argument('[key=value...]', 'what the script finds in inputs'),
      )
        .option('--plan', 'send no change: make a plan of them')
        .option('--dry-run', 'run nothing: say what it may take at most, and which commands it names')
        .option('--json', 'as JSON')
        .action(async (file: string, words: string[], options: Options) => {
          const { runScript } = await import('./script-command.ts');
          end(await runScript(file, words, { ...options, settings: settingsOf(options) }, io));
        });
      withSettings(command.command('list').description('the stored scripts, with their versions')).action(
        async (options: Options) => {
          const { listScripts } = await import('./script-command.ts');
          end(await listScripts({ settings: settingsOf(options) }, io));
        },
      );
      withSettings(
        command.command('show').description('version, inputs and text of a stored script').argument('<name>'),
      ).action(async (name: string, options: Options) => {
        const { showScript } = await import('./script-command.ts');
        end(await showScript(name, { settings: settingsOf(options) }, io));
      });
    },
  },
};
