import { Command, type Option } from 'commander';
import * as z from 'zod';
import { createApp } from '../app/app.ts';
import { loadCatalog } from '../catalog/catalog.ts';
import { findKind } from '../catalog/kinds.ts';
import {
  afterComma,
  argumentCandidates,
  beginningWith,
  fieldCandidates,
  parameterCandidates,
  toolCandidates,
  toolsetCandidates,
  type Completion,
  type ReadNames,
} from '../complete/candidates.ts';
import { createReadNames } from '../complete/read-names.ts';
import { loadConfig } from '../config/config.ts';
import { settings } from '../config/settings.ts';
import { toLabel, toLine } from '../text.ts';
import { readBashLine, toBashReply } from './bash-words.ts';
import { completionScripts, howToInstall, type Shell } from './completion-scripts.ts';
import { exit, printLine, type Io } from './io.ts';
import { isGlobal, settingsOf, type Options } from './options.ts';
import { requesterAt } from './requester.ts';

/** The commands of the command line by name, each with its line in the help and what adds its options. */
type Commands = Readonly<
  Record<string, { description: string; build(command: Command, io: Io, end: (status: number) => void): void }>
>;

/** A command line as far as it is typed. */
interface Line {
  /** The command that its first words name, with its options. */
  command: Command;
  /** Its words that are no options. */
  operands: readonly string[];
  options: Options;
  /** The option whose value comes next. */
  open: Option | undefined;
}

const toCandidates = (values: readonly unknown[]): Completion[] =>
  values.map((value) => ({ value: String(value), about: '' }));

const optionOf = ({ options }: Command, word: string): Option | undefined =>
  options.find(({ long, short }) => word === long || word === short);

/** Reads the words after a command's name; what is wrong in them is no matter yet. */
const readLine = (root: Command, words: readonly string[]): Line => {
  const line: Line & { operands: string[] } = { command: root, operands: [], options: {}, open: undefined };
  for (const word of words) {
    const [name = '', value] = word.split(/=(.*)/s, 2);
    const sub = line.operands.length ? undefined : line.command.commands.find((one) => one.name() === word);
    if (line.open) {
      line.options[line.open.attributeName()] = word;
      line.open = undefined;
    } else if (word.startsWith('-')) {
      const option = optionOf(line.command, name);
      if (option?.required && value === undefined) line.open = option;
      else if (option) line.options[option.attributeName()] = value ?? true;
    } else if (sub) line.command = sub;
    else line.operands.push(word);
  }
  return line;
};

/** The cloud of a line, for names; nothing where it is not configured. */
const namesFrom =
  (line: Line, io: Io): ReadNames =>
  async (kind) => {
    const given = settingsOf(line.options);
    // What the account may call is not asked for: one list is all that there is time for.
    const config = await loadConfig({ ...given, discover: false }, io.env);
    const app = createApp(config, { stderr: io.stderr, report: () => undefined });
    try {
      const caller = requesterAt(config, given);
      return await createReadNames(app.call, { caller, signal: io.signal })(kind);
    } finally {
      await app.close();
    }
  };

/** The values of an option: its choices, those of its setting, or what its name says. */
const optionValues = async (option: Option, typed: string, line: Line, io: Io): Promise<Completion[]> => {
  const name = option.attributeName();
  const tool = loadCatalog().find(line.operands[0] ?? '');
  if (option.argChoices) return beginningWith(toCandidates(option.argChoices), typed);
  if (name === 'profile')
    return beginningWith(
      toCandidates(Object.keys((await loadConfig(settingsOf(line.options), io.env)).profiles)),
      typed,
    );
  if (name === 'toolset') return beginningWith(toolsetCandidates(), typed);
  if (name === 'tools')
    return afterComma(typed, (last) =>
      beginningWith([...toCandidates(['compact', 'all']), ...toolsetCandidates()], last),
    );
  if (name === 'fields' && tool) return afterComma(typed, (last) => beginningWith(fieldCandidates(tool.command), last));
  if (!Object.hasOwn(settings.shape, name)) return [];
  const schema = z.toJSONSchema(settings.shape[name as keyof typeof settings.shape], {
    io: 'input',
    unrepresentable: 'any',
  });
  return beginningWith(toCandidates(schema.enum ?? []), typed);
};

