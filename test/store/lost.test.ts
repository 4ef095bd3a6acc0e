import { afterEach, expect, test, vi } from 'vitest';
import { createJobs } from '../../src/app/jobs.ts';
import { readStoreUrl } from '../../src/config/store-url.ts';
import { CallError } from '../../src/errors.ts';
import { createSharedApprovals } from '../../src/guard/shared-approvals.ts';
import { checkHealth } from '../../src/app/health.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { createLimits } from '../../src/web/limits.ts';

afterEach(() => vi.useRealTimers());

/** A store that can be taken away. */
const createFading = () => {
  const store = createMemoryStore();
  const state = { lost: false };
  const guard =
    <A extends unknown[], T>(use: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      if (state.lost) throw new CallError('unavailable', 'lost', '');
      return use(...args);
    };
  return { ...store, takeTokens: guard(store.takeTokens), set: guard(store.set), get: guard(store.get), state };
};

test('while the store is lost each replica has its own buckets; after that the shared one counts again', async () => {
  const store = createFading();
  const [a, b] = [1, 2].map(() => createLimits({ rateLimit: 2, maxInFlight: 1 }, store));
  expect(await a!.take('p', 2)).toBeUndefined();
  expect(await b!.take('p', 1)).toBeGreaterThan(0);
  store.state.lost = true;
  for (const one of [a!, b!]) {
    expect(await one.take('p', 2)).toBeUndefined();
    expect(await one.take('p', 1)).toBeGreaterThan(0);
  }
  store.state.lost = false;
  expect(await a!.take('p', 1)).toBeGreaterThan(0);
});

test('a bug in a store is not taken for its loss', async () => {
  const { take } = createLimits(
    { rateLimit: 2, maxInFlight: 1 },
    { takeTokens: () => Promise.reject(new TypeError('bug')) },
  );
  await expect(take('p', 1)).rejects.toThrow('bug');
});

const caller = { principal: 'p', host: 'h', profile: 'default' };

test('a job that began while the store is lost is known here at once, and elsewhere once it is back', async () => {
  vi.useFakeTimers();
  const store = createFading();
  const [here, there] = [createJobs(store), createJobs(store)];
  store.state.lost = true;
  await here.add(caller, 'j1');
  expect(await here.isOf(caller, 'j1')).toBe(true);
  // Elsewhere it cannot be told.
  await expect(there.isOf(caller, 'j1')).rejects.toMatchObject({ kind: 'unavailable' });
  await vi.advanceTimersByTimeAsync(30_000);
  store.state.lost = false;
  expect(await there.isOf(caller, 'j1')).toBe(false);
  await vi.advanceTimersByTimeAsync(5000);
  expect(await there.isOf(caller, 'j1')).toBe(true);
  expect(await there.isOf({ ...caller, principal: 'q' }, 'j1')).toBe(false);
  expect(await there.isOf(caller, 'j2')).toBe(false);
});

test('health: a lost store, and one whose notices do not come through, is a degradation', async () => {
  const look = async (store: Partial<Store>) =>
    (
      await checkHealth(
        {
          clouds: { open: () => Promise.reject(new Error('none')), hostOf: () => undefined },
          audit: { ready: () => Promise.resolve(), problems: () => [] } as never,
          guard: { check: () => Promise.resolve() } as never,
          store: { ...createMemoryStore(), ...store },
        },
        {},
      )
    )['store'];
  expect(await look({})).toEqual({ status: 'ok', kind: 'memory' });
  const received = (isReceiving: boolean) => ({
    kind: 'redis' as const,
    shared: { isReachable: () => isReceiving } as never,
  });
  expect(await look(received(true))).toMatchObject({ status: 'ok', kind: 'redis' });
  expect(await look(received(false))).toMatchObject({ status: 'degraded' });
  const ping = () => Promise.reject(new CallError('unavailable', 'lost', ''));
  expect(await look({ ...received(true), ping })).toMatchObject({ status: 'degraded', kind: 'redis' });
});

// approvals in a store, without a server

const question = { digest: 'd1', message: 'Do it?' };

