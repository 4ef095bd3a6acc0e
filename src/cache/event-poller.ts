import type { SharedCache } from '../store/store.ts';

/** The fields of an event that are read. */
export interface CloudEvent {
  id: string;
  type: string;
}

/** What a poller reads and which callbacks it has. */
export interface PollerOptions {
  /** A page of the events that the credential sees, newest first. */
  list(page: number, size: number): Promise<readonly CloudEvent[]>;
  /** Whether an error means that the credential may not see events at all. */
  isForbidden(error: unknown): boolean;
  /** Milliseconds between two polls. */
  intervalMs: number;
  /** Whether anything is cached that events could invalidate. */
  isNeeded(): boolean;
  /** Called with the types of new events. */
  onEvents(types: readonly string[]): Promise<void>;
  /** Called when events may have been missed: what was cached while they were polled is stale. */
  onDoubt(): Promise<void>;
  /** Where replicas agree on which of them polls; `key` identifies the scope. */
  shared?: { store: SharedCache; key: string } | undefined;
}

/** Polls the events of a cloud while something of it is cached. */
export interface EventPoller {
  /** Whether events are polled, so that changes after this moment are noticed. */
  isPolling(): boolean;
  /** Starts polling if necessary; does not wait for it. */
  start(): void;
  close(): void;
}

const pageSize = 100;
/** After so many pages the last event that was seen is no longer searched. */
const maxPages = 5;
const maxIds = 2000;
/** Milliseconds until a credential that may not see events is tried again. */
const forbiddenRetryMs = 3_600_000;
/** Milliseconds between polls at most, after polls that failed one after another. */
const maxRetryMs = 600_000;
/** Milliseconds between two attempts of a replica to claim the next poll. */
const claimIntervalMs = 1000;

/** The ids of the events that were seen, in this process or shared by replicas. Undefined: no recent poll. */
interface Cursor {
  get(): Promise<readonly string[] | undefined>;
  set(ids: readonly string[] | undefined): Promise<void>;
  /** Whether it is this process's turn to poll. */
  isMine(): Promise<boolean>;
}

const createCursor = ({ intervalMs, shared }: PollerOptions): Cursor => {
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
    // It expires when no replica polls any more; the next poll starts from the newest events.
    set: (ids) => store.set(`events:${key}`, ids ? JSON.stringify(ids) : '', ids ? 2 * intervalMs : 1),
    isMine: () => store.claim(`events:${key}`, intervalMs),
  };
};

/**
 * Compares events by their ids, not their times: different clocks, equal times and events that appear late do no harm, as
 * long as they appear among the newest.
 */
export const createEventPoller = (options: PollerOptions): EventPoller => {
  const { list, intervalMs, isNeeded, onEvents, onDoubt, isForbidden, shared } = options;
  const cursor = createCursor(options);
  let timer: NodeJS.Timeout | undefined;
  let isPolled = false;
  let notBefore = 0;
  let failures = 0;
  let polling: Promise<void> | undefined;

  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
    isPolled = false;
  };
  /** The types of the new events, and the ids to remember; undefined if no event that was seen was found. */
  const newEvents = async (known: readonly string[]) => {
    const seen = new Set(known);
    const types: string[] = [];
    const ids: string[] = [];
    for (let page = 1; page <= maxPages; page++) {
      const rows = await list(page, pageSize);
      const fresh = rows.filter(({ id }) => !seen.has(id));
      types.push(...fresh.map(({ type }) => type));
      ids.push(...rows.map(({ id }) => id));
      if (fresh.length < rows.length || rows.length < pageSize)
        return { types, ids: [...new Set([...ids, ...known])].slice(0, maxIds) };
    }
    return undefined;
  };
  const begin = async (): Promise<void> => {
    const ids = (await list(1, pageSize)).map(({ id }) => id);
    await cursor.set(ids);
    // What was cached on the promise of earlier polls may have changed unnoticed.
    await onDoubt();
  };
  const poll = async (): Promise<void> => {
    try {
      const known = await cursor.get();
      if (!(await cursor.isMine())) {
        isPolled = timer !== undefined && known !== undefined;
        return;
      }
      if (!known) await begin();
      else {
        const found = await newEvents(known);
        if (found?.types.length) await onEvents(found.types);
        if (found) await cursor.set(found.ids);
        else await begin();
      }
      // Polling may have been stopped meanwhile.
      isPolled = timer !== undefined;
      failures = 0;
    } catch (error) {
      isPolled = false;
      if (isForbidden(error)) {
        stop();
        notBefore = Date.now() + forbiddenRetryMs;
      } else notBefore = Date.now() + Math.min(maxRetryMs, intervalMs * (2 ** failures++ - 0.5));
      await cursor.set(undefined).catch(() => undefined);
      await onDoubt().catch(() => undefined);
    }
  };
  const pollOnce = (): Promise<void> =>
    (polling ??= poll().finally(() => {
      polling = undefined;
    }));
  const tick = (): void => {
    if (isNeeded()) return Date.now() < notBefore ? undefined : void pollOnce();
    stop();
    // A shared cursor expires by itself: other replicas may still poll.
    if (!shared) void cursor.set(undefined);
  };
  return {
    isPolling: () => isPolled,
    start: () => {
      if (timer || Date.now() < notBefore) return;
      timer = setInterval(tick, shared ? claimIntervalMs : intervalMs).unref();
      void pollOnce();
    },
    close: stop,
  };
};
