import { pick, toCell } from '../present/columns.ts';
import type { Outcome } from '../types.ts';
import { escapeUnsafe } from '../text.ts';
import type { Format } from './io.ts';
import { toTable } from './table.ts';
import { pad, widthOf } from './width.ts';

const toRecord = (outcome: Outcome): string => {
  const [item = {}] = outcome.rows();
  const fields = Object.entries(item).filter(([, value]) => value !== '' && value !== null);
  const maxLength = Math.max(0, ...fields.map(([name]) => widthOf(name)));
  return fields.map(([name, value]) => `${pad(name, maxLength)}  ${toCell(value)}`).join('\n');
};

const forPerson = (outcome: Outcome, room: number | undefined): string => {
  const {
    items,
    count,
    scope,
    notes = [],
  } = outcome.structured as {
    items?: unknown[];
    count?: number;
    scope?: string;
    notes?: string[];
  };
  if (!items) return [outcome.text.split('\n', 1)[0], ...notes, toRecord(outcome)].filter(Boolean).join('\n');
  const rows = outcome.rows();
  const table = rows.length ? `${toTable(rows, outcome.columns, room)}\n` : '';
  const shown = `${rows.length} of ${count ?? rows.length}${scope === undefined ? '' : `, ${scope}`}`;
  return `${table}${[shown, ...notes].join('\n')}`;
};

/** Tenants name things, and a spreadsheet runs a cell that begins like a formula; a quote makes it text. Numbers stay. */
const withoutFormula = (cell: string): string =>
  /^[=+\-@\t\r＝＋－＠]/.test(cell) && !/^[+-]?\d+(?:\.\d+)?$/.test(cell) ? `'${cell}` : cell;

/** An outcome in the format a person or a pipe asked for. `room`: columns of the terminal. */
export const render = async (outcome: Outcome, format: Format, room: number | undefined): Promise<string> => {
  if (format === 'table') return forPerson(outcome, room);
  const { fields } = outcome;
  const rows = outcome.rows().map((row) => (fields && !fields.includes('*') ? pick(row, outcome.columns) : row));
  if (format === 'csv') {
    const { stringify } = await import('csv-stringify/sync');
    const columns = fields || 'items' in outcome.structured ? [...outcome.columns] : Object.keys(rows[0] ?? {});
    return stringify(
      rows.map((row) => columns.map((column) => withoutFormula(toCell(pick(row, [column])[column])))),
      { header: true, columns },
    ).trimEnd();
  }
  const { items: _items, returned: _returned, next: _next, item: _item, ...rest } = outcome.structured;
  const value =
    'items' in outcome.structured
      ? { ...rest, items: rows }
      : { ...rest, ...(rows[0] && !('job' in rest && !rows.length) ? { item: rows[0] } : {}) };
  if (format === 'json') return escapeUnsafe(JSON.stringify(value, null, 2));
  const { stringify } = (await import('yaml')).default;
  return stringify(value).trimEnd();
};
