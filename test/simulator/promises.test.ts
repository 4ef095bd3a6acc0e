import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadData } from '../../src/data.ts';

test('every promise of data/promises.json is kept by a test', () => {
  const folder = new URL('.', import.meta.url);
  const texts = readdirSync(folder)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => readFileSync(new URL(name, folder), 'utf8'));
  const saved = new Set(texts.flatMap((text) => [...text.matchAll(/keeps\('([\w-]+)'/g)].map(([, id]) => id)));
  const made = loadData<{ id: string }[]>('promises.json').map(({ id }) => id);
  expect(made.filter((id) => !saved.has(id))).toEqual([]);
  expect(new Set(made).size).toBe(made.length);
});
