import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createSemaphore } from '../../src/cloudstack/semaphore.ts';
import { openPool } from '../../src/cloudstack/pool.ts';
import { createStop, type Stop } from '../../src/cloudstack/transport.ts';
import { readRetryAfter } from '../../src/cloudstack/retry-after.ts';
import { eventually } from '../support/eventually.ts';

let close: (() => Promise<void>) | undefined;
afterEach(async () => {
  await close?.();
  close = undefined;
});

/** Stops with a signal. */
const stopOn = (signal: AbortSignal): Stop => {
  const stop = createStop();
  signal.addEventListener('abort', () => stop.end());
  return stop;
};

/** A web server that answers when the test says so. */
const serve = async (answer: (path: string, request: IncomingMessage, response: ServerResponse) => void) => {
  const server = createServer((request, response) => {
    request.resume();
    answer(request.url ?? '', request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const pool = await openPool(origin, { connections: 1, keepAlive: 1000, maxAnswer: 1 });
  close = async () => {
    await pool.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  const send = (path: string, signal = new AbortController().signal) =>
    pool.send({ method: 'POST', url: `${origin}${path}`, headers: {}, body: 'a=b' }, stopOn(signal));
  return { send };
};

test('what is given up before a connection is free was not sent, says so, and never is', async () => {
  const arrived: string[] = [];
  let release: (() => void) | undefined;
  const { send } = await serve((path, _request, response) => {
    arrived.push(path);
    if (path === '/first') release = () => response.end('1');
    else response.end('2');
  });
  const first = send('/first');
  await eventually(() => expect(arrived).toEqual(['/first']));
  const stop = new AbortController();
  const dropped = send('/dropped', stop.signal);
  stop.abort();
  await expect(dropped).rejects.toMatchObject({ code: 'NOT_STARTED' });
  release?.();
  expect((await first).body).toBe('1');
  // The next one in line arrives, the one before it does not.
  expect((await send('/next')).body).toBe('2');
  expect(arrived).toEqual(['/first', '/next']);
});

test('what is given up after it was sent does not say that it was not', async () => {
  const stop = new AbortController();
  const { send } = await serve(() => stop.abort());
  const error: unknown = await send('/x', stop.signal).catch((reason: unknown) => reason);
  expect(error).not.toMatchObject({ code: 'NOT_STARTED' });
});

test('places are handed on in order, and come back when nobody waits', async () => {
  const received: string[] = [];
  const semaphore = createSemaphore({
    connections: 1,
    maxWaiting: 5,
    onChange: (running, waiting) => received.push(`${running}/${waiting}`),
  });
  const order: number[] = [];
  const timeoutMs = { command: 'x', signal: new AbortController().signal, deadline: Infinity };
  expect(semaphore.acquire(timeoutMs)).toBeUndefined();
  const waiting = [1, 2, 3].map((n) =>
    semaphore.acquire(timeoutMs)!.then(() => {
      order.push(n);
      semaphore.release();
    }),
  );
  semaphore.release();
  await Promise.all(waiting);
  expect(order).toEqual([1, 2, 3]);
  expect(received.at(-1)).toBe('0/0');
  expect(semaphore.acquire(timeoutMs)).toBeUndefined();
});

test('who fills the places leaves some to others, and gets them back when nobody waits', async () => {
  const semaphore = createSemaphore({ connections: 1, maxWaiting: 8 });
  const stop = new AbortController();
  const limitOf = (principal?: string) => ({ command: 'x', principal, signal: stop.signal, deadline: Infinity });
  expect(semaphore.acquire(limitOf('mallory'))).toBeUndefined();
  const waiting: Promise<unknown>[] = [];
  const fill = (principal?: string): number => {
    for (let taken = 0; ; taken++)
      try {
        waiting.push(semaphore.acquire(limitOf(principal))!.catch(() => 'left'));
      } catch {
        return taken;
      }
  };
  expect(['mallory', 'eve', 'alice', 'bob', undefined].map(fill)).toEqual([4, 2, 1, 1, 0]);
  stop.abort();
  expect(await Promise.all(waiting)).toEqual(Array.from({ length: 8 }, () => 'left'));
  const again = { ...limitOf('mallory'), signal: new AbortController().signal };
  for (let turn = 0; turn < 4; turn++) void semaphore.acquire(again);
  expect(() => semaphore.acquire(again)).toThrow('1 running, 4 waiting');
});

test('with no room to wait, whoever finds no connection is refused', () => {
  const semaphore = createSemaphore({ connections: 1, maxWaiting: 0 });
  const waitLimit = { command: 'x', signal: new AbortController().signal, deadline: Infinity };
  expect(semaphore.acquire(waitLimit)).toBeUndefined();
  expect(() => semaphore.acquire(waitLimit)).toThrow('1 running, 0 waiting');
});

const now = Date.parse('2026-01-02T03:04:05Z');
test.each([
  [{ 'retry-after': '7' }, '', 7000],
  [{ 'retry-after': ['7', '9'] }, '', 7000],
  [{ 'retry-after': 'Fri, 02 Jan 2026 03:04:15 GMT' }, '', 10_000],
  [{ 'retry-after': 'Fri, 02 Jan 2026 03:04:00 GMT' }, '', 0],
  [{ 'retry-after': '99999999999' }, '', 86_400_000],
  [{ 'retry-after': 'Fri, 02 Jan 3026 03:04:15 GMT' }, '', 86_400_000],
  [{}, 'please retry after [99999999999] ms', 86_400_000],
  [{ 'retry-after': 'soon' }, '', undefined],
  [{}, '', undefined],
  [{}, 'limit, please retry after [1200] ms.', 1200],
])('%o %s asks to wait %s ms', (headers, body, expected) => {
  expect(readRetryAfter({ status: 429, headers, body }, now)).toBe(expected);
});
