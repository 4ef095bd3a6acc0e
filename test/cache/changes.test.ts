import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createChanges } from '../../src/cache/changes.ts';
import type { Invalidated } from '../../src/cache/invalidation-rules.ts';
import type { Answer, WireParams } from '../../src/types.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const open = () => {
  const held: Invalidated[] = [];
  let ends = 0;
  const changes = createChanges((touched) => {
    held.push(touched);
    return Promise.resolve(() => {
      ends++;
      return Promise.resolve();
    });
  });
  const start = (id: string, status: 'pending' | 'succeeded'): Promise<Answer> =>
    changes.send('startVirtualMachine', () => Promise.resolve({ body: {}, job: { id, status, elapsed: 0 } }));
  const ask = (jobid: string): Promise<Answer> =>
    changes.sendJobQuery(
      { command: 'queryAsyncJobResult', params: { jobid }, method: 'GET' } as unknown as WireParams,
      () => Promise.resolve({ body: { jobid, jobstatus: 1 } }),
    );
  return { held, ends: () => ends, start, ask, close: changes.close };
};

test('of the jobs that have ended only the latest are remembered', async () => {
  const { held, start, ask, close } = open();
  for (let job = 0; job < 3000; job++) await start(`job ${job}`, 'succeeded');
  await ask('job 2999');
  expect(held).not.toContain('everything');
  await ask('job 0');
  expect(held.at(-1)).toBe('everything');
  close();
});

test('a job whose end nobody asks for is held for a while, and then forgotten', async () => {
  const { held, ends, start, ask, close } = open();
  await start('a', 'pending');
  vi.advanceTimersByTime(899_999);
  expect(ends()).toBe(0);
  vi.advanceTimersByTime(1);
  expect(ends()).toBe(1);
  // Like one that others began.
  await ask('a');
  expect(held.at(-1)).toBe('everything');
  close();
});
