import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startCloud, startFake, type Cloud } from '../support/harness.ts';
import {
  beginSession,
  initialize,
  jsonHeaders,
  openClient,
  post,
  startDoor,
  type DoorOptions,
} from '../support/door.ts';
import { eventually } from '../support/eventually.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(() => cloud.close());

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const file = {
  auth: { tokens: { alice: sha256('alice-token'), bob: sha256('bob-token') } },
  principals: { '*': { role: 'viewer' } },
};
const open = (options: Partial<DoorOptions> = {}) => startDoor({ env: cloud.env, ...options });
const as = (who: string, id?: string) => ({
  authorization: `Bearer ${who}-token`,
  ...(id === undefined ? {} : { 'mcp-session-id': id }),
});
const list = { jsonrpc: '2.0', id: 2, method: 'tools/list' };

test('a session is found by its principal only, and by nobody without a session', async () => {
  const door = await open({ file });
  const id = await beginSession(door, as('alice'));
  expect((await post(door, list, as('alice', id))).status).toBe(200);
  for (const [headers, status] of [
    [as('bob', id), 404],
    [as('alice', 'no-such-session'), 404],
    [as('alice', '__proto__'), 404],
    [as('alice'), 400],
    [{ 'mcp-session-id': id }, 401],
  ] as const) {
    const response = await post(door, list, headers);
    expect(response.status).toBe(status);
    expect(await response.text()).not.toContain('find-tools');
  }
  for (const method of ['GET', 'DELETE'])
    expect((await fetch(door.url, { method, headers: { ...jsonHeaders, ...as('bob', id) } })).status).toBe(404);
  // Not even to begin anew in its place.
  expect((await post(door, initialize, as('bob', id))).status).toBe(404);
  expect((await post(door, list, as('alice', id))).status).toBe(200);
  await door.close();
});

test('beginning anew rotates the id; the old one is worth nothing', async () => {
  const door = await open();
  const first = await beginSession(door);
  const second = await beginSession(door, { 'mcp-session-id': first });
  expect(second).toMatch(/^[0-9a-f-]{36}$/);
  expect(second).not.toBe(first);
  expect((await post(door, list, { 'mcp-session-id': first })).status).toBe(404);
  expect((await post(door, list, { 'mcp-session-id': second })).status).toBe(200);
  await door.close();
});

test('a session that is old gets a new id however much it is used', async () => {
  const door = await open({ env: { ...cloud.env, CLOUDSTACK_MCP_SESSION_LIFETIME: '86400000' } });
  const id = await beginSession(door);
  const headers = { 'mcp-session-id': id };
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    expect((await post(door, list, headers)).status).toBe(200);
    vi.setSystemTime(Date.now() + 86_400_001);
    expect((await post(door, list, headers)).status).toBe(404);
    expect((await post(door, initialize, headers)).status).toBe(404);
    const next = await beginSession(door);
    expect(next).not.toBe(id);
    expect((await post(door, list, { 'mcp-session-id': next })).status).toBe(200);
  } finally {
    vi.useRealTimers();
  }
  await door.close();
});

test('a question that was put in a session before it grew old can still be answered', async () => {
  const door = await open({ env: { ...cloud.env, CLOUDSTACK_MCP_SESSION_LIFETIME: '60000' } });
  const answer = async () => {
    vi.setSystemTime(Date.now() + 60_001);
    await expect(host.client.listTools()).rejects.toThrow(/Session not found/);
    return { action: 'accept', content: { confirm: false } };
  };
  const host = await openClient(door, { human: () => answer() });
  const { structured } = await host.call('read', { tool: 'list-virtual-machines', arguments: { listall: true } });
  const [vm] = structured['items'] as { id: string }[];
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    const { text } = await host.call('destroy', { tool: 'reboot-virtual-machine', arguments: { id: vm!.id } });
    expect(text).toContain('The user did not confirm');
    await expect(host.client.listTools()).rejects.toThrow(/Session not found/);
  } finally {
    vi.useRealTimers();
  }
  await host.close();
  await door.close();
});

test('a client can end its session', async () => {
  const door = await open();
  const host = await openClient(door);
  const id = host.transport.sessionId!;
  await host.transport.terminateSession();
  expect((await post(door, list, { 'mcp-session-id': id })).status).toBe(404);
  await host.close();
  await door.close();
});

