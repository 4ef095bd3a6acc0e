import { readFileSync } from 'node:fs';
import { CallError } from '../errors.ts';

/** A file's text, in UTF-8 with or without a byte order mark. Throws a configuration error; `what` names the file's use. */
export const readText = (path: string, what: string): string => {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new CallError(
      'configuration',
      `${what} ${path} cannot be read: ${(error as Error).message}.`,
      'Check the path and its permissions.',
    );
  }
  const start = bytes.subarray(0, 2).toString('hex');
  if (start === 'fffe' || start === 'feff' || bytes.subarray(0, 64).includes(0))
    throw new CallError(
      'configuration',
      `${what} ${path} is not UTF-8; it looks like UTF-16, as PowerShell's > writes it.`,
      'Save it as UTF-8.',
    );
  return bytes.toString('utf8').replace(/^\ufeff/, '');
};
