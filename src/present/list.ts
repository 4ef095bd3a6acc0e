import type { Kind } from '../catalog/kinds.ts';
import type { Row } from '../rows.ts';
import { pick, toCell } from './columns.ts';
import { cutRow } from './cut.ts';
import { estimateTokens } from './tokens.ts';

/** Which part of a list the rows are. */
export interface Page {
  /** 1-based; the first where CloudStack was not asked for one. */
  page: number;
  /** As asked for, if it was. */
  size?: number | undefined;
  /** All matches, as CloudStack counts them. */
  count: number;
}

interface Shown {
  items: Row[];
  text: string;
  structured: Record<string, unknown>;
}

/** Cells as a line of a table. A bar in a value would look like the next cell's. */
export const joinCells = (values: readonly unknown[]): string =>
  values.map((value) => toCell(value).replaceAll('|', '¦')).join(' | ');

const line = (row: Row, columns: readonly string[]): string => joinCells(columns.map((column) => row[column]));

/** How many whole rows fit into a budget of tokens, as text and as JSON. */
const howManyFit = (items: readonly Row[], columns: readonly string[], budget: number): number => {
  // A token is at least a character: what is this short needs no closer look.
  if (2 * JSON.stringify(items).length <= budget) return items.length;
  let left = budget;
  for (const [index, item] of items.entries()) {
    left -= estimateTokens(line(item, columns)) + estimateTokens(JSON.stringify(item)) + 2;
    if (left < 0) return index;
  }
  return items.length;
};

/** The most rows, at most `fit`, after which the rest begins at a whole page of that many. */
const toPageSize = (fit: number, { page, size }: Page): number => {
  const before = size === undefined ? 0 : (page - 1) * size;
  for (let rows = fit; rows > 1; rows--) if (before % rows === 0) return rows;
  return Math.max(fit, 1);
};

/** `n of m`, and how to get the rest. */
const heading = (
  returned: number,
  page: Page,
  title: string,
  next: Row | undefined,
  filters: readonly string[],
  scope: string | undefined,
): string => {
  const which = page.page > 1 ? ` (page ${page.page})` : '';
  const rest = next
    ? `; ask with ${Object.entries(next)
        .map(([k, v]) => `${k}=${String(v)}`)
        .join(', ')}${filters.length ? `, or filter by ${filters.join(', ')}` : ''}`
    : '';
  return `${returned} of ${page.count} ${title}${which}${scope === undefined ? '' : `, ${scope}`}${rest}`;
};

/** A list as a compact table that keeps to a budget by leaving out whole rows and saying so. */
export const showList = (
  rows: readonly Row[],
  columns: readonly string[],
  page: Page,
  options: { kind: Kind | undefined; budget: number; filters: readonly string[]; scope?: string | undefined },
): Shown => {
  const items = rows.map((row) => pick(row, columns));
  const fit = howManyFit(items, columns, options.budget);
  // Once in the text, once in the structured content; a row that is larger than all of it is cut by value.
  if (fit === 0 && items[0]) items[0] = cutRow(items[0], options.budget / 2);
  const returned = fit < items.length ? toPageSize(fit, page) : fit;
  const shown = items.slice(0, returned);
  const before = (page.page - 1) * (page.size ?? rows.length);
  const more = before + returned < page.count && returned > 0;
  const size = returned < rows.length ? returned : (page.size ?? returned);
  const next = more ? { page: Math.floor((before + returned) / size) + 1, pagesize: size } : undefined;
  const title = (page.count === 1 ? options.kind?.title : options.kind?.plural) ?? 'rows';
  const text = [
    heading(returned, page, title, next, options.filters, options.scope),
    ...(shown.length ? [joinCells(columns), ...shown.map((item) => line(item, columns))] : []),
  ].join('\n');
  const structured = {
    items: shown,
    returned,
    count: page.count,
    page: page.page,
    ...(options.scope === undefined ? {} : { scope: options.scope }),
    ...(next ? { next } : {}),
  };
  return { items: shown, text, structured };
};
