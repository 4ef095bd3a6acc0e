import type { Readable, Writable } from 'node:stream';

/** The world as the command line sees it: the process's own, or a test's. */
export interface Io {
  stdin: Readable & { isTTY?: boolean };
  stdout: Writable & { columns?: number; isTTY?: boolean };
  stderr: Writable & { columns?: number; isTTY?: boolean };
  env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the process is asked to stop. */
  signal: AbortSignal;
  /** Calls back when the process is asked to read its configuration again. */
  onReload?: ((reload: () => void) => void) | undefined;
}

/** Exit statuses of the contract. */
export const exit = { done: 0, failed: 1, usage: 2, refused: 3 } as const;

/** Writes a line, and waits while a pipe is full. */
export const printLine = async (stream: Writable, text: string): Promise<void> => {
  if (!stream.write(`${text}\n`)) await new Promise((resolve) => stream.once('drain', resolve));
};

/** How a result can be printed. */
export const formats = ['table', 'json', 'yaml', 'csv'] as const;

/** One of the formats. */
export type Format = (typeof formats)[number];
