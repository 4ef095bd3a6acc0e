import { closeSync } from 'node:fs';
import { claimSlot, type Claim } from './claim.ts';
import { openLog, storeHead, type AbandonedFile, type OpenFile } from './open-file.ts';
import type { OutsideChange } from './outside-change.ts';
import type { Report } from './sink.ts';

/** The log file that this process writes: claimed and opened on demand, abandoned when it can no longer be trusted. */
export interface CurrentLog {
  /** The open file, if there is one. */
  peek(): OpenFile | undefined;
  /** The open file; without one, claims and opens it. Throws what the file system says. */
  open(): OpenFile;
  /** Whether another process took the claim. */
  isLost(): boolean;
  /** Stops using the open file and closes it after `pending`; `open` then goes on with what is there and with what is known. */
  abandon(pending: Promise<void> | undefined, change?: OutsideChange): void;
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
  let abandoned: AbandonedFile | undefined;
  const release = (): void => {
    claim?.release();
    claim = undefined;
  };
  return {
    peek: () => current,
    open: () => {
      if (current) return current;
      if (claim?.isLost()) {
        release();
        if (abandoned) abandoned.isLost = true;
      }
      claim ??= claimSlot(path);
      current = openLog(claim.path, report, abandoned);
      abandoned = undefined;
      return current;
    },
    isLost: () => claim?.isLost() ?? false,
    abandon: (pending, change) => {
      const left = current;
      if (!left) return;
      current = undefined;
      abandoned = { open: left, change, isLost: false };
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
