import { createRequire } from 'node:module';
import stringWidth from 'string-width';

interface Cell {
  getChars(): string;
  getWidth(): number;
  isBold(): number;
  getFgColor(): number;
  isFgPalette(): boolean;
}
interface Emulator {
  write(text: string, done: () => void): void;
  buffer: {
    active: {
      length: number;
      getLine(row: number): { isWrapped: boolean; getCell(column: number): Cell | undefined } | undefined;
    };
  };
}
// CommonJS, whose names Node does not see from a module; what is used of it is written here.
const { Terminal } = createRequire(import.meta.url)('@xterm/headless') as {
  Terminal: new (options: { cols: number; rows: number; scrollback: number; allowProposedApi: boolean }) => Emulator;
};

/** A line as a terminal shows it: one text for each column; of a wide character the second column is empty. */
export interface ScreenLine {
  cells: string[];
  /** Colour of each column: a number of the palette, undefined for the usual one. */
  colours: (number | undefined)[];
  /** The line above went on here, because it did not fit. */
  isWrapped: boolean;
}

/** Everything that a terminal of so many columns shows after it was sent `text`, without the empty lines at the end. */
export const screenOf = async (text: string, cols: number): Promise<ScreenLine[]> => {
  const terminal = new Terminal({ cols, rows: 50, scrollback: 10_000, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(text, resolve));
  const { active } = terminal.buffer;
  const lines = Array.from({ length: active.length }, (_, row) => {
    const line = active.getLine(row)!;
    const cells = Array.from({ length: cols }, (_cell, column) => line.getCell(column)!);
    return {
      cells: cells.map((cell) => cell.getChars() || (cell.getWidth() === 0 ? '' : ' ')),
      colours: cells.map((cell) => (cell.isFgPalette() ? cell.getFgColor() : undefined)),
      isWrapped: line.isWrapped,
    };
  });
  while (lines.length && !lines.at(-1)!.cells.join('').trim()) lines.pop();
  return lines;
};

/** The text of a line, without the blanks at its end. */
export const textOf = ({ cells }: ScreenLine): string => cells.join('').trimEnd();

/** Lines that the terminal had to break although none of their words is longer than it is wide. */
export const brokenLines = (lines: readonly ScreenLine[]): string[] =>
  lines.flatMap((line, at) => {
    if (!line.isWrapped) return [];
    const whole = `${lines[at - 1]!.cells.join('')}${textOf(line)}`;
    return whole.split(/\s+/).some((word) => stringWidth(word) > line.cells.length) ? [] : [whole];
  });

/** Rows of the table on a screen in which something stands across the beginning of a column. */
export const crookedRows = (lines: readonly ScreenLine[]): string[] => {
  const at = lines.findIndex((line) => /^[A-Z][A-Z0-9 ]+ {2,}[A-Z]/.test(textOf(line)));
  if (at < 0) return [];
  const starts = [...textOf(lines[at]!).matchAll(/(?<= {2})\S/g)].map(({ index }) => index);
  const end = lines.findIndex((line, row) => row > at && /^\(no room|^\d+ of \d+/.test(textOf(line)));
  return lines
    .slice(at + 1, end < 0 ? undefined : end)
    .filter(({ cells }) => starts.some((start) => cells[start - 1] !== ' ' || cells[start - 2] !== ' '))
    .map(textOf);
};

const palette = ['#c9d1d9', '#ff7b72', '#7ee787', '#e3b341', '#79c0ff', '#d2a8ff', '#56d4dd', '#c9d1d9'];
const escape = (text: string): string => text.replace(/[&<>]/g, (char) => `&#${char.charCodeAt(0)};`);
const [width, height] = [8.4, 18];

/** A picture of a screen (SVG). */
export const pictureOf = (lines: readonly ScreenLine[], cols: number): string => {
  const rows = lines.map(({ cells, colours }, row) => {
    const runs: { text: string; column: number; colour: number | undefined }[] = [];
    for (const [column, text] of cells.entries()) {
      const last = runs.at(-1);
      if (last && last.colour === colours[column]) last.text += text;
      else runs.push({ text, column, colour: colours[column] });
    }
    const spans = runs
      .filter(({ text }) => text.trim())
      .map(
        ({ text, column, colour }) =>
          `<tspan x="${(10 + column * width).toFixed(1)}"${colour === undefined ? '' : ` fill="${palette[colour % 8]}"`}>${escape(text.trimEnd())}</tspan>`,
      );
    return `<text xml:space="preserve" y="${(row + 1) * height + 6}">${spans.join('')}</text>`;
  });
  const size = `width="${Math.ceil(cols * width + 20)}" height="${lines.length * height + 20}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size}><rect width="100%" height="100%" rx="6" fill="#0d1117"/><g font-family="ui-monospace,Menlo,Consolas,monospace" font-size="14" fill="#c9d1d9">${rows.join('')}</g></svg>\n`;
};
