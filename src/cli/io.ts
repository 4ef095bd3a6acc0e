import type { Readable, Writable } from 'node:stream';
import type { Progress } from '../types.ts';
import { escapeUnsafe, stripUnsafe } from '../text.ts';

/** The world as the command line sees it: the process's own, or a test's. */
export interface Io {
  stdin: Readable & { isTTY?: boolean };
  stdout: Writable & { columns?: number; rows?: number; isTTY?: boolean };
  stderr: Writable & { columns?: number; isTTY?: boolean };
  env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the process is asked to stop. */
  signal: AbortSignal;
  /** Calls back when the process is asked to read its configuration again. */
  onReload?: ((reload: () => void) => void) | undefined;
  /** All of standard input, where a word takes its value from there (`@-`). */
  input?: string | undefined;
  /** Shows a person how far the work is, until the next word is written. */
  progress?: ((progress: Progress) => void) | undefined;
  /** Requests at the beginning of the input that have their answers already. */
  answered?: readonly (string | number)[] | undefined;
}

/** Exit statuses of the contract. */
export const exit = { done: 0, failed: 1, usage: 2, refused: 3 } as const;

/** Writes a value as a line of JSON that no terminal obeys and every parser reads as it is. */
export const printJson = (stream: Writable, value: unknown, indent?: number): Promise<void> =>
  printLine(stream, escapeUnsafe(JSON.stringify(value, null, indent)));

/** Writes a line, and waits while a pipe is full. No line of others paints the terminal. */
export const printLine = (stream: Writable, text: string): Promise<void> =>
  new Promise((resolve) => {
    // A pipe that its reader has closed is never drained; a write always ends.
    if (stream.write(`${stripUnsafe(text)}\n`, () => resolve())) resolve();
  });

/** Prints text for a person: at a terminal its lines are broken between words. */
export const printText = async (stream: Io['stdout'], text: string): Promise<void> => {
  if (!stream.isTTY) return printLine(stream, text);
  // How wide characters are takes longer to load than a host waits for a start.
  const { wrap } = await import('./width.ts');
  return printLine(stream, wrap(stripUnsafe(text), stream.columns ?? 80));
};

/** How a result can be printed. */
export const formats = ['table', 'wide', 'json', 'yaml', 'csv'] as const;

/** One of the formats. */
export type Format = (typeof formats)[number];
