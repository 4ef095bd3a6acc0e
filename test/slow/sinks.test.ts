import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { createServer as createStreamServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openHost, startCloud, type Cloud } from '../support/harness.ts';
import { newFolder } from '../audit/log.ts';
import { eventually, promptMs } from '../support/eventually.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(() => cloud.close());

const read = { tool: 'list-zones' };
const open = (audit: string, more: Record<string, string> = {}) =>
  openHost({ env: { ...cloud.env, CLOUDSTACK_MCP_AUDIT: audit, ...more } });

/** RFC 5424, as a strict receiver reads it. */
const rfc5424 = /^<(\d{1,3})>1 (\S+) (\S+) cloudstack-mcp (\d+) (\S+) - (\{.*\})$/;

test('syslog gets each entry by UDP, with the hash that is in the file', async () => {
  const socket = createSocket('udp4');
  const messages: string[] = [];
  socket.on('message', (message) => messages.push(message.toString()));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const path = join(newFolder(), 'audit.jsonl');
  const host = await open(`${path},syslog:127.0.0.1:${socket.address().port}`);
  await host.call('read', read);
  await host.call('read', { tool: 'no-such-tool' });
  await eventually(() => expect(messages.length).toBe(2));
  await host.close();
  socket.close();
  const [done, refused] = messages.map((message) => rfc5424.exec(message));
  expect(done?.slice(1, 6)).toEqual(['110', expect.any(String), expect.any(String), String(process.pid), 'listZones']);
  expect(Date.parse(done![2]!)).toBeGreaterThan(Date.now() - 60_000);
  expect(refused?.[1]).toBe('109');
  expect(readFileSync(path, 'utf8')).toBe(`${done![6]}\n${refused![6]}\n`);
});

test('syslog gets each entry by a stream socket', async () => {
  const path = join(newFolder(), 'log');
  let received = '';
  const server = createStreamServer((socket) => socket.on('data', (data) => (received += data.toString())));
  server.listen(path);
  await once(server, 'listening');
  const host = await open(`syslog:${path}`);
  await host.call('read', read);
  await host.call('read', read);
  await host.close();
  await eventually(() => expect(received.trimEnd().split('\n').length).toBe(2));
  for (const line of received.trimEnd().split('\n')) expect(line).toMatch(rfc5424);
  server.close();
});

// Node has no datagrams on unix sockets, so that the test too asks somebody else to receive them.
const receiver = `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1]); print("ready", flush=True)
while True: print(s.recv(70000).decode(), flush=True)`;
const has = (...command: [string, ...string[]]): boolean => spawnSync(command[0], command.slice(1)).status === 0;

