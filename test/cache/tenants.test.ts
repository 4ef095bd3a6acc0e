import { expect, test } from 'vitest';
import { createSimulator } from '../../src/simulator/index.ts';
import { createFetchTransport } from '../../src/cloudstack/transport.ts';
import { openClient, startDoor } from '../web/door.ts';
import { startCloud } from '../support/harness.ts';
import { send } from '../simulator/sign.ts';
import { createHash } from 'node:crypto';
import { loadConfig } from '../../src/config/config.ts';
import { createApp } from '../../src/app/app.ts';
import type { Observation } from '../../src/observe.ts';
import { requestOf } from '../guard/counting.ts';
import { yes } from './cloud.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

test('two tenants at one endpoint, a thousand calls in turns: each sees its own only, from the cache, too', async () => {
  const cloud = await startCloud();
  const keysOf = async (name: string) => {
    const user = cloud.simulator.world.all('User').find(({ fields }) => fields['username'] === name)!;
    const { body } = await send(cloud.simulator, 'getUserKeys', { id: user.id });
    return { apiKey: body['userkeys'].apikey as string, secretKey: body['userkeys'].secretkey as string };
  };
  const names = ['bob', 'carol'] as const;
  const url = cloud.env['CLOUDSTACK_API_URL'];
  const door = await startDoor({
    env: { CLOUDSTACK_MCP_CACHE: 'true', CLOUDSTACK_MCP_RATE_LIMIT: '100000' },
    file: {
      profile: 'of-bob',
      profiles: { 'of-bob': { url, ...(await keysOf('bob')) }, 'of-carol': { url, ...(await keysOf('carol')) } },
      auth: { tokens: { bob: sha256('token-of-bob'), carol: sha256('token-of-carol') } },
      principals: {
        bob: { role: 'admin', profile: 'of-bob' },
        carol: { role: 'admin', profile: 'of-carol' },
      },
    },
  });
  const clients = await Promise.all(names.map((name) => openClient(door, { token: `token-of-${name}` })));
  const owned = (name: string): string[] =>
    [...cloud.simulator.world.tables.keys()]
      .flatMap((kind) => cloud.simulator.world.all(kind))
      .filter(
        ({ kind, owner }) =>
          ['UserVm', 'Volume', 'Network'].includes(kind) &&
          owner &&
          cloud.simulator.world.get(owner)?.fields['name'] === name,
      )
      .map(({ id }) => id);
  const ids = names.map(owned);
  for (const of of ids) expect(of.length).toBeGreaterThan(3);
  const tools = ['list-virtual-machines', 'list-volumes', 'list-networks', 'list-accounts', 'list-users'];
  cloud.calls.length = 0;
  let kept = 0;
  const leaks: string[] = [];
  const seen = [new Set<string>(), new Set<string>()];
  const turn = async (at: number): Promise<void> => {
    const who = at % 2;
    const tool = tools[(at >> 1) % tools.length]!;
    const { text, structured } = await clients[who]!.call('read', {
      tool,
      arguments: { listall: true },
      fields: ['*'],
    });
    if (structured['age'] !== undefined) kept++;
    const all = `${text}\n${JSON.stringify(structured)}`;
    for (const id of ids[1 - who]!) if (all.includes(id)) leaks.push(`${names[who]} saw ${id} in ${tool}`);
    for (const id of ids[who]!) if (all.includes(id)) seen[who]!.add(id);
  };
  for (let at = 0; at < 1000; at += 20) await Promise.all(Array.from({ length: 20 }, (_, n) => turn(at + n)));
  expect(leaks).toEqual([]);
  expect(kept).toBeGreaterThan(900);
  for (const who of [0, 1]) expect(seen[who]!.size).toBeGreaterThan(3);
  for (const client of clients) await client.close();
  await door.close();
  await cloud.close();
}, 60_000);

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
  const told: Observation[] = [];
  const app = createApp(
    { ...base, profiles, profile: 'one' },
    {
      cache: true,
      observe: (observation) => void told.push(observation),
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
  const results = told.flatMap((one) => (one.type === 'cache' ? [one.result] : []));
  expect(results).toEqual(['miss', 'hit', 'hit', 'miss', 'miss']);
  const change = requestOf('updateZone', { id: simulators[0]!.world.all('Zone')[0]!.id, name: 'x' }, { consent: yes });
  await app.call({ ...change, caller: { principal: 'local', host: 'test', profile: 'one', isLocal: true } });
  // At this endpoint only.
  expect(told).toContainEqual({ type: 'invalidation', cause: 'change', entries: 1 });
  expect((await zones('two')).structured['age']).toBeGreaterThanOrEqual(0);
  expect((await zones('one')).structured['age']).toBeUndefined();
  await app.close();
});
