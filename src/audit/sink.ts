import type { AuditEntry } from './entry.ts';

/** Reports to the operator of the server, on standard error. */
export type Report = (message: string) => void;

/** What a copy may use of an entry; of a line that the log wrote of itself, only its time. */
export type CopiedEntry = Pick<AuditEntry, 'time'> & Partial<AuditEntry>;

/** Receives a copy of every line of the log. Its failures stop nothing: they are counted, and reported once. */
export interface Copy {
  write(line: string, entry: CopiedEntry): void;
  close(): Promise<void>;
}

/** Counts failures: reports the first one when it happens and the number at the end. */
export const createTally = (name: string, report: Report) => {
  let missed = 0;
  return {
    miss: (why: string, count = 1): void => {
      if (!missed) report(`${name} does not get its entries: ${why}. Further failures are counted.`);
      missed += count;
    },
    end: (): void => {
      if (missed) report(`${missed} ${missed === 1 ? 'entry' : 'entries'} did not reach ${name}.`);
      missed = 0;
    },
  };
};

/** Copies to a stream, such as standard error. */
export const createStreamCopy = (stream: { write(text: string): unknown }): Copy => ({
  write: (line) => {
    stream.write(`${line}\n`);
  },
  close: () => Promise.resolve(),
});
