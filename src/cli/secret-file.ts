import { writeFileSync } from 'node:fs';
import { CallError } from '../errors.ts';

/** Writes secrets to a new file that only its owner can read. Refuses to write over a file. */
export const writeSecretFile = (path: string, text: string): void => {
  try {
    writeFileSync(path, `${text}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new CallError(
      'failed',
      `${path} was not written: ${(error as Error).message}.`,
      'Give the path of a file that does not exist yet.',
      { cause: error },
    );
  }
};