test('an unused session ends; one that is used, or has a stream open, does not', async () => {
  const door = await open({ flags: ['--session-idle', '1500'] });
  const [unused, used, streaming] = [await beginSession(door), await beginSession(door), await beginSession(door)];
  const stop = new AbortController();
  const stream = await fetch(door.url, {
    headers: { accept: 'text/event-stream', 'mcp-session-id': streaming },
    signal: stop.signal,
  });
  expect(stream.status).toBe(200);
  const sessions = async (): Promise<unknown> =>
    ((await (await fetch(`${door.origin}/health`)).json()) as any).components.mcp.sessions;
  await eventually(async () => {
    await (await post(door, list, { 'mcp-session-id': used })).text();
    expect(await sessions()).toBe(2);
  });
  expect((await post(door, list, { 'mcp-session-id': unused })).status).toBe(404);
  expect((await post(door, list, { 'mcp-session-id': used })).status).toBe(200);
  expect((await post(door, list, { 'mcp-session-id': streaming })).status).toBe(200);
  stop.abort();
  await stream.text().catch(() => undefined);
  await eventually(async () => expect(await sessions()).toBe(0));
  await door.close();
});

test('at its cap a principal loses the session it used longest ago; others lose nothing', async () => {
  const door = await open({ file, flags: ['--max-sessions-each', '2', '--max-sessions', '3'] });
  const [first, second] = [await beginSession(door, as('alice')), await beginSession(door, as('alice'))];
  const other = await beginSession(door, as('bob'));
  // One that was used later was used at a later millisecond.
  const begun = Date.now();
  await eventually(() => expect(Date.now()).toBeGreaterThan(begun));
  await (await post(door, list, as('alice', first))).text();
  const third = await beginSession(door, as('alice'));
  expect((await post(door, list, as('alice', second))).status).toBe(404);
  for (const id of [first, third]) expect((await post(door, list, as('alice', id))).status).toBe(200);
  expect((await post(door, list, as('bob', other))).status).toBe(200);
  // All three places are taken: who has one gives it up for another, and no one else loses one.
  expect((await post(door, initialize, as('bob'))).status).toBe(200);
  expect((await post(door, list, as('bob', other))).status).toBe(404);
  for (const id of [first, third]) expect((await post(door, list, as('alice', id))).status).toBe(200);
  await door.close();
});

test('sessions at work are not lost to new ones', async () => {
  const waiting: ServerResponse[] = [];
  const fake = await startFake((_command, response) => void waiting.push(response));
  const door = await startDoor({
    env: { ...fake.env, CLOUDSTACK_MCP_DISCOVER: 'false' },
    flags: ['--max-sessions-each', '1'],
  });
  const host = await openClient(door);
  const call = host.call('read', { tool: 'list-zones' });
  await eventually(() => expect(fake.counts.get('listZones')).toBe(1));
  const refused = await post(door, initialize);
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe('5');
  for (const response of waiting) response.end('{"listzonesresponse":{}}');
  expect((await call).isError).toBeUndefined();
  await host.close();
  await door.close();
  await fake.close();
});

test('an initialize that is none leaves no session', async () => {
  const door = await open();
  const bad = await post(door, { ...initialize, jsonrpc: '1.0' });
  expect(bad.status).toBe(400);
  const batch = await post(door, [initialize, list]);
  expect(batch.status).toBe(400);
  const wrongAccept = await post(door, initialize, { accept: 'text/html' });
  expect(wrongAccept.status).toBe(406);
  await eventually(async () => {
    const health = (await (await fetch(`${door.origin}/health`)).json()) as any;
    expect(health.components.mcp).toMatchObject({ sessions: 0, running: 0 });
  });
  await door.close();
});

test('a request that ends in a bug is over: its session can go, and make room', async () => {
  const door = await open({ file, env: { ...cloud.env, CLOUDSTACK_MCP_MAX_SESSIONS_EACH: '1' } });
  const id = await beginSession(door, as('alice'));
  const broken = vi
    .spyOn(WebStandardStreamableHTTPServerTransport.prototype, 'handleRequest')
    .mockRejectedValueOnce(new Error('a bug'));
  expect((await post(door, list, as('alice', id))).status).toBe(500);
  broken.mockRestore();
  expect((await post(door, initialize, as('alice'))).status).toBe(200);
  await door.close();
});
