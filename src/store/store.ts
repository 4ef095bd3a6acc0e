/** State that the replicas of one server share. In memory while there is one process. */
export interface Store {
  /** True the first time a key is seen within its time to live (milliseconds), false ever after. */
  once(key: string, ttl: number): Promise<boolean>;
}

/** A store of this process alone. */
export const createMemoryStore = (now: () => number = Date.now): Store => {
  const seen = new Map<string, number>();
  return {
    once: (key, ttl) => {
      for (const [old, end] of seen) if (end <= now()) seen.delete(old);
      const isNew = !seen.has(key);
      if (isNew) seen.set(key, now() + ttl);
      return Promise.resolve(isNew);
    },
  };
};
