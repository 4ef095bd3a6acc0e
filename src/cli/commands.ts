import { Option, type Command } from 'commander';
import { version } from '../version.ts';
import { exit, formats, printLine, type Io } from './io.ts';
import { settingsOf, whole, withSettings, type Options } from './options.ts';
import { serve } from './serve-command.ts';

/** A command of the command line: its line in the help, and its flags and action, which load their code when used. */
export interface CliCommand {
  description: string;
  build(command: Command, io: Io, end: (status: number) => void): void;
}

/** Every command, in the order of the help. `serve` is the default. */
export const commands: Readonly<Record<string, CliCommand>> = {
  serve: {
    description: 'MCP server on stdio: what hosts start',
    build: (command, io, end) =>
      withSettings(command)
        .option('--transport <kind>', 'stdio', 'stdio')
        .action(async (options: Options) => {
          end(await serve(settingsOf(options), String(options['transport']), io));
        }),
  },
  call: {
    description: 'make one call through the same path',
    build: (command, io, end) =>
      withSettings(command.argument('<tool>').argument('[key=value...]'))
        .option('--json <object>', 'parameters as JSON')
        .addOption(new Option('-o, --output <format>', 'how to print').choices(formats).default('table'))
        .option('--fields <names>', 'fields to print, comma-separated; * for all')
        .option('--dry-run', 'print the request, unsigned, and send nothing that changes anything')
        .option('--secrets-to <file>', 'write the answer with its secrets to a new file that only you can read')
        .action(async (tool: string, words: string[], options: Options) => {
          const { runCall } = await import('./call-command.ts');
          // A person may wait longer for a job than a host does.
          const { wait, ...settings } = settingsOf(options);
          end(
            await runCall(tool, words, { ...options, ...(wait === undefined ? {} : { wait }), settings } as never, io),
          );
        }),
  },
  approve: {
    description: 'give a waiting call the yes that its host could not ask for',
    build: (command, io, end) =>
      withSettings(
        command.argument('[code]', 'the code that the call was given; without it, what waits is listed'),
      ).action(async (code: string | undefined, options: Options) => {
        const { approveCall } = await import('./approve-command.ts');
        end(await approveCall(code, settingsOf(options), io));
      }),
  },
  tools: {
    description: 'the catalog for people: list, find, show',
    build: (command, io, end) => {
      const flags = (sub: Command): Command =>
        withSettings(sub.option('--json', 'as JSON').option('--toolset <name>', 'only this toolset'));
      const load = () => import('./tools-command.ts');
      const given = (options: Options) => ({ ...options, settings: settingsOf(options) });
      flags(command.command('list').description('every command the cloud offers')).action(async (options: Options) => {
        end(await (await load()).listCommands(given(options), io));
      });
      flags(command.command('find').description('search commands').argument('<text...>')).action(
        async (text: string[], options: Options) => {
          end(await (await load()).findCommands(text.join(' '), given(options), io));
        },
      );
      flags(command.command('show').description('everything about one command').argument('<tool>')).action(
        async (tool: string, options: Options) => {
          end(await (await load()).showCommand(tool, given(options), io));
        },
      );
    },
  },
  simulator: {
    description: 'the embedded CloudStack at /client/api; prints one JSON line when ready',
    build: (command, io, end) =>
      command
        .option('--port <port>', 'port on loopback; 0 takes a free one', whole, 8080)
        .option('--empty', 'begin with an empty world')
        .option('--vms <count>', 'add this many virtual machines', whole)
        .option('--release <release>', 'be this release, such as 4.19.0')
        .option('--job-millis <milliseconds>', 'how long a job takes', whole)
        .action(async (options: Options) => {
          const { runSimulator } = await import('./simulator-command.ts');
          end(await runSimulator(options as never, io));
        }),
  },
  demo: {
    description: 'simulator, server and a scripted MCP client: the main job in a few seconds',
    build: (command, io, end) =>
      command.action(async () => {
        const { demo } = await import('./demo.ts');
        end(await demo(io));
      }),
  },
  catalog: {
    description: "the catalog's facts against a cloud's listApis: sync, diff",
    build: (command, io, end) => {
      const flags = (sub: Command): Command =>
        withSettings(sub)
          .option('--from <file>', "a saved answer of listApis instead of the cloud's")
          .option('--release <release>', 'the release it comes from')
          .option('--file <path>', 'the catalog to compare or rewrite', 'data/commands.json');
      const load = () => import('./catalog-command.ts');
      const given = (options: Options) => ({ ...options, settings: settingsOf(options) }) as never;
      flags(command.command('sync').description('rewrite commands.json from listApis; hand-kept files stay')).action(
        async (options: Options) => {
          end(await (await load()).syncCatalog(given(options), io));
        },
      );
      flags(command.command('diff').description('what listApis has that the catalog lacks, and the reverse')).action(
        async (options: Options) => {
          end(await (await load()).diffCatalog(given(options), io));
        },
      );
    },
  },
  version: {
    description: 'print the version',
    build: (command, io, end) =>
      command.action(async () => {
        await printLine(io.stdout, version);
        end(exit.done);
      }),
  },
};
