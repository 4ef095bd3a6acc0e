import { expect, test } from 'vitest';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { openApp, requestOf } from '../guard/counting.ts';
import { readSamples, valueOf } from '../support/samples.ts';

test('10,000 unknown names of 10,000 principals make no new series', async () => {
  const metrics = createMetrics();
  const { app, close } = await openApp({}, { observe: metrics.observe });
  const count = async () => readSamples(await metrics.text()).length;
  const flood = async (from: number, to: number): Promise<void> => {
    for (let at = from; at < to; at++) {
      const name = `tool-${at.toString(36)}-${Math.random().toString(36).slice(2)}`;
      const caller = { principal: `nobody-${at}`, host: `host-${at}`, profile: 'default' };
      await app.call(requestOf(name, { [`p${at}`]: at }, { caller })).catch(() => undefined);
      metrics.observe({ type: 'request', command: name, method: 'GET', ending: 'ok', answered: true, seconds: 0.1 });
      metrics.observe({ type: 'job-started', command: name });
      metrics.observe({ type: 'job', command: name, ending: 'ok', seconds: 1 });
      metrics.observe({ type: 'pool', profile: `profile-${at}`, running: 1, waiting: 0 });
      metrics.observe({ type: 'circuit', profile: `profile-${at}`, state: 'open' });
      metrics.http({
        route: 'other',
        method: `METHOD${at}`,
        status: 400 + (at % 100),
        seconds: 1,
        refused: 'malformed',
      });
    }
  };
  await flood(0, 10);
  const few = await count();
  await flood(10, 10_000);
  // Kinds of handles and garbage collections come and go.
  expect(Math.abs((await count()) - few)).toBeLessThan(20);
  const found = readSamples(await metrics.text());
  expect(valueOf(found, 'cloudstack_mcp_calls_total', { tool: 'other', outcome: 'invalid' })).toBe(10_000);
  expect(valueOf(found, 'cloudstack_mcp_cloudstack_requests_total', { command: 'other' })).toBe(10_000);
  expect(valueOf(found, 'cloudstack_mcp_pool_running')).toBe(10_000);
  expect(valueOf(found, 'cloudstack_mcp_circuit_state', { state: 'open' })).toBe(10_000);
  await close();
});
