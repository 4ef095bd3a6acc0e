import type { Store } from './store.ts';

/** Values with a time to live. Expired ones are removed every so many writes, so that the map stays bounded. */
const createExpiringMap = (now: () => number) => {
  const entries = new Map<string, { value: unknown; expiresAt: number }>();
  let writes = 0;
  const sweep = (): void => {
    writes = 0;
    for (const [key, { expiresAt }] of entries) if (expiresAt <= now()) entries.delete(key);
  };
  return {
    get: <T>(key: string): T | undefined => {
      const found = entries.get(key);
      return found && found.expiresAt > now() ? (found.value as T) : undefined;
    },
    set: (key: string, value: unknown, ttl: number): void => {
      if (++writes > 100 + entries.size / 2) sweep();
      entries.set(key, { value, expiresAt: now() + ttl });
    },
    size: (): number => entries.size,
  };
};

/** A store of this process alone; its clock is no clock of the day, which may be set. `size` returns the number of keys. */
export const createMemoryStore = (now: () => number = () => performance.now()): Store & { size(): number } => {
  const { get, set, size } = createExpiringMap(now);
  return {
    kind: 'memory',
    setIfAbsent: (key, ttl) => {
      const isNew = !get(`once:${key}`);
      if (isNew) set(`once:${key}`, true, ttl);
      return Promise.resolve(isNew);
    },
    count: (key, window, add = true) => {
      const recent = (get<number[]>(`count:${key}`) ?? []).filter((at) => at > now() - window);
      if (add) set(`count:${key}`, [...recent, now()], window);
      return Promise.resolve(recent.length + (add ? 1 : 0));
    },
    takeTokens: (key, { size: capacity, perMillisecond }, price) => {
      const bucket = get<{ left: number; at: number }>(`bucket:${key}`);
      const filled = bucket ? Math.min(capacity, bucket.left + (now() - bucket.at) * perMillisecond) : capacity;
      if (filled < price) return Promise.resolve(Math.ceil((price - filled) / perMillisecond));
      const left = filled - price;
      // A bucket that is full again needs no entry.
      set(`bucket:${key}`, { left, at: now() }, (capacity - left) / perMillisecond);
      return Promise.resolve(0);
    },
    set: (key, value, ttl) => {
      set(`value:${key}`, value, ttl);
      return Promise.resolve();
    },
    get: (key) => Promise.resolve(get<string>(`value:${key}`)),
    getOrSet: (key, proposal, ttl) => {
      const known = get<string>(`first:${key}`);
      if (known === undefined) set(`first:${key}`, proposal, ttl);
      return Promise.resolve(known ?? proposal);
    },
    hashGetAll: (table) => Promise.resolve(new Map(get<Map<string, string>>(`hash:${table}`))),
    compareAndSet: (table, field, from, to, ttl) => {
      const fields = new Map(get<Map<string, string>>(`hash:${table}`));
      if (fields.get(field) !== from) return Promise.resolve(false);
      if (to === undefined) fields.delete(field);
      else fields.set(field, to);
      set(`hash:${table}`, fields, ttl);
      return Promise.resolve(true);
    },
    ping: () => Promise.resolve(),
    close: () => Promise.resolve(),
    size,
  };
};
