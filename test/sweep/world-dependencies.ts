import { familyOf } from '../../src/simulator/world/kinds.ts';
import type { World } from '../../src/simulator/world/world.ts';

/** What reads of a world depend on: kinds of resources, the time, and that nothing has some id. */
export interface WorldDependencies {
  /** Runs a read, and gives what it looked at beside its result. */
  track<T>(read: () => Promise<T>): Promise<{ result: T; seen: ReadonlySet<string> }>;
  /** Goes up with each change of what was seen; a read that saw only what has not changed since gives the same again. */
  versionOf(seen: ReadonlySet<string>): number;
  /** Goes up with each change of the world. */
  version(): number;
}

/** Seen by who asked what time it is. */
export const time = 'time';
/** Seen by who asked for an id that nothing had, and changed by what is made with that id. */
const absenceOf = (id: string): string => `no ${id.toLowerCase()}`;

/** Tracks what is read and changed in a world from now on. Every function that reads or changes resources stands here. */
export const trackDependencies = (world: World): WorldDependencies => {
  const versions = new Map<string, number>();
  let seen = new Set<string>();
  let changes = 0;
  let reads = 0;
  let lastTime = 0;
  const see = (kind: string): void => void seen.add(kind);
  const mark = (kind: string): void => void versions.set(kind, ++changes);
  const { version, get, find, insert, update, hide, give, remove, forget, now, clock } = world;
  const { all, where, ownedBy, perhapsOwnedBy, indexed, sum, stored } = world;
  const tracked: Partial<World> = {
    // A row that was shown to another read at the same version is looked at anew, so that this one sees it, too.
    version: () => version() * 1_000_000 + reads,
    all: (kind) => (see(kind), all(kind)),
    where: (kind, field, value) => (see(kind), where(kind, field, value)),
    ownedBy: (kind, owner) => (see(kind), ownedBy(kind, owner)),
    perhapsOwnedBy: (kind, owners) => (see(kind), perhapsOwnedBy(kind, owners)),
    indexed: (kind, index, key) => (see(kind), indexed(kind, index, key)),
    sum: (kind, added, key) => (see(kind), sum(kind, added, key)),
    stored: (kind, id) => (see(kind), stored(kind, id)),
    get: (id) => {
      const row = get(id);
      see(row?.kind ?? absenceOf(id));
      return row;
    },
    find: (kind, id) => {
      for (const member of familyOf(kind)) see(member);
      return find(kind, id);
    },
    now: () => (see(time), now()),
    clock: { ...clock, now: () => (see(time), clock.now()) },
    insert: (kind, ...rest) => {
      const row = insert(kind, ...rest);
      mark(kind);
      mark(absenceOf(row.id));
      return row;
    },
    update: (row, patch) => (mark(row.kind), update(row, patch)),
    hide: (row, patch) => (mark(row.kind), hide(row, patch)),
    give: (row, owner) => (mark(row.kind), give(row, owner)),
    remove: (row) => (mark(row.kind), remove(row)),
    forget: (row) => (mark(row.kind), forget(row)),
  };
  Object.assign(world, tracked);
  return {
    version,
    track: async (read) => {
      reads++;
      seen = new Set();
      return { result: await read(), seen };
    },
    versionOf: (kinds) => {
      if (kinds.has(time) && clock.now() !== lastTime) {
        lastTime = clock.now();
        mark(time);
      }
      let newest = 0;
      for (const kind of kinds) newest = Math.max(newest, versions.get(kind) ?? 0);
      return newest;
    },
  };
};
