/** A table by its columns: names of its rows (none of a list's), keys, and for each key what the rows have; 0 where one has nothing. */
type Columns = [names: string[] | null, keys: string[], ...columns: unknown[][]];

type Row = Record<string, unknown>;

/** The table that columns make: a list, or an object by the names in their order. It goes into the bundle as it is written here. */
export const fromColumns = ([names, keys, ...columns]: Columns): Row[] | Record<string, Row> => {
  const rows = (columns[0] ?? []).map((_, at) => {
    const row: Row = {};
    for (let key = 0; key < keys.length; key++) if (columns[key]![at] !== 0) row[keys[key]!] = columns[key]![at];
    return row;
  });
  return names ? Object.fromEntries(rows.map((row, at): [string, Row] => [names[at]!, row])) : rows;
};

const isObject = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The text of a table by its columns, in which like stands beside like and compresses better; undefined for what is no table of
 * objects, or would not come back letter for letter.
 */
export const toColumns = (text: string): string | undefined => {
  const table: unknown = JSON.parse(text);
  const rows = Array.isArray(table) ? (table as unknown[]) : isObject(table) ? Object.values(table) : [];
  if (!rows.every(isObject)) return undefined;
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const columns: Columns = [
    Array.isArray(table) ? null : Object.keys(table as Row),
    keys,
    ...keys.map((key) => rows.map((row) => (key in row ? row[key] : 0))),
  ];
  return JSON.stringify(fromColumns(columns)) === text ? JSON.stringify(columns) : undefined;
};
