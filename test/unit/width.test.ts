import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { toTable } from '../../src/cli/table.ts';
import { cut, pad, widthOf, wrap } from '../../src/cli/width.ts';

interface Screen {
  write(text: string, done: () => void): void;
  buffer: {
    active: {
      getLine(row: number): { isWrapped: boolean; getCell(column: number): { getChars(): string } } | undefined;
    };
  };
}
// CommonJS, whose names Node does not see from a module; what is used of it is written here.
const { Terminal } = createRequire(import.meta.url)('@xterm/headless') as {
  Terminal: new (options: { cols: number; rows: number; allowProposedApi: boolean }) => Screen;
};

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

/** What a terminal of so many columns shows of a text: its lines, each character at its column. */
const screenOf = (text: string, cols: number): Promise<{ isWrapped: boolean; at: (word: string) => number }[]> => {
  const terminal = new Terminal({ cols, rows: 40, allowProposedApi: true });
  return new Promise((resolve) =>
    terminal.write(text.replaceAll('\n', '\r\n'), () => {
      const lines = Array.from({ length: text.split('\n').length }, (_, row) => {
        const line = terminal.buffer.active.getLine(row)!;
        const cells = Array.from({ length: cols }, (_cell, column) => line.getCell(column).getChars());
        return {
          isWrapped: line.isWrapped,
          at: (word: string) => cells.findIndex((_one, x) => cells.slice(x).join('').startsWith(word)),
        };
      });
      resolve(lines);
    }),
  );
};

test.each([40, 80, 200])(
  'a terminal of %i columns shows a table with its columns in line and no line broken',
  async (cols) => {
    const rows = [
      { name: 'web-1', displayname: 'plain', state: 'Running' },
      { name: 'web-2', displayname: '東京ウェブ サーバー', state: 'Stopped' },
      { name: '서울-3', displayname: 'Zu\u0308rich', state: 'Running' },
      { name: 'web-4', displayname: '長い名前'.repeat(30), state: 'Error' },
    ];
    const lines = await screenOf(toTable(rows, ['name', 'state', 'displayname'], cols), cols);
    expect(lines.map(({ isWrapped }) => isWrapped)).toEqual(lines.map(() => false));
    const [head, ...body] = lines;
    const column = head!.at('STATE');
    expect(column).toBeGreaterThan(0);
    expect(body.map(({ at }, index) => at(rows[index]!.state))).toEqual(rows.map(() => column));
  },
);
