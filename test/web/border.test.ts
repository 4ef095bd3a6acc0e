import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCloud, type Cloud } from '../support/harness.ts';
import { beginSession, initialize, jsonHeaders, post, sendRaw, startDoor, type Door } from '../support/door.ts';
import { eventually } from '../support/eventually.ts';

let cloud: Cloud;
let door: Door;
beforeAll(async () => {
  cloud = await startCloud();
  door = await startDoor({ env: cloud.env, flags: ['--request-timeout', '300', '--body-limit', '20000'] });
});
afterAll(async () => {
  await door.close();
  await cloud.close();
});

/** fetch() sets Host itself; this does not. */
const ask = (origin: string, path: string, headers: Record<string, string>, method = 'GET') =>
  new Promise<{ status: number; headers: Record<string, unknown>; text: string }>((resolve, reject) => {
    const sent = httpRequest(`${origin}${path}`, { method, headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
    });
    sent.on('error', reject);
    sent.end();
  });

const routes = [
  ['GET', '/'],
  ['GET', '/mcp'],
  ['POST', '/mcp'],
  ['DELETE', '/mcp'],
  ['GET', '/health'],
  ['GET', '/health/live'],
  ['GET', '/health/ready'],
  ['GET', '/metrics'],
  ['GET', '/.well-known/oauth-protected-resource'],
  ['GET', '/no/such/route'],
  ['OPTIONS', '/mcp'],
  ['PUT', '/anything'],
] as const;

describe.each(routes)('%s %s', (method, path) => {
  test.each(['evil.example.com', 'localhost.evil.example.com', '127.0.0.1.nip.io:3000', '169.254.169.254'])(
    'Host %s is refused',
    async (host) => {
      const { status, text } = await ask(door.origin, path, { host }, method);
      expect(status).toBe(403);
      expect(text).not.toContain('ok');
    },
  );
  test.each([
    'https://evil.example.com',
    'null',
    'http://localhost.evil.example.com',
    'file://',
    'chrome-extension://abc',
  ])('Origin %s is refused', async (origin) => {
    const { status, headers } = await ask(door.origin, path, { origin }, method);
    expect(status).toBe(403);
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });
});

test('requests without a Host, or with one that is none, get nowhere', async () => {
  for (const bytes of [
    'GET /health HTTP/1.0\r\n\r\n',
    'GET /health HTTP/1.1\r\nHost: a b\r\n\r\n',
    'GET /health HTTP/1.1\r\nHost: [::1\r\n\r\n',
    'GET http://evil.example.com/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    'GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example.com\r\n\r\n',
  ])
    expect(await sendRaw(door.origin, bytes, 'answered'), bytes).toMatch(/^HTTP\/1\.1 (400|403)/);
});

