import { closeSync } from 'node:fs';
import { claimSlot, type Claim } from './claim.ts';
import { isUntouched, openLog, storeHead, type OpenFile } from './open-file.ts';
import type { Report } from './sink.ts';

/** The log file that this process writes: claimed and opened on demand, abandoned when it can no longer be trusted. */
export interface CurrentLog {
  /** The open file, if there is one. */
  peek(): OpenFile | undefined;
  /** The open file; without one, claims and opens it. Throws what the file system says. */
  open(): OpenFile;
  /** Whether the claim is ours and no other process changed the file. */
  isOurs(file: OpenFile): boolean;
  /** Stops using the open file and closes it after `pending`; `open` then opens what is there. */
  abandon(pending: Promise<void> | undefined): void;
  /** Closes the file and releases the claim. */
  close(): void;
}

const closeBoth = ({ file, head }: OpenFile): void => {
  closeSync(file);
  closeSync(head);
};

/** The log at `path`, or in the next slot while another process has it. Nothing is opened yet. */
export const createCurrentLog = (path: string, report: Report): CurrentLog => {
  let claim: Claim | undefined;
  let current: OpenFile | undefined;
  const release = (): void => {
    claim?.release();
    claim = undefined;
  };
  return {
    peek: () => current,
    open: () => {
      if (current) return current;
      if (claim?.isLost()) release();
      claim ??= claimSlot(path);
      return (current = openLog(claim.path, report));
    },
    isOurs: (file) => !claim?.isLost() && isUntouched(file),
    abandon: (pending) => {
      const left = current;
      if (!left) return;
      current = undefined;
      try {
        storeHead(left);
      } catch {
        // The previous head is correct too: the entries after it are accepted by their chain.
      }
      if (pending) void pending.then(() => closeBoth(left));
      else closeBoth(left);
    },
    close: () => {
      if (current) closeBoth(current);
      current = undefined;
      release();
    },
  };
};
