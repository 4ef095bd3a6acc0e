import type { Fields, Resource, Value } from './types.ts';

/** A row's place in the order in which the rows of its kind were made. */
const place = Symbol('place');

/** A resource as the world itself may change it. */
type Stored = { -readonly [Key in keyof Resource]: Resource[Key] } & {
  fields: Fields;
  hidden: Fields;
  [place]?: number;
};

/** What rows are found by, beside their fields: each row has one key, several or none. Made once, where it is used. */
export interface Index {
  /** The keys of a row, told from nothing but the row itself. */
  keysOf: (row: Resource) => Value;
}

/** What is summed over the rows of a key; a row has one or none. */
export interface Sum extends Index {
  weightOf: (row: Resource) => number;
}

/** Resources of one kind in order, with indexes and sums made when first asked for and kept current from then on. */
export interface ResourceTable {
  live(): readonly Resource[];
  where(field: string, value: string): Iterable<Resource>;
  indexed(index: Index, key: string): Iterable<Resource>;
  /** Rows that have any of some keys, in order; undefined where that is no small part of all, which are gone through sooner. */
  anyOf(index: Index, keys: readonly string[]): readonly Resource[] | undefined;
  sum(sum: Sum, key: string): number;
  add(row: Resource): void;
  /** Changes shown fields; undefined takes one away. */
  patch(row: Resource, patch: Fields): void;
  /** The same for what is not shown. */
  hide(row: Resource, patch: Fields): void;
  /** Changes the owner; undefined for none. */
  give(row: Resource, owner: string | undefined): void;
  /** Marks as removed at a moment. */
  drop(row: Resource, at: number): void;
}

/** Rows of one key. `mixed` says that a row came to it later than the rows after it: it is put in its place when it is read. */
interface Bucket {
  rows: Set<Resource>;
  last: number;
  mixed: boolean;
}

/** Most keys have one row, which then stands for itself. */
type Buckets = Map<string, Resource | Bucket>;

const placeOf = (row: Resource): number => (row as Stored)[place] ?? 0;

const isBucket = (found: Resource | Bucket): found is Bucket => 'rows' in found;

/** Rows of one kind, each once, in the order in which they were made. */
export const inOrder = (rows: Iterable<Resource>): Resource[] =>
  [...new Set(rows)].sort((a, b) => placeOf(a) - placeOf(b));

const enter = (buckets: Buckets, key: Value, row: Resource): void => {
  if (Array.isArray(key)) for (const each of key) enter(buckets, each, row);
  if (typeof key !== 'string') return;
  const found = buckets.get(key);
  if (!found) {
    buckets.set(key, row);
    return;
  }
  const at = placeOf(row);
  const bucket = isBucket(found) ? found : { rows: new Set([found]), last: placeOf(found), mixed: false };
  if (bucket !== found) buckets.set(key, bucket);
  bucket.rows.add(row);
  if (at < bucket.last) bucket.mixed = true;
  else bucket.last = at;
};

const leave = (buckets: Buckets, key: Value, row: Resource): void => {
  if (Array.isArray(key)) for (const each of key) leave(buckets, each, row);
  if (typeof key !== 'string') return;
  const found = buckets.get(key);
  if (found && isBucket(found)) found.rows.delete(row);
  else if (found === row) buckets.delete(key);
};

const isSame = (a: Value, b: Value): boolean =>
  a === b || (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((each, i) => each === b[i]));

const sizeOf = (found: Resource | Bucket | undefined): number => {
  if (!found) return 0;
  return isBucket(found) ? found.rows.size : 1;
};

const rowsOf = (found: Resource | Bucket | undefined): Iterable<Resource> => {
  if (!found) return [];
  if (!isBucket(found)) return [found];
  if (found.mixed) {
    found.rows = new Set(inOrder(found.rows));
    found.mixed = false;
  }
  return found.rows;
};

