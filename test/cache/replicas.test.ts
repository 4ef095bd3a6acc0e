import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createApp } from '../../src/app/app.ts';
import { loadConfig } from '../../src/config/config.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { SharedCache, Store } from '../../src/store/store.ts';
import { createCounting, requestOf, uuid, type Answers, yes } from '../guard/counting.ts';

const every = 15_000;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A store that replicas share, in this process; it can be lost, and come back with or without what was in it. */
const createSharedStore = () => {
  const values = new Map<string, { text: string; until: number }>();
  const listeners = new Set<(keys: readonly string[]) => void>();
  let generation = 0;
  let isUp = true;
  const report = (keys: readonly string[]): void => listeners.forEach((listener) => listener(keys));
  const run = <T>(use: () => T): Promise<T> => (isUp ? Promise.resolve(use()) : Promise.reject(new Error('lost')));
  const peek = (key: string): string | undefined => {
    const found = values.get(key);
    return found && found.until > Date.now() ? found.text : undefined;
  };
  const put = (key: string, text: string, ttl: number): void => void values.set(key, { text, until: Date.now() + ttl });
  const shared: SharedCache = {
    get: (key) => run(() => peek(`value ${key}`)),
    set: (key, text, ttl) => run(() => put(`value ${key}`, text, ttl)),
    versions: (keys) => run(() => keys.map((key) => peek(`generation ${key}`) ?? '')),
    invalidate: (keys) =>
      run(() => {
        for (const key of keys) put(`generation ${key}`, `g${++generation}`, 86_400_000);
        report(keys);
      }),
    onInvalidate: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    claim: (key, ttl) =>
      run(() => {
        if (peek(`claim ${key}`) !== undefined) return false;
        put(`claim ${key}`, '1', ttl);
        return true;
      }),
    isReachable: () => isUp,
  };
  const store: Store = { ...createMemoryStore(), shared };
  return {
    store,
    lose: () => (isUp = false),
    find: ({ empty = false } = {}) => {
      if (empty) values.clear();
      isUp = true;
      report(['*']);
    },
    texts: () => [...values.values()].map(({ text }) => text),
    spoil: () => values.forEach((value) => (value.text = '{')),
  };
};

/** Replicas of one server before one cloud. */
const openReplicas = async (count: number, answers: Answers = () => undefined) => {
  const shared = createSharedStore();
  const cloud = createCounting(answers);
  const config = await loadConfig(
    {},
    {
      CLOUDSTACK_API_URL: 'http://cloud.invalid/client/api',
      CLOUDSTACK_API_KEY: 'the-key',
      CLOUDSTACK_SECRET_KEY: 'the-secret',
      CLOUDSTACK_MCP_AUDIT: '/dev/null',
      CLOUDSTACK_MCP_DISCOVER: 'false',
      CLOUDSTACK_MCP_RETRIES: '0',
      CLOUDSTACK_MCP_POLL_INTERVAL: '1',
    },
  );
  const apps = Array.from({ length: count }, () =>
    createApp(
      { ...config, policy: undefined },
      { cache: true, stderr: { write: () => true }, transport: cloud.transport, store: shared.store },
    ),
  );
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    ...shared,
    ...cloud,
    call: (replica: number, tool: string, args: Record<string, unknown> = {}) =>
      apps[replica]!.call(requestOf(tool, args, { consent: yes, wait: 60_000 })),
    pass: async (ms: number): Promise<void> => {
      for (let left = ms; left > 0; left -= 1000) {
        vi.advanceTimersByTime(Math.min(left, 1000));
        await settle();
      }
    },
    settle,
    close: () => Promise.all(apps.map((app) => app.close())),
  };
};
type Replicas = Awaited<ReturnType<typeof openReplicas>>;

const isCached = async (replicas: Replicas, replica: number, tool: string): Promise<boolean> =>
  (await replicas.call(replica, tool)).structured['age'] !== undefined;

test('what one replica asked for, the others have; what one changes, all forget', async () => {
  const replicas = await openReplicas(3);
  await replicas.call(0, 'listZones');
  for (const replica of [0, 1, 2]) expect(await isCached(replicas, replica, 'listZones')).toBe(true);
  expect(replicas.times('listZones')).toBe(1);
  await replicas.call(1, 'updateZone', { id: uuid(1), name: 'x' });
  const before = replicas.times('listZones');
  expect(await isCached(replicas, 2, 'listZones')).toBe(false);
  for (const replica of [0, 1, 2]) expect(await isCached(replicas, replica, 'listZones')).toBe(true);
  expect(replicas.times('listZones')).toBe(before + 1);
  // Neither key nor secret lie in the store.
  expect(replicas.texts().join()).not.toMatch(/the-key|the-secret/);
  await replicas.close();
});

