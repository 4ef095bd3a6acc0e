import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand, startCloud, startCommand, type Cloud } from '../support/harness.ts';
import { initialize, openClient, post, startDoor, type Door } from '../support/door.ts';
import { startProvider, type Provider } from '../support/identity-provider.ts';
import { eventually } from '../support/eventually.ts';

const audience = 'https://mcp.example.com/mcp';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

let cloud: Cloud;
let provider: Provider;
let door: Door;
let file: Record<string, any>;
beforeAll(async () => {
  cloud = await startCloud();
  provider = await startProvider(audience);
  file = {
    auth: {
      issuer: provider.issuer,
      audience,
      scopes: ['cloudstack'],
      tokens: { robot: [sha256('robot-token-old-000000000'), sha256('robot-token-new-000000000')] },
    },
    principals: { alice: { role: 'admin' }, robot: { role: 'viewer' } },
  };
  door = await startDoor({ env: cloud.env, file });
});
afterAll(async () => {
  await door.close();
  await provider.close();
  await cloud.close();
});

const ask = (token?: string, headers: Record<string, string> = {}): Promise<Response> =>
  post(door, initialize, { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers });

test.each(['old', 'new'] as const)('%s era: a token of the issuer opens the door for its subject', async (protocol) => {
  const host = await openClient(door, { protocol, token: await provider.mint() });
  expect((await host.call('read', { tool: 'list-zones' })).text).toContain('Frankfurt');
  expect(door.audit().at(-1)).toMatchObject({ principal: 'alice', role: 'admin' });
  await host.close();
});

test('scopes may also come as scp, and clocks may differ a little', async () => {
  expect((await ask(await provider.mint({ scp: ['other', 'cloudstack'] }))).status).toBe(200);
  expect((await ask(await provider.mint({ expires: -10 }))).status).toBe(200);
  expect((await ask(await provider.mint({ notBefore: 10 }))).status).toBe(200);
});

