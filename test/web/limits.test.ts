import { Server } from '@modelcontextprotocol/server';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { createCore } from '../../src/web/core.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { createLimits } from '../../src/web/limits.ts';
import { startFake } from '../support/harness.ts';
import { beginSession, jsonHeaders, openClient, post, startDoor, type Door } from '../support/door.ts';
import { eventually } from '../support/eventually.ts';

test('a bucket fills evenly over a minute, and never over its brim', async () => {
  let now = 0;
  const { take } = createLimits(
    { rateLimit: 60, maxInFlight: 1 },
    createMemoryStore(() => now),
  );
  for (let turn = 0; turn < 60; turn++) expect(await take('a', 1)).toBeUndefined();
  expect(await take('a', 1)).toBe(1);
  expect(await take('a', 5)).toBe(5);
  expect(await take('b', 60)).toBeUndefined();
  now += 5000;
  expect(await take('a', 5)).toBeUndefined();
  expect(await take('a', 1)).toBe(1);
  now += 3_600_000;
  // More than a whole bucket is paid with a whole bucket.
  expect(await take('a', 1000)).toBeUndefined();
  expect(await take('a', 1)).toBe(1);
  for (let other = 0; other < 2000; other++) expect(await take(`other-${other}`, 1)).toBeUndefined();
});

test('what runs is counted until it has ended, and once', async () => {
  const { enter, run, isFull, running, idle } = createLimits({ rateLimit: 60, maxInFlight: 2 });
  await idle();
  const leave = enter('a');
  let end = (): void => undefined;
  const call = run('a', () => new Promise<void>((resolve) => (end = resolve)));
  expect(running()).toBe(1);
  expect(isFull('a')).toBe(false);
  const further = enter('a');
  expect(isFull('a')).toBe(true);
  expect(isFull('b')).toBe(false);
  further();
  leave();
  leave();
  // Its client has gone; the call goes on, and counts.
  expect(running()).toBe(1);
  const ended = idle();
  end();
  await call;
  await ended;
  expect(running()).toBe(0);
});

test('so many requests at once, and no more; answers and cancellations never wait', async () => {
  const waiting: ServerResponse[] = [];
  const fake = await startFake((_command, response) => void waiting.push(response));
  const door = await startDoor({
    // Two equal reads are to be two requests.
    env: { ...fake.env, CLOUDSTACK_MCP_DISCOVER: 'false', CLOUDSTACK_MCP_CACHE: 'false' },
    flags: ['--max-in-flight', '2'],
  });
  const host = await openClient(door);
  const calls = [host.call('read', { tool: 'list-zones' }), host.call('read', { tool: 'list-zones' })];
  await eventually(() => expect(fake.counts.get('listZones')).toBe(2));
  const headers = { 'mcp-session-id': host.transport.sessionId! };
  const refused = await post(door, { jsonrpc: '2.0', id: 99, method: 'tools/list' }, headers);
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await beginSession(door)).toBe('none: 429');
  const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 12345 } };
  expect((await post(door, cancelled, headers)).status).toBe(202);
  for (const response of waiting) response.end('{"listzonesresponse":{}}');
  for (const call of calls) expect((await call).isError).toBeUndefined();
  expect((await post(door, { jsonrpc: '2.0', id: 99, method: 'tools/list' }, headers)).status).toBe(200);
  await host.close();
  await door.close();
  await fake.close();
});

test('an id that another request of the session has is refused until that is answered, and every stream ends', async () => {
  const waiting: ServerResponse[] = [];
  const fake = await startFake((_command, response) => void waiting.push(response));
  const door = await startDoor({
    env: { ...fake.env, CLOUDSTACK_MCP_DISCOVER: 'false', CLOUDSTACK_MCP_CACHE: 'false' },
  });
  const headers = { 'mcp-session-id': await beginSession(door) };
  const ask = {
    jsonrpc: '2.0',
    id: 7,
    method: 'tools/call',
    params: { name: 'read', arguments: { tool: 'list-zones' } },
  };
  // As plain calls, and as calls that only the SDK answers.
  for (const asked of [ask, { ...ask, params: { ...ask.params, _meta: { progressToken: 1 } } }]) {
    const first = post(door, asked, headers);
    await eventually(() => expect(waiting).toHaveLength(1));
    for (const again of [
      asked,
      { jsonrpc: '2.0', id: 7, method: 'ping' },
      [{ jsonrpc: '2.0', id: 7, method: 'ping' }],
    ]) {
      const refused = await post(door, again, headers);
      expect(refused.status).toBe(400);
      expect(await refused.text()).toContain('Another request of this session has the id 7');
    }
    for (const response of waiting.splice(0)) response.end('{"listzonesresponse":{}}');
    expect(await (await first).text()).toContain('"id":7');
    expect(await (await post(door, { jsonrpc: '2.0', id: 7, method: 'ping' }, headers)).text()).toContain(
      '"result":{}',
    );
  }
  const ping = { jsonrpc: '2.0', id: 8, method: 'ping' };
  expect((await post(door, [ping, { ...ping, id: '8' }], headers)).status).toBe(200);
  expect((await post(door, [ping, ping], headers)).status).toBe(400);
  expect(fake.counts.get('listZones')).toBe(2);
  await door.close();
  await fake.close();
});

