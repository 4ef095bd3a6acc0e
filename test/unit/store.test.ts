import { expect, test } from 'vitest';
import { createMemoryStore } from '../../src/store/memory.ts';

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

test('of many at the same time one is first', async () => {
  const store = createMemoryStore();
  const answers = await Promise.all(Array.from({ length: 100 }, () => store.setIfAbsent('a', 1000)));
  expect(answers.filter(Boolean)).toHaveLength(1);
});
