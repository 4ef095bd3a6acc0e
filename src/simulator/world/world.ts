import type { ReleaseCatalog } from './catalog.ts';
import type { Clock } from './clock.ts';
import { formatDate } from './clock.ts';
import { familyOf } from './kinds.ts';
import type { Outbox } from './outbox.ts';
import type { Queue } from './queue.ts';
import type { Random } from './random.ts';
import { createTable, inOrder, type Index, type ResourceTable, type Sum } from './table.ts';
import type { Fields, Resource } from './types.ts';

/** What a new resource may bring beside its fields. */
export interface InsertOptions {
  id?: string;
  owner?: string | undefined;
  hidden?: Fields;
  no?: number;
}

/** Every resource of the simulated cloud; the only way to change one. */
export interface World {
  readonly clock: Clock;
  readonly random: Random;
  readonly catalog: ReleaseCatalog;
  /** What is still to happen. */
  readonly queue: Queue;
  readonly outbox: Outbox;
  /** Goes up with every change, so that what was cached of an earlier version is known to be stale. */
  version(): number;
  /** Calls back with each resource that is made, changed or removed from now on. */
  onChange(listener: (row: Resource) => void): void;
  /** Resources of a kind in the order they were made, without the removed. */
  all(kind: string): readonly Resource[];
  /** Resources of a kind whose stored field has the value. */
  where(kind: string, field: string, value: string): Iterable<Resource>;
  /** Resources of an account, of a kind. */
  ownedBy(kind: string, owner: string): Iterable<Resource>;
  /** At least the resources of a kind that belong to any of some accounts or to none. */
  perhapsOwnedBy(kind: string, owners: ReadonlySet<string>): readonly Resource[];
  /** Resources of a kind that an index has under a key. */
  indexed(kind: string, index: Index, key: string): Iterable<Resource>;
  /** What is summed over the resources of a kind that have a key. */
  sum(kind: string, sum: Sum, key: string): number;
  /** Resources of one kind, each once, in the order they were made. */
  inOrder(rows: readonly Resource[]): Resource[];
  /** A resource by id, also one that was removed. */
  get(id: string): Resource | undefined;
  /** A resource of the kind an id parameter declares; by uuid or internal number, also a removed one. */
  find(kind: string, id: string): Resource | undefined;
  /** A resource of exactly this kind and id. */
  stored(kind: string, id: string): Resource | undefined;
  insert(kind: string, fields: Fields, options?: InsertOptions): Resource;
  /** Changes shown fields; undefined takes one away. */
  update(row: Resource, patch: Fields): void;
  /** Changes what is not shown; undefined takes it away. */
  hide(row: Resource, patch: Fields): void;
  /** Makes an account the owner; undefined leaves the resource to no one. */
  give(row: Resource, owner: string | undefined): void;
  remove(row: Resource): void;
  /** Removes a resource without a trace, its id too: old jobs and events. */
  forget(row: Resource): void;
  /** The next of a series of numbers; virtual machines of all sorts share one. */
  count(series: string): number;
  now(): string;
  /** Id of some resource of the kind, made for the purpose if there is none. */
  ensure(kind: string): string;
  readonly tables: ReadonlyMap<string, ResourceTable>;
  readonly counters: Map<string, number>;
}

const byOwner: Index = { keysOf: ({ owner }) => owner ?? '' };
const byNumber: Index = { keysOf: ({ no }) => String(no) };

/** What a resource is found by: regions and the like have small numbers as ids, which are unique only within their kind. */
const keyOf = (kind: string, id: string): string => (/^\d+$/.test(id) ? `${kind}/${id}` : id);

/** An empty world. `make` makes a plausible resource of any kind, for `ensure`. */
export const createWorld = (
  catalog: ReleaseCatalog,
  clock: Clock,
  random: Random,
  queue: Queue,
  outbox: Outbox,
  make: (world: World, kind: string) => Resource,
): World => {
  const tables = new Map<string, ResourceTable>();
  const ids = new Map<string, Resource>();
  const counters = new Map<string, number>();
  let version = 0;
  let onChange: ((row: Resource) => void) | undefined;
  const table = (kind: string): ResourceTable => {
    const known = tables.get(kind);
    if (known) return known;
    const made = createTable();
    tables.set(kind, made);
    return made;
  };
  const count = (series: string): number => {
    const next = (counters.get(series) ?? 0) + 1;
    counters.set(series, next);
    return next;
  };
  const world: World = {
    clock,
    random,
    catalog,
    queue,
    outbox,
    tables,
    counters,
    count,
    version: () => version,
    onChange: (listener) => void (onChange = listener),
    now: () => formatDate(clock.now()),
    all: (kind) => tables.get(kind)?.live() ?? [],
    where: (kind, field, value) => tables.get(kind)?.where(field, value) ?? [],
    ownedBy: (kind, owner) => tables.get(kind)?.indexed(byOwner, owner) ?? [],
    perhapsOwnedBy: (kind, owners) => tables.get(kind)?.anyOf(byOwner, [...owners, '']) ?? world.all(kind),
    indexed: (kind, index, key) => tables.get(kind)?.indexed(index, key) ?? [],
    sum: (kind, sum, key) => tables.get(kind)?.sum(sum, key) ?? 0,
    inOrder,
    // MySQL compares without letter case.
    get: (id) => ids.get(id) ?? ids.get(id.toLowerCase()),
    find: (kind, id) => {
      const family = familyOf(kind);
      const row = world.get(id);
      if (row && family.includes(row.kind)) return row;
      for (const member of family) {
        const keyed = ids.get(`${member}/${id}`);
        if (keyed) return keyed;
        if (!/^\d+$/.test(id)) continue;
        for (const numbered of world.indexed(member, byNumber, String(Number(id)))) return numbered;
      }
      return undefined;
    },
    stored: (kind, id) => {
      const row = ids.get(keyOf(kind, id));
      return row?.kind === kind ? row : undefined;
    },
    insert: (kind, fields, options = {}) => {
      version += 1;
      const id = options.id ?? random.uuid();
      const row: Resource = {
        kind,
        no: options.no ?? count(kind),
        id,
        fields: { ...fields },
        hidden: options.hidden ?? {},
        ...(options.owner === undefined ? {} : { owner: options.owner }),
      };
      table(kind).add(row);
      ids.set(keyOf(kind, id), row);
      onChange?.(row);
      return row;
    },
    update: (row, patch) => {
      version += 1;
      table(row.kind).patch(row, patch);
      onChange?.(row);
    },
    hide: (row, patch) => {
      version += 1;
      table(row.kind).hide(row, patch);
      onChange?.(row);
    },
    give: (row, owner) => {
      version += 1;
      table(row.kind).give(row, owner);
      onChange?.(row);
    },
    remove: (row) => {
      if (row.removed !== undefined) return;
      version += 1;
      table(row.kind).drop(row, clock.now());
      onChange?.(row);
      // Tags go with what they are on, whatever it is (removeByIdAndType of ResourceTagDaoImpl).
      if (row.kind !== 'ResourceTag')
        for (const tag of [...world.where('ResourceTag', 'resourceid', row.id)]) world.remove(tag);
    },
    forget: (row) => {
      world.remove(row);
      ids.delete(keyOf(row.kind, row.id));
    },
    ensure: (kind) => {
      for (const member of familyOf(kind)) {
        const first = world.all(member)[0];
        if (first) return first.id;
      }
      return make(world, familyOf(kind)[0] ?? kind).id;
    },
  };
  return world;
};
