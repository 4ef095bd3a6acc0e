import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { runCli } from '../../src/cli/program.ts';
import { runCommand, startCloud, startFake, type Cloud } from '../support/harness.ts';
import { initialize, post, startDoor } from '../support/door.ts';
import { eventually, promptMs } from '../support/eventually.ts';

// What stands between a user and a first answer is named or repaired at once, at every door.

const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-connecting-'));
let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});
const withUrl = (url: string) => ({ ...cloud.env, CLOUDSTACK_API_URL: url });
const list = (env: Record<string, string>, ...flags: string[]) => runCommand(['call', 'list-zones', ...flags], { env });

test('D8, D20: a URL without its path or its scheme is repaired, and said', async () => {
  const { host } = new URL(cloud.url);
  for (const url of [
    `http://${host}`,
    `http://${host}/`,
    `http://${host}/client`,
    `${host}/client/api`,
    host,
    ` http://${host}/client/api/ `,
  ]) {
    const { status, stderr, stdout } = await list(withUrl(url));
    expect(status, `${url}: ${stderr}`).toBe(0);
    expect(stdout).toContain('Frankfurt');
    expect(stderr.includes('was added to the URL'), url).toBe(!url.includes('http://') || !url.includes('/client/api'));
  }
  for (const url of ['ftp://cloud.example.com/client/api', 'https://', ':::']) {
    const { status, stderr } = await list(withUrl(url));
    expect(stderr, url).toContain('is not an http(s) URL');
    expect(status, url).toBe(2);
  }
});

test('D8: https on a port that speaks http is named at once, and not tried again', async () => {
  let connections = 0;
  const server: Server = createServer((_request, response) => response.end()).on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/client/api`;
  const { status, stderr } = await list(withUrl(url), '--discover', 'false');
  expect(stderr).toContain('does not speak TLS there');
  expect(stderr).toContain('Begin the URL with http://');
  expect(status).toBe(2);
  expect(connections).toBe(1);
  await new Promise((resolve) => server.close(resolve));
});

test.each([['${CLOUDSTACK_API_KEY}'], ['$CLOUDSTACK_API_KEY'], ['%CLOUDSTACK_API_KEY%'], ['<your key>']])(
  'M19: a value that was not filled in is named: %s',
  async (value) => {
    cloud.calls.splice(0);
    const { status, stderr } = await list({ ...cloud.env, CLOUDSTACK_API_KEY: value });
    expect(stderr).toContain(`apiKey is "${value}": its value was not filled in`);
    expect(status).toBe(2);
    expect(cloud.calls).toEqual([]);
  },
);

test('a file in UTF-16 is named, a byte order mark is nothing', async () => {
  const text = JSON.stringify({
    profiles: {
      only: { url: cloud.url, apiKey: cloud.env['CLOUDSTACK_API_KEY'], secretKey: cloud.env['CLOUDSTACK_SECRET_KEY'] },
    },
  });
  const write = (name: string, content: Buffer): string => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const utf16 = await list({}, '--config', write('utf16.json', Buffer.from(`\ufeff${text}`, 'utf16le')));
  expect(utf16.stderr).toContain('looks like UTF-16');
  expect(utf16.status).toBe(2);
  expect((await list({}, '--config', write('bom.json', Buffer.from(`\ufeff${text}`)))).status).toBe(0);
  const secret = write('secret', Buffer.from(`\ufeff${cloud.env['CLOUDSTACK_SECRET_KEY']}\n`));
  const { CLOUDSTACK_SECRET_KEY: _secret, ...env } = cloud.env;
  expect((await list({ ...env, CLOUDSTACK_SECRET_KEY_FILE: secret })).status).toBe(0);
});

test('N09: one broken look at a job is made again, and the job is followed on', async () => {
  let looks = 0;
  const fake = await startFake((command, response) => {
    const id = '11111111-2222-4333-8444-555555555555';
    if (command === 'queryAsyncJobResult' && ++looks === 1)
      return response.end('{"queryasyncjobresultresponse":{"jobid":"11');
    const body =
      command === 'queryAsyncJobResult'
        ? { jobid: id, jobstatus: 1, jobresult: { success: true } }
        : command.startsWith('list')
          ? { count: 1, virtualmachine: [{ id, name: 'web-1' }] }
          : { jobid: id };
    response.end(JSON.stringify({ [`${command.toLowerCase()}response`]: body }));
  });
  const words = ['call', 'start-virtual-machine', 'id=11111111-2222-4333-8444-555555555555', '--discover', 'false'];
  const { status, stderr } = await runCommand(words, { env: fake.env });
  expect(status, stderr).toBe(0);
  expect(looks).toBe(2);
  expect(fake.counts.get('startVirtualMachine')).toBe(1);
  await fake.close();
});

test('a read at the terminal ends in the time of a call, however long a job may be waited for', async () => {
  const silent = await startFake(() => undefined);
  const env = { ...silent.env, CLOUDSTACK_MCP_CALL_TIMEOUT: '2000', CLOUDSTACK_MCP_DISCOVER: 'false' };
  const began = Date.now();
  const { status, stderr } = await runCommand(['call', 'list-zones', '--wait', '3600'], { env });
  expect(status).toBe(1);
  expect(stderr).toContain('timeout');
  expect(Date.now() - began).toBeLessThan(promptMs);
  await silent.close();
});

test('M22, M26, N13: lists that hosts ask for unasked have answers, and other methods are unknown', async () => {
  const input = new PassThrough();
  const output = new PassThrough();
  const running = runCli(['serve'], {
    stdin: input,
    stdout: output,
    stderr: new PassThrough().resume(),
    env: { ...cloud.env, CLOUDSTACK_MCP_AUDIT: '/dev/null', CLOUDSTACK_MCP_STATE: folder },
    signal: new AbortController().signal,
  });
  const answers = new Map<unknown, Record<string, any>>();
  createInterface({ input: output }).on('line', (line) => {
    const answer = JSON.parse(line) as Record<string, any>;
    answers.set(answer['id'], answer);
  });
  const requests: [unknown, Record<string, unknown>][] = [
    [1, { ...initialize, params: { ...initialize.params, protocolVersion: 20241105 } }],
    [2, initialize],
    [31, { method: 'ping', params: null }],
    [32, { method: 'tools/list', params: null }],
    [33, { method: 'tools/list', params: [] }],
    [34, { params: {} }],
    ['35', { method: 'prompts/list' }],
    [36, { method: 'resources/list', params: {} }],
    [37, { method: 'resources/templates/list' }],
    [38, { method: 'no/such' }],
    [39, { jsonrpc: '1.0', method: 'ping' }],
    // Would not come back as it was given.
    [2 ** 53, { method: 'ping' }],
    [51, { method: 'ping', extra: 1 }],
    [52, { method: 'ping', params: { _meta: 5 } }],
  ];
  for (const [id, message] of requests) input.write(`${JSON.stringify({ jsonrpc: '2.0', ...message, id })}\n`);
  await eventually(() => expect(answers.size).toBe(requests.length));
  // The list is made once, and given again under the id of each request.
  const listed = [];
  for (const id of [40, 'again', 42]) {
    input.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'tools/list', id })}\n`);
    await eventually(() => expect(answers.get(id)).toBeDefined());
    listed.push(answers.get(id)?.['result']);
  }
  expect(listed[0].tools.length).toBeGreaterThan(3);
  expect(listed).toEqual([listed[0], listed[0], listed[0]]);
  expect(answers.get(1)).toMatchObject({ error: { code: -32602 } });
  expect(answers.get(2)).toHaveProperty('result');
  expect(answers.get(31)).toHaveProperty('result');
  expect(answers.get(32)!['result'].tools.length).toBeGreaterThan(0);
  expect(answers.get(33)).toMatchObject({ error: { code: -32602 } });
  expect(answers.get(34)).toMatchObject({ error: { code: -32600 } });
  expect(answers.get('35')!['result'].prompts.length).toBeGreaterThan(0);
  expect(answers.get(36)!['result'].resources.length).toBeGreaterThan(0);
  expect(answers.get(37)!['result'].resourceTemplates.length).toBeGreaterThan(0);
  expect(answers.get(38)).toMatchObject({ error: { code: -32601 } });
  expect(answers.get(39)).toMatchObject({ error: { code: -32600 } });
  expect(answers.get(null)).toMatchObject({ error: { code: -32600 } });
  expect(answers.get(51)).toMatchObject({ error: { code: -32600, message: expect.stringContaining('no extra') } });
  expect(answers.get(52)).toMatchObject({ error: { code: -32602, message: '_meta must be an object' } });
  input.end();
  await running;
});

