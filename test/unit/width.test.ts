import { expect, test } from 'vitest';
import { toTable } from '../../src/cli/table.ts';
import { cut, pad, widthOf, wrap } from '../../src/cli/width.ts';

test.each([
  ['web-1', 5],
  ['Zürich', 6],
  ['Zu\u0308rich', 6],
  ['東京ウェブ', 10],
  ['서울', 4],
  ['🙂', 2],
  ['👩‍💻', 2],
  ['🇩🇪', 2],
  ['', 0],
])('%s takes %i columns', (text, columns) => {
  expect(widthOf(text)).toBe(columns);
  expect(widthOf(pad(text, 12))).toBe(12);
});

test.each([
  ['東京ウェブ', 10, '東京ウェブ'],
  ['東京ウェブ', 9, '東京ウェ…'],
  ['東京ウェブ', 8, '東京ウ…'],
  ['👩‍💻👩‍💻👩‍💻', 5, '👩‍💻👩‍💻…'],
  ['Zu\u0308rich', 3, 'Zu\u0308…'],
])('%s cut to %i columns is %s', (text, columns, expected) => {
  expect(cut(text, columns)).toBe(expected);
  expect(widthOf(cut(text, columns))).toBeLessThanOrEqual(columns);
});

const rows = [
  { name: '東京ウェブ サーバー', state: 'Running', zone: 'Tōkyō' },
  { name: '🙂 smile 👩‍💻', state: 'Stopped', zone: '서울' },
  { name: 'web-1', state: 'Running', zone: 'Frankfurt' },
];

test('columns stay below each other, whatever stands in them', () => {
  for (const room of [undefined, 30, 40, 80]) {
    const [heads = '', ...lines] = toTable(rows, ['name', 'state', 'zone'], room).split('\n');
    const at = heads.indexOf('STATE');
    expect(at).toBeGreaterThan(0);
    for (const line of lines.slice(0, 3)) {
      const before = /^(.*?) {2,}(?:Running|Stopped)/.exec(line)![0].replace(/(?:Running|Stopped)$/, '');
      expect(widthOf(before), line).toBe(at);
      if (room !== undefined) expect(widthOf(line)).toBeLessThanOrEqual(room);
    }
  }
});

test.each([20, 40, 80])('text is broken between words at %i columns, and what is indented stays so', (columns) => {
  const text =
    'Stops a virtual machine 東京ウェブ サーバー that runs.\n\n  a line that is indented, with the name web-1 in it';
  const lines = wrap(text, columns).split('\n');
  for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns);
  expect(lines.join(' ').split(/\s+/)).toEqual(text.split(/\s+/));
  expect(lines.filter((line) => line.startsWith('  ')).length).toBeGreaterThan(0);
});

test('a word that is longer than a line is broken, and nothing of it is lost', () => {
  const word = 'x'.repeat(100);
  expect(wrap(word, 40).replaceAll('\n', '')).toBe(word);
});
