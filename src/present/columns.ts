import { readDerived } from '../ask/derived.ts';
import { valuesOf } from '../ask/evaluate.ts';
import type { Kind } from '../catalog/kinds.ts';
import { isRecord, type Row } from '../rows.ts';
import { limits } from '../limits.ts';
import { joinLines, toLine } from '../text.ts';
import { partsOf } from './cells-data.ts';
import { estimateTokens } from './tokens.ts';

const usual = [
  'id',
  'name',
  'displaytext',
  'state',
  'status',
  'type',
  'zonename',
  'account',
  'description',
  'value',
  'created',
];

const isPlain = (value: unknown): boolean => typeof value !== 'object' && value !== undefined && value !== '';

/** Whether there is nothing to show of a value. */
export const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value).length === 0);

const hasValue = (value: unknown): boolean => value !== undefined;
const isTrue = (value: unknown): boolean => value === true || value === 'true';

/** The kind's columns that some row has something to show for; `name?` only where it is true of one. */
export const ownColumns = (rows: readonly Row[], kind: Kind | undefined): string[] => {
  const shown: string[] = [];
  for (const column of kind?.columns ?? []) {
    const isFlag = column.endsWith('?');
    const field = isFlag ? column.slice(0, -1) : column;
    const isShown = isFlag ? isTrue : hasValue;
    if (rows.some((row) => isShown(valueAt(row, field)))) shown.push(field);
  }
  return shown;
};

/** The columns of a table: what was asked for, else the kind's own, else what such rows usually tell. */
export const chooseColumns = (
  rows: readonly Row[],
  kind: Kind | undefined,
  fields: readonly string[] | undefined,
): string[] => {
  const [first] = rows;
  if (fields?.includes('*'))
    return [...new Set(rows.flatMap((row) => Object.keys(row)))]
      .filter((name) => name.length <= limits.key)
      .slice(0, limits.columns);
  if (fields?.length) return [...new Set(fields.map(toLine))];
  if (!first) return (kind?.columns ?? []).filter((column) => !column.endsWith('?'));
  const own = ownColumns(rows, kind);
  if (own.length) return own;
  const known = usual.filter((name) => name in first);
  const others = Object.keys(first).filter((name) => isPlain(first[name]) && !known.includes(name));
  return [...known, ...others].slice(0, 8);
};

/** Columns whose names take no more than a third of a budget of tokens: once as the head, once in a row as JSON. */
export const fitColumns = (columns: readonly string[], budget: number): string[] => {
  let left = budget / 3;
  const end = columns.findIndex((name) => (left -= 2 * estimateTokens(name) + 4) < 0);
  return columns.slice(0, end === -1 ? columns.length : Math.max(1, end));
};

/** The value of a column; a dot reaches into a nested object or through a list, whose values come as a list; `count(nic)`: how many. */
export const valueAt = (row: Row, column: string): unknown => {
  const own = row[column];
  if (own !== undefined || column in row) return own;
  if (!column.includes('.') && !column.endsWith(')')) return undefined;
  if (readDerived(column)) return valuesOf(row, column)[0];
  const [head = '', ...rest] = column.split('.');
  if (rest.length === 0) return undefined;
  const inner = row[head];
  const list = Array.isArray(inner) ? (inner as unknown[]) : [inner];
  const name = rest.join('.');
  const values = list.flatMap((item) => {
    if (!isRecord(item)) return [];
    // A tag is shown by its key.
    return [item['key'] === name && !(name in item) ? item['value'] : valueAt(item, name)];
  });
  const found = values.filter((value) => value !== undefined);
  return found.length <= 1 ? found[0] : found;
};

/** A row of these columns that have values, each as `shape` makes it. Large lists have thousands: one object and one look each. */
const pickAs = (row: Row, columns: readonly string[], shape: (column: string, value: unknown) => unknown): Row => {
  const picked: Record<string, unknown> = {};
  for (const column of columns) {
    const value = valueAt(row, column);
    if (value === undefined || value === null) continue;
    // By assignment it would be a prototype.
    if (column === '__proto__') Object.defineProperty(picked, column, { value, enumerable: true });
    else picked[column] = shape(column, value);
  }
  return picked;
};

/** The same row with these columns only; what it lacks is left out. */
export const pick = (row: Row, columns: readonly string[]): Row => pickAs(row, columns, (_column, value) => value);

const narrow = (field: string, value: unknown): unknown => {
  if (typeof value !== 'object') return value;
  const parts = partsOf(field);
  if (!parts) return value;
  if (Array.isArray(value)) return value.map((one) => narrow(field, one));
  return isRecord(value) ? pick(value, parts) : value;
};

/** The same row with a kind's columns only: of nested objects what tells them, not all of each. */
export const pickShort = (row: Row, columns: readonly string[]): Row => pickAs(row, columns, narrow);

/** Lists of rows as their columns show them. */
const picks = new WeakMap<readonly Row[], { columns: readonly string[]; isShort: boolean; picked: readonly Row[] }>();

/** The same rows with these columns only, `isShort` as `pickShort` does it; of a list that was looked at before the same again. */
export const pickRows = (rows: readonly Row[], columns: readonly string[], isShort: boolean): readonly Row[] => {
  const found = picks.get(rows);
  const isSame = found?.isShort === isShort && found.columns.length === columns.length;
  if (isSame && columns.every((column, at) => column === found.columns[at])) return found.picked;
  const picked = rows.map((row) => (isShort ? pickShort(row, columns) : pick(row, columns)));
  picks.set(rows, { columns, isShort, picked });
  return picked;
};

/** One value in one line, as CloudStack gives it. */
export const toCell = (value: unknown): string => {
  if (typeof value === 'string') return joinLines(value);
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.map(toCell).join(', ');
  return joinLines(typeof value === 'object' ? JSON.stringify(value) : String(value));
};
