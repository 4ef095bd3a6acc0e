import { fstatSync, readSync, statSync, type Stats } from 'node:fs';
import { headPath, headLength } from './head.ts';

/** The files of an open log as their writer left them. */
export interface WrittenFiles {
  path: string;
  /** Descriptors of the log and of its head. */
  file: number;
  head: number;
  /** Their inodes, which tell when someone put another file in their place. */
  inode: number;
  headInode: number;
  /** Bytes of the log. */
  size: number;
  /** The line that was written last, with its line feed; undefined before the first one. */
  lastLine?: Buffer | undefined;
  /** What the head file holds. */
  headBytes: Buffer;
  /** The head's time of change when it was last seen to hold that: until another time it is not read again. */
  headTime?: number | undefined;
}

/** What others did to the files of an open log. */
export interface OutsideChange {
  /** A sentence without its end, such as "the file was deleted". */
  what: string;
  /** Only the head was changed: the entries are as their writer left them. */
  isHeadOnly: boolean;
}

const statOf = (path: string): Stats | undefined => {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // A part of the path is no folder any more.
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw error;
  }
};

const holds = (file: number, bytes: Buffer, at: number): boolean => {
  const found = Buffer.allocUnsafe(bytes.length);
  return readSync(file, found, 0, found.length, at) === found.length && found.equals(bytes);
};

const lookAtFile = ({ path, file, inode, size, lastLine }: WrittenFiles): string | undefined => {
  const named = statOf(path);
  if (!named) return `the file was ${fstatSync(file).nlink ? 'moved away' : 'deleted'}`;
  if (named.ino !== inode) return 'another file was put in its place';
  if (named.size < size) return `the file was cut to ${named.size} of ${size} bytes`;
  if (named.size > size) return `someone else wrote ${named.size - size} bytes into the file`;
  return lastLine && !holds(file, lastLine, size - lastLine.length) ? 'the last entry was changed' : undefined;
};

const lookAtHead = (open: WrittenFiles): string | undefined => {
  const { path, head, headInode, headBytes } = open;
  const named = statOf(headPath(path));
  if (!named) return `the head file was ${fstatSync(head).nlink ? 'moved away' : 'deleted'}`;
  if (named.ino !== headInode) return 'another head file was put in its place';
  if (named.mtimeMs === open.headTime) return undefined;
  if (named.size !== headLength || !holds(head, headBytes, 0)) return 'the head file was changed';
  open.headTime = named.mtimeMs;
  return undefined;
};

/**
 * Compares the files with what their writer knows of them: names, inodes, sizes, the last entry and the head. Undefined
 * when they are as it left them. An earlier entry that was changed in place is not seen here; the chain shows it.
 */
export const findOutsideChange = (open: WrittenFiles): OutsideChange | undefined => {
  const file = lookAtFile(open);
  const head = lookAtHead(open);
  const what = [file, head].filter((found) => found !== undefined).join(', and ');
  return what ? { what, isHeadOnly: file === undefined } : undefined;
};
