import { existsSync, readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';

/** The build lays the page beside the bundle; run from source, it is where the build left it. */
const folder = (): URL => {
  const beside = new URL('page/', import.meta.url);
  return existsSync(new URL('page.js.br', beside)) ? beside : new URL('../dist/page/', import.meta.url);
};

/** A file that the web page, and the MCP Apps, are made of; the large ones lie compressed. */
export const readPageFile = (name: string): Buffer => {
  const compressed = new URL(`${name}.br`, folder());
  return existsSync(compressed)
    ? brotliDecompressSync(readFileSync(compressed))
    : readFileSync(new URL(name, folder()));
};
