import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { promtool } from '../system/observe/prometheus.ts';
import { alertsFile, fillIn, readAlerts, readPanels } from '../../scripts/docs/deploy-files.ts';
import { sections, settings, work } from '../system/observe/workload.ts';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { createMemory } from '../../src/cache/memory.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { startCloud, type Cloud } from '../support/harness.ts';
import { readSamples, valueOf, type Sample } from '../support/samples.ts';
import { openClient, post, sendRaw, startDoor, type Door } from '../support/door.ts';
import { eventually } from '../support/eventually.ts';

const read = async (origin: string): Promise<Sample[]> => {
  const response = await fetch(`${origin}/metrics`);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  return readSamples(await response.text());
};

/** Breaks a simulator on purpose, as a person would from outside. */
const setFaults = async ({ url }: Cloud, rules: readonly object[]): Promise<void> => {
  const { ok } = await fetch(new URL('/simulator/faults', url), { method: 'PUT', body: JSON.stringify({ rules }) });
  expect(ok).toBe(true);
};

// After everything that the metrics tell of has happened.

let cloud: Cloud;
let door: Door;
let samples: Sample[];

beforeAll(async () => {
  cloud = await startCloud({ jobMillis: 60 });
  door = await startDoor({ env: { ...cloud.env, ...settings }, file: sections });
  await work({ origin: door.origin, setFaults: (rules) => setFaults(cloud, rules) }, 0);
  await eventually(async () =>
    expect(valueOf(await read(door.origin), 'cloudstack_mcp_resources', { kind: 'alert' })).toBeDefined(),
  );
  samples = await read(door.origin);
});

afterAll(async () => {
  await door.close();
  await cloud.close();
});

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

// Without promtool, `npm run observe` says so and ends with 3.
test.runIf(hasPromtool)('/metrics keeps to the conventions of Prometheus, and the alerts are rules', async () => {
  const text = await (await fetch(`${door.origin}/metrics`)).text();
  expect(promtool(['metrics'], text)).toBeUndefined();
  expect(promtool(['metrics'], '# HELP a x\n# TYPE a counter\na 1\n')).toContain('_total');
  expect(promtool(['rules', alertsFile])).toBeUndefined();
  expect(promtool(['rules', 'test/system/observe/alerts.test.yml'], undefined, 'test')).toBeUndefined();
});

test('every metric of our own has the prefix', () => {
  const own = samples.filter(({ name }) => !/^(process|nodejs)_/.test(name));
  expect(own.length).toBeGreaterThan(100);
  expect(own.filter(({ name }) => !name.startsWith('cloudstack_mcp_'))).toEqual([]);
});

/**
 * What an expression names that is not there; whether it is PromQL, Prometheus says in `npm run observe`. `all`: its
 * conditions must hold somewhere, too.
 */
const missingIn = (expression: string, all: boolean): string[] => {
  const text = fillIn(expression, { interval: '1m', range: '1h' });
  // Prometheus adds these labels itself.
  const isOwn = (label: string): boolean => label !== '' && label !== 'instance' && label !== 'job';
  const grouped = [...text.matchAll(/\b(?:by|without|on|ignoring|group_left|group_right) ?\(([^)]*)\)/g)]
    .flatMap(([, labels = '']) => labels.split(/\s*,\s*/))
    .filter(isOwn);
  return [...text.matchAll(/\b(cloudstack_mcp_\w+|process_\w+|nodejs_\w+)(?:\{([^}]*)\})?/g)].flatMap(
    ([selector, metric = '', within = '']) => {
      const conditions = [...within.matchAll(/(\w+)(=~|!~|!=|=)"([^"]*)"/g)].filter(([, label = '']) => isOwn(label));
      const fits = ({ labels }: Sample): boolean =>
        conditions.every(([, label = '', is = '', value = '']) => {
          const found = is.endsWith('~')
            ? new RegExp(`^(?:${value})$`).test(labels[label] ?? '')
            : labels[label] === value;
          return found !== is.startsWith('!');
        });
      const series = samples.filter((one) => one.name === metric && (!all || fits(one)));
      if (!series.length) return [`${expression}: nothing for ${selector}`];
      return [...grouped, ...conditions.map(([, label = '']) => label)]
        .filter((label) => !series.some(({ labels }) => label in labels))
        .map((label) => `${metric} has no label ${label}`);
    },
  );
};

