import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createApp, type App } from '../../src/app/app.ts';
import { loadConfig } from '../../src/config/config.ts';
import { doorContextOf } from '../../src/mcp/door-context.ts';
import { createServerFactory } from '../../src/mcp/server.ts';
import { createCore, type Core } from '../../src/web/core.ts';
import { createLimits } from '../../src/web/limits.ts';
import { createPlainDoor } from '../../src/web/plain.ts';
import { withSignsOfLife } from '../../src/web/responses.ts';

let app: App;
let ours: Core;
let sdk: Core;
let made = 0;

const open = async (of: App, isPlain: boolean): Promise<Core> => {
  const build = await createServerFactory(of, { contextOf: doorContextOf });
  return createCore({
    build: (from) => {
      made += isPlain ? 1 : 0;
      return build(from);
    },
    identify: () => Promise.resolve({ principal: of.config.principal }),
    limits: createLimits({ rateLimit: 10_000, maxInFlight: 50 }),
    settings: of.config,
    report: () => undefined,
    plainDoor: isPlain ? createPlainDoor(of, of.call) : undefined,
  });
};

beforeAll(async () => {
  app = createApp(await loadConfig({}, { CLOUDSTACK_MCP_SIMULATOR: 'true' }), { stderr: process.stderr });
  [ours, sdk] = [await open(app, true), await open(app, false)];
});

afterAll(async () => {
  await Promise.all([ours.close(), sdk.close()]);
  await app.close();
});

const names = {
  version: 'io.modelcontextprotocol/protocolVersion',
  client: 'io.modelcontextprotocol/clientInfo',
  capabilities: 'io.modelcontextprotocol/clientCapabilities',
};
const envelope = {
  [names.version]: '2026-07-28',
  [names.client]: { name: 'host', version: '1' },
  [names.capabilities]: { elicitation: {}, extensions: {} },
};

const post = (core: Core, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  core.fetch(
    new Request('http://localhost/mcp', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
      body: JSON.stringify(body),
    }),
  );

/** What a client sees of an answer: its parts come in no fixed order. */
const seen = async (answering: Promise<Response>) => {
  const answer = await answering;
  const text = await answer.text();
  const type = answer.headers.get('content-type') ?? '';
  const messages = text
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => JSON.parse(line.slice(5)) as unknown);
  const { status, headers } = answer;
  const about = ['cache-control', 'x-accel-buffering'].map((name) => headers.get(name));
  return { status, type, about, body: type.includes('json') ? (JSON.parse(text) as unknown) : messages };
};

const read = { name: 'read', arguments: { tool: 'list-zones', fresh: true } };
const calls = [
  read,
  { ...read, more: 1 },
  { name: 'read', arguments: 'text' },
  { name: 'read', arguments: { tool: 'list-zones', colour: 'red' } },
  { name: 'read', arguments: { tool: 'list-nothing' } },
  { name: 'read' },
  { name: 'no-such-tool' },
  { name: 7 },
  {},
  { name: 'describe-tools', arguments: { tools: ['list-zones'] } },
  { name: 'find-tools', arguments: { query: 'restart a machine' } },
  { name: 'whoami' },
  { name: 'wait-for-job', arguments: { job: 'none' } },
  { name: 'diagnose', arguments: { kind: 'vm', id: 'none' } },
  { name: 'change', arguments: { tool: 'list-zones' } },
];

