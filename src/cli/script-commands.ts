import type { CliCommand } from './cli-command.ts';
import { settingsOf, whole, withSettings, type Options } from './options.ts';
import type { runStanding, StandingFlags } from './script-command.ts';

type StandingCommand = typeof runStanding;

/** The commands for scripts. */
export const scriptCommands: Readonly<Record<'script', CliCommand>> = {
  script: {
    description:
      'scripts: run many calls at once, each checked as a call by itself; list, show and approve stored ones',
    build: (command, io, end) => {
      withSettings(
        command
          .command('run')
          .description('run JavaScript that makes calls, such as cloudstack.listZones({…})')
          .argument('<file>', 'the script, or the name of a stored one; - reads standard input')
          .argument('[key=value...]', 'an input of the script'),
      )
        .option('--plan', 'send no changes; make a plan of them')
        .option('--dry-run', 'run nothing; show its maximum of calls, time and memory, and the commands that it names')
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
      const standing = async (asked: Parameters<StandingCommand>[0], options: Options): Promise<void> => {
        const { runStanding } = await import('./script-command.ts');
        end(await runStanding(asked, { ...options, settings: settingsOf(options) }, io));
      };
      withSettings(
        command
          .command('approve')
          .description('approve one version of a stored script beforehand; critical calls still ask')
          .argument('<name>')
          .requiredOption('--for <principals>', 'principals who may run it, comma-separated')
          .requiredOption('--times <runs>', 'how many runs', whole)
          .option('--per <time>', 'period in which --times counts, such as 1d; by default the whole time')
          .requiredOption('--until <time>', 'until when: 30d, 12h or a date'),
      )
        .option('--json', 'as JSON')
        .action((name: string, options: Options) =>
          standing({ action: 'give', name, flags: options as unknown as StandingFlags }, options),
        );
      withSettings(command.command('approvals').description('the approvals of stored scripts, with their runs'))
        .option('--json', 'as JSON')
        .action((options: Options) => standing({ action: 'list' }, options));
      withSettings(command.command('revoke').description('end an approval of a stored script').argument('<id>'))
        .option('--json', 'as JSON')
        .action((id: string, options: Options) => standing({ action: 'revoke', id }, options));
    },
  },
};
