import type { Store } from './store.ts';

/** Values that end. What has ended is swept away with every so many writes, so that nothing grows without bound. */
const createEnding = (now: () => number) => {
  const kept = new Map<string, { value: unknown; end: number }>();
  let writes = 0;
  const sweep = (): void => {
    writes = 0;
    for (const [key, { end }] of kept) if (end <= now()) kept.delete(key);
  };
  return {
    get: <T>(key: string): T | undefined => {
      const found = kept.get(key);
      return found && found.end > now() ? (found.value as T) : undefined;
    },
    set: (key: string, value: unknown, ttl: number): void => {
      if (++writes > 100 + kept.size / 2) sweep();
      kept.set(key, { value, end: now() + ttl });
    },
    size: (): number => kept.size,
  };
};

/** A store of this process alone. `size` tells how many keys it holds. */
export const createMemoryStore = (now: () => number = Date.now): Store & { size(): number } => {
  const { get, set, size } = createEnding(now);
  return {
    kind: 'memory',
    once: (key, ttl) => {
      const isNew = !get(`once:${key}`);
      if (isNew) set(`once:${key}`, true, ttl);
      return Promise.resolve(isNew);
    },
    count: (key, window, add = true) => {
      const recent = (get<number[]>(`count:${key}`) ?? []).filter((at) => at > now() - window);
      if (add) set(`count:${key}`, [...recent, now()], window);
      return Promise.resolve(recent.length + (add ? 1 : 0));
    },
    take: (key, { size: most, perMillisecond }, price) => {
      const bucket = get<{ left: number; at: number }>(`take:${key}`);
      const filled = bucket ? Math.min(most, bucket.left + (now() - bucket.at) * perMillisecond) : most;
      if (filled < price) return Promise.resolve(Math.ceil((price - filled) / perMillisecond));
      const left = filled - price;
      // Whoever has a full bucket again need not be remembered.
      set(`take:${key}`, { left, at: now() }, (most - left) / perMillisecond);
      return Promise.resolve(0);
    },
    keep: (key, value, ttl) => {
      set(`kept:${key}`, value, ttl);
      return Promise.resolve();
    },
    recall: (key) => Promise.resolve(get<string>(`kept:${key}`)),
    agree: (key, proposal, ttl) => {
      const known = get<string>(`agreed:${key}`);
      if (known === undefined) set(`agreed:${key}`, proposal, ttl);
      return Promise.resolve(known ?? proposal);
    },
    list: (table) => Promise.resolve(new Map(get<Map<string, string>>(`table:${table}`))),
    swap: (table, field, from, to, ttl) => {
      const fields = new Map(get<Map<string, string>>(`table:${table}`));
      if (fields.get(field) !== from) return Promise.resolve(false);
      if (to === undefined) fields.delete(field);
      else fields.set(field, to);
      set(`table:${table}`, fields, ttl);
      return Promise.resolve(true);
    },
    ping: () => Promise.resolve(),
    close: () => Promise.resolve(),
    size,
  };
};
