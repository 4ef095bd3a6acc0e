import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { profileOf, startCloud, type Cloud } from '../support/harness.ts';
import { initialize, openClient, post, startDoor, type Door } from '../support/door.ts';
import { startProvider, type Provider } from '../support/identity-provider.ts';

const audience = 'https://mcp.example.com/mcp';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const clouds: Record<'alice' | 'bob', Cloud> = {} as never;
let provider: Provider;
let door: Door;
beforeAll(async () => {
  clouds.alice = await startCloud();
  clouds.bob = await startCloud();
  provider = await startProvider(audience);
  door = await startDoor({
    file: {
      profile: 'of-alice',
      profiles: { 'of-alice': profileOf(clouds.alice), 'of-bob': profileOf(clouds.bob) },
      auth: { issuer: provider.issuer, audience, tokens: { bob: sha256('bob-static-token') } },
      principals: {
        alice: { role: 'admin', profile: 'of-alice' },
        bob: { role: 'admin', profile: 'of-bob' },
        '*': { role: 'viewer', profile: 'of-bob' },
      },
    },
  });
});
afterAll(async () => {
  await door.close();
  await provider.close();
  await clouds.alice.close();
  await clouds.bob.close();
});

const protocols = ['old', 'new'] as const;
const deploy = (name: string) => ({
  tool: 'deploy-virtual-machine',
  arguments: {
    name,
    zoneid: 'Frankfurt',
    serviceofferingid: 'Small Instance',
    templateid: 'Ubuntu 24.04 LTS',
  },
});
const list = { tool: 'list-virtual-machines', arguments: { listall: true }, fields: ['name'], pagesize: 500 };

test.each(protocols)(
  '%s era: each sees and changes its own cloud only, however many calls run at once',
  async (protocol) => {
    const alice = await openClient(door, { protocol, token: await provider.mint({ sub: 'alice' }) });
    const bob = await openClient(door, { protocol, token: 'bob-static-token' });
    await Promise.all([
      alice.call('change', deploy(`${protocol}-of-alice`)),
      bob.call('change', deploy(`${protocol}-of-bob`)),
    ]);
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, turn) => {
        const who = turn % 2 ? 'alice' : 'bob';
        return { who, text: (await (who === 'alice' ? alice : bob).call('read', list)).text };
      }),
    );
    for (const { who, text } of answers) {
      expect(text).toContain(`${protocol}-of-${who}`);
      expect(text).not.toContain(`${protocol}-of-${who === 'alice' ? 'bob' : 'alice'}`);
    }
    await alice.close();
    await bob.close();
  },
);

test.each(protocols)("%s era: neither can name the other's profile, nor an endpoint", async (protocol) => {
  const bob = await openClient(door, { protocol, token: 'bob-static-token' });
  const before = clouds.alice.calls.length;
  const refused = await bob.call('read', { ...list, profile: 'of-alice' });
  expect(refused.structured['error']).toMatchObject({ kind: 'refused' });
  for (const further of [{ url: clouds.alice.url }, { endpoint: clouds.alice.url }])
    expect((await bob.call('read', { ...list, ...further })).structured['error']).toMatchObject({ kind: 'invalid' });
  expect((await bob.call('read', { ...list, profile: '__proto__' })).isError).toBe(true);
  // What the cloud offers is asked with one's own key, too.
  await bob.call('find-tools', { query: 'zones' });
  await bob.call('describe-tools', { tools: ['list-zones'] });
  expect(clouds.alice.calls.length).toBe(before);
  await bob.close();
});

test('everybody else has the profile and role of everybody', async () => {
  const carol = await openClient(door, { token: await provider.mint({ sub: 'carol' }) });
  const before = { alice: clouds.alice.calls.length, bob: clouds.bob.calls.length };
  expect((await carol.call('read', { tool: 'list-zones' })).isError).toBeUndefined();
  expect(clouds.alice.calls.length).toBe(before.alice);
  expect(clouds.bob.calls.length).toBeGreaterThan(before.bob);
  expect((await carol.call('change', deploy('of-carol'))).structured['error']).toMatchObject({ kind: 'refused' });
  expect(door.audit().at(-1)).toMatchObject({ principal: 'carol', profile: 'of-bob', result: 'refused' });
  await carol.close();
});

test("the answer to one's question is of no use to another", async () => {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } },
    'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
  };
  const call = async (who: string, more: object = {}): Promise<any> => {
    const token = who === 'bob' ? 'bob-static-token' : await provider.mint({ sub: who });
    const args = { tool: 'destroyVirtualMachine', arguments: { id: 'old-of-alice' } };
    const body = {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'destroy', arguments: args, ...more, _meta: meta },
    };
    const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'destroy' };
    return (await post(door, body, { ...headers, authorization: `Bearer ${token}` })).json();
  };
  const { result } = await call('alice');
  const reply = {
    inputResponses: { confirm: { action: 'accept', content: { confirm: true } } },
    requestState: result.requestState,
  };
  for (const who of ['bob', 'carol']) {
    const { error, result: given } = await call(who, reply);
    expect(error ?? given.isError).toBeTruthy();
  }
  const sent = () => [...clouds.alice.calls, ...clouds.bob.calls].filter((c) => c.command === 'destroyVirtualMachine');
  expect(sent()).toHaveLength(0);
  expect((await call('alice', reply)).result.isError).toBeFalsy();
  expect(sent()).toHaveLength(1);
});

test('limits are of one principal: another is not slowed down', async () => {
  const narrow = await startDoor({
    env: clouds.alice.env,
    file: {
      rateLimit: 3,
      auth: { tokens: { a: sha256('token-a'), b: sha256('token-b') } },
      principals: { '*': { role: 'viewer' } },
    },
  });
  const status = async (token: string) => (await post(narrow, initialize, { authorization: `Bearer ${token}` })).status;
  for (let turn = 0; turn < 3; turn++) expect(await status('token-a')).toBe(200);
  expect(await status('token-a')).toBe(429);
  expect(await status('token-b')).toBe(200);
  await narrow.close();
});
