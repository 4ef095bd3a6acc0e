import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import table from './attacks.json' with { type: 'json' };

// Every attack that once succeeded, with the tests that keep it away and what they count at the cloud. Those that reach no cloud, or
// that only read, say so: there what is shown, printed or logged decides.

test('the table has all cases, each with a test that there is', () => {
  const cases = Array.from({ length: 24 }, (_, at) => String(at + 1));
  const smaller = [...'abcdefghi'].map((letter) => `25${letter}`);
  expect(table.map((row) => row.case)).toEqual([...cases, ...smaller]);
  for (const { case: name, tests } of table) {
    expect(tests.length, name).toBeGreaterThan(0);
    for (const one of tests) {
      const text = readFileSync(one.file, 'utf8');
      const isThere = ["'", '"', '`'].some((quote) => text.includes(`${quote}${one.name}${quote}`));
      expect(isThere, `${name}: ${one.file}: ${one.name}`).toBe(true);
      expect(one.counted, name).not.toBe('');
    }
  }
});

test('what changes something is counted at the cloud', () => {
  const isCounted = ({ tests }: (typeof table)[number]): boolean =>
    tests.some(({ counted }) => !counted.startsWith('no count'));
  // Masks of reads, what is printed, what is said at the start, the chart, the status of a page.
  expect(table.filter((row) => !isCounted(row)).map((row) => row.case)).toEqual(['6', '7', '25c', '25d', '25e', '25f']);
});
