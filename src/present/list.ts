import type { Kind } from '../catalog/kinds.ts';
import type { Row } from '../rows.ts';
import type { PageAsked } from '../types.ts';
import { showColumn } from './cells.ts';
import { pickRows, toCell } from './columns.ts';
import { cutRow, shareOf } from './cut.ts';
import { estimateTokens } from './tokens.ts';

/** A page of a list. */
export interface Page {
  rows: readonly Row[];
  page: number;
  /** All matches, as CloudStack counts them, or as many as are known. */
  count: number;
  /** There are more rows than `count`, or may be. */
  isAtLeast: boolean;
  /** Where the rest begins. */
  next: PageAsked | undefined;
}

/** How a list is shown. `budget`: tokens; undefined for doors that print the whole answer. */
interface ListView {
  kind: Kind | undefined;
  /** The type of the rows: how their values are told. */
  response?: string;
  /** The columns are the kind's own: of nested objects what tells them is enough. */
  isShort?: boolean;
  budget: number | undefined;
  filters: readonly string[];
  scope?: string | undefined;
}

interface Shown {
  items: readonly Row[];
  text: string;
  structured: Record<string, unknown>;
}

/** Cells as a line of a table. A bar in a value would look like the next cell's. */
export const joinCells = (values: readonly unknown[]): string =>
  values
    .map((value) => {
      const cell = toCell(value);
      return cell.includes('|') ? cell.replaceAll('|', '¦') : cell;
    })
    .join(' | ');

const line = (row: Row, columns: readonly string[]): string => joinCells(columns.map((column) => row[column]));

/** The tokens of a row: once in the text, once in the structured content. `json`: the row as JSON, where it is there already. */
export const costOf = (row: Row, columns: readonly string[], json = JSON.stringify(row)): number =>
  estimateTokens(line(row, columns)) + estimateTokens(json) + 2;

/** Lists of picked rows and the budget of tokens into which each was found to fit. */
const fitting = new WeakMap<readonly Row[], number>();

/**
 * Whether rows of so many columns fit into a budget of tokens for certain: in a table a row takes no more than as JSON, where each
 * value has its name and more marks, and a bar for each column. `texts`: the rows as JSON.
 */
export const fitsFor = (items: readonly Row[], texts: readonly string[], columns: number, budget: number): boolean => {
  let left = budget;
  for (const text of texts) if ((left -= 2 * estimateTokens(text) + columns + 2) < 0) return false;
  fitting.set(items, budget);
  return true;
};

/** What lists of picked rows cost: it is asked before a list is shown, and again when it is cut. */
const known = new WeakMap<readonly Row[], readonly number[]>();

/** The tokens of each of the rows of these columns; of a list that was looked at before the same again. `texts`: the rows as JSON. */
export const costsOf = (
  items: readonly Row[],
  columns: readonly string[],
  texts?: readonly string[],
): readonly number[] => {
  const found = known.get(items);
  if (found) return found;
  const costs = items.map((item, at) => costOf(item, columns, texts?.[at]));
  known.set(items, costs);
  return costs;
};

/** Rows of which the longest are cut by value where all do not fit into a budget of tokens. */
export const cutRows = (items: readonly Row[], columns: readonly string[], budget: number): readonly Row[] => {
  if (fitting.get(items) === budget) return items;
  // A token is at least a character: what is this short needs no closer look.
  if (!known.has(items) && 2 * JSON.stringify(items).length <= budget) return items;
  const costs = costsOf(items, columns);
  const share = shareOf(costs, budget);
  return share === Infinity ? items : items.map((item, at) => (costs[at]! > share ? cutRow(item, share / 2) : item));
};

/** `n of m`, and how to get the rest. */
const heading = (
  { rows, page, count, isAtLeast, next }: Page,
  { kind, filters, scope }: Pick<ListView, 'kind' | 'filters' | 'scope'>,
): string => {
  const title = (count === 1 && !isAtLeast ? kind?.title : kind?.plural) ?? 'rows';
  const which = page > 1 ? (rows.length ? ` (page ${page})` : ' on that page, which is after the last') : '';
  const rest = next
    ? `; ask with page=${next.page}, pagesize=${next.pagesize}${filters.length ? `, or filter by ${filters.join(', ')}` : ''}`
    : '';
  const all = `${count}${isAtLeast ? ' or more' : ''}`;
  return `${rows.length} of ${all} ${title}${which}${scope === undefined ? '' : `, ${scope}`}${rest}`;
};

/** Rows as a table; one row field by field, so that no one counts bars. */
export const toLines = (
  columns: readonly string[],
  count: number,
  cellsOf: (at: number) => readonly unknown[],
): string[] => {
  if (count === 0) return [];
  if (count > 1) return [joinCells(columns), ...Array.from({ length: count }, (_, at) => joinCells(cellsOf(at)))];
  return cellsOf(0).flatMap((value, at) => {
    const text = toCell(value);
    return text === '' ? [] : [`${toCell(columns[at])}: ${text}`];
  });
};

/** A page of a list as a compact table. Where it is longer than the budget, its longest values are cut and say so. */
export const showList = (page: Page, columns: readonly string[], options: ListView): Shown => {
  const { rows, count, next } = page;
  const { budget, scope, response = '', isShort = false } = options;
  const picked = pickRows(rows, columns, isShort);
  const items = budget === undefined ? picked : cutRows(picked, columns, budget);
  const shows = columns.map((column) => showColumn(response, column));
  // What was cut is shown as it is: its longest values have a note at their end.
  const cellsOf = (at: number): unknown[] =>
    items[at] === picked[at] ? shows.map((show) => show(rows[at]!)) : columns.map((column) => items[at]![column]);
  const text = [heading(page, options), ...toLines(columns, items.length, cellsOf)].join('\n');
  const structured = {
    items,
    returned: items.length,
    count,
    page: page.page,
    ...(scope === undefined ? {} : { scope }),
    ...(next ? { next } : {}),
  };
  return { items, text, structured };
};
