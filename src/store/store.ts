/** State that the replicas of one server share. In memory while there is one process. */
export interface Store {
  /** True the first time a key is seen within its time to live (milliseconds), false ever after. */
  once(key: string, ttl: number): Promise<boolean>;
  /** Counts one more event under a key and gives how many there were within the last `window` milliseconds. */
  count(key: string, window: number): Promise<number>;
}

/** A store of this process alone. */
export const createMemoryStore = (now: () => number = Date.now): Store => {
  const seen = new Map<string, number>();
  const events = new Map<string, number[]>();
  return {
    once: (key, ttl) => {
      for (const [old, end] of seen) if (end <= now()) seen.delete(old);
      const isNew = !seen.has(key);
      if (isNew) seen.set(key, now() + ttl);
      return Promise.resolve(isNew);
    },
    count: (key, window) => {
      const recent = (events.get(key) ?? []).filter((at) => at > now() - window);
      events.set(key, [...recent, now()]);
      return Promise.resolve(recent.length + 1);
    },
  };
};