test.runIf(has('logger', '--version') && has('python3', '--version'))(
  'syslog gets each entry by a datagram socket, as /dev/log mostly is',
  async () => {
    const path = join(newFolder(), 'log');
    const python = spawn('python3', ['-c', receiver, path]);
    let received = '';
    python.stdout.on('data', (data: Buffer) => (received += data.toString()));
    try {
      await eventually(() => expect(received).toContain('ready'));
      const host = await open(`syslog:${path}`);
      await host.call('read', read);
      await host.call('read', read);
      await host.close();
      await eventually(() => expect(received.split('"listZones"').length).toBe(3));
      expect(received).toMatch(/<110>1 .* cloudstack-mcp .*\{"time"/);
      expect(host.stderr()).toBe('');
    } finally {
      python.kill();
    }
  },
);

/** A collector that answers with the statuses given, then with 200. */
const startCollector = async (...statuses: number[]) => {
  const requests: { path: string; headers: IncomingHttpHeaders; body: any }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      // Traces come to the same collector; nobody looks at them here.
      if (request.url === '/v1/traces') return response.writeHead(200).end('{}');
      requests.push({ path: request.url ?? '', headers: request.headers, body: JSON.parse(body) });
      response.writeHead(statuses.shift() ?? 200).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const records = (): any[] =>
    requests.flatMap(({ body }) => body.resourceLogs[0].scopeLogs[0].logRecords as unknown[]);
  return {
    url,
    requests,
    records,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};

test('an OpenTelemetry collector gets the entries in batches, with the headers it wants', async () => {
  const collector = await startCollector();
  const path = join(newFolder(), 'audit.jsonl');
  const host = await open(`${path},otlp`, {
    OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc, x-team=cloud',
    OTEL_SERVICE_NAME: 'audit-test',
  });
  for (let at = 0; at < 5; at++) await host.call('read', read);
  await host.call('read', { tool: 'no-such-tool' });
  await host.close();
  expect(collector.requests.length).toBeLessThan(5);
  const [{ path: where, headers, body }] = collector.requests as [(typeof collector.requests)[0]];
  expect(where).toBe('/v1/logs');
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    authorization: 'Bearer abc',
    'x-team': 'cloud',
  });
  expect(body.resourceLogs[0].resource.attributes).toEqual([
    { key: 'service.name', value: { stringValue: 'audit-test' } },
  ]);
  const records = collector.records();
  expect(records.map(({ severityText }) => severityText as string)).toEqual([...Array<string>(5).fill('INFO'), 'WARN']);
  expect(records[0]).toMatchObject({
    timeUnixNano: expect.stringMatching(/^\d{19}$/) as string,
    attributes: expect.arrayContaining([
      { key: 'cloudstack.command', value: { stringValue: 'listZones' } },
      { key: 'cloudstack.result', value: { stringValue: 'done' } },
    ]) as unknown[],
  });
  expect(`${records.map(({ body: { stringValue } }) => stringValue as string).join('\n')}\n`).toBe(
    readFileSync(path, 'utf8'),
  );
  collector.close();
});

test('what a collector could not take for the moment is sent again', async () => {
  const collector = await startCollector(503);
  const host = await open('otlp', { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  await host.call('read', read);
  await eventually(() => expect(collector.requests.length).toBe(2));
  await host.close();
  expect(collector.records()).toHaveLength(2);
  expect(host.stderr()).toBe('');
  collector.close();
});

test('a copy that does not arrive stops nothing: it is said once, and counted', async () => {
  const collector = await startCollector(400, 400, 400, 400, 400);
  const host = await open('otlp,syslog:/nowhere/log', { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  const change = { tool: 'create-security-group', arguments: { name: 'copies' } };
  for (let at = 0; at < 3; at++) expect((await host.call('read', read)).isError).toBeUndefined();
  expect((await host.call('change', change)).isError).toBeUndefined();
  await host.close();
  expect(host.stderr()).toContain(`audit: 4 entries did not reach otlp ${new URL(collector.url).host}.`);
  expect(host.stderr()).toContain('audit: 4 entries did not reach syslog /nowhere/log.');
  expect(host.stderr().split('HTTP 400')).toHaveLength(2);
  expect(host.stderr().split('ENOENT')).toHaveLength(2);
  collector.close();
});

test('a collector that does not answer holds up no stop, and what it did not take is counted', async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const host = await open('otlp', {
    OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
  });
  await host.call('read', read);
  await host.call('read', read);
  const begun = Date.now();
  await host.close();
  expect(Date.now() - begun).toBeLessThan(promptMs);
  expect(host.stderr()).toMatch(/audit: 2 entries did not reach otlp 127\.0\.0\.1:\d+\./);
  silent.closeAllConnections();
  silent.close();
});

test.each(['collector-9:4318', 'user:hunter2@collector', 'nonsense'])(
  '%s is no collector, and is not repeated where it is said',
  async (address) => {
    const host = await open('otlp', { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: address });
    const answer = JSON.stringify(await host.call('read', read));
    await host.close();
    expect(answer).toContain('not an http(s) URL');
    expect(answer + host.stderr()).not.toContain(address);
  },
);

test('standard error gets each entry as a line', async () => {
  const host = await open('stderr');
  await host.call('read', read);
  await host.close();
  expect(JSON.parse(host.stderr())).toMatchObject({ command: 'listZones', result: 'done' });
});
