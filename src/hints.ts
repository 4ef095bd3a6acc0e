import { programName } from './program-name.ts';

/** Who reads a hint: a model, which calls tools, or a person at a terminal, who types commands. */
export type Reader = 'model' | 'person';

/** The reader of what a caller is answered. */
export const readerOf = ({ host, isLocal }: { host: string; isLocal?: boolean | undefined }): Reader =>
  isLocal && host === 'cli' ? 'person' : 'model';

const step = /\[\[([^[\]]+)\]\]/g;

const pairsOf = (words: readonly string[]): [string, string][] =>
  words.map((word) => {
    const at = word.indexOf('=');
    return at < 0 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)];
  });

const toTool = ([name = '', ...words]: readonly string[]): string => {
  if (name.startsWith('--')) return name.slice(2);
  if (!words.length) return name;
  return name === 'describe-tools'
    ? `${name} ${JSON.stringify({ tools: words })}`
    : `${name} ${JSON.stringify(Object.fromEntries(pairsOf(words)))}`;
};

/** What a person types for the tools that only models have. */
const typed: Readonly<Record<string, string>> = {
  'find-tools': 'tools find TEXT',
  'describe-tools': 'tools show',
  whoami: 'whoami',
};

/** What a person types in the place of a tool that takes a plan. */
const planCommand = (words: readonly string[]): string | undefined => {
  const { plan, undo, mode } = Object.fromEntries(pairsOf(words)) as Record<string, string | undefined>;
  if (undo !== undefined) return `undo ${undo}`;
  return plan === undefined ? undefined : `plan ${mode === 'plan' ? 'diff' : 'apply'} ${plan}`;
};

const toCommand = ([name = '', ...words]: readonly string[]): string => {
  if (name.startsWith('--')) return name;
  const planned = planCommand(words);
  if (planned !== undefined) return `${programName} ${planned}`;
  const command = typed[name] ?? `call ${name}`;
  return [programName, command, ...words.map((word) => (/[^\w.,:=@/…-]/.test(word) ? `'${word}'` : word))].join(' ');
};

/**
 * A hint in its reader's words. What it names in double brackets, a tool with arguments such as `[[list-zones name=x]]` or a
 * setting of the answer such as `[[--fields]]`, becomes a call for a model and a command line for a person.
 */
export const renderHint = (hint: string, reader: Reader): string =>
  hint.replace(step, (_, words: string) => {
    const [name = '', ...others] = words.trim().split(/\s+/);
    return reader === 'model' ? toTool([name, ...others]) : toCommand([name, ...others]);
  });
