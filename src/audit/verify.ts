import { basename } from 'node:path';
import { readLine, start, type ChainedLine, type Link } from './chain.ts';
import { linesOf } from '../lines.ts';
import { listFiles } from './files.ts';
import { headPath, readHead } from './head.ts';

/** Something that is not as its writer left it. */
export interface Problem {
  file: string;
  /** Counted from 1; undefined where it is the file as a whole. */
  line?: number;
  what: string;
}

/** The first or the last entry of a log. */
export interface LogEnd extends Link {
  /** As the entry says it; undefined where it cannot be read. */
  time?: string | undefined;
}

/** What following a chain from its first entry to its last brought to light. */
export interface Verification {
  entries: number;
  files: number;
  /** Undefined for a log without entries. */
  first?: LogEnd | undefined;
  last?: LogEnd | undefined;
  problems: Problem[];
  /** What is no damage, and worth knowing. */
  notes: string[];
}

interface ChainState {
  seq: number;
  /** Undefined after a line that cannot be read: what follows it is believed. */
  hash: string | undefined;
}

const range = (from: number, to: number): string => (from === to ? `entry ${from} is` : `entries ${from}–${to} are`);

const compare = (line: ChainedLine, { seq, hash }: ChainState): string | undefined => {
  if (!line.sound) return `entry ${line.seq} was changed: its hash does not fit it`;
  if (line.seq > seq + 1) return `${range(seq + 1, line.seq - 1)} missing before it`;
  if (line.seq <= seq) return `entry ${line.seq} is out of order: it comes after entry ${seq}`;
  if (hash !== undefined && line.prev !== hash)
    return `entry ${line.seq} does not follow the entry before it, which was changed or put in its place`;
  return undefined;
};

const parse = (bytes: Buffer): Record<string, unknown> => {
  try {
    return JSON.parse(bytes.toString()) as Record<string, unknown>;
  } catch {
    // Its hash can fit all the same: of bytes that no writer of a log has written.
    return {};
  }
};

const endOf = ({ line: { seq, hash }, bytes }: { line: ChainedLine; bytes: Buffer }): LogEnd => {
  const { time } = parse(bytes);
  return { seq, hash, time: typeof time === 'string' ? time : undefined };
};

/** What a recovery or a loss, written by the log's own writer, means. */
const readNote = (bytes: Buffer): { problem?: string; note?: string } => {
  if (!bytes.includes('"kind":"')) return {};
  const { kind, broken, torn, accepted, count, time } = parse(bytes) as Record<string, unknown> & {
    torn?: { file: string; bytes: number };
  };
  if (kind === 'lost') return { note: `${String(count)} entries could not be written before ${String(time)}` };
  if (kind !== 'recovery') return {};
  if (broken !== undefined) return { problem: `found by the writer at ${String(time)}: ${String(broken)}` };
  if (torn) return { note: `${torn.bytes} bytes of a line that was not written to its end are kept in ${torn.file}` };
  return {
    note: `${String(accepted)} entries were written before a stop without closing, at the latest ${String(time)}`,
  };
};

/**
 * Follows a log's chain through its rotated files and compares its end with the head. `archived`: the oldest files may
 * have been moved elsewhere. Reads without a lock; a writer at work can make it see a moment that is none.
 */
export const verifyLog = (path: string, { archived = false } = {}): Verification => {
  // Before the lines: what the head knows must be there, what is there need not be known to the head.
  const head = readHead(path);
  const files = listFiles(path);
  const problems: Problem[] = [];
  const notes: string[] = [];
  let state: ChainState = { ...start };
  let entries = 0;
  let atHead: string | undefined;
  let at: Problem = { file: path, what: '' };
  let begin: LogEnd | undefined;
  let latest: { line: ChainedLine; bytes: Buffer } | undefined;
  let ended = true;

  for (const file of files) {
    let number = 0;
    for (const { bytes, ended: whole } of linesOf(file)) {
      number++;
      at = { file, line: number, what: '' };
      ended = whole;
      if (!whole && file === files.at(-1)) continue;
      const line = readLine(bytes);
      if (!line) {
        problems.push({ file, line: number, what: 'this line is not from this log, or it was changed' });
        state = { seq: state.seq + 1, hash: undefined };
        continue;
      }
      if (entries === 0 && archived && line.seq > 1) {
        notes.push(`begins with entry ${line.seq}; earlier files are elsewhere`);
        state = { seq: line.seq - 1, hash: line.prev };
      }
      begin ??= endOf({ line, bytes });
      if (entries === 0 && parse(bytes)['kind'] === 'recovery')
        notes.push('begins with a recovery entry: earlier entries of its writer are not here');
      const what = compare(line, state);
      if (what !== undefined) problems.push({ file, line: number, what });
      const recovery = line.sound ? readNote(bytes) : {};
      if (recovery.problem !== undefined) problems.push({ file, line: number, what: recovery.problem });
      if (recovery.note !== undefined) notes.push(`${basename(file)}:${number} ${recovery.note}`);
      entries++;
      latest = { line, bytes };
      state = { seq: line.seq, hash: line.hash };
      if (typeof head === 'object' && line.seq === head.count) atHead = line.hash;
    }
  }

  if (!ended) notes.push(`${basename(at.file)}:${at.line} ends without a line feed; it does not count`);
  if (typeof head === 'string') {
    const none = head === 'missing' && !files.length;
    const what = none ? 'there is no audit log' : `the head is ${head}: entries may be missing at the end`;
    problems.push({ file: none ? path : headPath(path), what });
  } else if (state.seq < head.count) {
    problems.push({ ...at, what: `${range(state.seq + 1, head.count)} missing after it` });
  } else if (head.count > 0 && atHead !== head.hash) {
    problems.push({ file: headPath(path), what: `entry ${head.count} is not the one that the head names` });
  } else if (state.seq > head.count) {
    notes.push(`${state.seq - head.count} entries are newer than the head: a writer is running, or was killed`);
  }
  return { entries, files: files.length, first: begin, last: latest && endOf(latest), problems, notes };
};