test('every panel of the dashboard selects what is there', () => {
  const expressions = readPanels().flatMap((panel) => panel.expressions);
  expect(expressions.length).toBeGreaterThan(40);
  expect(expressions.flatMap((expression) => missingIn(expression, true))).toEqual([]);
  expect(missingIn('sum by (nothing) (cloudstack_mcp_calls_total)', true)).toHaveLength(1);
  expect(missingIn('rate(cloudstack_mcp_calls_total{risk="none"}[5m])', true)).toHaveLength(1);
});

test('every alert speaks of metrics and labels that exist', () => {
  const alerts = readAlerts();
  expect(alerts.length).toBeGreaterThan(10);
  expect(alerts.flatMap(({ text }) => missingIn(text, false))).toEqual([]);
  expect(missingIn('cloudstack_mcp_nothing > 1', false)).toHaveLength(1);
});

test('the figures are those of what happened', () => {
  const value = (name: string, labels?: Record<string, string>) => valueOf(samples, `cloudstack_mcp_${name}`, labels);
  // Two hosts looked at zones three times each, and three times again while CloudStack was gone.
  const zones = { tool: 'list-zones', risk: 'read' };
  expect(value('calls_total', { ...zones, outcome: 'ok' })).toBeGreaterThanOrEqual(8);
  expect(value('calls_total', { ...zones, outcome: 'unavailable' })).toBeGreaterThanOrEqual(2);
  expect(value('calls_total', { tool: 'other', outcome: 'invalid' })).toBe(2);
  expect(value('calls_total', { tool: 'list-virtual-machines', outcome: 'invalid' })).toBe(2);
  expect(value('calls_total', { tool: 'delete-zone', risk: 'destroy', outcome: 'refused' })).toBe(1);
  expect(value('calls_total', { tool: 'start-virtual-machine', outcome: 'pending' })).toBe(1);
  expect(value('confirmations_total', { result: 'accepted' })).toBeGreaterThanOrEqual(2);
  expect(value('confirmations_total', { result: 'declined' })).toBe(1);
  expect(value('confirmations_total', { result: 'sent-to-terminal' })).toBe(1);
  expect(value('jobs_total', { outcome: 'failed' })).toBe(1);
  expect(value('jobs_in_progress')).toBe(0);
  expect(value('circuit_changes_total', { state: 'open' })).toBeGreaterThanOrEqual(1);
  expect(value('circuit_state', { state: 'closed' })).toBe(1);
  expect(value('cache_requests_total', { result: 'hit' })).toBeGreaterThanOrEqual(2);
  expect(value('cache_requests_total', { result: 'joined' })).toBeGreaterThanOrEqual(1);
  expect(value('cache_dropped_total', { cause: 'change' })).toBeGreaterThanOrEqual(1);
  expect(value('cloudstack_retries_total')).toBeGreaterThanOrEqual(1);
  for (const reason of ['host', 'origin', 'unauthenticated', 'malformed', 'rate-limit'])
    expect(value('http_refused_total', { reason }), reason).toBeGreaterThanOrEqual(1);
  expect(value('resources', { kind: 'virtual-machine', state: 'Running' })).toBeGreaterThan(0);
  expect(value('cloudstack_up')).toBe(1);
});

test('nobody is named in a label, and no id', () => {
  const text = samples.map(({ labels }) => JSON.stringify(labels)).join('\n');
  expect(text).not.toMatch(/operator|viewer|flood|web-1|observed|127\.0\.0\.1/);
  expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}/);
});

// One thing at a time.

test('all commands with all endings stay within a bound that the catalog sets', async () => {
  const metrics = createMetrics();
  const endings = ['ok', 'invalid', 'refused', 'unconfirmed'] as const;
  for (const { command, risk } of loadCatalog().tools)
    for (const ending of endings)
      metrics.observe({ type: 'call', command: command.name, risk: risk.risk, ending, seconds: 0.1 });
  const calls = readSamples(await metrics.text()).filter(({ name }) => name === 'cloudstack_mcp_calls_total');
  expect(calls).toHaveLength(loadCatalog().tools.length * endings.length);
});

test('/metrics is asked for by allowed hosts only, and not answered where it is switched off', async () => {
  expect(
    await sendRaw(door.origin, 'GET /metrics HTTP/1.1\r\nHost: evil.example.com\r\nConnection: close\r\n\r\n'),
  ).toMatch(/^HTTP\/1.1 403/);
  const foreign = await fetch(`${door.origin}/metrics`, { headers: { origin: 'https://evil.example.com' } });
  expect(foreign.status).toBe(403);
  const quiet = await startDoor({ env: { ...cloud.env, CLOUDSTACK_MCP_METRICS: 'false' } });
  expect((await fetch(`${quiet.origin}/metrics`)).status).toBe(404);
  await quiet.close();
});

