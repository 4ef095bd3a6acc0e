import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { limitTime } from '../../src/time-limit.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('a limit fires though nothing else keeps it, when memory is freed meanwhile', async () => {
  const { signal, end } = limitTime(new AbortController().signal, 20);
  const over = once(signal, 'abort');
  for (let round = 0; round < 3; round++) {
    await new Promise(setImmediate);
    collectGarbage();
  }
  await over;
  expect((signal.reason as Error).name).toBe('TimeoutError');
  end();
});

test('a limit follows the signal of its caller, also one that is over already', () => {
  const caller = new AbortController();
  const early = limitTime(caller.signal, 60_000);
  caller.abort('stopped');
  const late = limitTime(caller.signal, 60_000);
  expect([early.signal.reason, late.signal.reason]).toEqual(['stopped', 'stopped']);
  early.end();
  late.end();
});

test('what was ended follows nothing', () => {
  const caller = new AbortController();
  const limit = limitTime(caller.signal, 60_000);
  limit.end();
  caller.abort();
  expect(limit.signal.aborted).toBe(false);
});
