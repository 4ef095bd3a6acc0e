import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isClaimed } from '../audit/claim.ts';
import { compareWithCopy, compareWithHead, formatHead, parseHead, type Comparison } from '../audit/compare.ts';
import { listFiles, listSlots, logOf } from '../audit/files.ts';
import { findLastLink } from '../audit/find-link.ts';
import { createMatcher, followLogs, readTail, type EntryFilter, type LoggedEntry } from '../audit/tail.ts';
import { auditFiles } from '../audit/targets.ts';
import { verifyLog, type LogEnd, type Problem, type Verification } from '../audit/verify.ts';
import { loadConfig } from '../config/config.ts';
import { CallError } from '../errors.ts';
import { programName } from '../program-name.ts';
import { toLabel } from '../text.ts';
import { exit, printJson, printLine, printText, type Io } from './io.ts';
import { cut, pad } from './width.ts';

/** Flags that say where the log is. */
export interface Where {
  config?: string;
  audit?: string;
}

/** The logs that are meant: those named, or those of the configuration with all their neighbours. */
const logsOf = async (files: readonly string[], { config, audit }: Where, io: Io): Promise<string[]> => {
  if (files.length) return [...new Set(files.map((file) => logOf(resolve(file))))];
  const found = auditFiles((await loadConfig({ config, audit }, io.env)).audit);
  if (!found.length)
    throw new CallError(
      'configuration',
      'The audit log is not a file here.',
      `Name the file: ${programName} audit verify /path/to/audit.jsonl`,
    );
  return [...new Set(found.flatMap((file) => listSlots(file)))];
};

const shown = 20;
const toText = ({ file, line, what }: Problem): string => `${file}${line === undefined ? '' : `:${line}`}: ${what}`;

/** A writer at work can change what is read in the middle of it; what is really wrong stays wrong. */
const verifyWithRetry = async (path: string, archived: boolean): Promise<Verification> => {
  for (let attempt = 1; ; attempt++) {
    const verdict = verifyLog(path, { archived });
    if (!verdict.problems.length || attempt === 4 || !isClaimed(path)) return verdict;
    await pause(150);
  }
};

/** Flags of `audit verify`. */
export interface VerifyFlags extends Where {
  archived?: boolean;
  against?: string;
  json?: boolean;
}

const count = (entries: number): string => `${entries} ${entries === 1 ? 'entry' : 'entries'}`;
const atTime = ({ seq, time }: LogEnd): string => `${seq} of ${time ?? 'an unknown time'}`;

const printVerification = async (path: string, verification: Verification, io: Io): Promise<void> => {
  const { entries, files, first, last, problems, notes } = verification;
  for (const problem of problems.slice(0, shown)) await printText(io.stdout, toText(problem));
  if (problems.length > shown) await printText(io.stdout, `… and ${problems.length - shown} more`);
  const found = `${count(entries)}${files > 1 ? ` in ${files} files` : ''}`;
  await printText(io.stdout, `${path}: ${found}, chain ${problems.length ? 'broken' : 'unbroken'}`);
  if (first && last) await printText(io.stdout, `  from entry ${atTime(first)} to entry ${atTime(last)}`);
  for (const note of notes.slice(-shown)) await printText(io.stdout, `  ${note}`);
};

const compare = (paths: readonly string[], against: string): Comparison => {
  const head = parseHead(against);
  if (head) return compareWithHead(paths, head);
  if (existsSync(against)) return compareWithCopy(paths, against);
  throw new CallError(
    'invalid',
    `"${against}" is neither a file nor the head of a log.`,
    `Name a file with copied entries, or a head as \`${programName} audit head\` prints it: 32:6a0f…`,
  );
};

const printComparison = async (against: string, { copied, found, problems, notes }: Comparison, io: Io) => {
  await printText(io.stdout, `${against}: ${found} of ${count(copied)} found in the log, unchanged`);
  for (const text of [...problems, ...notes]) await printText(io.stdout, `  ${text}`);
};

/** `audit verify`: follows the chain of each log; 1 when a line was changed, removed or moved, or is not as a copy has it. */
export const verifyAudit = async (files: readonly string[], flags: VerifyFlags, io: Io): Promise<number> => {
  const { archived = false, against, json = false, ...where } = flags;
  let isWhole = true;
  const paths = await logsOf(files, where, io);
  for (const path of paths) {
    const verification = await verifyWithRetry(path, archived);
    const unbroken = !verification.problems.length;
    if (json) await printJson(io.stdout, { path, unbroken, ...verification });
    else await printVerification(path, verification, io);
    isWhole &&= unbroken;
  }
  if (against === undefined) return isWhole ? exit.done : exit.failed;
  const comparison = compare(paths, against);
  if (json) await printJson(io.stdout, { against, ...comparison });
  else await printComparison(against, comparison, io);
  return isWhole && !comparison.problems.length ? exit.done : exit.failed;
};

