import { createHash } from 'node:crypto';
import { fits } from '../catalog/patterns.ts';
import { loadData } from '../data.ts';
import type { Row } from '../rows.ts';
import { canonical } from './question.ts';

/** The digest (SHA-256, hexadecimal) of a value's JSON. */
export const digestOfValue = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** The version of a row: a digest without what changes by itself, such as usage, counts, the time of the last look. */
export const versionOf = (row: Row | undefined): string => {
  const { volatile } = loadData<{ volatile: string[] }>('plans.json');
  return digestOfValue(
    canonical(Object.fromEntries(Object.entries(row ?? {}).filter(([name]) => !fits(volatile, name)))),
  );
};
