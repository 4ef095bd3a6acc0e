import { Command, CommanderError, Help } from 'commander';
import { CallError, describeError, explainError } from '../errors.ts';
import { programName } from '../program-name.ts';
import { closestWord, mayBeMeant } from '../spelling.ts';
import { stripUnsafe, toLabel, toLine } from '../text.ts';
import { version } from '../version.ts';
import { commands } from './commands.ts';
import type { Activity } from './activity.ts';
import { namesInput, readInput, takeFiles } from './given-values.ts';
import { exit, printJson, printText, type Io } from './io.ts';
import { isGlobal, loadSettings } from './options.ts';

const globalSummary = `
Global options: --config <file>, --profile <name>, --simulator and all other
settings; --help --all lists them.`;

/** Whether the caller is a program that reads JSON. To `call`, `--json` gives parameters. */
const wantsJson = (argv: readonly string[]): boolean =>
  argv.some(
    (word, at) =>
      /^(?:-o=?|--output=)json$/.test(word) ||
      (/^(?:-o|--output)$/.test(word) && argv[at + 1] === 'json') ||
      (word === '--json' && argv[0] !== 'call'),
  );

/** What commander says, where its words would mislead: options before a command are read as options of `serve`. */
const inOurWords = (message: string, [first = '']: readonly string[]): string =>
  first.startsWith('-') && message.startsWith("error: too many arguments for 'serve'")
    ? `error: the command comes before its options, such as: ${programName} call list-zones --profile NAME`
    : message;

const wayOn = `${programName} --help lists the commands.`;

/** Breaks a text for a terminal; measuring what stands there is loaded for one alone. */
type FitText = (text: string) => string;

const fitTextOf = async ({ stdout }: Io): Promise<FitText> => {
  if (!stdout.isTTY) return (text) => text;
  const { wrap } = await import('./width.ts');
  return (text) => wrap(text, stdout.columns ?? 80);
};

/** A command's world, in which a terminal that can take a line back shows that it is at work. */
const activityFor = async (used: string, io: Io): Promise<Activity> =>
  commands[used]!.talks || !io.stderr.isTTY || io.env['TERM'] === 'dumb'
    ? { io, end: () => undefined }
    : (await import('./activity.ts')).createActivity(io);

/** The command line for these words: the command they name is built whole, of the others the help needs a line. */
const createProgram = (
  argv: readonly string[],
  used: string,
  { io, fit }: { io: Io; fit: FitText },
  end: (status: number) => void,
): Command => {
  const isForProgram = wantsJson(argv);
  const asksForHelp = argv[0] === 'help' || argv.includes('--help') || argv.includes('-h');
  // Suggestions for a misspelt option are made of all.
  const hidesGlobal = asksForHelp && !argv.includes('--all');
  const program = new Command(programName)
    .description('Every Apache CloudStack command for AI assistants and people, through the Model Context Protocol.')
    .version(version, '-V, --version')
    .exitOverride()
    .showSuggestionAfterError()
    .helpOption('-h, --help', 'show help; --all adds the global options')
    .configureHelp({
      // Descriptions stay in their column on narrow terminals, too.
      minWidthToWrap: 12,
      visibleOptions(command) {
        return Help.prototype.visibleOptions.call(this, command).filter((option) => !(hidesGlobal && isGlobal(option)));
      },
    })
    .addHelpText('afterAll', ({ command }) => (hidesGlobal && command.options.some(isGlobal) ? globalSummary : ''))
    .configureOutput({
      getOutHelpWidth: () => io.stdout.columns ?? 80,
      // The lines that commander does not break: usage, and what is added to a help.
      writeOut: (text) => io.stdout.write(fit(text)),
      // What a program reads is one JSON object, which the error becomes.
      writeErr: (text) => void (isForProgram || io.stderr.write(stripUnsafe(text))),
      outputError: (text, write) => write(`${inOurWords(text.trimEnd(), argv)}\n`),
    });
  for (const [name, { description, build }] of Object.entries(commands)) {
    const command = program.command(name, { isDefault: name === 'serve' }).description(description);
    if (name !== used) continue;
    // Also of the commands below it.
    command.showHelpAfterError(argv[0] === name ? `${programName} ${name} --help shows its options.` : wayOn);
    build(command, io, end);
    // Words that are to be completed are taken as they are.
    if (name !== 'completion') takeFiles(command, io.input);
  }
  return program;
};

/** What begins the command line where it names none of the commands; a tool is called with `call`. */
const refuseUnknown = async (word: string): Promise<never> => {
  const near = closestWord(word.slice(0, 100).toLowerCase(), Object.keys(commands));
  const { loadCatalog } = await import('../catalog/catalog.ts');
  const tool = loadCatalog().find(word);
  const meant = mayBeMeant(word.slice(0, 100).toLowerCase(), near) ? `Did you mean ${near}? ` : '';
  throw new CallError(
    'invalid',
    `There is no command "${toLabel(word)}".`,
    `${tool ? `${programName} call ${tool.name} runs that tool. ` : meant}${programName} --help lists the commands.`,
  );
};

/** What `call TOOL --help` adds to the help: the tool's parameters. */
const aboutTool = async (argv: readonly string[]): Promise<string> => {
  const [command, name = ''] = argv;
  if (command !== 'call' || !argv.some((word) => word === '--help' || word === '-h')) return '';
  const { loadCatalog } = await import('../catalog/catalog.ts');
  const tool = loadCatalog().find(name);
  if (!tool) return '';
  const { describeInText } = await import('../mcp/describe.ts');
  return `\n${describeInText(tool)}`;
};

const statusOf = ({ kind }: CallError): number => {
  if (kind === 'configuration' || kind === 'invalid') return exit.usage;
  return kind === 'refused' || kind === 'unconfirmed' ? exit.refused : exit.failed;
};

/** An error of usage as commander says it, and every other of ours. */
const toCallError = ({ message }: CommanderError, argv: readonly string[]): CallError =>
  new CallError('invalid', toLine(inOurWords(message, argv).replace(/^error: /, '')), wayOn);

const printError = (error: CallError, argv: readonly string[], { stderr }: Io): Promise<void> =>
  wantsJson(argv)
    ? printJson(stderr, { error: describeError(error, 'person') })
    : printText(stderr, explainError(error, 'person'));

/** Runs the command line and returns its exit status: 0 done, 1 failed, 2 usage or configuration, 3 refused. */
export const runCli = async (argv: readonly string[], io: Io): Promise<number> => {
  let status: number = exit.done;
  const [first = '', second = ''] = argv;
  const word = first === 'help' ? second : first;
  const used = Object.hasOwn(commands, word) ? word : 'serve';
  const activity = await activityFor(used, io);
  try {
    if (first !== '' && !first.startsWith('-') && first !== 'help' && !Object.hasOwn(commands, first))
      await refuseUnknown(first);
    if (!commands[used]!.plain) await loadSettings();
    const about = await aboutTool(argv);
    // What is completed is not read.
    const input = used !== 'completion' && argv.some(namesInput) ? await readInput(io.stdin) : undefined;
    const world = { io: { ...activity.io, input }, fit: await fitTextOf(io) };
    const program = createProgram(argv, used, world, (ended) => (status = ended));
    if (about) program.addHelpText('afterAll', about);
    await program.parseAsync(argv, { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exit.done;
      if (wantsJson(argv)) await printError(toCallError(error, argv), argv, activity.io);
      return exit.usage;
    }
    if (!(error instanceof CallError)) throw error;
    await printError(error, argv, activity.io);
    return statusOf(error);
  } finally {
    activity.end();
  }
};
