import type { CliCommand } from './cli-command.ts';
import { settingsOf, withSettings, type Options } from './options.ts';

/** The commands for scripts. */
export const scriptCommands: Readonly<Record<'script', CliCommand>> = {
  script: {
    description: 'run a script: many calls, each checked as a call by itself',
    build: (command, io, end) => {
      withSettings(
        command
          .command('run')
          .description('run JavaScript; cloudstack.listZones({…}) and so on are its calls')
          .argument('<file>', 'the script; - reads standard input')
          .argument('[key=value...]', 'what the script finds in inputs'),
      )
        .option('--plan', 'send no change: make a plan of them')
        .option('--json', 'as JSON')
        .action(async (file: string, words: string[], options: Options) => {
          const { runScript } = await import('./script-command.ts');
          end(await runScript(file, words, { ...options, settings: settingsOf(options) }, io));
        });
    },
  },
};
