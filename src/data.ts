import { readFileSync } from 'node:fs';

const cache = new Map<string, unknown>();

/** The parsed content of `data/NAME`, read once. Throws the file system's error if the package is incomplete. */
export const loadData = <T>(name: string): T => {
  // src/data.ts and every bundled file in dist/ lie one level below the package's root.
  if (!cache.has(name)) cache.set(name, JSON.parse(readFileSync(new URL(`../data/${name}`, import.meta.url), 'utf8')));
  return cache.get(name) as T;
};
