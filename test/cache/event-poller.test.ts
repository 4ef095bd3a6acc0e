import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createEventPoller, type CloudEvent } from '../../src/cache/event-poller.ts';

const intervalMs = 15_000;
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
  const looks: ((rows: CloudEvent[]) => void)[] = [];
  const received: string[] = [];
  let isNeeded = false;
  const poller = createEventPoller({
    list: () => new Promise<CloudEvent[]>((resolve) => looks.push(resolve)),
    isForbidden: () => false,
    intervalMs,
    isNeeded: () => isNeeded,
    onEvents: (types) => Promise.resolve(void received.push(...types)),
    onDoubt: () => Promise.resolve(),
  });
  poller.start();
  await settle();
  vi.advanceTimersByTime(intervalMs);
  looks.shift()!([{ id: 'a', type: 'VM.START' }]);
  await settle();

  isNeeded = true;
  poller.start();
  await settle();
  looks.shift()?.([{ id: 'a', type: 'VM.START' }]);
  await settle();
  expect(poller.isPolling()).toBe(true);
  vi.advanceTimersByTime(intervalMs);
  await settle();
  looks.shift()?.([
    { id: 'b', type: 'VM.STOP' },
    { id: 'a', type: 'VM.START' },
  ]);
  await settle();
  expect(received).toEqual(['VM.STOP']);
  poller.close();
});

test('a look that failed is repeated later each time, and at once when one came through', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
  let looks = 0;
  let isDown = true;
  const poller = createEventPoller({
    list: () => {
      looks++;
      return isDown ? Promise.reject(new Error('too slow')) : Promise.resolve([{ id: 'a', type: 'VM.START' }]);
    },
    isForbidden: () => false,
    intervalMs,
    isNeeded: () => true,
    onEvents: () => Promise.resolve(),
    onDoubt: () => Promise.resolve(),
  });
  const looksIn = async (turns: number): Promise<number> => {
    const before = looks;
    for (let turn = 0; turn < turns; turn++) {
      vi.advanceTimersByTime(intervalMs);
      await settle();
    }
    return looks - before;
  };
  poller.start();
  await settle();
  expect(looks).toBe(1);
  expect(await looksIn(1 + 2 + 4 + 8)).toBe(4);
  expect(poller.isPolling()).toBe(false);
  // Never longer than ten minutes.
  expect(await looksIn(200)).toBeGreaterThanOrEqual(4);
  isDown = false;
  await looksIn(40);
  expect(poller.isPolling()).toBe(true);
  expect(await looksIn(3)).toBe(3);
  poller.close();
});
