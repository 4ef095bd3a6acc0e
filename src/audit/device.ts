import { closeSync, openSync, writeSync } from 'node:fs';
import { chainEntry, start } from './chain.ts';
import type { ChainedFile } from './chained-file.ts';

/** A device or pipe in place of a file: chained, but neither claimed, synced nor rotated. */
export const createDevice = (path: string): ChainedFile => {
  let file: number | undefined;
  let link = start;
  const opened = (): number => (file ??= openSync(path, 'a'));
  return {
    append: (entry) => {
      const chained = chainEntry(entry, link);
      writeSync(opened(), `${chained.line}\n`);
      link = chained.link;
      return chained.line;
    },
    probe: () => void opened(),
    problem: () => undefined,
    close: () => {
      if (file !== undefined) closeSync(file);
      file = undefined;
      return Promise.resolve();
    },
  };
};
