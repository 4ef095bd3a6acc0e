import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';
import { startOf } from '../text.ts';

/** Characters that are measured one by one: no terminal shows a longer line. */
const maxMeasured = 2000;

/** Columns of a terminal that a text takes: two for most of Chinese, Japanese and Korean and for emoji, none for marks. */
export const widthOf = (text: string): number => (text.length > maxMeasured ? text.length : stringWidth(text));

/** Text filled up with spaces to so many columns. */
export const pad = (text: string, columns: number): string => text + ' '.repeat(Math.max(0, columns - widthOf(text)));

const graphemes = new Intl.Segmenter();

/** Text cut to so many columns, with an ellipsis for what is left out; never within what a reader sees as one character. */
export const cut = (text: string, columns: number): string => {
  if (widthOf(text) <= columns) return text;
  let taken = '';
  let used = 1;
  for (const { segment } of graphemes.segment(startOf(text, maxMeasured))) {
    used += widthOf(segment);
    if (used > columns && taken) break;
    taken += segment;
  }
  return `${taken}…`;
};

/** A line in pieces that are measured at once. */
const piecesOf = (line: string): string[] =>
  line.length <= maxMeasured ? [line] : (line.match(new RegExp(`.{1,${maxMeasured}}`, 'gsu')) ?? []);

/** Lines broken between words to fit into so many columns; what is indented stays so. */
export const wrap = (text: string, columns: number): string =>
  text
    .split('\n')
    .flatMap(piecesOf)
    .map((line) => {
      const indent = ' '.repeat(line.length - line.trimStart().length);
      return wrapAnsi(line.trimStart(), Math.max(1, columns - indent.length), { hard: true }).replaceAll(/^/gm, indent);
    })
    .join('\n');
