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
  const early = poller.ready();
  await settle();
  vi.advanceTimersByTime(intervalMs);
  looks.shift()!([{ id: 'a', type: 'VM.START' }]);
  await early;

  isNeeded = true;
  const ready = poller.ready();
  await settle();
  looks.shift()?.([{ id: 'a', type: 'VM.START' }]);
  expect(await ready).toBe(true);
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