describe('what is not taken: 401, with the way to a token', () => {
  const bad: Record<string, () => string | undefined | Promise<string>> = {
    'no token': () => undefined,
    expired: () => provider.mint({ expires: -120 }),
    'not yet valid': () => provider.mint({ notBefore: 120 }),
    'without an end': () => provider.mint({ expires: null }),
    'for another audience': () => provider.mint({ audience: 'https://other.example.com/mcp' }),
    'of another issuer': () => provider.mint({ issuer: 'https://other.example.com' }),
    'signed by nobody': () => provider.mintNone(),
    'signed with another key': () => provider.mint({}, 'foreign'),
    'signed with a key that nobody knows': () => provider.mint({}, 'foreign', 'unknown'),
    'signed with the public key': () => provider.mintConfused(),
    'without a subject': () => provider.mint({ sub: '' }),
    'for everybody': () => provider.mint({ sub: '*' }),
    'for a name with a line break': () => provider.mint({ sub: 'alice\nadmin' }),
    'no JWT': () => 'abc',
    'nearly a JWT': () => 'a.b.c',
    'no bearer token': () => 'two words',
    'the hash of a static token': () => sha256('robot-token-new-000000000'),
    'cut short': async () => (await provider.mint()).slice(0, -4),
    'with a changed payload': async () => {
      const [head, payload, signature] = (await provider.mint()).split('.');
      const claims = JSON.parse(Buffer.from(payload!, 'base64url').toString()) as object;
      return `${head}.${Buffer.from(JSON.stringify({ ...claims, sub: 'robot' })).toString('base64url')}.${signature}`;
    },
  };
  test.each(Object.keys(bad))('%s', async (name) => {
    const token = await bad[name]!();
    const response = await ask(token);
    expect(response.status).toBe(401);
    const challenge = response.headers.get('www-authenticate')!;
    expect(challenge).toMatch(/^Bearer /);
    expect(challenge).toContain('resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp"');
    expect(challenge).toContain('scope="cloudstack"');
    const text = await response.text();
    if (token && token.length > 8) expect(text + challenge).not.toContain(token);
    expect(text).not.toMatch(/ at .*\.(ts|js|mjs):/);
  });

  test('whatever the method', async () => {
    for (const method of ['GET', 'DELETE']) expect((await fetch(door.url, { method })).status).toBe(401);
  });

  test('a token in the address or another scheme is none', async () => {
    const token = await provider.mint();
    const response = await fetch(`${door.url}?access_token=${token}`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(401);
    expect((await ask(undefined, { authorization: `Basic ${token}` })).status).toBe(401);
  });
});

test('a missing scope and a principal without a role are forbidden', async () => {
  const narrow = await ask(await provider.mint({ scope: 'other' }));
  expect(narrow.status).toBe(403);
  expect(narrow.headers.get('www-authenticate')).toContain('insufficient_scope');
  for (const sub of ['mallory', 'constructor', '__proto__', 'toString']) {
    const unknown = await ask(await provider.mint({ sub }));
    expect(unknown.status, sub).toBe(403);
    expect(await unknown.text()).toContain(`${sub} has no role here`);
  }
});

test('static tokens are known by their hash, and have their principal and role', async () => {
  const host = await openClient(door, { token: 'robot-token-old-000000000' });
  expect((await host.call('read', { tool: 'list-zones' })).isError).toBeUndefined();
  const refused = await host.call('change', {
    tool: 'createVolume',
    arguments: { name: 'x', zoneid: 'Frankfurt', diskofferingid: 'Small' },
  });
  expect(refused.structured['error']).toMatchObject({ kind: 'refused' });
  expect(door.audit().at(-1)).toMatchObject({ principal: 'robot' });
  await host.close();
  expect((await ask('robot-token-new-000000000')).status).toBe(200);
});

test('the metadata of the protected resource say where tokens come from', async () => {
  for (const path of ['', '/mcp']) {
    const response = await fetch(`${door.origin}/.well-known/oauth-protected-resource${path}`);
    expect(await response.json()).toMatchObject({
      resource: audience,
      authorization_servers: [provider.issuer],
      scopes_supported: ['cloudstack'],
      bearer_methods_supported: ['header'],
    });
  }
});

test('the keys are asked for once, however many tokens come', async () => {
  for (let turn = 0; turn < 20; turn++) await (await ask(await provider.mint({}, 'foreign', `kid-${turn}`))).text();
  expect(provider.asked.filter((path) => path === '/jwks').length).toBeLessThanOrEqual(2);
});

test('an issuer that cannot be reached is no fault of the token: 503, and later it works', async () => {
  const other = await startProvider(audience);
  other.state.down = true;
  const config = { ...file, auth: { issuer: other.issuer, audience } };
  const fresh = await startDoor({ env: cloud.env, file: config });
  const headers = { authorization: `Bearer ${await other.mint()}` };
  const response = await post(fresh, initialize, headers);
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('5');
  expect(fresh.out.stderr).toContain('Tokens cannot be checked');
  other.state.down = false;
  expect((await post(fresh, initialize, headers)).status).toBe(200);
  await fresh.close();
  await other.close();
});

test('the claim that names the principal, and the key set, can be configured', async () => {
  const auth = {
    issuer: provider.issuer,
    audience: 'cs',
    resource: audience,
    jwks: `${provider.issuer}/jwks`,
    claim: 'email',
  };
  const fresh = await startDoor({
    env: cloud.env,
    file: { auth, principals: { 'a@example.com': { role: 'viewer' } } },
  });
  const enter = async (more: Record<string, unknown>) => {
    const token = await provider.mint({ audience: 'cs', more });
    return (await post(fresh, initialize, { authorization: `Bearer ${token}` })).status;
  };
  expect(await enter({ email: 'a@example.com' })).toBe(200);
  expect(await enter({})).toBe(401);
  expect(await enter({ email: 7 })).toBe(401);
  await fresh.close();
});

test('tokens and principals of a configuration that is read again are in force; auth does not go away', async () => {
  const fresh = await startDoor({ env: cloud.env, file });
  const enter = async (): Promise<number> =>
    (await post(fresh, initialize, { authorization: 'Bearer later-token-0000000000000' })).status;
  expect(await enter()).toBe(401);
  const auth = { tokens: { later: sha256('later-token-0000000000000') } };
  fresh.reload({ auth, principals: { '*': { role: 'viewer' } } });
  await eventually(() => expect(fresh.out.stderr).toContain('was read again'));
  expect(await enter()).toBe(200);
  expect((await post(fresh, initialize, { authorization: `Bearer ${await provider.mint()}` })).status).toBe(401);
  expect((await fetch(`${fresh.origin}/.well-known/oauth-protected-resource`)).status).toBe(404);
  fresh.reload({});
  await eventually(() => expect(fresh.out.stderr).toContain('The section `auth` is gone'));
  expect((await post(fresh, initialize)).status).toBe(401);
  await fresh.close();
});

describe('what does not start: status 2, and what to do', () => {
  const hash = sha256('x');
  const principals = { '*': { role: 'viewer' } };
  const start = async (config: object, ...flags: string[]) => {
    const ended = await startDoor({ env: cloud.env, file: config, flags })
      .then(async (open) => `it started ${await open.close()}`)
      .catch((error: unknown) => (error as Error).message);
    return ended;
  };
  test.each(['0.0.0.0', '::', '192.0.2.1', 'example.com', '127.0.0.1.example.com'])(
    'beyond loopback without authentication: %s',
    async (host) => {
      const ended = await start({}, '--host', host);
      expect(ended).toContain('it ended with 2');
      expect(ended).toContain('auth');
    },
  );
  const wrong: Record<string, [object, string]> = {
    'auth without principals': [{ auth: { tokens: { a: hash } } }, 'no one has a role'],
    'auth with nothing in it': [{ auth: {}, principals }, 'give an issuer'],
    'an issuer without an audience': [{ auth: { issuer: 'https://idp.example.com' }, principals }, 'needs an audience'],
    'an audience without an issuer': [{ auth: { tokens: { a: hash }, audience: 'x' }, principals }, 'need an issuer'],
    'an issuer in clear text': [{ auth: { issuer: 'http://idp.example.com', audience }, principals }, 'https://'],
    'an issuer that is no URL': [{ auth: { issuer: 'idp', audience }, principals }, 'https://'],
    'no URL of the resource': [{ auth: { issuer: 'https://idp.example.com', audience: 'x' }, principals }, 'resource'],
    'a token that is not hashed': [{ auth: { tokens: { a: 'secret' } }, principals }, 'SHA-256'],
  };
  test.each(Object.keys(wrong))('%s', async (name) => {
    const [config, text] = wrong[name]!;
    const ended = await start(config);
    expect(ended).toContain('it ended with 2');
    expect(ended).toContain(text);
    expect(ended).not.toContain('"secret"');
  });
  test('a transport that does not exist, a port that is taken', async () => {
    expect((await runCommand(['serve', '--transport', 'carrier-pigeon'], { env: cloud.env })).status).toBe(2);
    const port = new URL(door.origin).port;
    const taken = await start({}, '--port', port);
    expect(taken).toContain('it ended with 2');
    expect(taken).toContain('EADDRINUSE');
  });
});

test('with authentication it listens beyond loopback, and says which hosts it answers for', async () => {
  const fresh = await startDoor({ env: cloud.env, file, flags: ['--host', '0.0.0.0'] });
  expect(fresh.out.stderr).toContain('--allowed-hosts');
  const here = { ...fresh, url: fresh.url.replace('0.0.0.0', '127.0.0.1') };
  expect((await post(here, initialize)).status).toBe(401);
  await fresh.close();
});

test('token new makes a token and its hash; token hash reads one and prints no more than its hash', async () => {
  const made = await runCommand(['token', 'new']);
  const [, token, hash] = /^token (\S+)\nsha256 (\S+)\n$/.exec(made.stdout) ?? [];
  expect(hash).toBe(sha256(token!));
  const hashed = async (text: string) => {
    const run = startCommand(['token', 'hash']);
    run.stdin.end(text);
    return { status: await run.ended, ...run.out };
  };
  expect(await hashed(`${token}\n`)).toMatchObject({ status: 0, stdout: `${hash}\n` });
  expect(await hashed('short\n')).toMatchObject({ status: 2, stdout: '' });
});
