import fc from 'fast-check';
import { Pool } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCloud, type Cloud } from '../support/harness.ts';
import { beginSession, jsonHeaders, openClient, sendRaw, startDoor, type Door } from '../support/door.ts';
import { eventually } from '../support/eventually.ts';

let cloud: Cloud;
let door: Door;
let session: string;
beforeAll(async () => {
  cloud = await startCloud();
  door = await startDoor({
    env: cloud.env,
    flags: ['--rate-limit', '100000000', '--max-in-flight', '1000', '--request-timeout', '2000'],
  });
  session = await beginSession(door);
});
afterAll(async () => {
  await door.close();
  await cloud.close();
});

interface Frame {
  body: string;
  headers?: Record<string, string>;
  method?: 'POST' | 'GET' | 'DELETE' | 'PUT' | 'PATCH';
}

const seed = 20_260_728;
const frames = 10_000;

const text = fc.string({ unit: 'binary', maxLength: 200 });
const json = fc.json({ maxDepth: 4 });
const name = fc.oneof(
  text,
  fc.constantFrom('__proto__', 'constructor', 'toString', '../../etc/passwd', '\u0000', '🦊'.repeat(50)),
);
const notText = fc.oneof(
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.array(fc.integer(), { maxLength: 3 }),
  fc.dictionary(name, fc.integer(), { maxKeys: 3 }),
);
const notObject = fc.oneof(fc.integer(), fc.boolean(), text, fc.array(fc.integer(), { minLength: 1, maxLength: 3 }));
const isJson = (value: string): boolean => {
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
};
const call = (params: unknown, more: object = {}) => ({ jsonrpc: '2.0', id: 7, method: 'tools/call', params, ...more });
const meta = (version: unknown, capabilities: unknown = {}) => ({
  'io.modelcontextprotocol/protocolVersion': version,
  'io.modelcontextprotocol/clientCapabilities': capabilities,
});
const asBody = (value: fc.Arbitrary<unknown>): fc.Arbitrary<Frame> =>
  value.map((content) => ({ body: JSON.stringify(content) ?? 'undefined' }));
const headerText = fc.stringMatching(/^[!-~]{1,60}$/);

const valid = JSON.stringify(call({ name: 'read', arguments: { tool: 'list-zones' } }));

const kinds: fc.Arbitrary<Frame>[] = [
  // not JSON
  text.filter((value) => !isJson(value)).map((body) => ({ body })),
  fc.nat(valid.length - 2).map((cut) => ({ body: valid.slice(0, cut + 1) })),
  fc.tuple(fc.nat(valid.length - 1), fc.constantFrom('{', '\u0000', '"', '\\', '\ud800')).map(([at, more]) => ({
    body: `${valid.slice(0, at)}${more}${valid.slice(at)}!`,
  })),
  // JSON, but no message
  json.filter((body) => !body.startsWith('{"jsonrpc":"2.0"')).map((body) => ({ body })),
  asBody(fc.array(fc.oneof(notText, text), { maxLength: 5 })),
  // nesting
  fc.tuple(fc.integer({ min: 101, max: 20_000 }), fc.boolean()).map(([depth, list]) => ({
    body: list ? `${'['.repeat(depth)}${']'.repeat(depth)}` : `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`,
  })),
  // messages with wrong types
  asBody(
    fc.record({ jsonrpc: fc.oneof(notText, text), id: fc.integer(), method: text }).filter((m) => m.jsonrpc !== '2.0'),
  ),
  asBody(notText.map((method) => ({ jsonrpc: '2.0', id: 1, method }))),
  asBody(notObject.map((params) => call(params))),
  asBody(
    fc.oneof(fc.boolean(), fc.array(fc.integer()), fc.dictionary(name, fc.integer())).map((id) => call({}, { id })),
  ),
  asBody(name.map((method) => ({ jsonrpc: '2.0', id: 1, method: `x${method}` }))),
  asBody(notText.map((tool) => call({ name: tool, arguments: {} }))),
  asBody(name.map((tool) => call({ name: `x-${tool}`, arguments: {} }))),
  asBody(fc.oneof(fc.integer(), fc.boolean(), text).map((args) => call({ name: 'read', arguments: args }))),
  // the newer era's envelope
  asBody(
    fc
      .tuple(fc.oneof(notText, text), notText)
      .map(([version, caps]) => call({ name: 'read', _meta: meta(version, caps) })),
  ),
  fc.tuple(headerText, headerText).map(([version, method]) => ({
    body: JSON.stringify(call({ name: 'read', _meta: meta('2026-07-28') })),
    headers: { 'mcp-protocol-version': version, 'mcp-method': method },
  })),
  // headers
  headerText
    .filter((value) => !/json/i.test(value))
    .map((value) => ({ body: valid, headers: { 'content-type': value } })),
  headerText.map((value) => ({ body: valid, headers: { accept: value } })),
  headerText.map((value) => ({ body: valid, headers: { 'mcp-session-id': value } })),
  headerText.map((value) => ({ body: valid, headers: { 'mcp-protocol-version': `x${value}` } })),
  headerText.map((value) => ({ body: valid, headers: { 'content-encoding': `x${value}` } })),
  // batches
  asBody(
    fc.integer({ min: 101, max: 400 }).map((count) => Array.from({ length: count }, () => call({ name: 'read' }))),
  ),
  // methods
  fc.constantFrom('PUT' as const, 'PATCH' as const).map((method) => ({ body: valid, method })),
];

