import { Command } from 'commander';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { commands } from '../../src/cli/commands.ts';
import { loadSettings } from '../../src/cli/options.ts';
import type { Io } from '../../src/cli/io.ts';

/** A command line of a document. */
export interface DocumentedLine {
  page: string;
  line: number;
  /** What a reader copies: continued lines as one, without the comment. */
  text: string;
  /** What the page says behind it. */
  comment: string;
  /** Stands in a sentence or a table, and not in a block. */
  isInline: boolean;
}

const shells = /^\s*```(?:sh|bash|zsh|fish|shell|console|powershell|cmd|bat)\b/;
const names = ['cloudstack-mcp-server', 'cloudstack-mcp'];

/** The documents that people read, as paths from the root of the repository. */
export const documentedPages = (): string[] => [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name))
    .sort(),
];

/** The words of a command line as a shell parts them, up to a comment; what stands behind `|`, `>` and `&&` are words, too. */
export const wordsOf = (text: string): string[] =>
  [...text.matchAll(/(?:^|\s)#.*|(?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+/g)]
    .map(([word]) => word)
    .filter((word) => !word.trimStart().startsWith('#'))
    .map((word) => word.replace(/'([^']*)'|"([^"]*)"/g, (_, one?: string, two?: string) => one ?? two ?? ''));

const partsOf = (line: string): { text: string; comment: string } => {
  const [, text = line, comment = ''] = /^(.*?\S)\s+#\s(.*)$/.exec(line) ?? [];
  return { text: text.trim(), comment };
};

const linesOfBlock = (page: string, begin: number, block: readonly string[]): DocumentedLine[] => {
  const found: DocumentedLine[] = [];
  for (let at = 0; at < block.length; at++) {
    const line = begin + at;
    let text = block[at]!;
    while (text.endsWith('\\') && at + 1 < block.length) text = `${text.slice(0, -1)} ${block[++at]!.trim()}`;
    text = text.replace(/^\$ /, '');
    if (text.trim() && !/^\s*#/.test(text)) found.push({ page, line, ...partsOf(text), isInline: false });
  }
  return found;
};

/** What of a line in code marks is a command line of ours, or an option. */
const inlineOf = (text: string): string[] =>
  [...text.matchAll(/(?<!`)`([^`]+)`(?!`)/g)]
    .map(([, span = '']) => span.trim())
    .filter((span) => {
      const [first = '', second] = span.split(/\s+/);
      if (first === 'npx') return names.includes(second ?? '');
      if (names.includes(first)) return second !== undefined;
      if (/^--[a-z]/.test(first)) return true;
      return Object.hasOwn(commands, first) && second !== undefined && !/^[({=:→]/.test(second);
    });

/** Every command line of a page: of its blocks for shells, and in its sentences and tables. */
export const linesOf = (page: string): DocumentedLine[] => {
  const lines = readFileSync(page, 'utf8').split('\n');
  const found: DocumentedLine[] = [];
  for (let at = 0; at < lines.length; at++) {
    if (/^\s*```/.test(lines[at]!)) {
      const end = lines.findIndex((line, index) => index > at && /^\s*```/.test(line));
      if (shells.test(lines[at]!)) found.push(...linesOfBlock(page, at + 2, lines.slice(at + 1, end)));
      at = end;
    } else
      for (const text of inlineOf(lines[at]!)) found.push({ page, line: at + 1, text, comment: '', isInline: true });
  }
  return found;
};

const silent = { stdout: { columns: 80 } } as unknown as Io;

/** Every option of every command, by its long name. */
export const knownOptions = (): Set<string> => {
  const found = new Set(['--help', '--all', '--version']);
  const collect = (command: Command): void => {
    for (const { long } of command.options) if (long) found.add(long);
    command.commands.forEach(collect);
  };
  for (const { build } of Object.values(commands)) {
    const command = new Command();
    build(command, silent, () => undefined);
    collect(command);
  }
  return found;
};

/** A place that the reader fills: `ID`, `TOOL`, `…`. */
const isPlace = (word: string): boolean => /^(?:…|[A-Z][A-Z]+|<.*>)$/.test(word);

const problemOfTool = (tool: string, words: readonly string[]): string | undefined => {
  const found = loadCatalog().find(tool);
  if (!found) return isPlace(tool) || tool === 'wait-for-job' ? undefined : `there is no tool ${tool}`;
  const known = new Set(found.command.params.map(({ name }) => name));
  const wrong = words.find((word) => word.includes('=') && !known.has(word.split(/[=.[]/, 1)[0]!));
  return wrong === undefined ? undefined : `${tool} has no parameter ${wrong}`;
};

// Commands are built here without the command line, which loads what their flags are made of.
await loadSettings();

/** What our command line would not take of these words, which follow the name of the program; nothing is run. */
export const problemOf = (words: readonly string[]): string | undefined => {
  const [first = 'serve', ...others] = words;
  const name = Object.hasOwn(commands, first) ? first : first.startsWith('-') ? 'serve' : undefined;
  if (!name) return `there is no command ${first}`;
  let command = new Command(name).exitOverride().configureOutput({ writeErr: () => undefined });
  commands[name]!.build(command, silent, () => undefined);
  let rest = name === first ? others : [...words];
  while (command.commands.length && rest[0] !== undefined && !rest[0].startsWith('-')) {
    const sub = command.commands.find((one) => one.name() === rest[0]);
    if (!sub) return isPlace(rest[0]) || rest[0] === 'help' ? undefined : `${first} has no command ${rest[0]}`;
    [command, rest] = [sub, rest.slice(1)];
  }
  try {
    // A place stands for whatever is right there.
    const { operands, unknown } = command.parseOptions(
      rest.filter((word) => !isPlace(word) || command.name() === 'call'),
    );
    const wrong = unknown.find((word) => word.startsWith('-') && !['-h', '--help', '--all'].includes(word));
    if (wrong) return `${first} has no option ${wrong}`;
    return command.name() === 'call' && operands[0] ? problemOfTool(operands[0], operands.slice(1)) : undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

/** The words behind the name of our program in a command line, where it names it; those of a pipe, file or next command left out. */
export const ownWordsOf = (text: string): string[] | undefined => {
  const words = wordsOf(text);
  const at = words.findIndex(
    (word, index) =>
      names.includes(word) && (index === 0 || words[index - 1] === 'npx' || /=|^[|;&]+$|^-y$/.test(words[index - 1]!)),
  );
  const script = words.findIndex((word) => word.endsWith('dist/main.js'));
  const begin = at >= 0 ? at : script;
  if (begin < 0) return undefined;
  const rest = words.slice(begin + 1);
  const end = rest.findIndex((word) => /^(?:[|;<]|&&|\d?>)/.test(word));
  return end < 0 ? rest : rest.slice(0, end);
};
