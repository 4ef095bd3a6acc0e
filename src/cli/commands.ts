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
    description: 'MCP server: on stdio, as hosts start it, or over HTTP for many users',
    build: (command, io, end) =>
      withSettings(command, { serve: true }).action(async (options: Options) => {
        end(await serve(settingsOf(options), io));
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
  keys: {
    description: "a user's API keys: show, register, rotate",
    build: (command, io, end) => {
      const load = () => import('./keys-command.ts');
      const flags = (sub: Command): Command =>
        withSettings(sub.argument('<user>', "the user's name or id")).option(
          '--secrets-to <file>',
          'write the new keys to a new file that only you can read',
        );
      const given = (options: Options) => ({ ...options, settings: settingsOf(options) }) as never;
      withSettings(
        command
          .command('show')
          .description('whether a user has keys; they stay masked')
          .argument('<user>', "the user's name or id"),
      ).action(async (user: string, options: Options) => {
        end(await (await load()).showKeys(user, given(options), io));
      });
      flags(command.command('register').description('make a pair; CloudStack forgets the former one at once')).action(
        async (user: string, options: Options) => {
          end(await (await load()).registerKeys(user, given(options), io));
        },
      );
      flags(
        command.command('rotate').description('make a pair, prove it with a signed call, and put it into the profile'),
      )
        .option('--update-config', 'put the new keys into the profile of the configuration file')
        .action(async (user: string, options: Options) => {
          end(await (await load()).rotateKeys(user, given(options), io));
        });
    },
  },
  audit: {
    description: 'the log of every call: verify its chain, show its last entries',
    build: (command, io, end) => {
      const load = () => import('./audit-command.ts');
      const flags = (sub: Command): Command =>
        sub
          .argument('[file...]', "audit files; by default the configuration's, of every process")
          .option('--config <file>', 'configuration file (YAML or JSON)')
          .option('--audit <places>', 'the setting audit, instead of the configured one');
      flags(command.command('verify').description('1 when a line was changed, removed or moved'))
        .option('--archived', 'the oldest rotated files may be missing, for they were moved elsewhere')
        .action(async (files: string[], options: Options) => {
          end(await (await load()).verifyAudit(files, options, io));
        });
      flags(command.command('tail').description('the last entries'))
        .option('-n, --lines <count>', 'how many', whole, 20)
        .option('-f, --follow', 'go on with what comes in')
        .option('--principal <name>', 'only of this principal')
        .option('--command <pattern>', 'only of this command or tool; * and ? stand for anything')
        .option('--risk <risk>', 'only of this risk: read, sensitive, change, destroy')
        .option('--result <result>', 'only of this result: done, accepted, refused, failed, cancelled, unknown')
        .option('--since <time>', 'only since then: 2026-05-01T12:00Z, 15m, 2h, 3d')
        .option('--json', 'whole entries, one a line')
        .action(async (files: string[], options: Options) => {
          end(await (await load()).tailAudit(files, options as never, io));
        });
    },
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
        .option('--state <file>', 'keep the world in this file across restarts')
        .option('--faults <file>', 'break it on purpose: a plan of faults (YAML or JSON)')
        .action(async (options: Options) => {
          const { runSimulator } = await import('./simulator-command.ts');
          end(await runSimulator(options as never, io));
        }),
  },
  token: {
    description: 'static tokens for HTTP: a new one, or the hash of one that you have',
    build: (command, io, end) => {
      const load = () => import('./token-command.ts');
      command
        .command('new')
        .description('print a new token and its hash; only the hash belongs into the configuration file')
        .action(async () => {
          end(await (await load()).printNewToken(io));
        });
      command
        .command('hash')
        .description('read a token from standard input and print its hash')
        .action(async () => {
          end(await (await load()).printTokenHash(io));
        });
    },
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