test('shared approvals: codes and approvals run out, and leave nothing', async () => {
  let now = 0;
  const store = createMemoryStore();
  const approvals = createSharedApprovals(store, () => now);
  const code = await approvals.open(question, caller);
  expect(await approvals.open(question, caller)).toBe(code);
  now = 15 * 60_000 - 1;
  expect(await approvals.waiting()).toMatchObject([{ code, digest: 'd1' }]);
  now++;
  expect(await approvals.waiting()).toEqual([]);
  await expect(approvals.approve(code, 'ann')).rejects.toMatchObject({ kind: 'not-found' });
  const second = await approvals.open(question, caller);
  await approvals.approve(second.toLowerCase(), 'ann');
  expect(await approvals.waiting()).toEqual([]);
  now += 5 * 60_000;
  expect(await approvals.take('d1')).toBeUndefined();
  const third = await approvals.open(question, caller);
  await approvals.approve(third, 'ann');
  expect(await approvals.take('d2')).toBeUndefined();
  expect(await approvals.take('d1')).toMatchObject({ by: 'ann', caller });
  expect(await approvals.take('d1')).toBeUndefined();
  expect((await store.hashGetAll('approvals')).size).toBe(0);
});

test('shared approvals: of many at once one opens, one answers, one takes', async () => {
  const store = createMemoryStore();
  const all = Array.from({ length: 10 }, () => createSharedApprovals(store));
  const codes = new Set(await Promise.all(all.map((one) => one.open(question, caller))));
  expect(codes.size).toBe(1);
  const [code = ''] = codes;
  const answers = await Promise.allSettled(
    all.map((one, at) => (at % 2 ? one.approve(code, `${at}`) : one.refuse(code, `${at}`, ''))),
  );
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  await store.compareAndSet('approvals', 'd1', (await store.hashGetAll('approvals')).get('d1'), undefined, 1000);
  await all[0]!.approve(await all[0]!.open(question, caller), 'ann');
  const taken = await Promise.all(all.map((one) => one.take('d1')));
  expect(taken.filter(Boolean)).toHaveLength(1);
});

test('shared approvals: so many wait, and no more; what is none is no approval', async () => {
  const store = createMemoryStore();
  const approvals = createSharedApprovals(store);
  // No one may have more places than are left.
  for (let n = 0; n < 100; n++)
    await approvals.open({ ...question, digest: `d${n}` }, { ...caller, principal: `p${n}` });
  await expect(approvals.open({ ...question, digest: 'z' }, caller)).rejects.toMatchObject({ kind: 'unconfirmed' });
  const broken = createMemoryStore();
  const entry = { code: 'AAAA-AAAA', digest: 'other', message: '', caller, asked: Date.now(), answered: Date.now() };
  await broken.compareAndSet('approvals', 'd1', undefined, JSON.stringify(entry), 60_000);
  await broken.compareAndSet('approvals', 'd2', undefined, '{"digest":"', 60_000);
  expect(await createSharedApprovals(broken).take('d1')).toBeUndefined();
  expect(await createSharedApprovals(broken).waiting()).toEqual([]);
});

test.each([
  ['redis://localhost', { host: 'localhost', port: 6379, tls: false, db: 0 }],
  ['redis://localhost/', { host: 'localhost', port: 6379, tls: false, db: 0 }],
  [
    'rediss://u:p%40%2F%23@h.example:7000/3',
    { host: 'h.example', port: 7000, tls: true, db: 3, username: 'u', password: 'p@/#' },
  ],
  ['redis://:secret@[::1]:1', { host: '::1', port: 1, tls: false, db: 0, password: 'secret' }],
  ['http://localhost', undefined],
  ['localhost:6379', undefined],
  ['redis://', undefined],
  ['redis://h/x', undefined],
  ['redis://h/1/2', undefined],
  ['redis://h?db=1', undefined],
  ['redis://h#1', undefined],
  ['redis://:%zz@h', undefined],
  ['redis://:pa/ss@h', undefined],
])('the address %s', (text, address) => {
  expect(readStoreUrl(text)).toEqual(address);
});
