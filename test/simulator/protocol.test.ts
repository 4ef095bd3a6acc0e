import { expect } from 'vitest';
import type { CommandsFile } from '../../src/catalog/types.ts';
import { loadData } from '../../src/data.ts';
import { createSimulator } from '../support/seeded-worlds.ts';
import { isSigned, signatureOf } from '../../src/simulator/protocol/signature.ts';
import { codeAt } from '../../src/simulator/rules/two-factor.ts';
import { createTestClock } from './clock.ts';
import { keeps } from './promise.ts';
import { send, signedRequest } from './sign.ts';

const simulator = createSimulator({ jobMillis: 0 });

const VECTOR = new Map([
  ['apiKey', 'EXAMPLEkey-0001'],
  ['command', 'createTags'],
  ['expires', '2030-01-31T12:34:56+0000'],
  ['resourceids', '7f8c2c1e-0d5a-4f6e-9a51-2b1f4b6f0c11'],
  ['resourcetype', 'UserVm'],
  ['response', 'json'],
  ['signatureVersion', '3'],
  ['tags[0].key', 'app tier'],
  ['tags[0].value', 'web*1~(blue)+é'],
]);

keeps('signature', () => {
  expect(signatureOf(VECTOR, 's3cr3t-KEY_example')).toBe('aus0Aa7aSxtKWyb3UvVrR5CMBG4=');
  const friendly = signatureOf(VECTOR, 's3cr3t-KEY_example', '~');
  expect(friendly).not.toBe('aus0Aa7aSxtKWyb3UvVrR5CMBG4=');
  expect(isSigned(VECTOR, 's3cr3t-KEY_example', friendly)).toBe(true);
  expect(isSigned(VECTOR, 's3cr3t-KEY_example', 'x')).toBe(false);
});

keeps('signature-refused', async () => {
  const wrong = await send(simulator, 'listZones', {}, { ...simulator.credentials, secretKey: 'wrong' });
  const noOne = await send(simulator, 'listZones', {}, { ...simulator.credentials, apiKey: 'nobody' });
  const unknown = await send(simulator, 'fooBar');
  for (const { status, body } of [wrong, noOne, unknown]) {
    expect(status).toBe(401);
    expect(body).toEqual({
      uuidList: [],
      errorcode: 401,
      errortext: 'unable to verify user credentials and/or request signature',
    });
  }
  expect(unknown.wrapper).toBe('errorresponse');
});

keeps('expires', async () => {
  const clock = createTestClock();
  const timed = createSimulator({ clock });
  const ask = (expires: string) => send(timed, 'listZones', { signatureversion: '3', expires });
  expect((await ask('2026-02-01T12:00:01+0000')).status).toBe(200);
  expect((await ask('2026-02-01T12:00:01.5Z')).status).toBe(200);
  expect((await ask('2026-02-01T11:59:59+00:00')).status).toBe(401);
  expect((await ask('soon')).status).toBe(401);
});

keeps('post-form', async () => {
  const { credentials } = simulator;
  const answer = await simulator.fetch(signedRequest(credentials, 'listZones', { NAME: 'Frankfurt' }, 'POST'));
  expect(await answer.json()).toMatchObject({ listzonesresponse: { count: 1 } });
  const twice = signedRequest(credentials, 'listZones', { name: 'Frankfurt' });
  const doubled = new Request(twice.url.replace('name=Frankfurt', 'name=other&name=Frankfurt'));
  expect((await simulator.fetch(doubled)).status).toBe(200);
});

keeps('parameter-errors', async () => {
  const text = async (command: string, params: Record<string, string>) => {
    const { status, body } = await send(simulator, command, params);
    return [status, body['cserrorcode'], body['errortext']];
  };
  expect(await text('createZone', {})).toEqual([
    431,
    9999,
    'Unable to execute API command createzone due to missing parameter dns1',
  ]);
  expect(
    await text('createZone', { name: ' ', networktype: 'Advanced', dns1: '1.1.1.1', internaldns1: '1.1.1.1' }),
  ).toEqual([431, 4350, 'Invalid value provided for API arg: name']);
  expect(await text('listZones', { page: 'abc', pagesize: '5' })).toEqual([
    431,
    9999,
    'Unable to execute API command listzones due to invalid value abc for parameter page',
  ]);
  const unknown = '7f8c2c1e-0d5a-4f6e-9a51-2b1f4b6f0c11';
  expect((await text('listVolumes', { id: unknown }))[2]).toBe(
    `Unable to execute API command listvolumes due to invalid value. Invalid parameter id value=${unknown} due to incorrect long value format, or entity does not exist or due to incorrect parameter annotation for the field in api cmd class.`,
  );
  expect((await text('listZones', { name: 'x'.repeat(300) }))[0]).toBe(431);
  expect((await text('createTags', { resourceids: unknown, resourcetype: 'UserVm', 'tags[x].key': 'a' }))[0]).toBe(430);
});