/** What nobody outside may see: where code lies, what it threw, keys, tools. */
const leaks = (secrets: string[]): RegExp =>
  new RegExp(
    [
      String.raw`\bat \S+ \(`,
      String.raw`\.(ts|mjs|cjs|js):\d+`,
      'node_modules',
      'find-tools',
      'Frankfurt',
      ...secrets.map((secret) => secret.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')),
    ].join('|'),
  );

test(`${frames} malformed frames are refused, say nothing, and the server is still there`, async () => {
  const samples = fc.sample(fc.oneof(...kinds), { seed, numRuns: frames });
  const { apiKey, secretKey } = cloud.simulator.credentials;
  const secret = leaks([apiKey, secretKey, session]);
  const called = cloud.calls.length;
  const pool = new Pool(door.origin, { connections: 16 });
  const statuses = new Map<number, number>();
  const wrong: string[] = [];
  const send = async ({ body, headers, method = 'POST' }: Frame): Promise<void> => {
    const response = await pool.request({
      path: '/mcp',
      method,
      body,
      headers: { ...jsonHeaders, 'mcp-session-id': session, ...headers },
    });
    const { statusCode: status } = response;
    const answer = await response.body.text();
    const output = `${answer}\n${JSON.stringify({ ...response.headers, 'mcp-session-id': '' })}`;
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    const isError = (status === 200 && /"error":|"isError":true/.test(answer)) || (status >= 400 && status < 500);
    // A notification that means nothing is dropped.
    const isDropped = status === 202 && answer === '';
    if ((!isError && !isDropped) || secret.test(output))
      wrong.push(
        `${status} ${method} ${JSON.stringify(headers ?? {})} ${body.slice(0, 300)} → ${output.slice(0, 500)}`,
      );
  };
  let next = 0;
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      while (next < samples.length) await send(samples[next++]!);
    }),
  );
  await pool.close();
  expect(wrong.slice(0, 5)).toEqual([]);
  expect([...statuses.values()].reduce((sum, count) => sum + count, 0)).toBe(frames);
  // No request left, and nobody's log was filled.
  expect(cloud.calls.length).toBe(called);
  expect(door.out.stderr.split('\n').length).toBeLessThan(10);
  expect(door.out.stderr).not.toMatch(secret);
  // A request may still be counted for a moment after its answer has arrived.
  await eventually(async () => {
    const health = (await (await fetch(`${door.origin}/health`)).json()) as any;
    expect(health.components.mcp).toMatchObject({ sessions: 1, running: 0 });
  });
  for (const protocol of ['old', 'new'] as const) {
    const host = await openClient(door, { protocol });
    expect((await host.call('read', { tool: 'list-zones' })).text).toContain('Frankfurt');
    await host.close();
  }
});

test('bytes that are no HTTP, or nearly, are refused', async () => {
  const { port } = new URL(door.origin);
  const head = `POST /mcp HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n`;
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 300 }).map((raw) => Buffer.from(raw)),
    fc.constantFrom(
      ...[
        `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
        `${head}Content-Length: -1\r\n\r\n`,
        `${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}`,
        `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
        `${head}X-Long: ${'a'.repeat(40_000)}\r\n\r\n`,
        `${head}Content-Length: 2\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n{}`,
        `POST //evil.example.com/mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
        `POST /mcp%00 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
        `GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
        'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      ].map((line) => Buffer.from(line, 'latin1')),
    ),
  );
  const samples = fc.sample(bytes, { seed, numRuns: 400 });
  const answers = await Promise.all(samples.map((sample) => sendRaw(door.origin, sample, 400)));
  for (const [at, answer] of answers.entries()) {
    expect(answer, samples[at]!.toString('latin1')).toMatch(/^$|^HTTP\/1\.1 4\d\d/);
    expect(answer).not.toMatch(/node_modules|\bat \S+ \(/);
  }
  expect((await fetch(`${door.origin}/health/live`)).status).toBe(200);
});