/** An empty table. Removal marks; the list is swept when it is next read, so that removing many stays cheap. */
export const createTable = (): ResourceTable => {
  let rows: Resource[] = [];
  let next = 0;
  let dirty = false;
  const byField = new Map<string, Buckets>();
  const byIndex = new Map<Index, Buckets>();
  const sums = new Map<Sum, Map<string, number>>();
  const write = (into: Fields, field: string, value: Value): void => {
    if (value === undefined) delete into[field];
    else into[field] = value;
  };
  const weigh = ({ keysOf, weightOf }: Sum, totals: Map<string, number>, row: Resource, sign: 1 | -1): void => {
    const weight = weightOf(row) * sign;
    const key = weight === 0 ? undefined : keysOf(row);
    if (typeof key === 'string') totals.set(key, (totals.get(key) ?? 0) + weight);
  };
  const fill = <Key, Made>(
    known: Map<Key, Made>,
    key: Key,
    made: Made,
    put: (made: Made, row: Resource) => void,
  ): Made => {
    for (const row of rows) if (row.removed === undefined) put(made, row);
    known.set(key, made);
    return made;
  };
  /** Changes a row, and where it is found. What was removed is found nowhere. */
  const change = (row: Resource, act: () => void): void => {
    if (row.removed !== undefined) return act();
    const keys = Array.from(byIndex.keys(), (index) => index.keysOf(row));
    for (const [sum, totals] of sums) weigh(sum, totals, row, -1);
    act();
    const gone = (row as Stored).removed !== undefined;
    let at = 0;
    for (const [index, buckets] of byIndex) {
      const [old, now] = [keys[at], gone ? undefined : index.keysOf(row)];
      at += 1;
      // Code that goes through a bucket and changes its rows is not to meet them again.
      if (isSame(old, now)) continue;
      leave(buckets, old, row);
      enter(buckets, now, row);
    }
    if (!gone) for (const [sum, totals] of sums) weigh(sum, totals, row, 1);
  };
  const bucketsOf = (index: Index): Buckets =>
    byIndex.get(index) ??
    fill(byIndex, index, new Map<string, Resource | Bucket>(), (made, row) => enter(made, index.keysOf(row), row));
  return {
    live: () => {
      if (dirty) rows = rows.filter(({ removed }) => removed === undefined);
      dirty = false;
      return rows;
    },
    where: (field, value) => {
      const buckets =
        byField.get(field) ??
        fill(byField, field, new Map<string, Resource | Bucket>(), (made, row) => enter(made, row.fields[field], row));
      return rowsOf(buckets.get(value));
    },
    indexed: (index, key) => rowsOf(bucketsOf(index).get(key)),
    anyOf: (index, keys) => {
      const found = keys.map((key) => bucketsOf(index).get(key));
      const size = found.reduce((sum, each) => sum + sizeOf(each), 0);
      return 4 * size > rows.length ? undefined : inOrder(found.flatMap((each) => [...rowsOf(each)]));
    },
    sum: (sum, key) =>
      (sums.get(sum) ?? fill(sums, sum, new Map<string, number>(), (totals, row) => weigh(sum, totals, row, 1))).get(
        key,
      ) ?? 0,
    add: (row: Stored) => {
      row[place] = next;
      next += 1;
      rows.push(row);
      for (const [field, buckets] of byField) enter(buckets, row.fields[field], row);
      for (const [index, buckets] of byIndex) enter(buckets, index.keysOf(row), row);
      for (const [sum, totals] of sums) weigh(sum, totals, row, 1);
    },
    patch: (row: Stored, patch) =>
      change(row, () => {
        for (const [field, value] of Object.entries(patch)) {
          const buckets = row.removed === undefined && row.fields[field] !== value ? byField.get(field) : undefined;
          if (buckets) leave(buckets, row.fields[field], row);
          write(row.fields, field, value);
          if (buckets) enter(buckets, value, row);
        }
      }),
    hide: (row: Stored, patch) =>
      change(row, () => {
        for (const [field, value] of Object.entries(patch)) write(row.hidden, field, value);
      }),
    give: (row: Stored, owner) =>
      change(row, () => {
        if (owner === undefined) delete row.owner;
        else row.owner = owner;
      }),
    drop: (row: Stored, at) =>
      change(row, () => {
        dirty = true;
        row.removed = at;
        for (const [field, buckets] of byField) leave(buckets, row.fields[field], row);
      }),
  };
};