keeps('error-header', async () => {
  const answer = await simulator.fetch(signedRequest(simulator.credentials, 'createZone'));
  expect(answer.headers.get('x-description')).toBe(
    'Unable to execute API command createzone due to missing parameter dns1',
  );
});

keeps('empty-list', async () => {
  expect((await send(simulator, 'listZones', { name: 'nowhere' })).body).toEqual({});
  expect((await send(simulator, 'listZones', { page: '9', pagesize: '10' })).body).toEqual({ count: 2 });
});

keeps('paging', async () => {
  const big = createSimulator({ vms: 600 });
  const all = await send(big, 'listVirtualMachines', { listall: 'true' });
  expect([all.body['count'], all.body['virtualmachine'].length]).toEqual([612, 500]);
  const last = await send(big, 'listVirtualMachines', { listall: 'true', page: '7', pagesize: '100' });
  expect([last.body['count'], last.body['virtualmachine'].length]).toEqual([612, 12]);
  expect(
    (await send(big, 'listVirtualMachines', { listall: 'true', pagesize: '-1' })).body['virtualmachine'].length,
  ).toBe(612);
  const errors = [
    [{ page: '1' }, '"pagesize" parameter is required when "page" is specified'],
    [{ pagesize: '1' }, '"page" parameter is required when "pagesize" is specified'],
    [{ page: '1', pagesize: '501' }, "Page size can't exceed max allowed page size value: 500"],
    [{ page: '1', pagesize: '-1' }, "Can't specify page parameter when pagesize is -1 (Unlimited)"],
  ] as const;
  for (const [params, text] of errors)
    expect((await send(big, 'listVirtualMachines', params)).body['errortext']).toBe(text);
});

keeps('page-order', async () => {
  const big = createSimulator({ vms: 200 });
  const idsOf = async (page: number, pagesize: number): Promise<unknown[]> => {
    const params = { listall: 'true', page: String(page), pagesize: String(pagesize) };
    const { body } = await send(big, 'listVirtualMachines', params);
    return (body['virtualmachine'] as { id: string }[]).map(({ id }) => id);
  };
  const whole = await idsOf(1, 50);
  const parts = [...(await idsOf(1, 25)), ...(await idsOf(2, 25))];
  expect(new Set(parts)).toEqual(new Set(whole));
  expect(parts).not.toEqual(whole);
  expect(await idsOf(1, 50)).toEqual(whole);
});

keeps('session', async () => {
  const { username, password } = simulator.credentials;
  const url = 'http://simulator/client/api';
  const post = (body: Record<string, string>) =>
    simulator.fetch(
      new Request(url, {
        method: 'POST',
        body: new URLSearchParams(body),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }),
    );
  expect((await simulator.fetch(new Request(`${url}?command=login&username=admin&password=x`))).status).toBe(405);
  const wrong = await post({ command: 'login', username, password: 'wrong', response: 'json' });
  expect(wrong.status).toBe(531);
  expect(await wrong.json()).toEqual({
    loginresponse: {
      uuidList: [],
      errorcode: 531,
      errortext: 'Failed to authenticate user admin in domain 1; please provide valid credentials',
    },
  });
  const login = await post({ command: 'login', username, password, domain: '/', response: 'json' });
  const cookies = login.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
  const { loginresponse } = (await login.json()) as {
    loginresponse: { sessionkey: string; timeout: number; type: string };
  };
  expect(loginresponse).toMatchObject({ timeout: 1800, type: '1', is2faenabled: 'false' });
  const key = encodeURIComponent(loginresponse.sessionkey);
  const ask = (query: string) =>
    simulator.fetch(new Request(`${url}?response=json&${query}`, { headers: { cookie: cookies } }));
  expect((await ask(`command=listZones&sessionkey=${key}`)).status).toBe(200);
  const unknown = await ask(`command=fooBar&sessionkey=${key}`);
  expect(await unknown.json()).toEqual({
    errorresponse: { uuidList: [], errorcode: 432, cserrorcode: 9999, errortext: 'Unknown API command: fooBar' },
  });
  expect(await (await ask('command=logout')).json()).toEqual({ logoutresponse: { description: 'success' } });
  expect((await ask(`command=listZones&sessionkey=${key}`)).status).toBe(401);
  expect((await ask('command=logout')).status).toBe(431);
});

