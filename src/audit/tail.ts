import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import type { AuditEntry, GivenRefusal } from './entry.ts';
import { linesBackwards, listFiles, listSlots } from './files.ts';
import { escapeRegExp } from '../text.ts';

/** A line of the log as it is read back; what the writer noted itself has a `kind` and little else. */
export type LoggedEntry = Partial<AuditEntry> & { seq: number; hash: string; time: string; kind?: string };

/** Which entries to show. */
export interface EntryFilter {
  principal?: string | undefined;
  /** A pattern with * and ? for the command's or the tool's name. */
  command?: string | undefined;
  risk?: string | undefined;
  result?: string | undefined;
  /** The beginning of the id of a call, or of the digest of a plan or a script. */
  id?: string | undefined;
  /** Of calls that a person approved or confirmed. */
  isConfirmed?: boolean | undefined;
  /** Milliseconds since 1970. */
  since?: number | undefined;
}

const toPattern = (glob: string): RegExp =>
  new RegExp(`^${escapeRegExp(glob).replaceAll('\\*', '.*').replaceAll('\\?', '.')}$`, 'i');

/** What a person said to a call, yes or no. */
export const replyOf = ({
  confirmation,
  refusal,
}: Pick<AuditEntry, 'confirmation' | 'refusal'>): GivenRefusal | undefined => confirmation ?? refusal;

/** A test for entries of a filter. */
export const createMatcher = ({ principal, command, risk, result, id, isConfirmed, since }: EntryFilter) => {
  const pattern = command === undefined ? undefined : toPattern(command);
  return (entry: LoggedEntry): boolean =>
    (principal === undefined || entry.principal === principal) &&
    (!pattern || [entry.command, entry.tool].some((name) => name !== undefined && pattern.test(name))) &&
    (risk === undefined || entry.risk === risk) &&
    (result === undefined || entry.result === result) &&
    (id === undefined || [entry.call, entry.plan, entry.script].some((one) => one?.startsWith(id))) &&
    (!isConfirmed || replyOf(entry) !== undefined) &&
    (since === undefined || Date.parse(entry.time) >= since);
};

/** Reads a line of the log; undefined where it is none. */
export const parseEntry = (bytes: Buffer | string): LoggedEntry | undefined => {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return typeof value === 'object' && value !== null && 'time' in value ? (value as LoggedEntry) : undefined;
  } catch {
    return undefined;
  }
};

const endOf = ({ time, duration = 0 }: LoggedEntry): number => Date.parse(time) + duration;

/** The last entries of one log that match, newest first. */
const readOne = (path: string, count: number, filter: EntryFilter): LoggedEntry[] => {
  const matches = createMatcher(filter);
  const found: LoggedEntry[] = [];
  for (const file of listFiles(path).reverse())
    for (const bytes of linesBackwards(file)) {
      if (found.length >= count) return found;
      const entry = parseEntry(bytes);
      if (!entry) continue;
      // Lines are written when calls end: what ended before cannot be followed, backwards, by one that began after.
      if (filter.since !== undefined && endOf(entry) < filter.since) return found;
      if (matches(entry)) found.push(entry);
    }
  return found;
};

/** The last entries that match, of every process that writes beside this log, oldest first. */
export const readTail = (paths: readonly string[], count: number, filter: EntryFilter): LoggedEntry[] => {
  const found = paths.flatMap((path) => readOne(path, count, filter).reverse());
  return found.sort((a, b) => endOf(a) - endOf(b)).slice(found.length - Math.min(count, found.length));
};

interface TailedFile {
  file: number;
  inode: number;
  offset: number;
  rest: string;
}

const openTail = (path: string, fromStart: boolean): TailedFile => {
  const file = openSync(path, 'r');
  const { ino, size } = fstatSync(file);
  return { file, inode: ino, offset: fromStart ? 0 : size, rest: '' };
};

const readNew = (observed: TailedFile): LoggedEntry[] => {
  const bytes = Buffer.alloc(Math.max(0, fstatSync(observed.file).size - observed.offset));
  const count = bytes.length ? readSync(observed.file, bytes, 0, bytes.length, observed.offset) : 0;
  observed.offset += count;
  const lines = `${observed.rest}${bytes.toString('latin1', 0, count)}`.split('\n');
  observed.rest = lines.pop() ?? '';
  // As Latin-1 until here, so that a character cut in two stays whole.
  return lines.flatMap((line) => parseEntry(Buffer.from(line, 'latin1')) ?? []);
};

/** Entries as they come in, through rotation and with processes that begin later. `next` gives those since the last time. */
export const followLogs = (paths: readonly string[]) => {
  const tailed = new Map<string, TailedFile>();
  const all = (): string[] => [...new Set(paths.flatMap(listSlots))].filter((path) => existsSync(path));
  for (const path of all()) tailed.set(path, openTail(path, false));
  return {
    next: (): LoggedEntry[] =>
      all()
        .flatMap((path) => {
          const running = tailed.get(path) ?? openTail(path, true);
          tailed.set(path, running);
          const entries = readNew(running);
          if (statSync(path, { throwIfNoEntry: false })?.ino === running.inode) return entries;
          closeSync(running.file);
          tailed.delete(path);
          return entries;
        })
        .sort((a, b) => endOf(a) - endOf(b)),
    close: (): void => {
      for (const { file } of tailed.values()) closeSync(file);
    },
  };
};
