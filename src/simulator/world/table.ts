import type { Fields, Resource } from './types.ts';

/** Resources of one kind in order, with indexes made when first asked for. */
export interface ResourceTable {
  live(): readonly Resource[];
  where(field: string, value: string): Iterable<Resource>;
  add(row: Resource): void;
  patch(row: Resource, patch: Fields): void;
  drop(row: Resource): void;
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
    patch: (row, patch) => {
      for (const [field, value] of Object.entries(patch)) {
        const index = indexes.get(field);
        if (index) leave(index, row.fields[field], row);
        if (value === undefined) delete row.fields[field];
        else row.fields[field] = value;
        if (index) enter(index, value, row);
      }
    },
    drop: (row) => {
      dirty = true;
      for (const [field, index] of indexes) leave(index, row.fields[field], row);
    },
  };
};
