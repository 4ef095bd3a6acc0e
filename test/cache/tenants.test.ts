import { expect, test } from 'vitest';
import { createSimulator } from '../support/seeded-worlds.ts';
import { createFetchTransport } from '../../src/cloudstack/transport.ts';
import { loadConfig } from '../../src/config/config.ts';
import { createApp } from '../../src/app/app.ts';
import type { Observation } from '../../src/observe.ts';
import { requestOf, yes } from '../guard/counting.ts';

test('the same key with another secret, and the same key at another endpoint, are others', async () => {
  const simulators = [createSimulator({ jobMillis: 0, random: 1 }), createSimulator({ jobMillis: 0, random: 1 })];
  simulators[1]!.world.update(simulators[1]!.world.all('Zone')[0]!, { name: 'elsewhere' });
  const { apiKey, secretKey } = simulators[0]!.credentials;
  expect(simulators[1]!.credentials.apiKey).toBe(apiKey);
  const base = await loadConfig({}, { CLOUDSTACK_MCP_AUDIT: '/dev/null', CLOUDSTACK_MCP_RETRIES: '0' });
  const profiles = {
    one: { endpoint: 'http://one.invalid/client/api', secret: { apiKey, secretKey } },
    two: { endpoint: 'http://two.invalid/client/api', secret: { apiKey, secretKey } },
    thief: { endpoint: 'http://one.invalid/client/api', secret: { apiKey, secretKey: 'guessed' } },
  };
  const received: Observation[] = [];
  const app = createApp(
    { ...base, profiles, profile: 'one' },
    {
      cache: true,
      observe: (observation) => void received.push(observation),
      stderr: { write: () => true },
      transport: createFetchTransport((request) =>
        simulators[new URL(request.url).hostname === 'one.invalid' ? 0 : 1]!.fetch(request),
      ),
    },
  );
  const zones = (profile: keyof typeof profiles) =>
    app.call(requestOf('listZones', {}, { caller: { principal: 'local', host: 'test', profile, isLocal: true } }));
  await zones('one');
  expect((await zones('one')).structured['age']).toBeGreaterThanOrEqual(0);
  expect((await zones('one')).text).not.toContain('elsewhere');
  expect((await zones('two')).text).toContain('elsewhere');
  await expect(zones('thief')).rejects.toMatchObject({ kind: 'authentication' });
  const results = received.flatMap((one) => (one.type === 'cache' ? [one.result] : []));
  expect(results).toEqual(['miss', 'hit', 'hit', 'miss', 'miss']);
  const change = requestOf('updateZone', { id: simulators[0]!.world.all('Zone')[0]!.id, name: 'x' }, { consent: yes });
  await app.call({ ...change, caller: { principal: 'local', host: 'test', profile: 'one', isLocal: true } });
  // At this endpoint only.
  expect(received).toContainEqual({ type: 'invalidation', cause: 'change', entries: 1 });
  expect((await zones('two')).structured['age']).toBeGreaterThanOrEqual(0);
  expect((await zones('one')).structured['age']).toBeUndefined();
  await app.close();
});
