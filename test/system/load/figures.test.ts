import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import type { Cloud } from './cloud.ts';
import { createLedger, isClean } from './ledger.ts';
import { readEvents } from './sse.ts';
import { countErrors, createTally, errorsOf, figuresOf } from './tally.ts';

test('percentiles are milliseconds, also of what was merged', () => {
  const tally = createTally();
  for (let n = 1; n <= 10_000; n++) tally.add(n % 2 ? 'odd' : 'even', n / 10, 'ok');
  const { count, ...figures } = figuresOf(tally.operations.values());
  expect(count).toBe(10_000);
  for (const [name, exact] of Object.entries({ p50: 500, p95: 950, p99: 990 })) {
    expect(figures[name as 'p50']).toBeGreaterThanOrEqual(exact * 0.998);
    expect(figures[name as 'p50']).toBeLessThanOrEqual(exact * 1.002);
  }
  expect(figuresOf([])).toEqual({ count: 0, p50: 0, p95: 0, p99: 0 });
});

test('errors are counted by kind', () => {
  const tally = createTally();
  for (const kind of ['ok', 'timeout', 'ok', 'http-429', 'timeout']) tally.add('read', 5, kind);
  tally.add('change', 5, 'timeout');
  expect(errorsOf(tally)).toEqual({ timeout: 3, 'http-429': 1 });
  expect(errorsOf(tally, (name) => name === 'change')).toEqual({ timeout: 1 });
  expect(countErrors(tally)).toBe(4);
  expect(figuresOf(tally.operations.values()).count).toBe(6);
});

const events = async (...chunks: string[]): Promise<unknown[]> => {
  const seen: unknown[] = [];
  for await (const event of readEvents(Readable.from(chunks.map((chunk) => Buffer.from(chunk))))) seen.push(event);
  return seen;
};

test('events are read however they are cut up; what has no data is none', async () => {
  expect(await events('id: 1\ndata: {"a"', ':1}\n', '\n: alive\n\ndata: {"b":', '"ü"}\n\n')).toEqual([
    { a: 1 },
    { b: 'ü' },
  ]);
});

/** A cloud that has volumes of these names. */
const cloudWith = (...names: string[]): Cloud =>
  ({ list: () => Promise.resolve(names.map((name) => ({ name }))) }) as unknown as Cloud;

test('a ledger tells what was lost, repeated, or done though it was refused', async () => {
  const ledger = createLedger('x');
  for (const kind of ['ok', 'ok', 'unknown-outcome', 'unavailable', 'connection-ECONNRESET'])
    ledger.close(ledger.open(), { kind, structured: {}, text: '' });
  // Sent, and never heard of again.
  ledger.open();
  const audit = async (...names: string[]) => {
    const verdict = await ledger.audit(cloudWith(...names));
    return { verdict, clean: isClean(verdict) };
  };
  expect(await audit('x-0', 'x-1')).toMatchObject({ clean: true, verdict: { accepted: 2, unknown: 3, refused: 1 } });
  expect(await audit('x-0', 'x-1', 'x-2', 'x-4', 'x-5')).toMatchObject({ clean: true, verdict: { done: 3 } });
  expect(await audit('x-0')).toMatchObject({ clean: false, verdict: { lost: 1 } });
  // Of a change, "out of time" says that it was not sent.
  const late = createLedger('y');
  late.close(late.open(), { kind: 'timeout', structured: {}, text: '' });
  expect(await late.audit(cloudWith('y-0'))).toMatchObject({ refused: 1, ghosts: 1 });
  expect(await audit('x-0', 'x-1', 'x-1')).toMatchObject({ clean: false, verdict: { repeated: 1 } });
  expect(await audit('x-0', 'x-1', 'x-2', 'x-2')).toMatchObject({ clean: false, verdict: { repeated: 1 } });
  expect(await audit('x-0', 'x-1', 'x-3')).toMatchObject({ clean: false, verdict: { ghosts: 1 } });
  expect(await audit('x-0', 'x-1', 'x-99')).toMatchObject({ clean: false });
});
