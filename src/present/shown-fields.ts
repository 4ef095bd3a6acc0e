import { baseOf } from '../ask/derived.ts';
import type { Kind } from '../catalog/kinds.ts';
import { limits } from '../limits.ts';
import { isRecord, rowsOf, type Row } from '../rows.ts';
import { decidingFields } from '../secrets/mask.ts';
import { stripUnsafe, toLine } from '../text.ts';
import type { ValidCall } from '../types.ts';
import { cells, partsOf } from './cells-data.ts';
import { ownColumns } from './columns.ts';

/** What a row, or an object in it, needs: fields, and of the objects in some of them only these. */
type ShownFields = ReadonlyMap<string, ShownFields | undefined>;

/** Of nested objects the parts that tell them, where nothing else of them is asked for. */
const partsFor = (field: string, columns: readonly string[], heads: readonly string[]): ShownFields | undefined => {
  const parts = partsOf(field);
  if (!parts || columns.some((column, at) => heads[at] === field && column !== field)) return undefined;
  return new Map([...parts, ...decidingFields, 'value'].map((name) => [name, undefined]));
};

/** What was worked out before, by type and columns: of one server they are few. */
const shownBy = new Map<string, ShownFields>();
const maxShown = 200;

/** The fields on which the shown part of a list depends; undefined where it may be any. */
const fieldsFor = (
  { tool, request }: ValidCall,
  rows: readonly Row[],
  kind: Kind | undefined,
): ShownFields | undefined => {
  const { fields, whole } = request.view;
  const columns = fields?.length ? [...fields, ...fields.map(toLine)] : ownColumns(rows, kind);
  if (whole || !columns.length || columns.includes('*')) return undefined;
  const { response } = tool.command;
  const way = fields
    ? JSON.stringify([response, kind?.newestBy, columns])
    : `${response} ${kind?.newestBy} ${columns.join(' ')}`;
  const found = shownBy.get(way);
  if (found) return found;
  const heads = columns.map((column) => baseOf(column).split('.', 1)[0]!);
  const others = [kind?.newestBy ?? [], cells().bytesWhere[response]?.field ?? []].flat();
  const names = [...columns, ...heads, ...others, ...decidingFields];
  const shown = new Map(names.map((name) => [name, fields ? undefined : partsFor(name, columns, heads)]));
  if (shownBy.size >= maxShown) shownBy.clear();
  shownBy.set(way, shown);
  return shown;
};

/** Names of fields that were looked at: rows have the same hundred again and again. */
const plainNames = new Set<string>();
const maxNames = 10_000;

/** Whether a name has none of the characters that cleaning takes away. */
const isPlain = (name: string): boolean => {
  if (plainNames.has(name)) return true;
  const isSo = name.length <= limits.key && /^[\w.-]*$/.test(name);
  if (isSo && plainNames.size < maxNames) plainNames.add(name);
  return isSo;
};

const narrow = (row: Row, shown: ShownFields): Row => {
  const narrowed: Record<string, unknown> = {};
  const keep = (name: string, parts: ShownFields | undefined): void => {
    const value = row[name];
    narrowed[name] = parts && typeof value === 'object' ? narrowNested(value, parts) : value;
  };
  for (const [field, parts] of shown) if (Object.hasOwn(row, field)) keep(field, parts);
  for (const name in row) {
    // Cleaned, it may be one of those that are shown.
    if (isPlain(name)) continue;
    const field = stripUnsafe(name);
    if (shown.has(field)) keep(name, shown.get(field));
  }
  return narrowed;
};

const narrowNested = (value: unknown, parts: ShownFields): unknown => {
  if (Array.isArray(value)) return value.map((one: unknown) => (isRecord(one) ? narrow(one, parts) : one));
  return isRecord(value) ? narrow(value, parts) : value;
};

const narrowBody = (call: ValidCall, body: Row, kind: Kind | undefined): Row => {
  const rows = rowsOf(body);
  const fields = fieldsFor(call, rows, kind);
  const key = Object.keys(body).find((name) => Array.isArray(body[name]));
  if (!fields || key === undefined || rows.some((row, at) => row !== (body[key] as unknown[])[at])) return body;
  return { ...body, [key]: rows.map((row) => narrow(row, fields)) };
};

/** An answer as it was narrowed, and for what. */
interface Narrowed {
  response: string;
  kind: Kind | undefined;
  fields: readonly string[] | undefined;
  whole: boolean | undefined;
  narrowed: Row;
}

const known = new WeakMap<Row, Narrowed>();

const areSame = (a: readonly string[] | undefined, b: readonly string[] | undefined): boolean =>
  a === b || (a !== undefined && b?.length === a.length && a.every((one, at) => one === b[at]));

/**
 * A list answer with those fields of its rows only on which what is shown depends, so that no others are cleaned. A row has a
 * hundred, a table ten; an interface has twenty, of which two are shown. Whether a field is a credential is told by itself and
 * its neighbours, which stay. Asked again in the same way, it is the same object.
 */
export const narrowRows = (call: ValidCall, body: Row, kind: Kind | undefined): Row => {
  const { fields, whole } = call.request.view;
  const { response } = call.tool.command;
  const found = known.get(body);
  if (found?.response === response && found.kind === kind && found.whole === whole && areSame(found.fields, fields))
    return found.narrowed;
  const narrowed = narrowBody(call, body, kind);
  known.set(body, { response, kind, fields, whole, narrowed });
  return narrowed;
};
