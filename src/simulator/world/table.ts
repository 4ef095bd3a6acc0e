import type { Fields, Resource, Value } from './types.ts';

/** A resource as the world itself may change it. */
type Stored = { -readonly [Key in keyof Resource]: Resource[Key] } & { fields: Fields; hidden: Fields };

/** Resources of one kind in order, with indexes made when first asked for. */
export interface ResourceTable {
  live(): readonly Resource[];
  where(field: string, value: string): Iterable<Resource>;
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

/** An empty table. Removal marks; the list is swept when it is next read, so that removing many stays cheap. */
export const createTable = (): ResourceTable => {
  let rows: Resource[] = [];
  let dirty = false;
  const indexes = new Map<string, Map<string, Set<Resource>>>();
  const enter = (index: Map<string, Set<Resource>>, key: unknown, row: Resource): void => {
    if (typeof key !== 'string') return;
    const bucket = index.get(key);
    if (bucket) bucket.add(row);
    else index.set(key, new Set([row]));
  };
  const leave = (index: Map<string, Set<Resource>>, key: unknown, row: Resource): void => {
    if (typeof key === 'string') index.get(key)?.delete(row);
  };
  const write = (into: Fields, field: string, value: Value): void => {
    if (value === undefined) delete into[field];
    else into[field] = value;
  };
  return {
    live: () => {
      if (dirty) rows = rows.filter(({ removed }) => removed === undefined);
      dirty = false;
      return rows;
    },
    where: (field, value) => {
      let index = indexes.get(field);
      if (!index) {
        index = new Map();
        for (const row of rows) if (row.removed === undefined) enter(index, row.fields[field], row);
        indexes.set(field, index);
      }
      return index.get(value) ?? [];
    },
    add: (row) => {
      rows.push(row);
      for (const [field, index] of indexes) enter(index, row.fields[field], row);
    },
    patch: (row: Stored, patch) => {
      for (const [field, value] of Object.entries(patch)) {
        const index = indexes.get(field);
        if (index) leave(index, row.fields[field], row);
        write(row.fields, field, value);
        if (index) enter(index, value, row);
      }
    },
    hide: (row: Stored, patch) => {
      for (const [field, value] of Object.entries(patch)) write(row.hidden, field, value);
    },
    give: (row: Stored, owner) => {
      if (owner === undefined) delete row.owner;
      else row.owner = owner;
    },
    drop: (row: Stored, at) => {
      dirty = true;
      row.removed = at;
      for (const [field, index] of indexes) leave(index, row.fields[field], row);
    },
  };
};
