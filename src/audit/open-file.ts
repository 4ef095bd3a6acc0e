import { hash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
} from 'node:fs';
import { truncateSync, writeFileSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import { chainEntry, type Link } from './chain.ts';
import { partPath } from './files.ts';
import { headPath, openHead, writeHead } from './head.ts';
import { examine } from './recover.ts';
import type { Report } from './sink.ts';
import { programName } from '../program-name.ts';

/** A log that is open for writing, and what its writer knows of it. */
export interface OpenFile {
  path: string;
  /** Descriptors of the log and of its head. */
  file: number;
  head: number;
  /** Their inodes, which tell when someone put another file in their place. */
  inode: number;
  headInode: number;
  link: Link;
  size: number;
  part: number;
  previous: string | undefined;
}

/** Writes what is known into the head. */
export const storeHead = ({ head, link, size, part, previous }: OpenFile): void =>
  writeHead(head, { count: link.seq, hash: link.hash, bytes: size, part, previous });

/** Writes an entry's JSON as the next line, and gives the line. What is written by half is taken back. */
export const putLine = (open: OpenFile, entry: string): string => {
  const { line, link } = chainEntry(entry, open.link);
  const bytes = Buffer.from(`${line}\n`);
  const written = writeSync(open.file, bytes, 0, bytes.length, null);
  if (written !== bytes.length) {
    ftruncateSync(open.file, open.size);
    throw new Error(`${open.path}: the disk took only a part of a line`);
  }
  open.link = link;
  open.size += bytes.length;
  return line;
};

const putRecoveryEntry = (open: OpenFile, facts: Record<string, unknown>): void => {
  putLine(open, JSON.stringify({ time: new Date().toISOString(), kind: 'recovery', ...facts }));
};

const openBoth = (path: string): Pick<OpenFile, 'file' | 'head' | 'inode' | 'headInode'> => {
  // The head first: a log without one is always a sign that someone took it away.
  const head = openHead(path);
  try {
    const file = openSync(path, 'a', 0o600);
    // It may have been there before, open to others; a device such as /dev/null is not ours to close to them.
    for (const opened of [file, head]) if (fstatSync(opened).isFile()) fchmodSync(opened, 0o600);
    return { file, head, inode: statSync(path).ino, headInode: statSync(headPath(path)).ino };
  } catch (error) {
    closeSync(head);
    throw error;
  }
};

/** Opens a log where it ended, after a crash too, and writes down in it what was found. */
export const openLog = (path: string, report: Report): OpenFile => {
  const found = examine(path);
  // Named after the entry that will speak of it, so that a crash between the two is made good by the next writer.
  const aside = `${path}.torn-${found.link.seq + 1}`;
  let moved: string | undefined;
  if (found.broken && existsSync(path)) {
    moved = partPath(path, found.part++);
    renameSync(path, moved);
  }
  if (found.torn) {
    writeFileSync(aside, found.torn, { mode: 0o600 });
    truncateSync(path, found.size);
  }
  const { link, size, part } = found;
  const open = { path, ...openBoth(path), link, size, part, previous: moved ? basename(moved) : found.previous };
  storeHead(open);
  if (found.broken) {
    putRecoveryEntry(open, { broken: found.broken, ...(moved ? { file: basename(moved) } : {}) });
    report(`${path}: ${found.broken}${moved ? `; it is kept as ${moved}` : ''}. See: ${programName} audit verify`);
  }
  if (existsSync(aside)) {
    const torn = readFileSync(aside);
    putRecoveryEntry(open, { torn: { file: basename(aside), bytes: torn.length, sha256: hash('sha256', torn) } });
  }
  if (found.accepted) putRecoveryEntry(open, { accepted: found.accepted });
  return open;
};

/** Sets the full file aside and goes on in a new one. Gives the old descriptor, which is still to be synced. */
export const rotate = (open: OpenFile): number => {
  const moved = partPath(open.path, open.part);
  storeHead(open);
  renameSync(open.path, moved);
  const old = open.file;
  open.file = openSync(open.path, 'ax', 0o600);
  Object.assign(open, { size: 0, part: open.part + 1, previous: basename(moved), inode: statSync(open.path).ino });
  storeHead(open);
  return old;
};

/** Whether the names still lead to the files that are open, and no one else wrote into them. */
export const isUntouched = (open: OpenFile): boolean => {
  const file = statSync(open.path, { throwIfNoEntry: false });
  const head = statSync(headPath(open.path), { throwIfNoEntry: false });
  return file?.ino === open.inode && file.size === open.size && head?.ino === open.headInode;
};
