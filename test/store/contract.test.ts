import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { answerFor, connectMachineStore, createMachineStore, type AskStore } from '../../src/store/machine.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { describeWithServer } from '../support/describe-with-server.ts';
import { startServer, type Server } from '../support/store-server.ts';
import { eventually } from '../support/eventually.ts';

const firstOf = (all: unknown[]) => all.filter(Boolean).length;

/** What every store promises, whatever it is made of. `two`: two replicas of one store. */
const contract = (two: () => [Store, Store]) => {
  let n = 0;
  /** A key that no other test has used. */
  const fresh = (): string => `key-${++n}`;

  test('a key is new once within its time to live, and of many at the same time one is first', async () => {
    const [a, b] = two();
    const key = fresh();
    const all = await Promise.all(Array.from({ length: 50 }, (_, at) => (at % 2 ? a : b).setIfAbsent(key, 60_000)));
    expect(firstOf(all)).toBe(1);
    expect(await b.setIfAbsent(fresh(), 60_000)).toBe(true);
    const brief = fresh();
    expect(await a.setIfAbsent(brief, 30)).toBe(true);
    await eventually(async () => expect(await b.setIfAbsent(brief, 30)).toBe(true));
  });

  test('events are counted together, and forgotten when they are older than the window', async () => {
    const [a, b] = two();
    const key = fresh();
    expect(await a.count(key, 60_000, false)).toBe(0);
    const all = await Promise.all(Array.from({ length: 10 }, (_, at) => (at % 2 ? a : b).count(key, 60_000)));
    expect(all.sort((x, y) => x - y)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(await b.count(key, 60_000, false)).toBe(10);
    expect(await a.count(fresh(), 60_000)).toBe(1);
    const brief = fresh();
    await a.count(brief, 30);
    await eventually(async () => expect(await b.count(brief, 30, false)).toBe(0));
    expect(await b.count(brief, 30)).toBe(1);
  });

  test('a bucket gives what is in it, says how long to wait for more, and fills again', async () => {
    const [a, b] = two();
    const key = fresh();
    const hourly = { size: 10, perMillisecond: 10 / 3_600_000 };
    const all = await Promise.all(Array.from({ length: 12 }, (_, at) => (at % 2 ? a : b).takeTokens(key, hourly, 1)));
    expect(all.filter((wait) => wait === 0)).toHaveLength(10);
    const wait = await a.takeTokens(key, hourly, 2);
    expect(wait).toBeGreaterThan(700_000);
    expect(wait).toBeLessThanOrEqual(720_000);
    // What was refused has taken nothing.
    expect(await b.takeTokens(key, hourly, 2)).toBeGreaterThan(700_000);
    expect(await b.takeTokens(fresh(), hourly, 10)).toBe(0);
    const quick = fresh();
    const fast = { size: 2, perMillisecond: 0.1 };
    expect(await a.takeTokens(quick, fast, 2)).toBe(0);
    await eventually(async () => expect(await b.takeTokens(quick, fast, 2)).toBe(0));
  });

  test('a value is stored, replaced, and gone after its time to live', async () => {
    const [a, b] = two();
    const key = fresh();
    expect(await a.get(key)).toBeUndefined();
    await a.set(key, 'one', 60_000);
    expect(await b.get(key)).toBe('one');
    await b.set(key, 'zwölf "…"\n', 60_000);
    expect(await a.get(key)).toBe('zwölf "…"\n');
    await a.set(key, 'brief', 30);
    await eventually(async () => expect(await a.get(key)).toBeUndefined());
  });

  test('all agree on the first proposal', async () => {
    const [a, b] = two();
    const key = fresh();
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, at) => (at % 2 ? a : b).getOrSet(key, `${at}`, 60_000)),
    );
    expect(new Set(all).size).toBe(1);
    expect(await b.getOrSet(key, 'later', 60_000)).toBe(all[0]);
  });

  test('a field of a table changes only from what it is taken for', async () => {
    const [a, b] = two();
    const table = fresh();
    expect([...(await a.hashGetAll(table))]).toEqual([]);
    const added = await Promise.all(
      [a, b, a].map((store, at) => store.compareAndSet(table, 'f', undefined, `${at}`, 60_000)),
    );
    expect(firstOf(added)).toBe(1);
    const [[, found] = []] = await b.hashGetAll(table);
    expect(await a.compareAndSet(table, 'f', 'else', 'x', 60_000)).toBe(false);
    expect(await a.compareAndSet(table, 'g', 'else', 'x', 60_000)).toBe(false);
    expect(await a.compareAndSet(table, 'f', found, '', 60_000)).toBe(true);
    // An empty text is something.
    expect(await b.compareAndSet(table, 'f', undefined, 'x', 60_000)).toBe(false);
    await b.compareAndSet(table, 'g', undefined, 'y', 60_000);
    expect([...(await a.hashGetAll(table))].sort()).toEqual([
      ['f', ''],
      ['g', 'y'],
    ]);
    const taken = await Promise.all(
      [a, b, a, b].map((store) => store.compareAndSet(table, 'g', 'y', undefined, 60_000)),
    );
    expect(firstOf(taken)).toBe(1);
    expect([...(await b.hashGetAll(table))]).toEqual([['f', '']]);
    await a.compareAndSet(table, 'f', '', 'brief', 30);
    await eventually(async () => expect([...(await b.hashGetAll(table))]).toEqual([]));
  });

  test('it answers', async () => {
    const [a] = two();
    await expect(a.ping()).resolves.toBeUndefined();
  });
};

