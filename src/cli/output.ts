import { pick, toCell } from '../present/columns.ts';
import type { Outcome } from '../types.ts';
import type { Format } from './io.ts';

const width = (text: string): number => [...text].length;
const pad = (text: string, to: number): string => text + ' '.repeat(Math.max(0, to - width(text)));
const cut = (text: string, to: number): string =>
  width(text) <= to ? text : `${[...text].slice(0, Math.max(1, to - 1)).join('')}…`;

/** Widths that fit into the terminal: the widest columns give way first, ids last. */
const fitWidths = (widths: number[], columns: readonly string[], room: number): number[] => {
  const fitted = [...widths];
  const gaps = 2 * (columns.length - 1);
  const total = (): number => fitted.reduce((sum, value) => sum + value, gaps);
  while (total() > room) {
    const candidates = fitted.map((value, at) =>
      columns[at] === 'id' && fitted.some((v, i) => i !== at && v > 8) ? 0 : value,
    );
    const widest = candidates.indexOf(Math.max(...candidates));
    if (fitted[widest]! <= 4) break;
    fitted[widest]!--;
  }
  return fitted;
};

/** Rows as an aligned table, cut to `room` characters a line where it is given. */
export const toTable = (
  rows: readonly Readonly<Record<string, unknown>>[],
  columns: readonly string[],
  room?: number,
): string => {
  const cells = rows.map((row) => {
    const picked = pick(row, columns);
    return columns.map((column) => toCell(picked[column]));
  });
  const natural = columns.map((column, at) => Math.max(width(column), ...cells.map((row) => width(row[at]!))));
  const widths = room === undefined ? natural : fitWidths(natural, columns, room);
  const line = (values: readonly string[]): string =>
    values
      .map((value, at) => pad(cut(value, widths[at]!), widths[at]!))
      .join('  ')
      .trimEnd();
  return [line(columns.map((column) => column.toUpperCase())), ...cells.map(line)].join('\n');
};

const toRecord = (outcome: Outcome): string => {
  const [item = {}] = outcome.rows();
  const fields = Object.entries(item).filter(([, value]) => value !== '' && value !== null);
  const longest = Math.max(0, ...fields.map(([name]) => width(name)));
  return fields.map(([name, value]) => `${pad(name, longest)}  ${toCell(value)}`).join('\n');
};

const forPerson = (outcome: Outcome, room: number | undefined): string => {
  const { items, count } = outcome.structured as { items?: unknown[]; count?: number };
  if (!items) return [outcome.text.split('\n', 1)[0], toRecord(outcome)].filter(Boolean).join('\n');
  const rows = outcome.rows();
  const table = rows.length ? `${toTable(rows, outcome.columns, room)}\n` : '';
  return `${table}${rows.length} of ${count ?? rows.length}`;
};

/** An outcome in the format a person or a pipe asked for. `room`: characters a line of a terminal takes. */
export const render = async (
  outcome: Outcome,
  format: Format,
  fields: readonly string[] | undefined,
  room: number | undefined,
): Promise<string> => {
  if (format === 'table') return forPerson(outcome, room);
  const rows = outcome.rows().map((row) => (fields && !fields.includes('*') ? pick(row, outcome.columns) : row));
  if (format === 'csv') {
    const { stringify } = await import('csv-stringify/sync');
    const columns = fields || 'items' in outcome.structured ? [...outcome.columns] : Object.keys(rows[0] ?? {});
    return stringify(
      rows.map((row) => columns.map((column) => toCell(pick(row, [column])[column]))),
      { header: true, columns },
    ).trimEnd();
  }
  const { items: _items, returned: _returned, next: _next, item: _item, ...rest } = outcome.structured;
  const value =
    'items' in outcome.structured
      ? { ...rest, items: rows }
      : { ...rest, ...(rows[0] && !('job' in rest && !rows.length) ? { item: rows[0] } : {}) };
  if (format === 'json') return JSON.stringify(value, null, 2);
  const { stringify } = await import('yaml');
  return stringify(value).trimEnd();
};