test('loopback by any of its names is answered, and what does not exist is not found', async () => {
  const { port } = new URL(door.origin);
  for (const host of ['localhost', '127.0.0.1', '[::1]', 'LOCALHOST'])
    expect((await ask(door.origin, '/health/live', { host: `${host}:${port}` })).status).toBe(200);
  const root = await ask(door.origin, '/', {});
  expect(root).toMatchObject({ status: 404, text: 'Not found' });
  expect(root.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
  expect((await ask(door.origin, '/mcp', {}, 'PUT')).headers).toMatchObject({ allow: 'GET, POST, DELETE' });
});

test('pages on loopback may ask, but without their origin being named no browser lets them', async () => {
  const { status, headers } = await ask(door.origin, '/health/live', { origin: 'http://localhost:5173' });
  expect(status).toBe(200);
  expect(headers['access-control-allow-origin']).toBeUndefined();
});

test('hosts and origins can be allowed, in whatever form people write them', async () => {
  const other = await startDoor({
    env: cloud.env,
    file: {
      allowedHosts: ['MCP.example.com:8443', 'https://mcp2.example.com'],
      allowedOrigins: 'https://App.example.com',
    },
  });
  for (const host of ['mcp.example.com', 'mcp.example.com:1', 'mcp2.example.com'])
    expect((await ask(other.origin, '/health/live', { host })).status).toBe(200);
  expect((await ask(other.origin, '/health/live', { host: 'mcp3.example.com' })).status).toBe(403);
  const origin = 'https://app.example.com';
  const preflight = await ask(
    other.origin,
    '/mcp',
    { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
    'OPTIONS',
  );
  expect(preflight.headers).toMatchObject({ 'access-control-allow-origin': origin });
  const answer = await ask(other.origin, '/health/live', { origin });
  expect(answer.headers['access-control-expose-headers']).toContain('mcp-session-id');
  const local = await ask(other.origin, '/health/live', { origin: 'http://localhost:1' });
  expect(local.headers['access-control-allow-origin']).toBeUndefined();
  await other.close();
});

test('a body that is too large: 413, whether it says so or not', async () => {
  const { port } = new URL(door.origin);
  const head = `POST /mcp HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/json\r\n`;
  const declared = await sendRaw(door.origin, `${head}Content-Length: 5000000\r\n\r\n{`, 'answered');
  expect(declared).toMatch(/^HTTP\/1\.1 413/);
  const chunk = `${(15_000).toString(16)}\r\n${' '.repeat(15_000)}\r\n`;
  const chunked = await sendRaw(door.origin, `${head}Transfer-Encoding: chunked\r\n\r\n${chunk}${chunk}`, 'answered');
  expect(chunked).toMatch(/^HTTP\/1\.1 413/);
  expect(declared).toContain('more than 20000 bytes');
});

test('a body that comes too slowly: 408, and the connection is gone', async () => {
  const { port } = new URL(door.origin);
  const head = `POST /mcp HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`;
  expect(await sendRaw(door.origin, head)).toMatch(/^HTTP\/1\.1 408/);
  const headers = await sendRaw(door.origin, `POST /mcp HTTP/1.1\r\nHost: localhost:${port}\r\nX-Slow: `);
  expect(headers).toMatch(/^HTTP\/1\.1 408|^$/);
});

test('what is not JSON in clear is not read', async () => {
  expect((await post(door, initialize, { 'content-type': 'text/plain' })).status).toBe(415);
  expect((await post(door, initialize, { 'content-encoding': 'gzip' })).status).toBe(415);
  expect((await post(door, '{"jsonrpc":')).status).toBe(400);
  expect((await post(door, `${'['.repeat(101)}${']'.repeat(101)}`)).status).toBe(400);
  // Brackets in text are no depth.
  const text = {
    ...initialize,
    params: { ...initialize.params, clientInfo: { name: `\\"${'['.repeat(500)}`, version: '1' } },
  };
  expect((await post(door, text)).status).toBe(200);
});

test('a client that goes away in the middle of its body leaves nothing behind', async () => {
  const { port } = new URL(door.origin);
  await sendRaw(
    door.origin,
    `POST /mcp HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a`,
    50,
  );
  await eventually(async () => {
    const health = (await (await fetch(`${door.origin}/health`)).json()) as any;
    expect(health.components.mcp.running).toBe(0);
  });
});

test('each principal has its rate and its requests at once', async () => {
  const narrow = await startDoor({ env: cloud.env, flags: ['--rate-limit', '6'] });
  const id = await beginSession(narrow);
  const list = { jsonrpc: '2.0', id: 2, method: 'tools/list' };
  const headers = { 'mcp-session-id': id };
  for (let turn = 0; turn < 3; turn++) expect((await post(narrow, list, headers)).status).toBe(200);
  // Two are left; a batch of three is too many.
  const batch = await post(narrow, [list, { ...list, id: 3 }, { ...list, id: 4 }], headers);
  expect(batch.status).toBe(429);
  expect(Number(batch.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await post(narrow, list, headers)).status).toBe(200);
  const over = await fetch(narrow.url, { headers: { ...jsonHeaders, ...headers } });
  expect(over.status).toBe(429);
  expect(over.headers.get('retry-after')).toBe('10');
  expect((await fetch(`${narrow.origin}/health/live`)).status).toBe(200);
  await narrow.close();
});