/** `key=value` words: the parameters of a tool, and after the `=` what they may be. */
const wordCandidates = async (typed: string, line: Line, io: Io): Promise<Completion[]> => {
  const [toolName = '', ...words] = line.operands;
  const command = loadCatalog().find(toolName)?.command;
  if (!command) return [];
  const args = Object.fromEntries(words.map((word) => word.split(/=(.*)/s, 2) as [string, string]));
  const [name = '', value] = typed.split(/=(.*)/s, 2);
  if (value !== undefined)
    return (await argumentCandidates(command, { name, typed: value, args }, namesFrom(line, io))).map((one) => ({
      ...one,
      value: `${name}=${one.value}`,
    }));
  const given = new Set(Object.keys(args).map((each) => each.toLowerCase()));
  return beginningWith(parameterCandidates(command, given), typed).map((one) => ({ ...one, value: `${one.value}=` }));
};

/** What stands in the place of a command's argument, by the argument's name in the help. */
const operandCandidates = async (typed: string, line: Line, io: Io): Promise<Completion[]> => {
  const { registeredArguments } = line.command;
  const at = Math.min(line.operands.length, registeredArguments.length - 1);
  const argument = registeredArguments[at];
  if (!argument || (line.operands.length > at && !argument.variadic)) return [];
  if (argument.argChoices) return beginningWith(toCandidates(argument.argChoices), typed);
  switch (argument.name()) {
    case 'tool':
      return toolCandidates(loadCatalog(), typed);
    case 'key=value':
      return wordCandidates(typed, line, io);
    case 'user':
      return beginningWith(toCandidates(await namesFrom(line, io)(findKind('User')!)), typed);
    default:
      return [];
  }
};

const commandCandidates = (all: Commands, typed: string): Completion[] =>
  beginningWith(
    Object.entries(all).map(([value, { description }]) => ({ value, about: description })),
    typed,
  );

/** What may stand in the place of the last word, after the words before it (without the program's name). */
const candidatesFor = async (
  all: Commands,
  before: readonly string[],
  typed: string,
  io: Io,
): Promise<Completion[]> => {
  const [first, ...rest] = before;
  if (first === undefined && !typed.startsWith('-')) return commandCandidates(all, typed);
  if (first === 'help') return rest.length ? [] : commandCandidates(all, typed);
  // Options without a command are those of the default one.
  const isCommand = first !== undefined && Object.hasOwn(all, first);
  const name = isCommand ? first : 'serve';
  const root = new Command(name);
  all[name]!.build(root, io, () => undefined);
  const line = readLine(root, isCommand ? rest : before);
  const { command, open } = line;
  if (open) return optionValues(open, typed, line, io);
  if (typed.startsWith('-')) {
    const [flag = '', value] = typed.split(/=(.*)/s, 2);
    const option = value === undefined ? undefined : optionOf(command, flag);
    if (option)
      return (await optionValues(option, value!, line, io)).map((one) => ({ ...one, value: `${flag}=${one.value}` }));
    // The many options of every command only once something of their names is typed.
    const shown = command.options.filter((one) => typed.length > 2 || !isGlobal(one));
    const named = shown.map(({ long, short, description }) => ({ value: long ?? short ?? '', about: description }));
    return beginningWith([...named, { value: '--help', about: 'show help' }], typed);
  }
  const subs = command.commands.map((sub) => ({ value: sub.name(), about: sub.description() }));
  return subs.length && !line.operands.length ? beginningWith(subs, typed) : operandCandidates(typed, line, io);
};

/** Longer words about a candidate are cut. */
const maxAbout = 60;

/** Whether a value can stand in a line of a shell: nothing that breaks the line, hides or reorders text. */
const isTypable = ({ value }: Completion): boolean => value !== '' && value.replace(/ {2,}/g, ' ') === toLine(value);

/**
 * `completion SHELL`: prints the script. `completion SHELL -- WORDS`: what may stand in the place of the last word, a line each; the
 * script asks so at each tab. Bash gives the whole line as one word.
 */
export const complete = async (all: Commands, shell: Shell, words: readonly string[], io: Io): Promise<number> => {
  if (!words.length) {
    await printLine(io.stdout, `# ${howToInstall[shell]}\n${completionScripts[shell]}`);
    return exit.done;
  }
  const bash = shell === 'bash' ? readBashLine(words[0]!) : undefined;
  const before = bash ? bash.before.slice(1) : words.slice(0, -1);
  const typed = bash ? bash.typed : words.at(-1)!;
  // At a tab no one reads errors.
  const found = await candidatesFor(all, before, typed, io).catch(() => []);
  const lines = found.filter(isTypable).flatMap(({ value, about }) => {
    if (bash) return toBashReply(value, bash) ?? [];
    return about ? `${value}\t${toLabel(about, maxAbout)}` : value;
  });
  if (lines.length) await printLine(io.stdout, lines.join('\n'));
  return exit.done;
};