test('a call without a session is answered as the SDK answers it, and most without it', async () => {
  const headersOf = (name: unknown): Record<string, string> => ({
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
  });
  const asked = calls.map((params) => [
    { ...params, _meta: envelope },
    headersOf('name' in params ? params.name : undefined),
  ]) as [Record<string, unknown>, Record<string, string>][];
  const own = headersOf('read');
  const { 'mcp-method': _method, ...withoutMethod } = own;
  asked.push(
    [{ ...read, _meta: { ...envelope, traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' } }, own],
    [{ ...read, _meta: { ...envelope, [names.version]: '2025-11-25' } }, own],
    [{ ...read, _meta: { ...envelope, [names.client]: { name: 1 } } }, own],
    [{ ...read, _meta: { ...envelope, [names.capabilities]: 1 } }, own],
    [{ ...read, _meta: { ...envelope, progressToken: 'a' } }, own],
    [{ ...read, _meta: { [names.version]: '2026-07-28' } }, own],
    [{ ...read, _meta: envelope }, headersOf('change')],
    [
      { ...read, _meta: envelope },
      { ...own, 'mcp-method': 'tools/list' },
    ],
    [
      { ...read, _meta: envelope },
      { ...own, 'mcp-protocol-version': '2025-11-25' },
    ],
    [{ ...read, _meta: envelope }, withoutMethod],
    [read, own],
    [
      { ...read, _meta: envelope },
      { ...own, accept: 'application/json' },
    ],
  );
  const before = made;
  for (const [id, [params, headers]] of asked.entries()) {
    const body = { jsonrpc: '2.0', id, method: 'tools/call', params };
    const [mine, theirs] = [await seen(post(ours, body, headers)), await seen(post(sdk, body, headers))];
    expect(mine, JSON.stringify([body, headers])).toEqual(theirs);
  }
  expect(made - before).toBeLessThan(asked.length / 3);
});

const begin = async (core: Core): Promise<Record<string, string>> => {
  const response = await post(core, {
    jsonrpc: '2.0',
    id: 'begin',
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'host', version: '1' } },
  });
  await response.text();
  return { 'mcp-session-id': response.headers.get('mcp-session-id')!, 'mcp-protocol-version': '2025-11-25' };
};

test('a call in a session is answered as the SDK answers it', async () => {
  const [mine, theirs] = [await begin(ours), await begin(sdk)];
  const asked = [
    ...calls.map((params) => [params, {}]),
    [{ ...read, _meta: { progressToken: 'a' } }, {}],
    [{ ...read, _meta: { 'io.modelcontextprotocol/other': 1 } }, {}],
    [read, { 'mcp-protocol-version': '2026-07-28' }],
    [read, { 'mcp-protocol-version': '1999-01-01' }],
    [read, { 'mcp-session-id': 'none' }],
    [read, { accept: 'application/json' }],
    [read, { accept: 'text/html' }],
  ] as [object, Record<string, string>][];
  for (const [id, [params, headers]] of asked.entries()) {
    const body = { jsonrpc: '2.0', id, method: 'tools/call', params };
    const answers = [
      await seen(post(ours, body, { ...mine, ...headers })),
      await seen(post(sdk, body, { ...theirs, ...headers })),
    ];
    expect(answers[0], JSON.stringify([body, headers])).toEqual(answers[1]);
  }
});

test('a list of tools is answered as the SDK answered it before, each time it is asked for', async () => {
  const [mine, theirs] = [await begin(ours), await begin(sdk)];
  const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' };
  const apps = { 'io.modelcontextprotocol/ui': { mimeTypes: ['text/html;profile=mcp-app'] } };
  const ask = (core: Core, own: Record<string, string>, id: number, params?: object) =>
    seen(post(core, { jsonrpc: '2.0', id, method: 'tools/list', ...(params ? { params } : {}) }, own));
  for (const id of [1, 2, 3]) {
    for (const params of [undefined, {}, { cursor: 'none' }, { _meta: { progressToken: 'a' } }])
      expect(await ask(ours, mine, id, params)).toEqual(await ask(sdk, theirs, id, params));
    for (const meta of [envelope, { ...envelope, [names.capabilities]: { extensions: apps } }, {}])
      expect(await ask(ours, headers, id, { _meta: meta })).toEqual(await ask(sdk, headers, id, { _meta: meta }));
  }
  const before = made;
  await ask(ours, headers, 4, { _meta: envelope });
  expect(made).toBe(before);
  // What has changed is made anew.
  ours.toolsChanged();
  expect(await ask(ours, headers, 5, { _meta: envelope })).toEqual(await ask(sdk, headers, 5, { _meta: envelope }));
  expect(made).toBe(before + 1);
});

test.for(['cancelled', 'the session ended'])('a call of a session ends, and says nothing: %s', async (how) => {
  const asked = new EventEmitter();
  const silent = createServer(() => asked.emit('request')).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const env = { CLOUDSTACK_API_URL: `http://127.0.0.1:${port}/client/api`, CLOUDSTACK_API_KEY: 'a' };
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-plain-'));
  const files = { CLOUDSTACK_MCP_AUDIT: join(folder, 'audit.jsonl'), CLOUDSTACK_MCP_STATE: folder };
  const lonely = createApp(await loadConfig({}, { ...env, ...files, CLOUDSTACK_SECRET_KEY: 'b' }), {
    stderr: process.stderr,
  });
  const core = await open(lonely, true);
  const session = await begin(core);
  const sent = once(asked, 'request');
  const running = seen(post(core, { jsonrpc: '2.0', id: 5, method: 'tools/call', params: read }, session));
  await sent;
  const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 5, reason: 'enough' } };
  const ending =
    how === 'cancelled'
      ? post(core, cancelled, session)
      : core.fetch(new Request('http://localhost/mcp', { method: 'DELETE', headers: session }));
  expect((await ending).ok).toBe(true);
  expect(await running).toMatchObject({ status: 200, body: [] });
  silent.closeAllConnections();
  silent.close();
  await core.close();
  await lonely.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a stream that is late shows signs of life until it is there', async () => {
  vi.useFakeTimers();
  let answer: (response: Response) => void = () => undefined;
  const streaming = withSignsOfLife(new Promise((resolve) => (answer = resolve)), 'session');
  await vi.advanceTimersByTimeAsync(25_000);
  const stream = await streaming;
  answer(new Response('event: message\ndata: {}\n\n'));
  expect(await stream.text()).toBe(`${': keepalive\n\n'.repeat(2)}event: message\ndata: {}\n\n`);
  expect(stream.headers.get('mcp-session-id')).toBe('session');
  vi.useRealTimers();
});
