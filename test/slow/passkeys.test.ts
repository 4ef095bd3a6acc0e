import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { hashToken } from '../../src/web/tokens.ts';
import { createAuthenticator, type Otherwise } from '../support/authenticator.ts';
import { openClient, startDoor, type Door } from '../support/door.ts';
import { runCommand, startCloud, type Cloud } from '../support/harness.ts';
import { cookieNamed, signInToPage, startProvider, type Provider } from '../support/identity-provider.ts';
import { findPort } from '../support/ports.ts';

const robot = 'robot-token-000000000000';
let cloud: Cloud;
let provider: Provider;
let door: Door;
let origin: string;
let state: string;

type Authenticator = ReturnType<typeof createAuthenticator>;
type Answer = Record<string, any>;

beforeAll(async () => {
  cloud = await startCloud();
  state = mkdtempSync(join(tmpdir(), 'cloudstack-passkeys-'));
  const port = await findPort();
  // Passkeys are for names: an address has none.
  origin = `http://localhost:${port}`;
  const resource = `${origin}/mcp`;
  provider = await startProvider(resource);
  const file = {
    auth: {
      issuer: provider.issuer,
      audience: resource,
      client: 'the-page',
      scopes: ['cloudstack'],
      tokens: { robot: hashToken(robot) },
    },
    principals: { alice: { role: 'admin' }, bob: { role: 'admin' }, robot: { role: 'admin' } },
    policy: { passkey: ['critical'] },
  };
  writeFileSync(join(state, 'config.json'), JSON.stringify({ policy: file.policy }));
  door = await startDoor({ env: { ...cloud.env, CLOUDSTACK_MCP_STATE: state }, file, flags: ['--port', String(port)] });
});
afterAll(async () => {
  await door.close();
  await provider.close();
  await cloud.close();
  rmSync(state, { recursive: true, force: true });
});

