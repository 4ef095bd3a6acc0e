import { labelOf, type AnsweredBy } from '../errors.ts';
import { pick, toCell } from '../present/columns.ts';
import type { Outcome } from '../types.ts';
import { escapeUnsafe, stripUnsafe } from '../text.ts';
import type { Row } from '../rows.ts';
import { printLine, type Format, type Io } from './io.ts';
import { toTable } from './table.ts';
import { pad, widthOf } from './width.ts';

/** Fields below each other, their values in one column. */
const toRecord = (entries: readonly (readonly [string, string])[]): string => {
  const maxLength = Math.max(0, ...entries.map(([name]) => widthOf(name)));
  return entries.map(([name, value]) => `${pad(name, maxLength)}  ${stripUnsafe(value)}`).join('\n');
};

/** Rows as a table, a single one as a record. */
const toLines = (outcome: Outcome, room: number | undefined): string => {
  const rows = outcome.rows();
  const { columns, show } = outcome;
  const [only, ...others] = rows;
  if (only && show && !others.length && columns.length > 1)
    return toRecord(columns.map((column) => [column, show(only, column)] as const).filter(([, value]) => value !== ''));
  return toTable(rows, columns, room, show);
};

/** One object field by field, as it was told; what no step told in words, as it is. */
const entriesOf = (outcome: Outcome): readonly (readonly [string, string])[] =>
  outcome.entries?.() ??
  Object.entries(outcome.rows()[0] ?? {}).flatMap(([name, value]) =>
    value === '' || value === null ? [] : [[name, toCell(value)] as const],
  );

/** The cloud that gave an answer, where there are several. */
export const labelIn = ({ structured: { cloud } }: Outcome): string | undefined =>
  cloud === undefined ? undefined : labelOf(cloud as AnsweredBy);

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
  if (!items)
    return [outcome.text.split('\n')[labelIn(outcome) === undefined ? 0 : 1], ...notes, toRecord(entriesOf(outcome))]
      .filter(Boolean)
      .join('\n');
  const rows = outcome.rows();
  const table = rows.length ? `${toLines(outcome, room)}\n` : '';
  const shown = `${rows.length} of ${count ?? rows.length}${scope === undefined ? '' : `, ${scope}`}`;
  return `${table}${[shown, ...notes].join('\n')}`;
};

/** Tenants name things, and a spreadsheet runs a cell that begins like a formula; a quote makes it text. Numbers stay. */
const withoutFormula = (cell: string): string =>
  /^[=+\-@\t\r＝＋－＠]/.test(cell) && !/^[+-]?\d+(?:\.\d+)?$/.test(cell) ? `'${cell}` : cell;

/** Whether one of several clouds gave no answer. */
export const hasFailures = ({ structured: { clouds } }: Outcome): boolean =>
  Array.isArray(clouds) && clouds.some((cloud: Row) => cloud['error'] !== undefined);

/** Prints an outcome for a person or a pipe; CSV has no place for the cloud that gave it, so that stands beside it. */
export const printOutcome = async (outcome: Outcome, format: Format, { stdout, stderr }: Io): Promise<void> => {
  if (format === 'csv') {
    const { notes = [], clouds } = outcome.structured as { notes?: string[]; clouds?: unknown };
    const beside = [labelIn(outcome) ?? [], clouds === undefined ? [] : notes].flat();
    if (beside.length) await printLine(stderr, beside.join('\n'));
  }
  const room = stdout.isTTY ? (stdout.columns ?? 80) : undefined;
  await printLine(stdout, await render(outcome, format, room));
};

/** An outcome in the format a person or a pipe asked for. `room`: columns of the terminal. */
const render = async (outcome: Outcome, format: Format, room: number | undefined): Promise<string> => {
  if (format === 'table') return [labelIn(outcome) ?? [], forPerson(outcome, room)].flat().join('\n');
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
