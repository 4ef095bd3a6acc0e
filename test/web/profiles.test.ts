import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openHost, runCommand, startCloud, type Cloud } from '../support/harness.ts';
import { openClient, startDoor, type Door } from '../support/door.ts';

// Over HTTP a principal reaches the clouds that the configuration gives it, and no other tenant's.

const names = ['own', 'second', 'third'] as const;
const clouds: Record<(typeof names)[number], Cloud> = {} as never;
const tokenOf = (principal: string): string => `static-token-of-${principal}`;
const principals = {
  untied: { role: 'viewer' },
  tied: { role: 'viewer', profile: 'second' },
  several: { role: 'viewer', profiles: ['second', 'third'] },
};
const profiles = () =>
  Object.fromEntries(
    names.map((name) => {
      const {
        CLOUDSTACK_API_URL: url,
        CLOUDSTACK_API_KEY: apiKey,
        CLOUDSTACK_SECRET_KEY: secretKey,
      } = clouds[name].env;
      return [name, { url, apiKey, secretKey }];
    }),
  );
let door: Door;
beforeAll(async () => {
  for (const name of names) clouds[name] = await startCloud();
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
  door = await startDoor({
    file: {
      profile: 'own',
      profiles: profiles(),
      auth: { tokens: Object.fromEntries(Object.keys(principals).map((name) => [name, hash(tokenOf(name))])) },
      principals,
    },
  });
});
afterAll(async () => {
  await door.close();
  for (const cloud of Object.values(clouds)) await cloud.close();
});
beforeEach(() => {
  for (const { calls } of Object.values(clouds)) calls.splice(0);
});

const sentTo = (): string[] =>
  names.filter((name) => clouds[name].calls.some(({ command }) => command === 'listZones'));

test.each([
  ['untied', undefined, 'own'],
  ['untied', 'own', 'own'],
  ['untied', 'second', 'refused'],
  ['untied', 'third', 'refused'],
  ['tied', undefined, 'second'],
  ['tied', 'second', 'second'],
  ['tied', 'own', 'refused'],
  ['several', undefined, 'second'],
  ['several', 'third', 'third'],
  ['several', 'own', 'refused'],
])('%s asks for the profile %s: %s', async (principal, profile, expected) => {
  for (const protocol of ['old', 'new'] as const) {
    const client = await openClient(door, { protocol, token: tokenOf(principal) });
    const answer = await client.call('read', { tool: 'list-zones', fresh: true, ...(profile ? { profile } : {}) });
    await client.client.close();
    if (expected === 'refused') {
      expect(answer.structured['error']).toMatchObject({ kind: 'refused' });
      expect(sentTo()).toEqual([]);
    } else {
      expect(answer.isError).toBeUndefined();
      expect(sentTo()).toEqual([expected]);
    }
    expect(door.audit().at(-1)).toMatchObject({ principal, profile: profile ?? expected });
  }
});

test('on loopback without tokens, too, other profiles are those that the file lists', async () => {
  const open = await startDoor({ file: { profile: 'own', profiles: profiles() } });
  const client = await openClient(open);
  expect((await client.call('read', { tool: 'list-zones' })).isError).toBeUndefined();
  expect((await client.call('read', { tool: 'list-zones', profile: 'third' })).structured['error']).toMatchObject({
    kind: 'refused',
  });
  expect(sentTo()).toEqual(['own']);
  await client.client.close();
  await open.close();
});

/** A port that counts who connects, and lets no one in. */
const startPort = async () => {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/client/api`,
    connections: () => connections,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
};

test('for a profile that is refused no connection is made and no one logs in, through any door', async () => {
  const foreign = await startPort();
  const { own } = profiles();
  const file = {
    profile: 'own',
    // The second would connect to log in, before it could ask for anything.
    profiles: { own, keys: { ...own, url: foreign.url }, login: { url: foreign.url, username: 'u', password: 'p' } },
    principals: { local: { role: 'admin', profile: 'own' } },
  };
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-profiles-'));
  const config = join(folder, 'config.json');
  writeFileSync(config, JSON.stringify(file));
  const web = await startDoor({ file });
  const host = await openHost({ flags: ['--config', config] });
  for (const profile of ['keys', 'login']) {
    for (const protocol of ['old', 'new'] as const) {
      const client = await openClient(web, { protocol });
      const names = (await client.client.listTools()).tools.map(({ name }) => name);
      for (const name of names) {
        const args = { tool: 'list-zones', tools: ['list-zones'], query: 'zone', job: crypto.randomUUID(), profile };
        await client.call(name, args).catch(() => undefined);
      }
      await client.client.close();
    }
    const { structured } = await host.call('read', { tool: 'list-zones', profile });
    expect(structured['error']).toMatchObject({ kind: 'refused' });
    const flags = ['--config', config, '--profile', profile];
    for (const words of [
      ['call', 'list-zones'],
      ['call', 'list-zones', '--dry-run'],
      ['tools', 'list'],
      ['keys', 'show', 'u'],
    ])
      expect((await runCommand([...words, ...flags], { answers: ['yes'] })).status, words.join(' ')).not.toBe(0);
    expect(foreign.connections(), profile).toBe(0);
  }
  await host.close();
  await web.close();

  // A principal without a role has no profile either.
  writeFileSync(config, JSON.stringify({ ...file, profile: 'login', principals: { alice: { role: 'admin' } } }));
  const stranger = await openHost({ flags: ['--config', config] });
  expect((await stranger.call('read', { tool: 'list-zones' })).structured['error']).toMatchObject({ kind: 'refused' });
  expect(foreign.connections()).toBe(0);
  await stranger.close();
  await foreign.close();
  rmSync(folder, { recursive: true });
});
