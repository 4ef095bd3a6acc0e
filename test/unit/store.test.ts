import { expect, test, vi } from 'vitest';
import { createMemoryStore } from '../../src/store/memory.ts';
import { createLinks, linkMinutes } from '../../src/web/page/links.ts';

test('a key is new once within its time to live', async () => {
  let now = 0;
  const store = createMemoryStore(() => now);
  expect(await store.setIfAbsent('a', 100)).toBe(true);
  expect(await store.setIfAbsent('a', 100)).toBe(false);
  expect(await store.setIfAbsent('b', 100)).toBe(true);
  now = 99;
  expect(await store.setIfAbsent('a', 100)).toBe(false);
  now = 100;
  expect(await store.setIfAbsent('a', 100)).toBe(true);
  expect(await store.setIfAbsent('a', 100)).toBe(false);
});

test.each([-1, 1])('a clock of the day that is set by %i days ends nothing sooner or later', async (days) => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  try {
    const [store, links] = [createMemoryStore(), createLinks()];
    await store.set('key', 'value', 1000);
    const [first, second] = [links.create(), links.create()];
    vi.setSystemTime(Date.now() + days * 86_400_000);
    expect([await store.get('key'), links.use(first)]).toEqual(['value', true]);
    vi.advanceTimersByTime(linkMinutes * 60_000);
    expect([await store.get('key'), links.use(second)]).toEqual([undefined, false]);
  } finally {
    vi.useRealTimers();
  }
});

test('of many at the same time one is first', async () => {
  const store = createMemoryStore();
  const answers = await Promise.all(Array.from({ length: 100 }, () => store.setIfAbsent('a', 1000)));
  expect(answers.filter(Boolean)).toHaveLength(1);
});