describe('in the memory of another process of the machine', () => {
  const store = createMachineStore();
  const lines: (readonly string[])[] = [];
  let isOpen = true;
  // What goes from one process to the other is copied.
  const ask: AskStore = async (name, args) =>
    structuredClone(await answerFor(store)(name, structuredClone(args) as unknown[]));
  const { onInvalidate } = store.shared;
  const connect = (): Store => connectMachineStore({ ask, onInvalidate, isOpen: () => isOpen });
  const [a, b] = [connect(), connect()];
  contract(() => [a, b]);

  test('what one process makes stale is stale for the other, which is told', async () => {
    const stop = b.shared!.onInvalidate((keys) => void lines.push(keys));
    await a.shared!.set('answer', 'text', 60_000);
    expect(await b.shared!.get('answer')).toBe('text');
    expect(await b.shared!.get('other')).toBeUndefined();
    const before = await b.shared!.versions(['x', 'y']);
    expect(await a.shared!.versions(['x', 'y'])).toEqual(before);
    await a.shared!.invalidate(['x']);
    const after = await b.shared!.versions(['x', 'y']);
    expect(after[0]).not.toBe(before[0]);
    expect(after[1]).toBe(before[1]);
    expect(lines).toEqual([['x']]);
    stop();
    await a.shared!.invalidate(['y']);
    expect(lines).toHaveLength(1);
    expect(await a.shared!.claim('poll', 60_000)).toBe(true);
    expect(await b.shared!.claim('poll', 60_000)).toBe(false);
    await a.close();
  });

  test('without the process that has it, it is lost; what no store has is not asked for', async () => {
    await expect(ask('constructor', [])).rejects.toThrow('a store has no constructor');
    await expect(ask('shared.kind', [])).rejects.toThrow('a store has no shared.kind');
    isOpen = false;
    await expect(a.get('key')).rejects.toMatchObject({ kind: 'unavailable' });
    expect(a.shared!.isReachable()).toBe(false);
    isOpen = true;
  });
});

describe('in memory', () => {
  const store = createMemoryStore();
  contract(() => [store, store]);

  test('what has ended does not pile up', async () => {
    let now = 0;
    const own = createMemoryStore(() => now);
    for (let n = 0; n < 10_000; n++) {
      now += 10;
      await own.setIfAbsent(`a${n}`, 100);
      await own.count(`b${n}`, 100);
      await own.takeTokens(`c${n}`, { size: 1, perMillisecond: 0.01 }, 1);
      await own.set(`d${n}`, 'x', 100);
      await own.compareAndSet(`e${n}`, 'f', undefined, 'x', 100);
      // Looking keeps nothing in mind.
      await own.count(`f${n}`, 100, false);
    }
    expect(own.size()).toBeLessThan(500);
  });
});

describeWithServer('on a server', () => {
  let server: Server;
  const stores: Store[] = [];
  const lines: string[] = [];
  const open = (): Store => {
    const store = openStore({ redisUrl: server.url }, { report: (line) => lines.push(line) });
    stores.push(store);
    return store;
  };
  let pair: [Store, Store];
  beforeAll(async () => {
    server = await startServer();
    pair = [open(), open()];
  });
  afterEach(() => expect(lines).toEqual([]));
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await server.close();
  });
  contract(() => pair);

  test('every key has an end, and the name of this program', async () => {
    const { Redis } = await import('ioredis');
    const redis = new Redis(server.url);
    await redis.flushall();
    const [a] = pair;
    const shared = a.shared!;
    await Promise.all([
      a.setIfAbsent('a', 1000),
      a.count('b', 1000),
      a.takeTokens('c', { size: 1, perMillisecond: 0.001 }, 1),
      a.set('d', 'x', 1000),
      a.getOrSet('e', 'x', 1000),
      a.compareAndSet('f', 'g', undefined, 'x', 1000),
      a.ping(),
      shared.set('h', 'x', 1000),
      shared.invalidate(['i', 'j']),
      shared.claim('k', 1000),
    ]);
    const keys = await redis.keys('*');
    expect(keys).toHaveLength(11);
    for (const key of keys) {
      expect(key).toMatch(/^cloudstack-mcp:1:/);
      expect(await redis.pttl(key)).toBeGreaterThan(0);
    }
    redis.disconnect();
  });
});
