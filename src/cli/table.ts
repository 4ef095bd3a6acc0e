import { pick, toCell } from '../present/columns.ts';
import { toHeading } from '../present/headings.ts';
import type { Row } from '../rows.ts';
import { stripUnsafe } from '../text.ts';
import { cut, pad, widthOf, wrap } from './width.ts';

const gap = 2;
/** Maximum width of a column of text before columns are left out; names identify rows, so they get more. */
const narrow = 12;
const narrowName = 24;
const readable = 8;

/** Widths for a terminal: ids are never cut, texts give way, and columns that still do not fit are left out. */
const fitWidths = (natural: readonly number[], columns: readonly string[], room: number): number[] => {
  const least = natural.map((value, at) => {
    const column = columns[at]!;
    if (/^(id|code|tool)$|id$/.test(column)) return value;
    return Math.min(value, column === 'name' ? narrowName : narrow);
  });
  const fitted: number[] = [];
  let used = -gap;
  for (const value of least) {
    const left = room - used - gap;
    // The last column may be cut further, as long as some of it can be read.
    const taken = value <= left || !fitted.length ? value : left >= readable && value > left ? left : 0;
    if (!taken) break;
    fitted.push(taken);
    used += gap + taken;
  }
  for (const [at, value] of fitted.entries()) {
    const more = Math.max(0, Math.min(natural[at]! - value, room - used));
    fitted[at] = value + more;
    used += more;
  }
  return fitted;
};

const showPlain = (row: Row, column: string): string => toCell(pick(row, [column])[column]);

/**
 * Rows as an aligned table; `show` gives a cell. With `room` its lines fit into so many columns of a terminal, and what is
 * left out is said below.
 */
export const toTable = (rows: readonly Row[], columns: readonly string[], room?: number, show = showPlain): string => {
  const cells = rows.map((row) => columns.map((column) => stripUnsafe(show(row, column))));
  const heads = columns.map((column) => stripUnsafe(toHeading(column)));
  const natural = heads.map((head, at) => Math.max(widthOf(head), ...cells.map((row) => widthOf(row[at]!))));
  const widths = room === undefined ? natural : fitWidths(natural, columns, room);
  const line = (values: readonly string[]): string =>
    widths
      .map((to, at) => pad(cut(values[at]!, to), to))
      .join(' '.repeat(gap))
      .trimEnd();
  const missing = heads.slice(widths.length);
  const output = missing.length ? [wrap(`(no room for ${missing.join(', ')})`, room!)] : [];
  return [line(heads.map((head) => head.toUpperCase())), ...cells.map(line), ...output].join('\n');
};
