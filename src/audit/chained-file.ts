import { accessSync, closeSync, constants, fdatasync, fsyncSync, openSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { createCurrentLog } from './current-log.ts';
import { putLines, rotate, storeHead, type OpenFile } from './open-file.ts';
import { findOutsideChange, type OutsideChange } from './outside-change.ts';
import type { Report } from './sink.ts';

/** The file of the log. Its functions throw what the file system says. */
export interface ChainedFile {
  /** Appends entries' JSON as lines, in one go, and returns the lines. Where it throws, none was written. */
  append(entries: readonly string[]): string[];
  /** Throws if the next line could not be written. */
  probe(): void;
  /** What was found broken since this process began to write; undefined when nothing was. */
  problem(): string | undefined;
  /** Makes everything durable and closes the file. A later line opens it again. */
  close(): Promise<void>;
}

/** Milliseconds from a line to its sync to disk. */
const syncIntervalMs = 100;
/** Free bytes that a change requires. */
const minFreeBytes = 1 << 20;

const sync = promisify(fdatasync);

const syncFolder = async (folder: string): Promise<void> => {
  // Windows cannot open a folder.
  if (process.platform === 'win32') return;
  const opened = openSync(folder, constants.O_RDONLY);
  await sync(opened).finally(() => closeSync(opened));
};

/**
 * A chained log at `path`, or in the next slot while another process has it; synced soon after each line, rotated at
 * `limit` bytes. `onNote` gets the lines that the log writes of itself.
 */
export const createChainedFile = (
  path: string,
  limit: number,
  report: Report,
  onNote: (line: string) => void,
): ChainedFile => {
  const log = createCurrentLog(path, report);
  let timer: NodeJS.Timeout | undefined;
  let flushing: Promise<void> | undefined;
  let retiring: Promise<void> | undefined;
  /** The number of the last entry that is durable. */
  let synced = -1;
  /** The name of the file may not be durable yet. */
  let isFolderStale = true;
  /** A sync failed: a successful one must precede the next change. */
  let isSuspect = false;
  let problem: string | undefined;

  const abandon = (change?: OutsideChange): void => {
    if (log.peek()) isFolderStale = true;
    log.abandon(flushing, change);
  };
  /** The open file as this process left it. Where others changed it, what they did is written down first. */
  const openCurrent = (isLost = false): OpenFile => {
    const known = log.peek();
    const change = known && findOutsideChange(known);
    if (change || isLost) abandon(change);
    const current = log.open();
    problem = current.broken ?? problem;
    for (const line of current.notes.splice(0)) onNote(line);
    return current;
  };
  /** Whether others changed the open file, which is then written down. */
  const wasChanged = (current: OpenFile): boolean => {
    try {
      return openCurrent() !== current;
    } catch {
      return false;
    }
  };
  const rotateIfFull = (current: OpenFile): void => {
    if (current.size < limit) return;
    const old = rotate(current);
    isFolderStale = true;
    const { previous } = current;
    const done = sync(old).catch((error: unknown) => report(`${previous} was not synced: ${(error as Error).message}`));
    retiring = Promise.all([retiring, done]).then(() => closeSync(old));
  };
  const flush = async (): Promise<void> => {
    const current = log.peek();
    if (!current) return;
    try {
      if (openCurrent(log.isLost()) !== current) return;
      const { seq } = current.link;
      await sync(current.file);
      if (log.peek() !== current) return;
      storeHead(current);
      await sync(current.head);
      if (isFolderStale) await syncFolder(dirname(current.path));
      isFolderStale = false;
      synced = seq;
      if (log.peek() === current && openCurrent() === current) rotateIfFull(current);
    } catch (error) {
      isSuspect = true;
      // Where others took the files away, that is what is said, instead of what the file system says of it.
      if (log.peek() === current && wasChanged(current)) return;
      report((error as Error).message);
      if (log.peek() === current) abandon();
    }
  };
  const isSynced = (): boolean => {
    const current = log.peek();
    return !current || current.link.seq === synced;
  };
  const scheduleFlush = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      flushing = flush().finally(() => {
        flushing = undefined;
        if (!isSynced()) scheduleFlush();
      });
    }, syncIntervalMs).unref();
  };
  const cancelFlush = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };

  return {
    append: (entries) => {
      try {
        const lines = putLines(openCurrent(), entries);
        if (!flushing) scheduleFlush();
        return lines;
      } catch (error) {
        abandon();
        throw error;
      }
    },
    probe: () => {
      const current = openCurrent();
      accessSync(current.path, constants.W_OK);
      if (isSuspect) fsyncSync(current.file);
      isSuspect = false;
      const { bavail, bsize } = statfsSync(current.path);
      if (bavail * bsize < minFreeBytes) throw new Error(`${current.path}: the disk is full`);
    },
    problem: () => problem,
    close: async () => {
      cancelFlush();
      await flushing;
      // More lines may be appended during a flush.
      do await flush();
      while (!isSynced());
      cancelFlush();
      await retiring;
      log.close();
    },
  };
};
