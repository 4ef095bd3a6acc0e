import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { CallError } from '../errors.ts';

/** A new file that only its owner can read, for secrets that are still to come. */
export interface SecretFile {
  write(text: string): void;
  /** Leaves no empty file where nothing was written. */
  close(): void;
}

/** Makes the file before the call: new keys that cannot be written would be lost. Refuses to write over a file. */
export const openSecretFile = (path: string): SecretFile => {
  let file: number;
  let empty = true;
  try {
    file = openSync(path, 'wx', 0o600);
  } catch (error) {
    throw new CallError(
      'failed',
      `${path} was not written: ${(error as Error).message}.`,
      'Give the path of a file that does not exist yet. Nothing was sent.',
      { cause: error },
    );
  }
  return {
    write: (text) => {
      writeSync(file, `${text}\n`);
      fsyncSync(file);
      empty = false;
    },
    close: () => {
      closeSync(file);
      if (empty) rmSync(path);
    },
  };
};
