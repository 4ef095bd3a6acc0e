import { countColumn, type Query } from '../ask/query.ts';
import { noValue, type Collected } from '../ask/collect.ts';
import { findKind } from '../catalog/kinds.ts';
import type { CallSettings } from '../config/call.ts';
import { dataNote } from '../errors.ts';
import type { Row } from '../rows.ts';
import { toLabel } from '../text.ts';
import type { ApprovedCall, Outcome } from '../types.ts';
import { toShown } from './cells.ts';
import { chooseColumns, fitColumns, pick, pickShort } from './columns.ts';
import { roomIn } from './cut.ts';
import { costOf, cutRows, joinCells, toLines } from './list.ts';
import { ageIn, ageText, namesIn, namesText } from './notes.ts';
import { smallerSize } from './page.ts';

/** What came of all rows of a list, and how much of the list was looked at. */
interface AskedRows extends Collected {
  total: number;
  cut: 'bound' | 'time' | undefined;
  age: number | undefined;
}

/** The columns of groups: what they are grouped by, and what was counted. */
const groupColumns = ({ group }: Query): string[] | undefined =>
  group && [...group.keys, countColumn, ...group.totals.map(({ name }) => name)];

/** A total is told as its field is: a sum of bytes as bytes. */
const createShow = (response: string, { group }: Query) => {
  const fields = new Map((group?.totals ?? []).map(({ name, field }) => [name, field]));
  return (row: Row, column: string): string => {
    const field = fields.get(column);
    return field === undefined ? toShown(response, row, column) : toShown(response, { [field]: row[column] }, field);
  };
};

/** How many of the rows from `before` on fit into a budget of tokens. */
const fitting = (rows: readonly Row[], columns: readonly string[], budget: number): number => {
  let left = budget;
  const fit = rows.findIndex((row) => (left -= Math.min(costOf(row, columns), budget / 2)) < 0);
  return fit === -1 ? rows.length : Math.max(1, fit);
};

const cutNotes = ({ cut, seen, total }: AskedRows): string[] => {
  if (cut === undefined) return [];
  const why = cut === 'bound' ? 'one call reads no more' : 'the call ran out of time';
  return [`Only ${seen} of ${total} rows were read: ${why}. Narrow the list with its own parameters.`];
};

const insteadNotes = ({ instead, absent }: AskedRows): string[] => [
  ...instead
    .filter(([, values]) => values.length > 0)
    .map(([field, values]) => `${field} has ${values.map((value) => toLabel(value, 40)).join(', ')}.`),
  ...absent.map(([field, text]) => `No row looked at has ${field} "${toLabel(text, 40)}".`),
];

/** Columns of groups that no row has a value for: `sum(name)`, `day(name)`. */
const hollowNotes = (columns: readonly string[], { rows, count }: AskedRows): string[] =>
  rows.length === 0 || rows.length < count
    ? []
    : columns
        .filter((column) => rows.every(({ [column]: value }) => value === undefined || value === noValue))
        .map((column) => `No row has a value for ${column}.`);

/** The answer to what was asked over all rows of a list: short, with how many rows it is about. */
export const presentAsked = (call: ApprovedCall, ask: Query, asked: AskedRows, settings: CallSettings): Outcome => {
  const budget = roomIn(settings.budget);
  const { command } = call.tool;
  const { response } = command;
  const { fields, whole } = call.request.view;
  const kind = findKind(response);
  const { count, matched, seen, cut } = asked;
  const grouped = groupColumns(ask);
  const sorted = fields ? [] : ask.sort.map(({ field }) => field);
  const chosen = grouped ?? [...new Set([...chooseColumns(asked.rows, kind, fields), ...sorted])];
  const columns = whole ? chosen : fitColumns(chosen, budget);
  const { page = 1, pagesize: size } = ask;
  const before = (page - 1) * (size ?? 0);
  const rows = asked.rows.slice(before, before + (size ?? asked.rows.length));
  const picked = rows.map((row) => (fields || grouped ? pick(row, columns) : pickShort(row, columns)));
  const fit = whole ? picked.length : fitting(picked, columns, budget);
  const used = fit < picked.length && before > 0 ? smallerSize(fit, { page, size }) : fit;
  const given = picked.slice(0, used);
  const items = whole ? given : cutRows(given, columns, budget);
  const isMore = used > 0 && before + used < count;
  const next = isMore ? { page: before / used + 2, pagesize: used } : undefined;
  const show = createShow(response, ask);

  const plural = kind?.plural ?? 'rows';
  const words = call.scope?.words;
  const over = `${cut ? 'the first ' : ''}${seen} ${plural}${words === undefined ? '' : `, ${toLabel(words, 200)}`}`;
  const what = grouped
    ? `${items.length} of ${count} groups with ${matched} rows, over ${over}`
    : `${items.length} of ${matched}${ask.where ? ' that match' : ''}, over ${over}`;
  const rest = next ? `; ask with page=${next.page}, pagesize=${next.pagesize}` : '';
  const notes = [...call.notes, ...cutNotes(asked), ...insteadNotes(asked), ...hollowNotes(grouped ?? [], asked)];
  // What was cut is shown as it is.
  const cellsOf = (at: number): unknown[] =>
    columns.map((column) => (items[at] === given[at] ? show(rows[at]!, column) : items[at]![column]));
  return {
    text: [
      `${what}${rest}`,
      ...(grouped && items.length === 1 && columns.length === 1
        ? [joinCells(cellsOf(0))]
        : toLines(columns, items.length, cellsOf)),
      ...notes,
      ...namesText(call.names),
      ...ageText(asked),
      ...(items.length ? [dataNote] : []),
    ].join('\n'),
    structured: {
      items,
      returned: items.length,
      count,
      page,
      over: seen,
      ...(grouped ? { matched } : {}),
      ...(cut ? { isCut: true } : {}),
      ...(words === undefined ? {} : { scope: toLabel(words, 200) }),
      ...(next ? { next } : {}),
      ...ageIn(asked),
      ...namesIn(call),
      ...(notes.length ? { notes } : {}),
    },
    rows: () => rows,
    columns,
    show,
    fields: grouped ?? fields,
  };
};