test('M16, M18: HTTP answers what hosts say they accept: JSON alone, anything, nothing said', async () => {
  const door = await startDoor({ env: cloud.env });
  for (const accept of [
    'application/json',
    '*/*',
    'application/json, text/plain',
    'application/json, text/event-stream',
  ]) {
    const response = await post(door, initialize, { accept });
    expect(response.status, accept).toBe(200);
    const text = await response.text();
    if (accept.includes('event-stream')) continue;
    expect(response.headers.get('content-type'), accept).toContain('application/json');
    expect(JSON.parse(text), accept).toMatchObject({
      id: 1,
      result: { serverInfo: { name: 'cloudstack-mcp-server' } },
    });
    const session = {
      'mcp-session-id': response.headers.get('mcp-session-id')!,
      'mcp-protocol-version': '2025-11-25',
      accept,
    };
    const call = {
      jsonrpc: '2.0',
      id: 2,
      method: 'tools/call',
      params: { name: 'read', arguments: { tool: 'list-zones' } },
    };
    expect(JSON.parse(await (await post(door, call, session)).text()), accept).toMatchObject({
      id: 2,
      result: { structuredContent: { count: 2 } },
    });
  }
  expect((await post(door, initialize, { accept: 'text/html' })).status).toBe(406);
  // fetch sets no Host of its own.
  await new Promise<void>((resolve) => {
    request(door.url, { headers: { host: 'evil.example.com' } }, (response) =>
      response.resume().on('end', resolve),
    ).end();
  });
  expect(door.out.stderr).toContain('The host ‹evil.example.com› is refused');
  expect(door.out.stderr).toContain('--allowed-hosts names it');
  await door.close();
});

test('M11: names with a host’s prefix are short enough for every host, and the long ones stay aliases', () => {
  for (const { name, command } of loadCatalog().tools) {
    expect(name.length, name).toBeLessThanOrEqual(47);
    expect(loadCatalog().find(name)?.command.name).toBe(command.name);
  }
  expect(loadCatalog().find('remove-tungsten-fabric-network-gateway-from-logical-router')?.name).toBe(
    'remove-tungsten-gateway-from-logical-router',
  );
});
