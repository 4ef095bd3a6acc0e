import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import type { StoreAddress } from '../config/store-url.ts';
import { CallError } from '../errors.ts';
import type { Observe } from '../observe.ts';
import { openConnection, reasonOf } from './connection.ts';
import { createNotices } from './notices.ts';
import { scripts, type Scripted } from './scripts.ts';
import type { SharedCache, Store } from './store.ts';

/** Receives the loss and the return of a store. */
export interface StoreObserver {
  report: (message: string) => void;
  observe?: Observe | undefined;
}

/** Replicas of different releases understand each other as long as this stays the same. */
const prefix = 'cloudstack-mcp:1:';
/** Longer than any cached entry may live, so that an expired version is never reused while an entry of it is left. */
const versionTtlMs = 86_400_000;

const unavailable = (reason: string): CallError =>
  new CallError(
    'unavailable',
    `The shared store cannot be used (${reason}). Nothing was sent.`,
    'Reads continue, and so do changes without a confirmation or a limit. Try again in a moment; the operator of this server can look at /health.',
  );

/** The run id of the server, new after every start. Empty where the user may not read it. */
const readRunId = async (client: Redis): Promise<string> => {
  try {
    return /^run_id:(\w+)/m.exec(await client.info('server'))?.[1] ?? '';
  } catch (error) {
    if (reasonOf(error) === 'NOPERM') return '';
    throw error;
  }
};

/** A store in Valkey or Redis. It connects at once and reconnects whenever the connection is lost; no caller waits for that. */
export const createRedisStore = (address: StoreAddress, { report, observe }: StoreObserver): Store => {
  const place = `${address.tls ? 'rediss' : 'redis'}://${address.host}:${address.port}`;
  let reachable: boolean | undefined;
  let refusedAt = 0;
  let runId = '';
  let reason = 'closed';
  const onStateChange = (isUp: boolean): void => {
    if (isUp === reachable) return;
    if (isUp && reachable === false) report(`The shared store at ${place} can be reached again.`);
    if (!isUp)
      report(
        `The shared store at ${place} cannot be reached (${reason}). Reads continue; changes that need a confirmation or have a limit are refused until it is back.`,
      );
    reachable = isUp;
    observe?.({ type: 'store', reachable: isUp });
  };
  const connection = openConnection(address, {
    up: async (client) => {
      for (const [name, definition] of Object.entries(scripts)) client.defineCommand(name, definition);
      runId = await readRunId(client);
      onStateChange(true);
    },
    down: (why) => {
      reason = why;
      onStateChange(false);
    },
  });
  // Subscriptions do not know of databases.
  const notices = createNotices(address, `${prefix}invalidate:${address.db}`);

  const run = async <T>(use: (redis: Redis & Scripted) => Promise<T>): Promise<T> => {
    const client = await connection.client();
    if (!client) throw unavailable(reason);
    try {
      return await use(client as Redis & Scripted);
    } catch (error) {
      const why = reasonOf(error);
      if (why === 'timeout') connection.reset(why);
      else if (connection.isUp() && Date.now() - refusedAt > 60_000) {
        refusedAt = Date.now();
        report(`The shared store at ${place} refuses commands (${why}).`);
      }
      // The client's own error holds the command, and the command may hold a secret.
      throw unavailable(why);
    }
  };
  const keyOf = (kind: string, key: string): string => `${prefix}${kind}:${key}`;
  const setIfAbsent = async (key: string, ttl: number): Promise<boolean> =>
    (await run((redis) => redis.set(keyOf('once', key), '1', 'PX', Math.ceil(ttl), 'NX'))) === 'OK';
  /** For values that must not reappear: a server that restarted or took over may lack the latest writes. */
  const keyOfRun = (kind: string, key: string): string => keyOf(kind, `${runId}:${key}`);
  const write = async (key: string, value: string, ttl: number): Promise<void> => {
    await run((redis) => redis.set(key, value, 'PX', Math.ceil(ttl)));
  };

  const shared: SharedCache = {
    get: async (key) => (await run((redis) => redis.get(keyOf('cache', key)))) ?? undefined,
    set: (key, value, ttl) => write(keyOf('cache', key), value, ttl),
    versions: async (keys) => {
      if (!keys.length) return [];
      return (await run((redis) => redis.mget(keys.map((key) => keyOf('version', key))))).map((found) => found ?? '');
    },
    invalidate: async (keys) => {
      if (!keys.length) return;
      const names = keys.map((key) => keyOf('version', key));
      const rest = [randomUUID(), versionTtlMs, `${prefix}invalidate:${address.db}`, JSON.stringify(keys)];
      await run((redis) => redis.invalidate(names.length, ...names, ...rest));
    },
    onInvalidate: notices.listen,
    claim: (key, ttl) => setIfAbsent(`claim:${key}`, ttl),
    isReachable: () => connection.isUp() && notices.isReceiving(),
  };

  return {
    kind: 'redis',
    shared,
    setIfAbsent,
    count: (key, window, add = true) =>
      run((redis) => redis.countEvents(keyOf('count', key), Math.ceil(window), add ? randomUUID() : '')),
    takeTokens: (key, { size, perMillisecond }, price) =>
      run((redis) => redis.takeTokens(keyOf('bucket', key), size, perMillisecond, price)),
    set: (key, value, ttl) => write(keyOf('value', key), value, ttl),
    get: async (key) => (await run((redis) => redis.get(keyOf('value', key)))) ?? undefined,
    getOrSet: async (key, proposal, ttl) =>
      (await run((redis) => redis.set(keyOfRun('first', key), proposal, 'PX', Math.ceil(ttl), 'NX', 'GET'))) ??
      proposal,
    hashGetAll: async (table) => new Map(Object.entries(await run((redis) => redis.hgetall(keyOfRun('hash', table))))),
    compareAndSet: async (table, field, from, to, ttl) => {
      const [before, after] = [from, to].map((text) => (text === undefined ? '' : `=${text}`)) as [string, string];
      return (
        (await run((redis) => redis.compareAndSet(keyOfRun('hash', table), field, before, after, Math.ceil(ttl)))) === 1
      );
    },
    ping: () => write(keyOf('value', 'health'), '1', 10_000),
    close: async () => {
      await Promise.all([connection.close(), notices.close()]);
    },
  };
};