test('one replica looks at the events for all, another takes over', async () => {
  let rows = [{ id: 'a', type: 'VM.START' }];
  const replicas = await openReplicas(3, (command) =>
    command === 'listEvents' ? { count: rows.length, event: rows } : undefined,
  );
  for (const replica of [0, 1, 2]) await replicas.call(replica, 'listPods');
  await replicas.settle();
  expect(replicas.times('listEvents')).toBe(1);
  for (const replica of [0, 1, 2]) await replicas.call(replica, 'listZones');
  await replicas.pass(4 * every);
  expect(replicas.times('listEvents')).toBeGreaterThanOrEqual(4);
  expect(replicas.times('listEvents')).toBeLessThanOrEqual(5);
  for (const replica of [0, 1, 2]) expect(await isCached(replicas, replica, 'listZones')).toBe(true);
  rows = [{ id: 'b', type: 'ZONE.EDIT' }, ...rows];
  await replicas.pass(every + 1000);
  const before = replicas.times('listZones');
  expect(await isCached(replicas, 1, 'listZones')).toBe(false);
  expect(await isCached(replicas, 0, 'listZones')).toBe(true);
  expect(await isCached(replicas, 2, 'listZones')).toBe(true);
  expect(replicas.times('listZones')).toBe(before + 1);
  await replicas.close();
});

test.each([false, true])(
  'a store that is lost: everything is asked anew, then and after (it came back empty: %s)',
  async (empty) => {
    const replicas = await openReplicas(2);
    for (const replica of [0, 1]) await replicas.call(replica, 'listZones');
    replicas.lose();
    for (let turn = 0; turn < 2; turn++)
      for (const replica of [0, 1]) expect(await isCached(replicas, replica, 'listZones')).toBe(false);
    // The change goes on, as far as the cache is concerned.
    await replicas.call(0, 'updateZone', { id: uuid(1), name: 'x' });
    replicas.find({ empty });
    const before = replicas.times('listZones');
    expect(await isCached(replicas, 1, 'listZones')).toBe(false);
    expect(replicas.times('listZones')).toBe(before + 1);
    // Each replica that lost it begins anew once.
    await replicas.call(0, 'listZones');
    await replicas.call(1, 'listZones');
    await replicas.settle();
    for (const replica of [0, 1]) expect(await isCached(replicas, replica, 'listZones')).toBe(true);
    await replicas.close();
  },
);

test('while a change runs on one replica, the others do not keep for long what it touches', async () => {
  let state = 0;
  const replicas = await openReplicas(2, (command, params) =>
    command === 'queryAsyncJobResult'
      ? { jobid: params['jobid'], jobstatus: state, jobresult: { success: true } }
      : undefined,
  );
  await replicas.call(1, 'listVirtualMachines');
  const running = replicas.call(0, 'startVirtualMachine', { id: uuid(7) });
  await replicas.settle();
  await replicas.call(1, 'listVirtualMachines');
  await replicas.pass(5000);
  expect(await isCached(replicas, 1, 'listVirtualMachines')).toBe(false);
  expect(await isCached(replicas, 0, 'listVirtualMachines')).toBe(false);
  state = 1;
  await running;
  expect(await isCached(replicas, 1, 'listVirtualMachines')).toBe(false);
  expect(await isCached(replicas, 1, 'listVirtualMachines')).toBe(true);
  await replicas.close();
});

test.each([0, 1])('what lies spoiled in the store is asked for anew, by replica %i', async (replica) => {
  const replicas = await openReplicas(2);
  await replicas.call(0, 'listPods');
  await replicas.settle();
  await replicas.call(0, 'listZones');
  replicas.spoil();
  expect(await isCached(replicas, replica, 'listZones')).toBe(false);
  await replicas.close();
});

test('an answer with a credential in it is kept, but not in the store', async () => {
  const user = { id: uuid(1), username: 'bob', apikey: 'key-of-bob' };
  const replicas = await openReplicas(2, (command) =>
    command === 'listUsers' ? { count: 1, user: [user] } : undefined,
  );
  await replicas.call(0, 'listUsers');
  expect(await isCached(replicas, 0, 'listUsers')).toBe(true);
  expect(replicas.texts().join()).not.toContain('key-of-bob');
  expect(await isCached(replicas, 1, 'listUsers')).toBe(false);
  await replicas.close();
});
