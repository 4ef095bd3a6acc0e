import { openSync, readFileSync, writeSync, constants } from 'node:fs';

/** What a log's companion file knows of its end, so that a removed last line is missed. */
export interface Head {
  /** Entries in the whole chain, rotated files included. */
  count: number;
  /** Hash of the last of them. */
  hash: string;
  /** Size of the current file up to there. */
  bytes: number;
  /** Number that the current file gets when it is rotated. */
  part: number;
  /** The rotated file before the current one. */
  previous?: string | undefined;
}

/** The name of a log's head file. */
export const headPath = (path: string): string => `${path}.head`;

/** Bytes of a head: always as long, in one sector, written at once in place, so that half of it is never new. */
export const headLength = 512;

/** Opens a log's head file for writing, and makes it where there is none. */
export const openHead = (path: string): number => openSync(headPath(path), constants.O_RDWR | constants.O_CREAT, 0o600);

/** Puts a head in place of the one before, and gives its bytes. */
export const writeHead = (file: number, head: Head): Buffer => {
  const bytes = Buffer.from(`${JSON.stringify(head).padEnd(headLength - 1)}\n`);
  if (writeSync(file, bytes, 0, bytes.length, 0) !== bytes.length)
    throw new Error('the head file is only half written');
  return bytes;
};

/** Reads a log's head. */
export const readHead = (path: string): Head | 'missing' | 'unreadable' => {
  let text: string;
  try {
    text = readFileSync(headPath(path), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'missing';
    throw error;
  }
  try {
    const { count, hash, bytes, part, previous } = JSON.parse(text) as Head;
    const whole = [count, bytes, part].every(Number.isSafeInteger) && /^[0-9a-f]{64}$/.test(hash);
    return whole ? { count, hash, bytes, part, previous } : 'unreadable';
  } catch {
    return 'unreadable';
  }
};
