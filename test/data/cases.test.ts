import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** What users met that was wrong: the case, what it was, and the test that keeps it from coming back, by a part of its title. */
type Case = [id: string, was: string, file: string, title: string];

const numbered = (letter: string, last: number): string[] =>
  Array.from({ length: last }, (_, index) => `${letter}${index + 1}`);

test.each([
  ['cases.json', [...numbered('D', 20), ...numbered('R', 21), ...numbered('4.', 13)]],
  // R: what clients of others sent to the simulator; T: the table of what differed most from a real management server.
  ['real-cases.json', [...numbered('R', 51), ...numbered('T', 40)]],
])('%s: every case has a test, and every test is there', (file, wanted) => {
  const cases = JSON.parse(readFileSync(fileURLToPath(new URL(file, import.meta.url)), 'utf8')) as readonly Case[];
  const known = new Set(cases.map(([id]) => id));
  expect(wanted.filter((id) => !known.has(id))).toEqual([]);
  const lost = cases.filter(([, , path, title]) => !existsSync(path) || !readFileSync(path, 'utf8').includes(title));
  expect(lost).toEqual([]);
});
