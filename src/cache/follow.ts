import type { SharedCache } from '../store/store.ts';

/** What is read of an event. */
export interface EventRow {
  id: string;
  type: string;
}

/** What a follower needs to know and whom it tells. */
export interface FollowOptions {
  /** A page of the events that the credential sees, newest first. */
  list(page: number, size: number): Promise<readonly EventRow[]>;
  /** Whether an error means that the credential may not see events at all. */
  isForbidden(error: unknown): boolean;
  /** Milliseconds between two looks. */
  every: number;
  /** Whether anything is cached that has to be kept honest. */
  isNeeded(): boolean;
  /** Told the types of new events. */
  onEvents(types: readonly string[]): Promise<void>;
  /** Told when events may have been missed. */
  onDoubt(): Promise<void>;
  /** Where replicas agree on who looks, under a key of their own. */
  shared?: { store: SharedCache; key: string } | undefined;
}

/** Looks at the events of a cloud while something of it is cached. */
export interface Follower {
  /** Whether events are being followed: from before whatever is asked for next. Begins to, if need be. */
  ready(): Promise<boolean>;
  close(): void;
}

const pageSize = 100;
/** Pages after which it is no longer worth looking for the last event that was seen. */
const mostPages = 5;
const mostRemembered = 2000;
/** Milliseconds after which a credential that may not see events is asked whether it may now. */
const forbiddenFor = 3_600_000;
/** Milliseconds that a read waits for the first look at the events. */
const patience = 500;
/** Milliseconds between two attempts of a replica to be the one that looks. */
const attempt = 1000;

/** Keeps what was seen in mind: of this process, or where replicas share it. Undefined: nobody has looked lately. */
interface Cursor {
  get(): Promise<readonly string[] | undefined>;
  set(ids: readonly string[] | undefined): Promise<void>;
  /** Whether it is this process's turn to look. */
  isMine(): Promise<boolean>;
}

const createCursor = ({ every, shared }: FollowOptions): Cursor => {
  let seen: readonly string[] | undefined;
  if (!shared)
    return {
      get: () => Promise.resolve(seen),
      set: (ids) => Promise.resolve(void (seen = ids)),
      isMine: () => Promise.resolve(true),
    };
  const { store, key } = shared;
  return {
    get: async () => {
      const text = await store.get(`events:${key}`);
      return text ? (JSON.parse(text) as string[]) : undefined;
    },
    // Once nobody looks any more, it is forgotten: whoever comes then begins anew.
    set: (ids) => store.set(`events:${key}`, ids ? JSON.stringify(ids) : '', ids ? 2 * every : 1),
    isMine: () => store.claim(`events:${key}`, every),
  };
};

/**
 * Follows events by their ids alone: clocks that differ, equal times and events that appear late change nothing, as long as
 * they come up among the newest.
 */
export const createFollower = (options: FollowOptions): Follower => {
  const { list, every, isNeeded, onEvents, onDoubt, isForbidden, shared } = options;
  const cursor = createCursor(options);
  let timer: NodeJS.Timeout | undefined;
  let isFollowed = false;
  let forbiddenUntil = 0;
  let looking: Promise<void> | undefined;

  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
    isFollowed = false;
  };
  /** New types of events, and the ids to remember; undefined where they do not lead to what was seen. */
  const since = async (known: readonly string[]) => {
    const seen = new Set(known);
    const types: string[] = [];
    const ids: string[] = [];
    for (let page = 1; page <= mostPages; page++) {
      const rows = await list(page, pageSize);
      const fresh = rows.filter(({ id }) => !seen.has(id));
      types.push(...fresh.map(({ type }) => type));
      ids.push(...rows.map(({ id }) => id));
      if (fresh.length < rows.length || rows.length < pageSize)
        return { types, ids: [...new Set([...ids, ...known])].slice(0, mostRemembered) };
    }
    return undefined;
  };
  const begin = async (): Promise<void> => {
    const ids = (await list(1, pageSize)).map(({ id }) => id);
    await cursor.set(ids);
    // What was cached before the first look may have changed unseen.
    if (isNeeded() || shared) await onDoubt();
  };
  const look = async (): Promise<void> => {
    try {
      const known = await cursor.get();
      if (!(await cursor.isMine())) {
        isFollowed = timer !== undefined && known !== undefined;
        return;
      }
      if (!known) await begin();
      else {
        const found = await since(known);
        if (found?.types.length) await onEvents(found.types);
        if (found) await cursor.set(found.ids);
        else await begin();
      }
      // Whoever was stopped meanwhile looks no more.
      isFollowed = timer !== undefined;
    } catch (error) {
      isFollowed = false;
      if (isForbidden(error)) {
        stop();
        forbiddenUntil = Date.now() + forbiddenFor;
      }
      await cursor.set(undefined).catch(() => undefined);
      await onDoubt().catch(() => undefined);
    }
  };
  const lookOnce = (): Promise<void> =>
    (looking ??= look().finally(() => {
      looking = undefined;
    }));
  const tick = (): void => {
    if (isNeeded()) return void lookOnce();
    stop();
    // Other replicas may still look; where they share it, it ends by itself.
    if (!shared) void cursor.set(undefined);
  };
  return {
    ready: async () => {
      if (isFollowed) return true;
      if (Date.now() < forbiddenUntil) return false;
      if (!timer) {
        timer = setInterval(tick, shared ? attempt : every).unref();
        void lookOnce();
      }
      if (!looking) return isFollowed;
      let late: NodeJS.Timeout | undefined;
      const waited = new Promise<void>((resolve) => {
        late = setTimeout(resolve, patience);
        late.unref();
      });
      await Promise.race([looking, waited]);
      clearTimeout(late);
      return isFollowed;
    },
    close: stop,
  };
};