keeps('discovery', async () => {
  const { body } = await send(simulator, 'listApis', { name: 'listZones' });
  const [api] = body['api'];
  expect(api).toMatchObject({ name: 'listZones', isasync: false });
  expect(api.params.find((param: { name: string }) => param.name === 'id')).toMatchObject({
    type: 'uuid',
    length: 255,
    required: false,
  });
  expect(api.params.map((param: { name: string }) => param.name)).not.toContain('response');
  const unknown = await send(simulator, 'listApis', { name: 'fooBar' });
  expect([unknown.status, unknown.body['errortext']]).toEqual([
    530,
    'Api Discovery plugin was unable to find an api by that name or process any apis',
  ]);
});

keeps('release', async () => {
  const old = createSimulator({ release: '4.19.0' });
  const names = ((await send(old, 'listApis')).body['api'] as { name: string }[]).map(({ name }) => name);
  expect(names).toContain('listZones');
  expect(names).not.toContain('listGpuCards');
  expect((await send(old, 'listGpuCards')).status).toBe(401);
  expect((await send(old, 'listCapabilities')).body['capability'].cloudstackversion).toBe('4.19.0.0');
  const { releases } = loadData<CommandsFile>('commands.json');
  for (const release of [releases[0]!, releases.at(-1)!])
    expect(createSimulator({ release }).world.all('UserVm')).toHaveLength(14);
  expect(() => createSimulator({ release: '1.0' })).toThrow(/knows 4\.11\.0/);
});

keeps('xml', async () => {
  const { username, password } = simulator.credentials;
  const newest = loadData<CommandsFile>('commands.json').releases.at(-1)!;
  const body = new URLSearchParams({ command: 'login', username, password: `${password}<` });
  const answer = await simulator.fetch(new Request('http://simulator/client/api', { method: 'POST', body }));
  expect(answer.headers.get('content-type')).toBe('text/xml;charset=utf-8');
  expect(await answer.text()).toBe(
    `<?xml version="1.0" encoding="UTF-8"?><loginresponse cloud-stack-version="${newest}.0"><errorcode>531</errorcode><errortext>Failed to authenticate user admin in domain 1; please provide valid credentials</errortext></loginresponse>`,
  );
});

keeps('two-factor', async () => {
  const clock = createTestClock();
  const world = createSimulator({ clock });
  const url = 'http://simulator/client/api';
  const setup = await send(world, 'setupUserTwoFactorAuthentication', { provider: 'totp' });
  const secret = String(setup.body['setup2fa'].secretcode);
  const login = async () => {
    const { username, password } = world.credentials;
    const body = new URLSearchParams({ command: 'login', username, password, response: 'json' });
    const answer = await world.fetch(new Request(url, { method: 'POST', body }));
    const cookie = answer.headers
      .getSetCookie()
      .map((each) => each.split(';')[0])
      .join('; ');
    const { loginresponse } = (await answer.json()) as { loginresponse: { sessionkey: string; is2faenabled: string } };
    expect(loginresponse.is2faenabled).toBe('true');
    return (command: string, extra = '') =>
      world.fetch(
        new Request(
          `${url}?response=json&command=${command}&sessionkey=${encodeURIComponent(loginresponse.sessionkey)}${extra}`,
          { headers: { cookie } },
        ),
      );
  };
  const hasty = await login();
  expect((await hasty('listApis')).status).toBe(200);
  expect((await hasty('listZones')).status).toBe(511);
  expect((await hasty('listApis')).status).toBe(401);
  const wrong = await login();
  expect((await wrong('validateUserTwoFactorAuthenticationCode', '&codefor2fa=000000x')).status).toBe(511);
  const patient = await login();
  expect(
    (await patient('validateUserTwoFactorAuthenticationCode', `&codefor2fa=${codeAt(secret, clock.now())}`)).status,
  ).toBe(200);
  expect((await patient('listZones')).status).toBe(200);
  expect((await send(world, 'listZones')).status).toBe(200);
});

keeps('totp', () => {
  // RFC 6238, appendix B: the secret is the ASCII text 12345678901234567890.
  expect(codeAt('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', 59_000)).toBe('287082');
  expect(codeAt('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', 1_111_111_109_000)).toBe('081804');
});
