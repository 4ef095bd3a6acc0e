/** State that the replicas of one server share. In memory while there is one process. */
export interface Store {
  /** True the first time a key is seen within its time to live (milliseconds), false ever after. */
  once(key: string, ttl: number): Promise<boolean>;
  /** How many events there were under a key within the last `window` milliseconds; with `add`, one more is counted. */
  count(key: string, window: number, add?: boolean): Promise<number>;
  /** Keeps a key in mind for its time to live (milliseconds). */
  remember(key: string, ttl: number): Promise<void>;
  /** Whether a key is kept in mind. */
  knows(key: string): Promise<boolean>;
  /** Puts a key out of mind. */
  forget(key: string): Promise<void>;
}

/** A store of this process alone. */
export const createMemoryStore = (now: () => number = Date.now): Store => {
  const seen = new Map<string, number>();
  const kept = new Map<string, number>();
  const events = new Map<string, number[]>();
  const sweep = (ends: Map<string, number>): void => {
    for (const [key, end] of ends) if (end <= now()) ends.delete(key);
  };
  return {
    once: (key, ttl) => {
      sweep(seen);
      const isNew = !seen.has(key);
      if (isNew) seen.set(key, now() + ttl);
      return Promise.resolve(isNew);
    },
    count: (key, window, add = true) => {
      const recent = (events.get(key) ?? []).filter((at) => at > now() - window);
      if (add) recent.push(now());
      events.set(key, recent);
      return Promise.resolve(recent.length);
    },
    remember: (key, ttl) => {
      sweep(kept);
      kept.set(key, now() + ttl);
      return Promise.resolve();
    },
    knows: (key) => {
      sweep(kept);
      return Promise.resolve(kept.has(key));
    },
    forget: (key) => {
      kept.delete(key);
      return Promise.resolve();
    },
  };
};
