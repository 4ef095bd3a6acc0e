import { labelOf, type AnsweredBy } from '../errors.ts';
import { pick, toCell } from '../present/columns.ts';
import { toHeading } from '../present/headings.ts';
import type { Outcome } from '../types.ts';
import { escapeUnsafe, isId, shortenId, stripUnsafe } from '../text.ts';
import type { Row } from '../rows.ts';
import { printLine, type Format, type Io } from './io.ts';
import { toTable } from './table.ts';
import { cut, pad, widthOf, wrap } from './width.ts';

const gap = 2;

/** Fields below each other, their names in words and their values in one column; longer values go on below themselves. */
const toRecord = (entries: readonly (readonly [string, string])[], room: number | undefined): string => {
  const named = entries.map(([field, value]) => [stripUnsafe(toHeading(field)), stripUnsafe(value)] as const);
  const widest = Math.max(0, ...named.map(([name]) => widthOf(name)));
  // On a narrow terminal the values need the room more than the names do.
  const names = room === undefined ? widest : Math.min(widest, Math.floor(room / 2));
  const below = `\n${' '.repeat(names + gap)}`;
  return named
    .map(([name, value]) => {
      const left = (room ?? Infinity) - names - gap;
      const head = pad(cut(name, names), names);
      // An id that is broken cannot be copied; below its name there is more room for it.
      const isWide = value.split(/\s/).some((word) => widthOf(word) > left);
      if (room !== undefined && isWide) return `${head.trimEnd()}\n${wrap(`  ${value}`, room)}`;
      return `${head}${' '.repeat(gap)}${room === undefined ? value : wrap(value, left).replaceAll('\n', below)}`.trimEnd();
    })
    .join('\n');
};

/** Columns as people look for a row: its name before its id. */
const namesFirst = ([first, ...others]: readonly string[]): string[] => {
  if (first !== 'id' || !others.length) return first === undefined ? [] : [first, ...others];
  const name = others.includes('name') ? 'name' : others[0]!;
  return [name, first, ...others.filter((column) => column !== name)];
};

/** Whether the first characters of their ids tell rows apart. */
const canShorten = (rows: readonly Row[]): boolean =>
  rows.every(({ id }) => isId(String(id))) && new Set(rows.map(({ id }) => shortenId(String(id)))).size === rows.length;

/** Rows as a table, a single one as a record. At a terminal ids are short where the next command takes them so. */
const toLines = (outcome: Outcome, room: number | undefined): string => {
  const rows = outcome.rows();
  const { show, fields, hasShortIds } = outcome;
  const columns = fields ? outcome.columns : namesFirst(outcome.columns);
  const [only, ...others] = rows;
  if (only && show && !others.length && columns.length > 1)
    return toRecord(
      columns.map((column) => [column, show(only, column)] as const).filter(([, value]) => value !== ''),
      room,
    );
  const isShort = room !== undefined && !fields && hasShortIds === true && canShorten(rows);
  const shown =
    show && isShort
      ? (row: Row, column: string): string => (column === 'id' ? shortenId(show(row, column)) : show(row, column))
      : show;
  return toTable(rows, columns, room, shown);
};

/** One object field by field, as it was told; what no step told in words, as it is. */
export const entriesOf = (outcome: Outcome): readonly (readonly [string, string])[] =>
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
  const fold = (line: string): string => (room === undefined ? line : wrap(line, room));
  if (!items)
    return [
      ...[outcome.text.split('\n')[labelIn(outcome) === undefined ? 0 : 1] ?? '', ...notes].map(fold),
      toRecord(entriesOf(outcome), room),
    ]
      .filter(Boolean)
      .join('\n');
  const rows = outcome.rows();
  const table = rows.length ? `${toLines(outcome, room)}\n` : '';
  const shown = `${rows.length} of ${count ?? rows.length}${scope === undefined ? '' : `, ${scope}`}`;
  return `${table}${[shown, ...notes].map(fold).join('\n')}`;
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
  const room = stdout.isTTY && format !== 'wide' ? (stdout.columns ?? 80) : undefined;
  await printLine(stdout, await render(outcome, format, room));
};

/** An outcome in the format a person or a pipe asked for. `room`: columns of the terminal. */
export const render = async (outcome: Outcome, format: Format, room: number | undefined): Promise<string> => {
  if (format === 'table' || format === 'wide')
    return [labelIn(outcome) ?? [], forPerson(outcome, room)].flat().join('\n');
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
