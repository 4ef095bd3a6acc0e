import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startCloud, type Cloud } from '../support/harness.ts';
import { openClient, startDoor, type Door } from './door.ts';

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
