import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { chainEntries, start } from './chain.ts';
import type { ChainedFile } from './chained-file.ts';

/** A pipe that no one reads, or reads too slowly, is an error: the process never waits for it. */
const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK;

/** A device or pipe in place of a file: chained, but neither claimed, synced nor rotated. */
export const createDevice = (path: string): ChainedFile => {
  let file: number | undefined;
  let link = start;
  let unsent: Buffer = Buffer.alloc(0);
  const opened = (): number => (file ??= openSync(path, flags));
  const send = (): void => {
    while (unsent.length) unsent = unsent.subarray(writeSync(opened(), unsent));
  };
  return {
    append: (entries) => {
      send();
      const chained = chainEntries(entries, link);
      const whole = Buffer.from(`${chained.lines.join('\n')}\n`);
      unsent = whole;
      try {
        send();
      } catch (error) {
        // Of what was begun, the rest follows before the next line.
        if (unsent.length === whole.length) {
          unsent = Buffer.alloc(0);
          throw error;
        }
      }
      link = chained.link;
      return chained.lines;
    },
    probe: () => {
      opened();
      send();
    },
    problem: () => undefined,
    close: () => {
      if (file !== undefined) closeSync(file);
      file = undefined;
      return Promise.resolve();
    },
  };
};
