import { chmodSync, existsSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../folder.ts';
import { CallError } from '../errors.ts';

/** How a file is written. */
export interface WriteOptions {
  /** Its mode from then on; without one it keeps the mode that it has, and a new file is for its owner only. */
  mode?: number;
  /** What a person is told to do where it cannot be written. */
  mend: string;
}

/** Writes a file whole or not at all; a link stays one, and its target is written. Throws a CallError that says why not. */
export const writeWhole = (path: string, text: string, { mode, mend }: WriteOptions): void => {
  const target = existsSync(path) ? realpathSync(path) : path;
  const draft = `${target}.${process.pid}.new`;
  try {
    const given = mode ?? (existsSync(target) ? statSync(target).mode & 0o777 : 0o600);
    makeFolder(dirname(target));
    writeFileSync(draft, text, { mode: given, flag: 'wx', flush: true });
    // What the process takes away from the mode of new files is given back.
    chmodSync(draft, given);
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new CallError('failed', `${path} was not written: ${(error as Error).message}.`, mend, { cause: error });
  }
};
