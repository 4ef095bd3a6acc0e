import { baseOf } from '../ask/derived.ts';
import type { Kind } from '../catalog/kinds.ts';
import { rowsOf, type Row } from '../rows.ts';
import { decidingFields } from '../secrets/mask.ts';
import { toLine } from '../text.ts';
import type { ValidCall } from '../types.ts';
import { cells } from './cells-data.ts';
import { ownColumns } from './columns.ts';

/** The fields on which the shown part of a list depends; undefined where it may be any. */
const fieldsFor = ({ tool, request }: ValidCall, rows: readonly Row[], kind: Kind | undefined) => {
  const { fields, whole } = request.view;
  const columns = fields?.length ? [...fields, ...fields.map(toLine)] : ownColumns(rows, kind);
  if (whole || !columns.length || columns.includes('*')) return undefined;
  const heads = columns.map((column) => baseOf(column).split('.', 1)[0]!);
  const others = [kind?.newestBy ?? [], cells().bytesWhere[tool.command.response]?.field ?? []].flat();
  return new Set([...columns, ...heads, ...others, ...decidingFields]);
};

const narrow = (row: Row, fields: ReadonlySet<string>): Row => {
  const narrowed: Record<string, unknown> = {};
  for (const field of fields) if (Object.hasOwn(row, field)) narrowed[field] = row[field];
  return narrowed;
};

const narrowBody = (call: ValidCall, body: Row, kind: Kind | undefined): Row => {
  const rows = rowsOf(body);
  const fields = fieldsFor(call, rows, kind);
  const key = Object.keys(body).find((name) => Array.isArray(body[name]));
  if (!fields || key === undefined || rows.some((row, at) => row !== (body[key] as unknown[])[at])) return body;
  return { ...body, [key]: rows.map((row) => narrow(row, fields)) };
};

const known = new WeakMap<Row, { way: string; narrowed: Row }>();

/**
 * A list answer with those fields of its rows only on which what is shown depends, so that no others are cleaned: a row has
 * a hundred, a table ten. Whether a field is a credential is told by itself and its neighbours, which stay. Asked again in the
 * same way, it is the same object.
 */
export const narrowRows = (call: ValidCall, body: Row, kind: Kind | undefined): Row => {
  const { fields, whole } = call.request.view;
  const way = JSON.stringify([call.tool.command.response, kind?.name, fields, whole]);
  const found = known.get(body);
  if (found?.way === way) return found.narrowed;
  const narrowed = narrowBody(call, body, kind);
  known.set(body, { way, narrowed });
  return narrowed;
};