test('sessions and requests in flight are what they are when somebody looks', async () => {
  const mine = await startDoor({ env: cloud.env });
  const clients = await Promise.all([1, 2, 3].map(() => openClient(mine)));
  expect(valueOf(await read(mine.origin), 'cloudstack_mcp_sessions')).toBe(3);
  await Promise.all(clients.map(({ transport }) => transport.terminateSession()));
  await Promise.all(clients.map((client) => client.close()));
  const now = await read(mine.origin);
  expect(valueOf(now, 'cloudstack_mcp_sessions')).toBe(0);
  expect(valueOf(now, 'cloudstack_mcp_http_requests_in_flight')).toBe(0);
  expect(valueOf(now, 'cloudstack_mcp_http_requests_total', { route: '/mcp', method: 'DELETE', status: '2xx' })).toBe(
    3,
  );
  await mine.close();
});

test('an audit log that cannot be written is counted', async () => {
  const mine = await startDoor({ env: { ...cloud.env, CLOUDSTACK_MCP_AUDIT: '/dev/null/audit.jsonl' } });
  const host = await openClient(mine);
  await host.call('read', { tool: 'list-zones' });
  const now = await read(mine.origin);
  expect(valueOf(now, 'cloudstack_mcp_audit_entries_total', { result: 'waiting' })).toBe(1);
  expect(valueOf(now, 'cloudstack_mcp_audit_entries_total', { result: 'written' })).toBe(0);
  await host.close();
  await mine.close();
});

test('the cache tells how many answers it keeps', async () => {
  const mine = await startDoor({ env: cloud.env });
  const host = await openClient(mine);
  const saved = async () => valueOf(await read(mine.origin), 'cloudstack_mcp_cache_entries');
  expect(await saved()).toBe(0);
  for (const [tool, entries] of [
    ['list-zones', 1],
    ['list-zones', 1],
    ['list-service-offerings', 2],
  ] as const) {
    await host.call('read', { tool });
    expect(await saved()).toBe(entries);
  }
  await host.close();
  await mine.close();

  const received: number[] = [];
  let now = 0;
  const memory = createMemory(
    1,
    () => now,
    (entries) => received.push(entries),
  );
  const entry = { body: {}, sentAt: 0, expiresAt: 10, version: '', keys: ['zones'], size: 10 };
  for (const key of ['a', 'b', 'c']) memory.save(key, entry);
  now = 20;
  memory.get('a');
  memory.drop(['networks']);
  memory.drop(['zones']);
  expect(received).toEqual([1, 2, 3, 2, 0]);
});

test('a cloud that is gone is down until it answers again, whatever it answers', async () => {
  const own = await startCloud();
  const mine = await startDoor({ env: { ...own.env, CLOUDSTACK_MCP_RETRIES: '0', CLOUDSTACK_MCP_CACHE: 'false' } });
  const host = await openClient(mine);
  const up = async () => valueOf(await read(mine.origin), 'cloudstack_mcp_cloudstack_up');
  await setFaults(own, [{ kind: 'reset' }]);
  await host.call('read', { tool: 'list-zones' });
  expect(await up()).toBe(0);
  await setFaults(own, [{ kind: 'status', status: 431, command: 'listZones' }]);
  await host.call('read', { tool: 'list-zones' });
  expect(await up()).toBe(1);
  // An error in its own envelope, also one that says that a part of it is down, is an answer; a proxy's page is none.
  await setFaults(own, [{ kind: 'html', status: 502 }]);
  await host.call('read', { tool: 'list-zones' });
  expect(await up()).toBe(0);
  await setFaults(own, [{ kind: 'status', status: 534 }]);
  await host.call('read', { tool: 'list-zones' });
  expect(await up()).toBe(1);
  await host.close();
  await mine.close();
  await own.close();
});

test('every refusal of the door has its reason', async () => {
  const mine = await startDoor({ env: { ...cloud.env, CLOUDSTACK_MCP_BODY_LIMIT: '1000' } });
  await post(mine, 'x'.repeat(2000));
  await post(mine, '{');
  const now = await read(mine.origin);
  expect(valueOf(now, 'cloudstack_mcp_http_refused_total', { reason: 'too-large' })).toBe(1);
  expect(valueOf(now, 'cloudstack_mcp_http_refused_total', { reason: 'malformed' })).toBe(1);
  await mine.close();
});
