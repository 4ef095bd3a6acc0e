import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const hasCode = (error: unknown, code: string): boolean => (error as NodeJS.ErrnoException).code === code;

/**
 * Makes a folder for its owner only, with those above it; one that is there stays as it is. Throws what the file system says. Node's
 * own `recursive` never returns where a folder cannot be made below one that is there, as in /proc.
 */
export const makeFolder = (path: string): void => {
  const make = (): void => {
    mkdirSync(path, { mode: 0o700 });
  };
  try {
    make();
  } catch (error) {
    if (hasCode(error, 'ENOENT') && dirname(path) !== path) {
      makeFolder(dirname(path));
      // Another process may have made it meanwhile.
      try {
        make();
      } catch (again) {
        if (!hasCode(again, 'EEXIST')) throw again;
      }
    } else if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
};

/** The same, and one that is there is its owner's only from then on. */
export const makeOwnFolder = (path: string): void => {
  makeFolder(path);
  chmodSync(path, 0o700);
};
