import { chmodSync, closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Takes whole lines of JSON. Throws when a line cannot be kept. */
export interface Sink {
  write(line: string): void;
  close(): void;
}

/** Appends to a file that only its owner can read; the folder is made if it is missing. */
export const createFileSink = (path: string): Sink => {
  let file: number | undefined;
  const open = (): number => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const opened = openSync(path, 'a', 0o600);
    chmodSync(path, 0o600);
    return opened;
  };
  return {
    write: (line) => {
      writeSync((file ??= open()), `${line}\n`);
    },
    close: () => {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
};

/** Writes to a stream, such as standard error. */
export const createStreamSink = (stream: { write(text: string): unknown }): Sink => ({
  write: (line) => {
    stream.write(`${line}\n`);
  },
  close: () => undefined,
});
