import type { Command } from 'commander';
import type { CliCommand } from './cli-command.ts';
import { settingsOf, withSettings, type Options } from './options.ts';

/** The commands for several changes as one. */
export const planCommands: Readonly<Record<'plan' | 'undo', CliCommand>> = {
  plan: {
    description: 'several changes as one: make, show, compare, apply or discard a plan',
    build: (command, io, end) => {
      const load = () => import('./plan-command.ts');
      const flags = (sub: Command): Command => withSettings(sub).option('--json', 'as JSON');
      const act = (
        name: 'make' | 'show' | 'diff' | 'apply' | 'discard',
        argument: string,
        description: string,
      ): void => {
        flags(command.command(name).description(description).argument(argument)).action(
          async (given: string | undefined, options: Options) => {
            end(await (await load()).runPlan(name, given, { ...options, settings: settingsOf(options) }, io));
          },
        );
      };
      act(
        'make',
        '<file>',
        'check the calls of a file (JSON or YAML: tool, arguments; - for standard input) and save them as a plan',
      );
      act('show', '[plan]', 'show a plan, or list all of yours');
      act('diff', '<plan>', 'show what has changed since the plan was made');
      act('apply', '<plan>', 'run the calls of a plan, after one confirmation');
      act('discard', '<plan>', 'discard a plan, so that no one can apply it');
    },
  },
  undo: {
    description: 'make a plan that undoes a change, a plan or a script',
    build: (command, io, end) =>
      withSettings(command.argument('<call>', 'id of a call in the audit log, of a plan or a script; or last'))
        .option('--json', 'as JSON')
        .action(async (given: string, options: Options) => {
          const { runPlan } = await import('./plan-command.ts');
          end(await runPlan('undo', given, { ...options, settings: settingsOf(options) }, io));
        }),
  },
};
