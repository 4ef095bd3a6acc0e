import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import type { StoreAddress } from '../config/store.ts';
import { CallError } from '../errors.ts';
import type { Observe } from '../observe.ts';
import { openConnection, reasonOf } from './connection.ts';
import { createNotices } from './notices.ts';
import { scripts, type Scripted } from './scripts.ts';
import type { Shared, Store } from './store.ts';

/** Whom a store tells that it was lost and has come back. */
export interface StoreWatch {
  report: (message: string) => void;
  observe?: Observe | undefined;
}

/** Replicas of different releases understand each other as long as this stays the same. */
const prefix = 'cloudstack-mcp:1:';
/** Longer than anything cached may live, so that no generation comes back while something of it is left. */
const generationFor = 86_400_000;

const lost = (reason: string): CallError =>
  new CallError(
    'unavailable',
    `The shared store cannot be used (${reason}). Nothing was sent.`,
    'Reads and changes that need no human and no limit go on. Try again in a moment; someone who operates this server can look at /health.',
  );

/** The run of a server: another one after every start. Empty where it may not be asked. */
const readInstance = async (client: Redis): Promise<string> => {
  try {
    return /^run_id:(\w+)/m.exec(await client.info('server'))?.[1] ?? '';
  } catch (error) {
    if (reasonOf(error) === 'NOPERM') return '';
    throw error;
  }
};

/** A store in Valkey or Redis. It opens its connection at once and again whenever it is lost; nobody waits for that. */
export const createRedisStore = (address: StoreAddress, { report, observe }: StoreWatch): Store => {
  const place = `${address.tls ? 'rediss' : 'redis'}://${address.host}:${address.port}`;
  let reachable: boolean | undefined;
  let refusedAt = 0;
  let instance = '';
  let reason = 'closed';
  const note = (isUp: boolean): void => {
    if (isUp === reachable) return;
    if (isUp && reachable === false) report(`The shared store at ${place} can be reached again.`);
    if (!isUp)
      report(
        `The shared store at ${place} cannot be reached (${reason}). Reads go on; changes that need a human's yes or have a limit are refused until it is back.`,
      );
    reachable = isUp;
    observe?.({ what: 'store', reachable: isUp });
  };
  const connection = openConnection(address, {
    up: async (client) => {
      for (const [name, definition] of Object.entries(scripts)) client.defineCommand(name, definition);
      instance = await readInstance(client);
      note(true);
    },
    down: (why) => {
      reason = why;
      note(false);
    },
  });
  // Subscriptions do not know of databases.
  const notices = createNotices(address, `${prefix}bump:${address.db}`);

  const run = async <T>(use: (redis: Redis & Scripted) => Promise<T>): Promise<T> => {
    const client = await connection.client();
    if (!client) throw lost(reason);
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
      throw lost(why);
    }
  };
  const keyOf = (kind: string, key: string): string => `${prefix}${kind}:${key}`;
  const once = async (key: string, ttl: number): Promise<boolean> =>
    (await run((redis) => redis.set(keyOf('once', key), '1', 'PX', Math.ceil(ttl), 'NX'))) === 'OK';
  /** Of what must not come back: a server that has begun anew, or taken over, may lack the last moments. */
  const keyNow = (kind: string, key: string): string => keyOf(kind, `${instance}:${key}`);
  const keep = async (key: string, value: string, ttl: number): Promise<void> => {
    await run((redis) => redis.set(key, value, 'PX', Math.ceil(ttl)));
  };

  const shared: Shared = {
    get: async (key) => (await run((redis) => redis.get(keyOf('cache', key)))) ?? undefined,
    set: (key, value, ttl) => keep(keyOf('cache', key), value, ttl),
    generations: async (keys) => {
      if (!keys.length) return [];
      return (await run((redis) => redis.mget(keys.map((key) => keyOf('generation', key))))).map(
        (found) => found ?? '',
      );
    },
    bump: async (keys) => {
      if (!keys.length) return;
      const names = keys.map((key) => keyOf('generation', key));
      const rest = [randomUUID(), generationFor, `${prefix}bump:${address.db}`, JSON.stringify(keys)];
      await run((redis) => redis.bumpAll(names.length, ...names, ...rest));
    },
    onBump: notices.listen,
    claim: (key, ttl) => once(`claim:${key}`, ttl),
    isReachable: () => connection.isUp() && notices.isHeard(),
  };

  return {
    kind: 'redis',
    shared,
    once,
    count: (key, window, add = true) =>
      run((redis) => redis.countEvents(keyOf('count', key), Math.ceil(window), add ? randomUUID() : '')),
    take: (key, { size, perMillisecond }, price) =>
      run((redis) => redis.takeFrom(keyOf('take', key), size, perMillisecond, price)),
    keep: (key, value, ttl) => keep(keyOf('kept', key), value, ttl),
    recall: async (key) => (await run((redis) => redis.get(keyOf('kept', key)))) ?? undefined,
    agree: async (key, proposal, ttl) =>
      (await run((redis) => redis.set(keyNow('agreed', key), proposal, 'PX', Math.ceil(ttl), 'NX', 'GET'))) ?? proposal,
    list: async (table) => new Map(Object.entries(await run((redis) => redis.hgetall(keyNow('table', table))))),
    swap: async (table, field, from, to, ttl) => {
      const [before, after] = [from, to].map((text) => (text === undefined ? '' : `=${text}`)) as [string, string];
      return (
        (await run((redis) => redis.swapField(keyNow('table', table), field, before, after, Math.ceil(ttl)))) === 1
      );
    },
    ping: () => keep(keyOf('kept', 'health'), '1', 10_000),
    close: async () => {
      await Promise.all([connection.close(), notices.close()]);
    },
  };
};
