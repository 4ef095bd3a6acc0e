import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { send } from '../simulator/sign.ts';
import { startCloud } from '../support/harness.ts';
import { openClient, startDoor } from '../support/door.ts';

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
  let saved = 0;
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
    if (structured['age'] !== undefined) saved++;
    const all = `${text}\n${JSON.stringify(structured)}`;
    for (const id of ids[1 - who]!) if (all.includes(id)) leaks.push(`${names[who]} saw ${id} in ${tool}`);
    for (const id of ids[who]!) if (all.includes(id)) seen[who]!.add(id);
  };
  for (let at = 0; at < 1000; at += 20) await Promise.all(Array.from({ length: 20 }, (_, n) => turn(at + n)));
  expect(leaks).toEqual([]);
  expect(saved).toBeGreaterThan(900);
  for (const who of [0, 1]) expect(seen[who]!.size).toBeGreaterThan(3);
  for (const client of clients) await client.close();
  await door.close();
  await cloud.close();
});
