import { closeSync, openSync, readSync } from 'node:fs';

const chunk = 256 * 1024;

/** A file's lines with their bytes, first to last, read piece by piece; `ended` is false for one without a line feed. */
export function* linesOf(path: string): Generator<{ bytes: Buffer; ended: boolean }> {
  const file = openSync(path, 'r');
  try {
    let begun: Buffer[] = [];
    for (;;) {
      const buffer = Buffer.alloc(chunk);
      const count = readSync(file, buffer, 0, chunk, null);
      if (!count) break;
      const bytes = buffer.subarray(0, count);
      let from = 0;
      for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, from)) {
        const line = bytes.subarray(from, at);
        yield { bytes: begun.length > 0 ? Buffer.concat([...begun, line]) : line, ended: true };
        begun = [];
        from = at + 1;
      }
      if (from < count) begun.push(bytes.subarray(from));
    }
    if (begun.length > 0) yield { bytes: Buffer.concat(begun), ended: false };
  } finally {
    closeSync(file);
  }
}
