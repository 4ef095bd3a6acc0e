import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** What users met that was wrong: the case, what it was, and the test that keeps it from coming back, by a part of its title. */
type Case = [id: string, was: string, file: string, title: string];

const cases = JSON.parse(
  readFileSync(fileURLToPath(new URL('cases.json', import.meta.url)), 'utf8'),
) as readonly Case[];

const numbered = (letter: string, last: number): string[] =>
  Array.from({ length: last }, (_, index) => `${letter}${index + 1}`);

test('every case has a test, and every test is there', () => {
  const known = new Set(cases.map(([id]) => id));
  expect([...numbered('D', 20), ...numbered('R', 21), ...numbered('4.', 13)].filter((id) => !known.has(id))).toEqual(
    [],
  );
  const lost = cases.filter(([, , file, title]) => !existsSync(file) || !readFileSync(file, 'utf8').includes(title));
  expect(lost).toEqual([]);
});
