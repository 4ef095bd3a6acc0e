import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createFollower, type EventRow } from '../../src/cache/follow.ts';

const every = 15_000;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
};

test('a look that ends after nobody needed it any more: whoever comes then is followed for', async () => {
  const looks: ((rows: EventRow[]) => void)[] = [];
  const told: string[] = [];
  let isNeeded = false;
  const follower = createFollower({
    list: () => new Promise<EventRow[]>((resolve) => looks.push(resolve)),
    isForbidden: () => false,
    every,
    isNeeded: () => isNeeded,
    onEvents: (types) => Promise.resolve(void told.push(...types)),
    onDoubt: () => Promise.resolve(),
  });
  const early = follower.ready();
  await settle();
  vi.advanceTimersByTime(every);
  looks.shift()!([{ id: 'a', type: 'VM.START' }]);
  await early;

  isNeeded = true;
  const ready = follower.ready();
  await settle();
  looks.shift()?.([{ id: 'a', type: 'VM.START' }]);
  expect(await ready).toBe(true);
  vi.advanceTimersByTime(every);
  await settle();
  looks.shift()?.([
    { id: 'b', type: 'VM.STOP' },
    { id: 'a', type: 'VM.START' },
  ]);
  await settle();
  expect(told).toEqual(['VM.STOP']);
  follower.close();
});
