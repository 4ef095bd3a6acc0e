import { existsSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { startCloud, startFake } from '../harness.ts';
import { openClient, startDoor } from './door.ts';

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
    errorRate: { calls: 2, failed: 0, share: 0 },
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
  const profileOf = (env: Record<string, string>) => ({
    url: env['CLOUDSTACK_API_URL'],
    apiKey: env['CLOUDSTACK_API_KEY'],
    secretKey: env['CLOUDSTACK_SECRET_KEY'],
  });
  const door = await startDoor({
    file: { profile: 'a', profiles: { a: profileOf(cloud.env), b: profileOf(mute.env), c: profileOf(mute.env) } },
  });
  const begun = Date.now();
  const { status, body } = await look(door.origin);
  expect(Date.now() - begun).toBeLessThan(6000);
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
  await vi.waitFor(async () => {
    const { status, body } = await look(door.origin);
    expect(status).toBe(503);
    expect(body.components.audit).toEqual({ status: 'down' });
  });
  await door.close();
  await cloud.close();
});
