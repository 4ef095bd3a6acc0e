import { afterAll, beforeAll, expect, test } from 'vitest';
import type { App } from '../../src/app/app.ts';
import { createTextLog, type Log } from '../../src/telemetry/log.ts';
import { createJsonLog } from '../../src/telemetry/json-log.ts';
import { openTelemetry } from '../../src/telemetry/telemetry.ts';
import { pollResources } from '../../src/web/resources.ts';
import { openHost, startCloud, type Cloud } from '../support/harness.ts';
import { openClient, post, startDoor, type Door, type DoorOptions } from '../support/door.ts';
import { eventually } from '../support/eventually.ts';

let cloud: Cloud;

beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(() => cloud.close());

const open = (options: DoorOptions = {}): Promise<Door> =>
  startDoor({ ...options, env: { ...cloud.env, CLOUDSTACK_MCP_LOG: 'json', ...options.env } });

type Line = Record<string, unknown>;

/** Every line is JSON, or this throws. */
const linesOf = ({ out }: Pick<Door, 'out'>): Line[] =>
  out.stderr
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
const requestsOf = (door: Door): Line[] => linesOf(door).filter(({ route }) => route === '/mcp');

const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };

test('a line for each request: who, what, how it ended, how long it took, and by which id', async () => {
  const door = await open();
  const host = await openClient(door);
  await host.call('read', { tool: 'list-zones' });
  await host.close();
  const refused = await post(door, ping, { 'x-request-id': 'req-from-a-proxy:1' });
  expect(refused.headers.get('x-request-id')).toBe('req-from-a-proxy:1');
  const [entry] = door.audit();
  await door.close();
  const lines = linesOf(door);
  expect(lines[0]).toMatchObject({
    level: 'info',
    service: 'cloudstack-mcp-server',
    msg: expect.stringMatching(/^Serving MCP/),
  });
  const calls = requestsOf(door).filter(({ method, status }) => method === 'POST' && status === 200);
  expect(calls.length).toBeGreaterThanOrEqual(2);
  for (const line of calls) {
    expect(line).toMatchObject({ level: 'info', principal: 'local', msg: 'POST /mcp 200' });
    expect(line['time']).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(line['request']).toMatch(/^[0-9a-f-]{36}$/);
    expect(line['milliseconds']).toBeGreaterThan(0);
  }
  const ids = requestsOf(door).map(({ request }) => request);
  expect(new Set(ids).size).toBe(ids.length);
  expect(requestsOf(door).find(({ request }) => request === 'req-from-a-proxy:1')).toMatchObject({
    status: 400,
    refused: 'malformed',
  });
  // The call's audit entry leads to its request.
  expect(ids).toContain(entry!.request);
});

test('an id that no proxy would send is replaced; every route gives one', async () => {
  const door = await open();
  for (const [given, path] of [
    ['x'.repeat(200), '/mcp'],
    ['a b"c', '/health/live'],
    ['<script>', '/nowhere'],
  ] as const) {
    const response = await fetch(`${door.origin}${path}`, { headers: { 'x-request-id': given } });
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  }
  await door.close();
});

test('what probes ask for is there for whoever wants to see it', async () => {
  for (const [level, count] of [
    ['info', 0],
    ['debug', 2],
  ] as const) {
    const door = await open({ env: { CLOUDSTACK_MCP_LOG_LEVEL: level } });
    for (const path of ['/health/live', '/metrics']) await fetch(`${door.origin}${path}`);
    await door.close();
    expect(linesOf(door).filter(({ route }) => route === '/health/live' || route === '/metrics')).toHaveLength(count);
  }
});

test('with logLevel error nothing else is said', async () => {
  const door = await open({ env: { CLOUDSTACK_MCP_LOG_LEVEL: 'info' } });
  await post(door, ping);
  await door.close();
  expect(requestsOf(door)).toHaveLength(1);
  const printed: string[] = [];
  const log = createJsonLog({ write: (text) => printed.push(text) }, 'error');
  log.report('info', 'one');
  log.record('warn', 'two');
  log.report('error', 'three', { request: 'r', trace: undefined });
  expect(printed.map((line) => JSON.parse(line) as Line)).toMatchObject([
    { level: 'error', msg: 'three', request: 'r' },
  ]);
  expect(printed[0]).not.toContain('trace');
});

test('text stays what it was: nothing about requests', async () => {
  const door = await startDoor({ env: cloud.env });
  const host = await openClient(door);
  await host.call('read', { tool: 'list-zones' });
  await host.close();
  await door.close();
  expect(door.out.stderr.trim().split('\n')).toEqual([expect.stringMatching(/^Serving MCP on \S+, without/)]);
});

