import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createSharedVersions } from '../../src/cache/versions.ts';
import type { SharedCache } from '../../src/store/store.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const open = () => {
  const bumped: (readonly string[])[] = [];
  const landing: (() => void)[] = [];
  const store = { isUp: true, isSlow: false };
  const shared: SharedCache = {
    get: () => Promise.resolve(undefined),
    set: () => Promise.resolve(),
    claim: () => Promise.resolve(true),
    onInvalidate: () => () => undefined,
    isReachable: () => store.isUp,
    versions: (keys) => Promise.resolve(keys.map(() => '')),
    invalidate: (keys) => {
      bumped.push(keys);
      return store.isSlow ? new Promise<void>((resolve) => landing.push(resolve)) : Promise.resolve();
    },
  };
  return { bumped, landing, store, generations: createSharedVersions(shared, () => ['everything']) };
};

test('a change that could not be told makes everything stale for all, though nobody reads here', async () => {
  const { bumped, store, generations } = open();
  store.isUp = false;
  await generations.invalidate(['a']);
  vi.advanceTimersByTime(5000);
  expect(bumped).toEqual([]);
  store.isUp = true;
  vi.advanceTimersByTime(5000);
  expect(bumped).toEqual([['everything']]);
  await new Promise((resolve) => setImmediate(resolve));
  vi.advanceTimersByTime(50_000);
  expect(bumped).toHaveLength(1);
  generations.close();
});

test('what is lost while the others are told of an earlier loss is told, too', async () => {
  const { bumped, landing, store, generations } = open();
  store.isUp = false;
  await generations.invalidate(['a']);
  Object.assign(store, { isUp: true, isSlow: true });
  const first = generations.current(['a']);
  await new Promise((resolve) => setImmediate(resolve));
  store.isUp = false;
  await generations.invalidate(['b']);
  Object.assign(store, { isUp: true, isSlow: false });
  landing.shift()!();
  await first;
  expect(await generations.current(['b'])).toBe('');
  expect(bumped).toEqual([['everything'], ['everything']]);
  generations.close();
});
