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
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename } from 'node:path';
import { chainEntries, type Link } from './chain.ts';
import { partPath } from './files.ts';
import { hasLink } from './find-link.ts';
import { openHead, writeHead, type Head } from './head.ts';
import type { OutsideChange, WrittenFiles } from './outside-change.ts';
import { examine, type Found } from './recover.ts';
import type { Report } from './sink.ts';
import { programName } from '../program-name.ts';

/** A log that is open for writing, and what its writer knows of it. */
export interface OpenFile extends WrittenFiles {
  link: Link;
  part: number;
  previous: string | undefined;
  /** Lines that the writer wrote of itself and that copies do not have yet. */
  notes: string[];
  /** What was wrong when it was opened: entries are missing or were changed. */
  broken?: string | undefined;
}

/** An open log that its writer let go of, and why, if others changed it. */
export interface AbandonedFile {
  open: OpenFile;
  change?: OutsideChange | undefined;
  /** Its lock was taken away: another process may have written it since. */
  isLost: boolean;
}

const toHead = ({ link, size, part, previous }: Pick<OpenFile, 'link' | 'size' | 'part' | 'previous'>): Head => ({
  count: link.seq,
  hash: link.hash,
  bytes: size,
  part,
  previous,
});

/** Writes what is known into the head. */
export const storeHead = (open: OpenFile): void => {
  open.headBytes = writeHead(open.head, toHead(open));
  open.headTime = undefined;
};

/** Writes entries' JSON as the next lines, at once, and gives the lines. What is written by half is taken back, all of it. */
export const putLines = (open: OpenFile, entries: readonly string[]): string[] => {
  const { lines, link } = chainEntries(entries, open.link);
  const bytes = Buffer.from(`${lines.join('\n')}\n`);
  const written = writeSync(open.file, bytes, 0, bytes.length, null);
  if (written !== bytes.length) {
    ftruncateSync(open.file, open.size);
    throw new Error(`${open.path}: the disk took only a part of a line`);
  }
  open.link = link;
  open.size += bytes.length;
  open.lastLine = lines.length > 1 ? bytes.subarray(bytes.lastIndexOf(10, -2) + 1) : bytes;
  return lines;
};

const putRecoveryEntry = (open: OpenFile, facts: Record<string, unknown>): void => {
  open.notes.push(...putLines(open, [JSON.stringify({ time: new Date().toISOString(), kind: 'recovery', ...facts })]));
};

const openBoth = (path: string): Pick<OpenFile, 'file' | 'head' | 'inode' | 'headInode'> => {
  // The head first: a log without one is always a sign that someone took it away.
  const head = openHead(path);
  try {
    const file = openSync(path, 'a+', 0o600);
    // It may have been there before, open to others; a device such as /dev/null is not ours to close to them.
    for (const opened of [file, head]) if (fstatSync(opened).isFile()) fchmodSync(opened, 0o600);
    return { file, head, inode: fstatSync(file).ino, headInode: fstatSync(head).ino };
  } catch (error) {
    closeSync(head);
    throw error;
  }
};

const afterEntry = ({ seq }: Link): string => (seq ? `after entry ${seq}` : 'before its first entry');

/** Another process may have gone on with a log whose lock it took for a dead one's: that is no damage. */
const wasTakenOver = (path: string, found: Found, { open: { link }, isLost }: AbandonedFile): boolean =>
  isLost && !found.broken && found.link.seq >= link.seq && hasLink(path, link);

/** Where a log goes on: after what its files hold, or, where others changed them, after the last entry that this process wrote. */
const findEnd = (path: string, abandoned: AbandonedFile | undefined): Found & { stays?: boolean } => {
  const found = examine(path);
  if (abandoned?.open.path !== path) return found;
  const { open, change } = abandoned;
  const { link, size, previous } = open;
  if (!change && !found.broken && found.link.hash === link.hash) return found;
  if (!change?.isHeadOnly && wasTakenOver(path, found, abandoned)) return found;
  const what = change?.what ?? found.broken ?? 'the files were changed while they could not be written';
  const part = Math.max(found.part, open.part);
  const broken = `${what} ${afterEntry(link)}`;
  return change?.isHeadOnly
    ? { link, size, part, previous, accepted: 0, broken, stays: true }
    : { link, size: 0, part, previous: found.previous ?? previous, accepted: 0, broken };
};

/**
 * Opens a log where it ended, after a crash too, and writes down in it what was found. `abandoned`: what this process had
 * open before, which it knows more of than the files may tell.
 */
export const openLog = (path: string, report: Report, abandoned?: AbandonedFile): OpenFile => {
  const found = findEnd(path, abandoned);
  // Named after the entry that will speak of it, so that a crash between the two is made good by the next writer.
  const aside = `${path}.torn-${found.link.seq + 1}`;
  let moved: string | undefined;
  if (found.broken && !found.stays && existsSync(path)) {
    moved = partPath(path, found.part++);
    renameSync(path, moved);
  }
  if (found.torn) {
    writeFileSync(aside, found.torn, { mode: 0o600 });
    truncateSync(path, found.size);
  }
  const { link, size, part, broken } = found;
  const known = { link, size, part, previous: moved ? basename(moved) : found.previous };
  const files = openBoth(path);
  const headBytes = writeHead(files.head, toHead(known));
  const open: OpenFile = { path, ...files, ...known, broken, headBytes, notes: [] };
  if (broken) {
    putRecoveryEntry(open, { broken, ...(moved ? { file: basename(moved) } : {}) });
    report(`${path}: ${broken}${moved ? `; it is kept as ${moved}` : ''}. See: ${programName} audit verify`);
  }
  if (existsSync(aside)) {
    const torn = readFileSync(aside);
    putRecoveryEntry(open, { torn: { file: basename(aside), bytes: torn.length, sha256: hash('sha256', torn) } });
  }
  if (found.accepted) putRecoveryEntry(open, { accepted: found.accepted });
  if (abandoned && abandoned.open.path !== path && !hasLink(abandoned.open.path, abandoned.open.link)) {
    const left = abandoned.open;
    open.broken = `${basename(left.path)}, which this process wrote before, was taken away ${afterEntry(left.link)}`;
    putRecoveryEntry(open, { broken: open.broken });
    report(`${path}: ${open.broken}. See: ${programName} audit verify`);
  }
  return open;
};

/** Sets the full file aside and goes on in a new one. Gives the old descriptor, which is still to be synced. */
export const rotate = (open: OpenFile): number => {
  const moved = partPath(open.path, open.part);
  storeHead(open);
  renameSync(open.path, moved);
  const old = open.file;
  open.file = openSync(open.path, 'ax+', 0o600);
  const { ino: inode } = fstatSync(open.file);
  Object.assign(open, { size: 0, part: open.part + 1, previous: basename(moved), inode, lastLine: undefined });
  storeHead(open);
  return old;
};
