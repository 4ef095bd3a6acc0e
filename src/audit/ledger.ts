import { statSync } from 'node:fs';
import { CallError } from '../errors.ts';
import { createChainedFile } from './chained-file.ts';
import { createDevice } from './device.ts';
import { hasChanged, type AuditEntry } from './entry.ts';
import type { Report } from './sink.ts';

/** An entry and its JSON. */
export interface EntryText {
  entry: AuditEntry;
  text: string;
}

/** The log that must be written: no change is sent while it cannot be. */
export interface Ledger {
  /** Writes entries, in one go, and gives the line of each; undefined while it cannot be written. */
  write(entries: readonly EntryText[]): (string | undefined)[];
  /**
   * Throws a CallError when the next entry could not be written. `sending` gives what is known of a change that is about to
   * be sent, for a log that must write it to find out.
   */
  ready(sending?: () => string): void | Promise<void>;
  /** What was found broken since this process began to write; undefined when nothing was. */
  problem(): string | undefined;
  close(): Promise<void>;
}

/** Entries that wait in memory for a disk that takes them again. */
const maxWaiting = 1000;
/** Milliseconds between attempts while nothing but reads run, and between reports. */
const retryIntervalMs = 1000;
const reportIntervalMs = 60_000;

/** The refusal of a change whose entry could not be written. `where`: after the words "The audit log". */
export const notWritten = (where: string, cause: Error): CallError =>
  new CallError(
    'unavailable',
    `The audit log ${where} cannot be written (${cause.message}), and no change is made without its entry. Nothing was sent.`,
    'Reads still work. The operator of this server can free space, fix the permissions, or set `audit` to a writable file.',
    { cause },
  );

const isDevice = (path: string): boolean => {
  try {
    return !statSync(path).isFile();
  } catch {
    return false;
  }
};

/**
 * Keeps the log in a file, rotated at `limit` bytes. Entries that cannot be written wait, and are written in order.
 * `onNote` gets the lines that are no call's: what was found, and what was lost.
 */
export const createLedger = (
  path: string,
  limit: number,
  report: Report,
  onNote: (line: string) => void = () => undefined,
): Ledger => {
  const file = isDevice(path) ? createDevice(path) : createChainedFile(path, limit, report, onNote);
  let waiting: string[] = [];
  let lost = 0;
  let triedAt = 0;
  let reportedAt = 0;
  let closed = false;

  const writeWaiting = (): void => {
    triedAt = Date.now();
    while (waiting.length) {
      file.append(waiting.slice(0, 1));
      waiting.shift();
    }
    const note = { time: new Date().toISOString(), kind: 'lost', count: lost };
    if (lost) file.append([JSON.stringify(note)]).forEach(onNote);
    lost = 0;
  };

  const queue = ({ text, entry }: EntryText, why: string): undefined => {
    if (waiting.length < maxWaiting) waiting.push(text);
    else lost++;
    if (hasChanged(entry)) {
      // The change was made: its entry must reach the operator in another way.
      report(`${why}. A change was made whose entry is not in the log: ${text}`);
    } else if (Date.now() - reportedAt > reportIntervalMs) {
      reportedAt = Date.now();
      report(`${why}. Reads are answered, changes are refused; ${waiting.length + lost} entries wait.`);
    }
  };

  return {
    write: (entries) => {
      const failing = waiting.length > 0 || lost > 0;
      const queueAll = (why: string): undefined[] => entries.map((entry) => queue(entry, why));
      if (failing && Date.now() - triedAt < retryIntervalMs) return queueAll(`The audit log ${path} cannot be written`);
      try {
        if (failing) writeWaiting();
        const lines = file.append(entries.map(({ text }) => text));
        if (closed) void file.close();
        return lines;
      } catch (error) {
        triedAt = Date.now();
        return queueAll(`The audit log ${path} cannot be written: ${(error as Error).message}`);
      }
    },
    ready: () => {
      try {
        file.probe();
        writeWaiting();
      } catch (error) {
        throw notWritten(path, error as Error);
      }
    },
    problem: () => file.problem(),
    close: async () => {
      closed = true;
      try {
        writeWaiting();
      } catch {
        report(`${waiting.length + lost} entries were not written to the audit log ${path}.`);
        for (const text of waiting) report(text);
        waiting = [];
        lost = 0;
      }
      await file.close();
    },
  };
};
