import { basename } from 'node:path';
import { readLine, type ChainedLine, type Link } from './chain.ts';
import { linesOf } from '../lines.ts';
import { listFiles } from './files.ts';

/** What a copy of entries, or a head kept elsewhere, says about logs. */
export interface Comparison {
  /** Entries that the copy has, and how many of them are in a log unchanged. */
  copied: number;
  found: number;
  problems: string[];
  /** What is no damage, and worth knowing. */
  notes: string[];
}

/** The end of a log as `audit head` prints it: its last entry's number, a colon, that entry's hash. */
export const formatHead = ({ seq, hash }: Link): string => `${seq}:${hash}`;

/** Reads what `formatHead` wrote; undefined for anything else. */
export const parseHead = (text: string): Link | undefined => {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text.trim()) ?? [];
  return seq === undefined || hash === undefined ? undefined : { seq: Number(seq), hash };
};

const entryBegin = '{"seq":';

/** Entries inside a collector's JSON: texts at any depth that are lines of a log. */
const findEntries = (value: unknown): string[] => {
  if (typeof value === 'string') return value.startsWith(entryBegin) ? [value.trimEnd()] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(findEntries) : [];
};

/** The entries of one line of a copy: as they are, after the words of a syslog, or in the JSON of a collector. */
const readEntries = (bytes: Buffer): Buffer[] => {
  const at = bytes.indexOf(entryBegin);
  if (at >= 0) return [bytes.subarray(at, bytes.lastIndexOf('}') + 1)];
  const text = bytes.toString();
  if (!text.includes('\\"seq\\":')) return [];
  try {
    return findEntries(JSON.parse(text)).map((entry) => Buffer.from(entry));
  } catch {
    return [];
  }
};

const readCopy = (path: string): { entries: ChainedLine[]; damaged: number } => {
  const entries: ChainedLine[] = [];
  let damaged = 0;
  for (const { bytes } of linesOf(path))
    for (const entry of readEntries(bytes)) {
      const line = readLine(entry);
      if (line?.sound) entries.push(line);
      else damaged++;
    }
  return { entries, damaged };
};

/** `3–5, 9` for the numbers 3, 4, 5, 9. */
const toRanges = (numbers: readonly number[]): string => {
  const ranges: [number, number][] = [];
  for (const number of [...new Set(numbers)].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  const shown = ranges.slice(0, 10).map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`));
  return `${shown.join(', ')}${ranges.length > shown.length ? ', …' : ''}`;
};

const name = (numbers: readonly number[]): string =>
  `${numbers.length === 1 ? 'entry' : 'entries'} ${toRanges(numbers)}`;

interface Scan {
  /** Numbers of the copy's entries that the log has, and of its other entries. */
  shared: Set<number>;
  others: number[];
  last: number;
}

const scan = (path: string, copied: ReadonlyMap<string, ChainedLine>, found: Set<string>): Scan => {
  const result: Scan = { shared: new Set(), others: [], last: 0 };
  for (const file of listFiles(path))
    for (const { bytes } of linesOf(file)) {
      const line = readLine(bytes);
      if (!line) continue;
      result.last = Math.max(result.last, line.seq);
      if (line.sound && copied.has(line.hash)) {
        result.shared.add(line.seq);
        found.add(line.hash);
      } else result.others.push(line.seq);
    }
  return result;
};

const compareEntries = (logs: readonly string[], entries: readonly ChainedLine[]): Comparison => {
  const copied = new Map(entries.map((line) => [line.hash, line]));
  const found = new Set<string>();
  const scans = logs.map((path) => ({ path, ...scan(path, copied, found) }));
  const missing = [...copied.values()].filter(({ hash }) => !found.has(hash)).map(({ seq }) => seq);
  const last = Math.max(0, ...scans.map((log) => log.last));
  const present = new Set(scans.flatMap(({ others }) => others));
  const problems = (
    [
      [`missing at the end of the log, which ends with entry ${last}`, missing.filter((seq) => seq > last)],
      ['changed or replaced in the log', missing.filter((seq) => seq <= last && present.has(seq))],
      ['not in the log', missing.filter((seq) => seq <= last && !present.has(seq))],
    ] as const
  ).flatMap(([what, numbers]) => (numbers.length ? [`${what}: ${name(numbers)}`] : []));
  const notes = scans.flatMap(({ path, shared, others }) => {
    const end = Math.max(...shared);
    const [newer, absent] = [others.filter((seq) => seq > end), others.filter((seq) => seq < end)];
    return [
      ...(shared.size && newer.length ? [`${basename(path)} has newer ones: ${name(newer)}`] : []),
      ...(shared.size && absent.length && copied.size > 1
        ? [`${basename(path)} has more than the copy: ${name(absent)}`]
        : []),
    ];
  });
  return { copied: copied.size, found: found.size, problems, notes };
};

/** Compares logs with a head that was kept elsewhere: whether one of them has that entry, unchanged. */
export const compareWithHead = (logs: readonly string[], head: Link): Comparison =>
  compareEntries(logs, [{ ...head, prev: '', sound: true }]);

/** Compares logs with a file of copied entries. Throws what the file system says. */
export const compareWithCopy = (logs: readonly string[], path: string): Comparison => {
  const { entries, damaged } = readCopy(path);
  const comparison = compareEntries(logs, entries);
  if (!entries.length) comparison.problems.push('the copy has no whole entry of an audit log');
  if (damaged) comparison.notes.push(`cut or changed in the copy itself: ${damaged}`);
  return comparison;
};
