import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { App } from '../../src/app/app.ts';
import { createHealth } from '../../src/web/health.ts';
import { profileOf, startCloud, startFake } from '../support/harness.ts';
import { openClient, startDoor } from '../support/door.ts';
import { eventually, promptMs } from '../support/eventually.ts';

const look = async (origin: string, path = '/health') => {
  const response = await fetch(`${origin}${path}`);
  return { status: response.status, body: (await response.json()) as any };
};

test('health says how each part is, and what the last minute was like', async () => {
  const cloud = await startCloud();
  const door = await startDoor({ env: cloud.env });
  const host = await openClient(door);
  await host.call('read', { tool: 'list-zones' });
  await host.call('read', { tool: 'no-such-command' });
  const { status, body } = await look(door.origin);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    status: 'ok',
    components: {
      mcp: { status: 'ok', sessions: 1, running: 0 },
      cloudstack: { status: 'ok', endpoints: 1, reachable: 1 },
      guard: { status: 'ok' },
      audit: { status: 'ok' },
      store: { status: 'ok' },
    },
    responseTime: { status: 'ok' },
    throughput: { status: 'ok' },
    errorRate: { status: 'ok', calls: 2, failed: 0, share: 0 },
  });
  expect(body.throughput.callsPerSecond).toBeGreaterThan(0);
  expect(body.responseTime.slowestMilliseconds).toBeGreaterThanOrEqual(body.responseTime.meanMilliseconds);
  expect(JSON.stringify(body)).not.toContain(cloud.url);
  const asked = cloud.calls.filter(({ command }) => command === 'listCapabilities').length;
  for (let turn = 0; turn < 10; turn++) await look(door.origin);
  expect(cloud.calls.filter(({ command }) => command === 'listCapabilities').length).toBe(asked);
  // Looking is no call: it leaves no entry.
  expect(door.audit().map(({ command }) => command)).not.toContain('listCapabilities');
  await host.close();
  await door.close();
  await cloud.close();
});

test('a cloud that is down: health is 503, live and ready stay 200, and reads that fail count', async () => {
  const cloud = await startCloud();
  await cloud.close();
  const door = await startDoor({ env: { ...cloud.env, CLOUDSTACK_MCP_RETRIES: '0' } });
  const { status, body } = await look(door.origin);
  expect(status).toBe(503);
  expect(body).toMatchObject({
    status: 'down',
    components: { cloudstack: { status: 'down', reachable: 0, problems: ['unavailable'] } },
  });
  expect(JSON.stringify(body)).not.toMatch(/ECONNREFUSED|127\.0\.0\.1/);
  expect((await look(door.origin, '/health/live')).status).toBe(200);
  expect((await look(door.origin, '/health/ready')).status).toBe(200);
  const host = await openClient(door);
  expect((await host.call('read', { tool: 'list-zones' })).isError).toBe(true);
  expect((await look(door.origin)).body.errorRate).toMatchObject({ calls: 1, failed: 1, share: 1 });
  await host.close();
  await door.close();
});

test('a cloud that does not answer is found out within seconds; one of two is a degradation', async () => {
  const mute = await startFake(() => undefined);
  const cloud = await startCloud();
  const door = await startDoor({
    file: { profile: 'a', profiles: { a: profileOf(cloud), b: profileOf(mute), c: profileOf(mute) } },
  });
  const begun = Date.now();
  const { status, body } = await look(door.origin);
  expect(Date.now() - begun).toBeLessThan(promptMs);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    status: 'degraded',
    components: { cloudstack: { status: 'degraded', endpoints: 2, reachable: 1, problems: ['timeout'] } },
  });
  await door.close();
  await cloud.close();
  await mute.close();
});

test('an audit log that cannot be kept is down', async () => {
  const cloud = await startCloud();
  // Root may write anywhere that is no device file's child.
  const door = await startDoor({ env: { ...cloud.env, CLOUDSTACK_MCP_AUDIT: '/dev/null/audit.jsonl' } });
  expect(existsSync('/dev/null/audit.jsonl')).toBe(false);
  await eventually(async () => {
    const { status, body } = await look(door.origin);
    expect(status).toBe(503);
    expect(body.components.audit).toEqual({ status: 'down' });
  });
  await door.close();
  await cloud.close();
});

test.each([
  ['nothing at all', {}, 0, ['ok', 'ok', 'ok']],
  ['a tenth of the calls fails', { calls: 40, failed: 4 }, 0, ['ok', 'ok', 'ok']],
  ['more than a tenth of the calls fails', { calls: 40, failed: 5 }, 0, ['ok', 'ok', 'degraded']],
  ['all of too few calls fail', { calls: 19, failed: 19, mean: 999 }, 0, ['ok', 'ok', 'ok']],
  ['calls take half of the time for one request', { calls: 20, mean: 500 }, 0, ['ok', 'ok', 'ok']],
  ['calls take longer than that', { calls: 20, mean: 501 }, 0, ['degraded', 'ok', 'ok']],
  ['many calls run, and some end', { calls: 1 }, 20, ['ok', 'ok', 'ok']],
  ['many calls run, and none ends', {}, 20, ['ok', 'degraded', 'ok']],
  ['a few calls run, and none ends', {}, 19, ['ok', 'ok', 'ok']],
])('the last minute: %s', async (_what, figures, running, [responseTime, throughput, errorRate]) => {
  const app = { config: { timeout: 1000 }, health: () => Promise.resolve({ audit: { status: 'ok' } }) };
  const health = createHealth({
    app: app as unknown as App,
    figures: () => ({ calls: 0, failed: 0, mean: 0, slowest: 0, ...figures }),
    sessions: () => 0,
    running: () => running,
  });
  const response = await health();
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    status: [responseTime, throughput, errorRate].includes('degraded') ? 'degraded' : 'ok',
    responseTime: { status: responseTime },
    throughput: { status: throughput },
    errorRate: { status: errorRate },
  });
});