/** A request whose body comes later: what has come back of its answer, and how to go on. */
const openSlow = (door: Pick<Door, 'url'>, length: number) => {
  const { hostname, port } = new URL(door.url);
  const lines = ['POST /mcp HTTP/1.1', `host: localhost:${port}`, 'content-type: application/json'];
  const slow = { answer: '', closed: false, send: (_text: string): void => undefined, end: (): void => undefined };
  const socket = connect(Number(port), hostname);
  socket.write([...lines, 'accept: application/json', `content-length: ${length}`, '', ''].join('\r\n'));
  socket.on('data', (chunk) => (slow.answer += chunk.toString()));
  socket.on('error', () => undefined);
  socket.on('close', () => (slow.closed = true));
  slow.send = (text) => void socket.write(text);
  slow.end = () => void socket.destroy();
  return slow;
};

test('what arrives beyond the room of its principal is dropped, and its client sees the answer; a flood is cut off', async () => {
  const bodyLimit = 20_000;
  const door = await startDoor({ flags: ['--simulator', '--body-limit', String(bodyLimit), '--rate-limit', '100000'] });
  const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
  const whole = ' '.repeat(bodyLimit);
  const holding = Array.from({ length: 4 }, () => openSlow(door, bodyLimit));
  await eventually(async () => expect((await post(door, ping)).status).toBe(429));
  const late = openSlow(door, bodyLimit);
  const rest = whole.slice(bodyLimit / 2);
  late.send(whole.slice(rest.length));
  // Others are answered meanwhile; it is not before all of it has come, and then goes on on the same connection.
  const refused = await post(door, ping);
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(refused.headers.get('connection')).not.toBe('close');
  expect(late.answer).toBe('');
  late.send(rest);
  await eventually(() => expect(late.answer).toMatch(/^HTTP\/1\.1 429 .*Too much is arriving at once/s));
  expect(late.answer).not.toMatch(/connection: close/i);
  late.send(['GET /health/live HTTP/1.1', 'host: localhost', '', ''].join('\r\n'));
  await eventually(() => expect(late.answer).toMatch(/HTTP\/1\.1 200 /));
  // More than is ever taken, and more of them at once than are dropped.
  const long = openSlow(door, bodyLimit + 33 * 2 ** 20);
  await eventually(() => expect(long.answer).toMatch(/^HTTP\/1\.1 429 .*connection: close/is));
  const flood = Array.from({ length: 103 }, () => openSlow(door, bodyLimit));
  await eventually(() => expect(flood.filter(({ answer }) => /connection: close/i.test(answer))).toHaveLength(3));
  for (const one of flood) if (!one.answer) one.send(whole);
  await eventually(() => expect(flood.filter(({ answer }) => /^HTTP\/1\.1 429 /.test(answer))).toHaveLength(103));
  for (const one of [...holding, ...flood, late, long]) one.end();
  await eventually(async () => expect((await post(door, ping)).status).not.toBe(429));
  await door.close();
});

test('a stream of notifications takes a place among the requests, but nobody waits for its end', async () => {
  const limits = createLimits({ rateLimit: 60, maxInFlight: 1 });
  const core = createCore({
    build: () => {
      const server = new Server({ name: 'x', version: '1' }, { capabilities: { tools: { listChanged: true } } });
      server.setRequestHandler('tools/list', () => ({ tools: [] }));
      return server;
    },
    identify: () => Promise.resolve({ principal: 'a' }),
    limits,
    settings: {
      bodyLimit: 10_000,
      requestTimeout: 60_000,
      maxSessions: 1,
      maxSessionsEach: 1,
      sessionIdle: 1000,
      sessionLifetime: 60_000,
    },
    report: () => undefined,
  });
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
    'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
  };
  const ask = (method: string, params: object) =>
    core.fetch(
      new Request('http://localhost/mcp', {
        method: 'POST',
        headers: { ...jsonHeaders, 'mcp-protocol-version': '2026-07-28', 'mcp-method': method },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } }),
      }),
    );
  const stream = await ask('subscriptions/listen', { notifications: { toolsListChanged: true } });
  const reader = stream.body!.getReader();
  await reader.read();
  expect((await ask('tools/list', {})).status).toBe(429);
  expect(limits.running()).toBe(0);
  await limits.idle();
  core.notify.toolsChanged();
  const { value } = await reader.read();
  expect(new TextDecoder().decode(value as Uint8Array)).toContain('notifications/tools/list_changed');
  await reader.cancel();
  expect((await ask('tools/list', {})).status).toBe(200);
  core.drain();
  const sentAway = await ask('tools/list', {});
  expect(sentAway.status).toBe(503);
  await core.close();
});
