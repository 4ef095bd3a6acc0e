import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { settings } from '../config.ts';
import { CallError } from '../errors.ts';
import { version } from '../version.ts';
import { exit, printLine, type Io } from './io.ts';
import { formats } from './output.ts';

const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('It must be a whole number.');
  return value;
};

const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** Adds a flag for every setting, `--config` and `--credentials`. */
const withSettings = (command: Command): Command => {
  command.option('--config <file>', 'configuration file (YAML or JSON)');
  command.option('--credentials <source>', "profiles of another tool: cloudmonkey, cs, or such a file's path");
  for (const [name, schema] of Object.entries(settings.shape)) {
    const initial = schema.parse(undefined);
    const value = typeof initial === 'boolean' ? (initial ? '[boolean]' : '') : '<value>';
    const shown = initial === '' || initial === false ? '' : ` (default: ${String(initial)})`;
    command.option(`${flagOf(name)} ${value}`.trim(), `${schema.description ?? ''}${shown}`);
  }
  return command;
};

const settingsOf = (options: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(['config', 'credentials', ...Object.keys(settings.shape)].map((name) => [name, options[name]]));

type Options = Record<string, unknown>;

/** The command line. Each command's code is loaded when it is used. */
const createProgram = (io: Io, end: (status: number) => void): Command => {
  const program = new Command('cloudstack-mcp')
    .description('Every Apache CloudStack command for AI assistants and people, through the Model Context Protocol.')
    .version(version, '-V, --version')
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) });

  withSettings(program.command('serve', { isDefault: true }).description('MCP server on stdio (what hosts start)'))
    .option('--transport <kind>', 'stdio', 'stdio')
    .action(async (options: Options) => {
      const { serve } = await import('./serve-command.ts');
      end(await serve(settingsOf(options), String(options['transport']), io));
    });

  withSettings(
    program
      .command('call')
      .description('make one call through the same path')
      .argument('<tool>')
      .argument('[key=value...]'),
  )
    .option('--json <object>', 'parameters as JSON')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(formats).default('table'))
    .option('--fields <names>', 'fields to print, comma-separated; * for all')
    .option('--dry-run', 'print the request, unsigned, and send nothing that changes anything')
    .option('--secrets-to <file>', 'write the answer with its secrets to a new file that only you can read')
    .action(async (tool: string, words: string[], options: Options) => {
      const { runCall } = await import('./call-command.ts');
      const { wait, ...others } = settingsOf(options);
      end(
        await runCall(
          tool,
          words,
          { ...options, ...(wait === undefined ? {} : { wait: String(wait) }), settings: others } as never,
          io,
        ),
      );
    });

  const tools = program.command('tools').description('the catalog for people');
  const listing = (command: Command): Command =>
    withSettings(command.option('--json', 'as JSON').option('--toolset <name>', 'only this toolset'));
  listing(tools.command('list').description('every command the cloud offers')).action(async (options: Options) => {
    const { listCommands } = await import('./tools-command.ts');
    end(await listCommands({ ...options, settings: settingsOf(options) }, io));
  });
  listing(tools.command('find').description('search commands').argument('<text...>')).action(
    async (text: string[], options: Options) => {
      const { findCommands } = await import('./tools-command.ts');
      end(await findCommands(text.join(' '), { ...options, settings: settingsOf(options) }, io));
    },
  );
  listing(tools.command('show').description('everything about one command').argument('<tool>')).action(
    async (tool: string, options: Options) => {
      const { showCommand } = await import('./tools-command.ts');
      end(await showCommand(tool, { ...options, settings: settingsOf(options) }, io));
    },
  );

  program
    .command('simulator')
    .description('the embedded CloudStack at /client/api; prints one JSON line when ready')
    .option('--port <port>', 'port on loopback; 0 takes a free one', whole, 8080)
    .option('--empty', 'begin with an empty world')
    .option('--vms <count>', 'add this many virtual machines', whole)
    .option('--release <release>', 'be this release, such as 4.19.0')
    .option('--job-millis <milliseconds>', 'how long a job takes', whole)
    .action(async (options: Options) => {
      const { runSimulator } = await import('./simulator-command.ts');
      end(await runSimulator(options as never, io));
    });

  program
    .command('demo')
    .description('simulator, server and a scripted MCP client: the main job in a few seconds')
    .action(async () => {
      const { demo } = await import('./demo.ts');
      end(await demo(io));
    });

  const catalog = program.command('catalog').description("the catalog's facts against a cloud's listApis");
  for (const verb of ['sync', 'diff'] as const)
    withSettings(catalog.command(verb))
      .description(
        verb === 'sync'
          ? 'rewrite data/commands.json from listApis; hand-kept files stay'
          : 'what listApis has that the catalog lacks, and the other way round',
      )
      .option('--from <file>', "a saved answer of listApis instead of the cloud's")
      .option('--release <release>', 'the release it comes from')
      .option('--file <path>', 'the catalog to compare or rewrite', 'data/commands.json')
      .action(async (options: Options) => {
        const { syncCatalog, diffCatalog } = await import('./catalog-command.ts');
        end(
          await (verb === 'sync' ? syncCatalog : diffCatalog)(
            { ...options, settings: settingsOf(options) } as never,
            io,
          ),
        );
      });

  program
    .command('version')
    .description('print the version')
    .action(async () => {
      await printLine(io.stdout, version);
      end(exit.done);
    });
  return program;
};

const statusOf = ({ kind }: CallError): number => {
  if (kind === 'configuration' || kind === 'invalid') return exit.usage;
  return kind === 'refused' || kind === 'unconfirmed' ? exit.refused : exit.failed;
};

/** Runs the command line and returns its exit status: 0 done, 1 failed, 2 usage or configuration, 3 refused. */
export const runCli = async (argv: readonly string[], io: Io): Promise<number> => {
  let status: number = exit.done;
  try {
    await createProgram(io, (ended) => (status = ended)).parseAsync(argv as string[], { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exit.done : exit.usage;
    if (!(error instanceof CallError)) throw error;
    await printLine(io.stderr, `${error.kind}: ${error.message}${error.hint ? `\n${error.hint}` : ''}`);
    return statusOf(error);
  }
};
