import { existsSync, readFileSync } from 'node:fs';

/** The build lays the page beside the bundle; run from source, it is where the build left it. */
const folder = (): URL => {
  const beside = new URL('page/', import.meta.url);
  return existsSync(new URL('page.js', beside)) ? beside : new URL('../dist/page/', import.meta.url);
};

/** A file that the web page, and the MCP Apps, are made of. */
export const readPageFile = (name: string): Buffer => readFileSync(new URL(name, folder()));
