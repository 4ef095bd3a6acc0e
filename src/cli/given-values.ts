import type { Command, Option } from 'commander';
import { closeSync, openSync, readSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { CallError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Io } from './io.ts';

/** Bytes of a file or of standard input that a value may have. */
const maxBytes = limits.frame;

const refuse = (message: string, hint = 'A text that begins with an @ is written with two: @@text.'): CallError =>
  new CallError('invalid', message, hint);

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'that is a folder',
  EACCES: 'you may not read it',
  EPERM: 'you may not read it',
};

/** At most one byte more than a value may have: pipes and devices have no size that could be asked for. */
const readBytes = (path: string): Buffer => {
  const file = openSync(path, 'r');
  try {
    const chunks: Buffer[] = [];
    for (let size = 0; size <= maxBytes;) {
      const chunk = Buffer.alloc(64 * 1024);
      const count = readSync(file, chunk);
      if (count === 0) break;
      chunks.push(chunk.subarray(0, count));
      size += count;
    }
    return Buffer.concat(chunks);
  } finally {
    closeSync(file);
  }
};

const toText = (bytes: Buffer, what: string): string => {
  if (bytes.length > maxBytes)
    throw refuse(`${what} is larger than ${maxBytes / 2 ** 20} MiB.`, 'CloudStack takes texts of a MiB at most.');
  if (/^(?:fffe|feff)/.test(bytes.subarray(0, 2).toString('hex')))
    throw refuse(`${what} is UTF-16, as PowerShell's > writes it.`, 'Save it as UTF-8.');
  try {
    // Without a byte order mark.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch {
    // Said below.
  }
  throw refuse(`${what} is not text.`, `Give it in base64, where the parameter takes that: base64 -w0 FILE`);
};

/** A file's text; `named`: how a person named it. */
const readFile = (path: string, named: string): string => {
  let bytes: Buffer;
  try {
    bytes = readBytes(path);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const hint = named === path ? 'Name a file, or - for standard input.' : undefined;
    throw refuse(`${named} cannot be read: ${reasons[code] ?? message}.`, hint);
  }
  return toText(bytes, path);
};

/** All of standard input, as text. Throws where it is too large, or no text. */
export const readInput = async (stdin: Readable): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin as AsyncIterable<Buffer | string>) {
    const bytes = Buffer.from(chunk as string);
    chunks.push(bytes);
    size += bytes.length;
    if (size > maxBytes) break;
  }
  return toText(Buffer.concat(chunks), 'Standard input');
};

/** Whether a word takes its value from standard input. */
export const namesInput = (word: string): boolean => /^(?:[^@]*=)?@-$/.test(word);

/**
 * A value as a person gave it: `@path` is what stands in that file, `@-` standard input (`input`), `@@…` a text that begins
 * with an @. Throws where the file cannot be read, is too large or no text.
 */
export const readGiven = (value: string, input: string | undefined): string => {
  if (!value.startsWith('@') || value === '@') return value;
  if (value.startsWith('@@')) return value.slice(1);
  if (value === '@-') return input ?? '';
  return readFile(value.slice(1), value);
};

/** What stands in a file that a command reads; `-` is standard input. Throws as for a value. */
export const readNamed = (path: string, { stdin }: Pick<Io, 'stdin'>): Promise<string> | string =>
  path === '-' ? readInput(stdin) : readFile(path, path);

/** Without the line end that editors and `echo` leave. */
const readWord = (value: string, input: string | undefined): string => {
  const read = readGiven(value, input);
  return read === value ? value : read.replace(/\r?\n$/, '');
};

type Taker = Pick<Option, 'parseArg' | 'variadic'>;

/** Before anything else looks at a value, it is read where it names a file. */
const readFirst = (taker: Taker, input: string | undefined): void => {
  const { parseArg, variadic } = taker;
  taker.parseArg = <T>(value: string, previous: T): T => {
    const read = readWord(value, input);
    if (parseArg) return parseArg(read, previous);
    // What commander itself makes of values without a reader.
    return (variadic ? [...(Array.isArray(previous) ? (previous as unknown[]) : []), read] : read) as T;
  };
};

/** What names a file anyway, and words that are parted before they are read. */
const isOwn = (shown: string): boolean => /<file>|^file$|^key=value$/.test(shown);

/** Lets every option and argument of a command, and of those below it, take its value from a file or standard input. */
export const takeFiles = (command: Command, input: string | undefined): void => {
  for (const option of command.options)
    if ((option.required || option.optional) && !isOwn(option.flags)) readFirst(option, input);
  for (const argument of command.registeredArguments) if (!isOwn(argument.name())) readFirst(argument, input);
  for (const sub of command.commands) takeFiles(sub, input);
};