/** `audit head`: number and hash of each log's last entry, to be kept elsewhere. */
export const printHeads = async (files: readonly string[], where: Where, io: Io): Promise<number> => {
  let status: number = exit.done;
  for (const path of await logsOf(files, where, io)) {
    const head = findLastLink(path);
    if (head) await printText(io.stdout, `${formatHead(head)}  ${path}`);
    else await printText(io.stderr, `${path} has no entry.`);
    if (!head) status = exit.failed;
  }
  return status;
};

/** Flags of `audit tail`. */
export interface TailFlags extends Where, Omit<EntryFilter, 'since'> {
  lines: number;
  follow?: boolean;
  since?: string;
  json?: boolean;
}

const units: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const readSince = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const time = count === undefined ? Date.parse(text) : Date.now() - Number(count) * units[unit!]!;
  if (Number.isNaN(time))
    throw new CallError('invalid', `"${text}" is not a time.`, 'Use 2026-05-01, 2026-05-01T12:00:00Z, or 15m, 2h, 3d.');
  return time;
};

// Fixed, so that lines that come later stay in their columns: 80 characters in all.
const columns: readonly [string, number, (entry: LoggedEntry) => string | undefined][] = [
  ['TIME (UTC)', 14, ({ time }) => time.slice(5, 19).replace('T', ' ')],
  ['WHO', 9, ({ principal }) => principal],
  ['COMMAND', 24, ({ command, tool, kind }) => command ?? tool ?? kind],
  ['RISK', 9, ({ risk }) => risk],
  ['RESULT', 9, ({ result }) => result],
  ['TOOK', 5, ({ duration }) => (duration === undefined ? undefined : toDuration(duration))],
];

const toDuration = (milliseconds: number): string => {
  if (milliseconds < 1000) return `${milliseconds}ms`;
  return milliseconds < 100_000 ? `${(milliseconds / 1000).toFixed(1)}s` : `${Math.round(milliseconds / 60_000)}m`;
};

/** The columns that a terminal has room for: what matters least goes first, and the command's name gives way. */
const fitColumns = (room: number): typeof columns => {
  const least = ['TOOK', 'RISK', 'WHO'];
  const widthIn = (some: typeof columns): number => some.reduce((sum, [, width]) => sum + width + 2, -2);
  let fitting = columns;
  while (widthIn(fitting) > room && least.length) {
    const gone = least.shift();
    fitting = fitting.filter(([name]) => name !== gone);
  }
  const excess = Math.max(0, widthIn(fitting) - room);
  return fitting.map(([name, width, read]) => [name, name === 'COMMAND' ? Math.max(8, width - excess) : width, read]);
};

const toRow = (fitting: typeof columns, cells: readonly string[]): string =>
  cells
    .map((cell, at) => {
      const width = fitting[at]![1];
      return pad(cut(toLabel(cell), width), width);
    })
    .join('  ')
    .trimEnd();

/** `audit tail`: the last entries, as a table of 80 columns or as they are; with `follow`, until it is stopped. */
export const tailAudit = async (files: readonly string[], flags: TailFlags, io: Io): Promise<number> => {
  const { lines, follow = false, json = false, principal, command, risk, result } = flags;
  const filter = { principal, command, risk, result, since: readSince(flags.since) };
  const paths = await logsOf(files, flags, io);
  const fitting = fitColumns(io.stdout.isTTY ? (io.stdout.columns ?? 80) : Infinity);
  const heading = toRow(
    fitting,
    fitting.map(([name]) => name),
  );
  const toLine = (entry: LoggedEntry): string =>
    toRow(
      fitting,
      fitting.map(([, , read]) => read(entry) ?? '-'),
    );
  const print = (entry: LoggedEntry): Promise<void> =>
    json ? printJson(io.stdout, entry) : printLine(io.stdout, toLine(entry));
  // What is to be followed may still be made.
  const missing = files.length && !follow ? paths.find((path) => !listFiles(path).length) : undefined;
  if (missing !== undefined)
    throw new CallError('invalid', `There is no audit log ${toLabel(missing)}.`, 'Name an existing file.');
  const following = follow ? followLogs(paths) : undefined;
  const entries = readTail(paths, lines, filter);
  if (!json && (follow || entries.length)) await printLine(io.stdout, heading);
  if (!follow && !entries.length && !json) await printLine(io.stdout, 'No entry matches.');
  for (const entry of entries) await print(entry);
  if (!following) return exit.done;
  const matches = createMatcher(filter);
  // What came in between is in both.
  const printed = new Set(entries.map(({ hash }) => hash));
  while (!io.signal.aborted) {
    for (const entry of following.next()) if (matches(entry) && !printed.has(entry.hash)) await print(entry);
    await pause(200, undefined, { signal: io.signal }).catch(() => undefined);
  }
  following.close();
  return exit.done;
};