const cookieFor = (user: string): Promise<string> => signInToPage(origin, provider, user);
const asWith =
  (cookie: string, at = origin) =>
  async (name: string, body: object = {}): Promise<Answer> => {
    const headers = { 'content-type': 'application/json', 'x-cloudstack-page': '1', origin: at, cookie };
    const response = await fetch(`${at}/page/api/${name}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return (await response.json()) as Answer;
  };
/** Asks what the page asks, as someone. */
const signIn = async (user: string) => asWith(await cookieFor(user));
type Ask = Awaited<ReturnType<typeof signIn>>;

const challengeOf = async (ask: Ask, body: object): Promise<string> => {
  const answer = await ask('passkey-ask', body);
  expect(answer['error']).toBeUndefined();
  return answer['challenge'] as string;
};
const add = async (ask: Ask, device: Authenticator, proof?: object, otherwise?: Otherwise) =>
  ask('passkey-change', {
    added: device.create(await challengeOf(ask, { change: 'add' }), otherwise),
    ...(proof ? { proof } : {}),
  });
const sent = () => cloud.calls.filter(({ command }) => command === 'destroyVirtualMachine').length;

/** A critical call of a program, whose host says yes to everything. */
const destroy = async (id: string) => {
  const human = () => ({ action: 'accept', content: { confirm: true, phrase: id } });
  const host = await openClient({ url: `${origin}/mcp` }, { token: robot, human });
  const answer = await host.call('destroy', {
    tool: 'destroyVirtualMachine',
    arguments: { id, expunge: true },
  });
  await host.close();
  return answer;
};
/** The code under which it waits. */
const wait = async (id: string): Promise<string> => {
  const { text } = await destroy(id);
  expect(text).toContain('with a passkey');
  return /Approval code: (\S{9})/.exec(text)![1]!;
};
const approve = (ask: Ask, code: string, phrase: string, proof?: object) =>
  ask('reply', { code, approve: true, phrase, ...(proof ? { proof } : {}) });

let alice: Ask;
let device: Authenticator;
beforeEach(async () => {
  cloud.renew();
  cloud.calls.length = 0;
  for (const name of ['alice', 'bob']) await runCommand(['passkey', 'reset', name], reset());
  alice = await signIn('alice');
  device = createAuthenticator(origin);
  expect(await add(alice, device)).toEqual({ done: true });
});
const reset = () => ({ env: { ...cloud.env, CLOUDSTACK_MCP_STATE: state }, answers: [] });

test('what the policy requires a passkey for goes once a passkey of the approver has signed this very call', async () => {
  const code = await wait('web-1');
  expect(await approve(alice, code, 'web-1')).toMatchObject({ error: { kind: 'refused' } });
  expect((await alice('approvals'))['waiting']).toMatchObject([{ code, wantsPasskey: true }]);
  // The person at the host said yes to everything, and a terminal takes no passkey.
  const atTerminal = await runCommand(['approve', code, '--config', join(state, 'config.json')], {
    ...reset(),
    answers: ['web-1'],
  });
  expect(atTerminal).toMatchObject({ status: 3, stderr: expect.stringContaining('passkey') as string });
  expect(sent()).toBe(0);
  const proof = device.sign(await challengeOf(alice, { code }));
  expect(await approve(alice, code, 'web', proof)).toMatchObject({ error: { kind: 'unconfirmed' } });
  expect(await approve(alice, code, 'web-1', proof)).toEqual({ done: true });
  expect((await destroy('web-1')).isError).toBeUndefined();
  expect(sent()).toBe(1);
  expect(door.audit().at(-1)).toMatchObject({ confirmation: { by: 'approval', means: 'passkey', who: 'alice' } });
  expect(
    door
      .audit()
      .filter(({ tool }) => tool === 'add-passkey')
      .at(-1),
  ).toMatchObject({ principal: 'alice' });
});

test.each<[what: string, attack: (code: string) => object | Promise<object>]>([
  ['no passkey at all', () => ({})],
  [
    'a proof for another call',
    async () => ({ proof: device.sign(await challengeOf(alice, { code: await wait('web-2') })) }),
  ],
  ['a proof for changing passkeys', async () => ({ proof: device.sign(await challengeOf(alice, { change: 'any' })) })],
  ['a challenge that no one gave', () => ({ proof: device.sign('A'.repeat(43)) })],
  ['an empty challenge', () => ({ proof: device.sign('') })],
  [
    "another person's challenge",
    async (code) => {
      const bob = await signIn('bob');
      return { proof: device.sign(await challengeOf(bob, { code })) };
    },
  ],
  [
    "another person's passkey",
    async (code) => {
      const bob = await signIn('bob');
      const own = createAuthenticator(origin);
      await add(bob, own);
      return { proof: own.sign(await challengeOf(alice, { code })) };
    },
  ],
  [
    'a passkey that no one added',
    async (code) => ({ proof: createAuthenticator(origin).sign(await challengeOf(alice, { code })) }),
  ],
  [
    'the signature of another key under the right id',
    async (code) => {
      const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return { proof: device.sign(await challengeOf(alice, { code }), { key }) };
    },
  ],
  ...(
    [
      ['another origin', () => ({ origin: 'http://evil.example' })],
      ['the same host on another port', () => ({ origin: 'http://localhost:1' })],
      ['another site’s id', () => ({ site: 'evil.example' })],
      ['an answer of registration', () => ({ type: 'webauthn.create' })],
      ['a frame of another site', () => ({ client: { crossOrigin: true } })],
      ['a page around this one', () => ({ client: { topOrigin: 'http://evil.example' } })],
      ['no one there', () => ({ flags: 0x04 })],
      ['no one verified', () => ({ flags: 0x01 })],
      ['a counter that went back', () => ({ counter: 0 })],
    ] as [string, () => Otherwise][]
  ).map(
    ([what, otherwise]) =>
      [what, async (code: string) => ({ proof: device.sign(await challengeOf(alice, { code }), otherwise()) })] as [
        string,
        (code: string) => Promise<object>,
      ],
  ),
  [
    'authenticator data that was changed after signing',
    async (code) => {
      const proof = device.sign(await challengeOf(alice, { code }), { flags: 0x01 });
      const data = Buffer.from(proof.authenticatorData, 'base64url');
      data[32] = 0x05;
      return { proof: { ...proof, authenticatorData: data.toString('base64url') } };
    },
  ],
  [
    'a part of the data',
    async (code) => {
      const proof = device.sign(await challengeOf(alice, { code }));
      return { proof: { ...proof, authenticatorData: proof.authenticatorData.slice(0, 40) } };
    },
  ],
  [
    'client data that is no JSON',
    async (code) => {
      const proof = device.sign(await challengeOf(alice, { code }));
      return { proof: { ...proof, clientData: Buffer.from('[').toString('base64url') } };
    },
  ],
])('nothing is approved with %s', async (_what, attack) => {
  const code = await wait('web-1');
  const { error } = await alice('reply', { code, approve: true, phrase: 'web-1', ...(await attack(code)) });
  expect(error).toMatchObject({ kind: 'refused' });
  expect((await destroy('web-1')).isError).toBe(true);
  expect(sent()).toBe(0);
});

test('a proof counts once, for one waiting call, while its challenge is fresh', async () => {
  const code = await wait('web-1');
  const proof = device.sign(await challengeOf(alice, { code }));
  expect(await approve(alice, code, 'web-1', proof)).toEqual({ done: true });
  expect((await destroy('web-1')).isError).toBeUndefined();
  // A machine of that name again: what was signed for the one before is for no other.
  cloud.renew();
  const next = await wait('web-1');
  expect(await approve(alice, next, 'web-1', proof)).toMatchObject({
    error: { message: expect.stringMatching(/used|else/) as string },
  });
  const second = device.sign(await challengeOf(alice, { code: next }));
  // Refused by its signature, it is used up all the same.
  const broken = { ...second, signature: 'AAAA' };
  expect(await approve(alice, next, 'web-1', broken)).toMatchObject({ error: { kind: 'refused' } });
  expect(await approve(alice, next, 'web-1', second)).toMatchObject({ error: { kind: 'refused' } });
  expect(sent()).toBe(1);
});

test('passkeys are added by who is signed in at the issuer; where there is one, it has to agree', async () => {
  const withToken = await fetch(`${origin}/page/api/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-cloudstack-page': '1', origin },
    body: JSON.stringify({ token: robot }),
  });
  const program = asWith(cookieNamed(withToken, 'cloudstack-page'));
  expect(await program('passkey-ask', { change: 'add' })).toMatchObject({ error: { kind: 'refused' } });
  const other = createAuthenticator(origin, 'EdDSA');
  expect(await add(alice, other)).toMatchObject({ error: { kind: 'refused' } });
  expect(await add(alice, other, other.sign(await challengeOf(alice, { change: 'any' })))).toMatchObject({ error: {} });
  expect(await add(alice, other, device.sign(await challengeOf(alice, { change: 'any' })))).toEqual({ done: true });
  const third = createAuthenticator(origin, 'RS256');
  for (const otherwise of [
    { origin: 'http://evil.example' },
    { site: 'evil.example' },
    { type: 'webauthn.get' },
    { flags: 0x41 },
    { flags: 0x05 },
    { id: other.id },
  ]) {
    const proof = other.sign(await challengeOf(alice, { change: 'any' }));
    expect(await add(alice, third, proof, otherwise)).toMatchObject({ error: { kind: 'refused' } });
  }
  expect(await add(alice, third, other.sign(await challengeOf(alice, { change: 'any' })))).toEqual({ done: true });
  expect((await alice('passkeys'))['passkeys']).toHaveLength(3);
  for (const one of [other, third]) {
    const code = await wait('web-2');
    expect(await approve(alice, code, 'web-2', one.sign(await challengeOf(alice, { code })))).toEqual({ done: true });
    await destroy('web-2');
    cloud.renew();
  }
  const removed = device.id;
  expect(await alice('passkey-change', { removed })).toMatchObject({ error: { kind: 'refused' } });
  const proof = third.sign(await challengeOf(alice, { change: 'any' }));
  expect(await alice('passkey-change', { removed, proof })).toEqual({ done: true });
  expect((await alice('passkeys'))['passkeys']).toHaveLength(2);
});

test('on an address there are none; the operator takes those of who has lost theirs, at a terminal', async () => {
  const { port } = new URL(origin);
  const atAddress = asWith(await cookieFor('bob'), `http://127.0.0.1:${port}`);
  expect(await atAddress('passkeys')).toEqual({ passkeys: [] });
  expect(await atAddress('passkey-ask', { change: 'add' })).toMatchObject({
    error: { message: expect.stringContaining('has no host name') as string },
  });
  const { env } = reset();
  expect((await runCommand(['passkey', 'reset', 'alice'], { env })).status).toBe(3);
  expect((await runCommand(['passkey', 'reset', 'no one'], reset())).status).toBe(1);
  expect((await runCommand(['passkey', 'reset', 'alice'], reset())).status).toBe(0);
  expect((await alice('passkeys'))['passkeys']).toEqual([]);
  const code = await wait('web-1');
  expect(await approve(alice, code, 'web-1', device.sign(await challengeOf(alice, { code })))).toMatchObject({
    error: { message: 'You have no passkey here.' },
  });
});
