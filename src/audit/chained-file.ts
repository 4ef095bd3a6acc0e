import { accessSync, closeSync, constants, fdatasync, fsyncSync, openSync, statfsSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { seal, start } from './chain.ts';
import { claimSlot, type Claim } from './claim.ts';
import { isUntouched, openLog, putLine, rotate, storeHead, type OpenFile } from './open-file.ts';
import type { Report } from './sink.ts';

/** Where the lines of the log go. Throws what the file system says. */
export interface ChainedFile {
  /** Adds an entry's JSON as a line, and gives the line. */
  append(entry: string): string;
  /** Throws when the next line could not be written. */
  probe(): void;
  /** Makes everything durable and lets go of the file. A line after that opens it anew. */
  close(): Promise<void>;
}

/** Milliseconds from a line to its way to the disk. */
const syncEvery = 100;
/** Bytes that must be free for a change to leave. */
const enough = 1 << 20;

const sync = promisify(fdatasync);

const syncFolder = async (folder: string): Promise<void> => {
  // Windows cannot open a folder.
  if (process.platform === 'win32') return;
  const opened = openSync(folder, constants.O_RDONLY);
  await sync(opened).finally(() => closeSync(opened));
};

/** A chained log at `path`, or in the next slot while another process has it; rotated at `limit` bytes. */
export const createChainedFile = (path: string, limit: number, report: Report): ChainedFile => {
  let held: Claim | undefined;
  let open: OpenFile | undefined;
  let timer: NodeJS.Timeout | undefined;
  let flushing: Promise<void> | undefined;
  let retiring: Promise<void> | undefined;
  /** The last entry that a power cut could not take any more. */
  let synced = -1;
  /** The folder may not know the file durably yet. */
  let fresh = true;
  /** A sync failed: the disk must prove itself before a change leaves. */
  let suspect = false;

  const closeBoth = ({ file, head }: OpenFile): void => {
    closeSync(file);
    closeSync(head);
  };

  /** Lets go of files that can no longer be trusted; the next line opens what is there then. */
  const abandon = (): void => {
    const left = open;
    if (!left) return;
    open = undefined;
    fresh = true;
    try {
      storeHead(left);
    } catch {
      // The head of before is honest too: what follows it will be accepted by its chain.
    }
    // A sync may be under way.
    if (flushing) void flushing.then(() => closeBoth(left));
    else closeBoth(left);
  };

  const opened = (): OpenFile => {
    if (open) return open;
    if (held?.lost()) {
      held.release();
      held = undefined;
    }
    held ??= claimSlot(path);
    return (open = openLog(held.path, report));
  };

  const turn = (current: OpenFile): void => {
    if (current.size < limit) return;
    const old = rotate(current);
    fresh = true;
    const { previous } = current;
    const done = sync(old).catch((error: unknown) => report(`${previous} was not synced: ${(error as Error).message}`));
    retiring = Promise.all([retiring, done]).then(() => closeSync(old));
  };

  const flush = async (): Promise<void> => {
    const current = open;
    if (!current) return;
    try {
      const { seq } = current.link;
      if (held?.lost() || !isUntouched(current)) throw new Error(`${current.path} was changed by somebody else`);
      await sync(current.file);
      if (open !== current) return;
      storeHead(current);
      await sync(current.head);
      if (fresh) await syncFolder(dirname(current.path));
      fresh = false;
      synced = seq;
      if (open === current) turn(current);
    } catch (error) {
      suspect = true;
      report((error as Error).message);
      if (open === current) abandon();
    }
  };

  const plan = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      flushing = flush().finally(() => {
        flushing = undefined;
        if (open && open.link.seq !== synced) plan();
      });
    }, syncEvery).unref();
  };

  return {
    append: (entry) => {
      try {
        const line = putLine(opened(), entry);
        if (!flushing) plan();
        return line;
      } catch (error) {
        abandon();
        throw error;
      }
    },
    probe: () => {
      if (open && !isUntouched(open)) abandon();
      const current = opened();
      accessSync(current.path, constants.W_OK);
      if (suspect) fsyncSync(current.file);
      suspect = false;
      const { bavail, bsize } = statfsSync(current.path);
      if (bavail * bsize < enough) throw new Error(`${current.path}: the disk is full`);
    },
    close: async () => {
      clearTimeout(timer);
      timer = undefined;
      await flushing;
      // Lines may come in while the disk takes the ones before.
      do await flush();
      while (open && open.link.seq !== synced);
      clearTimeout(timer);
      timer = undefined;
      if (open) closeBoth(open);
      open = undefined;
      await retiring;
      held?.release();
      held = undefined;
    },
  };
};

/** A device or pipe in the place of a file: chained, and nothing more. */
export const createDevice = (path: string): ChainedFile => {
  let file: number | undefined;
  let link = start;
  const opened = (): number => (file ??= openSync(path, 'a'));
  return {
    append: (entry) => {
      const sealed = seal(entry, link);
      writeSync(opened(), `${sealed.line}\n`);
      link = sealed.link;
      return sealed.line;
    },
    probe: () => void opened(),
    close: () => {
      if (file !== undefined) closeSync(file);
      file = undefined;
      return Promise.resolve();
    },
  };
};