test('stdio: JSON on standard error, frames on standard output', async () => {
  const host = await openHost({
    env: { ...cloud.env, CLOUDSTACK_MCP_LOG: 'json', CLOUDSTACK_MCP_AUDIT: '/dev/null/audit.jsonl' },
  });
  await host.call('read', { tool: 'list-zones' });
  await host.close();
  const lines = host.stderr().split('\n').filter(Boolean);
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) expect((JSON.parse(line) as Line)['level']).toBe('error');
  expect(lines[0]).toContain('audit: The audit log');
});

test('a configuration that cannot be taken over is said, in JSON too', async () => {
  const door = await open();
  door.reload({ policy: { preset: 'nothing' } });
  await eventually(() => expect(door.out.stderr).toContain('The new configuration was rejected'));
  await door.close();
  expect(linesOf(door).find(({ msg }) => String(msg).includes('was rejected'))).toMatchObject({ level: 'error' });
});

// Without a server.

const createNotes = () => {
  const notes: [string, string][] = [];
  const log: Log = {
    report: (level, message) => void notes.push([level, message]),
    record: (level, message) => void notes.push([level, message]),
  };
  return { notes, log };
};

test('circuits and the store are noted when they turn, and only then', async () => {
  const reported: string[] = [];
  const { observe } = await openTelemetry(
    { transport: 'stdio', log: 'json', logLevel: 'info', metrics: true, traces: undefined },
    { write: (text) => reported.push(text) },
  );
  for (const state of ['closed', 'open', 'open', 'half-open', 'closed'] as const)
    observe?.({ type: 'circuit', profile: 'default', state });
  for (const reachable of [true, false, false, true]) observe?.({ type: 'store', reachable });
  observe?.({ type: 'retry', command: 'listZones' });
  expect(reported.map((line) => JSON.parse(line) as Line).map(({ level, msg }) => [level, msg])).toEqual([
    ['warn', 'The circuit of default is open'],
    ['warn', 'The circuit of default is half-open'],
    ['info', 'The circuit of default is closed'],
    ['warn', 'The store cannot be reached'],
    ['info', 'The store is back'],
  ]);
});

test('with nothing asked for, nobody watches', async () => {
  const asked = { transport: 'stdio', log: 'text', logLevel: 'info', metrics: true, traces: undefined } as const;
  const telemetry = await openTelemetry(asked, { write: () => undefined });
  expect(telemetry).toMatchObject({ metrics: undefined, observe: undefined, tracing: undefined });
  await telemetry.close();
  const reply: string[] = [];
  createTextLog({ write: (text) => reply.push(text) }).report('error', 'plain');
  expect(reply).toEqual(['plain\n']);
});

test('resources are counted at once and then in turns; a cloud that fails is said once', async () => {
  const { notes, log } = createNotes();
  const seen: unknown[] = [];
  let asked = 0;
  const app = {
    config: { resourceCounts: 0, profile: 'p' },
    count: () => (asked++ ? Promise.reject(new Error('gone')) : Promise.resolve([{ kind: 'zone', count: 2 }])),
  } as unknown as Pick<App, 'config' | 'count'>;
  const metrics = { resources: (counts: unknown) => void seen.push(counts) };
  pollResources(app, metrics, log).stop();
  expect(asked).toBe(0);
  Object.assign(app.config, { resourceCounts: 0.001 });
  const { stop } = pollResources(app, metrics, log);
  await eventually(() => expect(asked).toBeGreaterThan(3));
  stop();
  expect(seen).toEqual([[{ kind: 'zone', count: 2 }]]);
  expect(notes).toEqual([['warn', 'Resources cannot be counted: gone']]);
});

test('no secret gets into the log, whatever comes in', async () => {
  const canary = 'Kanarienvogel';
  const door = await open({
    file: { auth: { tokens: { robot: 'a'.repeat(64) } }, principals: { robot: { role: 'admin' } } },
    env: { CLOUDSTACK_MCP_LOG_LEVEL: 'debug' },
  });
  const params = { name: canary, arguments: { password: canary } };
  await post(door, { ...ping, method: 'tools/call', params }, { authorization: `Bearer ${canary}`, cookie: canary });
  await post({ url: `${door.url}?token=${canary}` }, `{"${canary}`, { authorization: `Basic ${canary}` });
  await fetch(`${door.origin}/${canary}?key=${canary}`, { headers: { 'mcp-session-id': canary, referer: canary } });
  await door.close();
  expect(linesOf(door).length).toBeGreaterThan(3);
  expect(door.out.stderr).not.toContain(canary);
});
