import { afterAll, beforeAll, expect, test } from 'vitest';
import { readReceipt } from '../../src/audit/receipt.ts';
import { hashToken } from '../../src/web/tokens.ts';
import { openClient, startDoor, type Door } from '../support/door.ts';
import { eventually } from '../support/eventually.ts';
import { runCommand, startCloud, startCommand, type Cloud } from '../support/harness.ts';
import { startProvider, type Provider } from '../support/identity-provider.ts';
import { findPort } from '../support/ports.ts';

const tokens = {
  robot: 'robot-token-000000000000',
  carl: 'carl-token-0000000000000',
  vera: 'vera-token-0000000000000',
};
let cloud: Cloud;
let provider: Provider;
let door: Door;
let file: Record<string, unknown>;

beforeAll(async () => {
  cloud = await startCloud();
  const port = await findPort();
  const resource = `http://127.0.0.1:${port}/mcp`;
  provider = await startProvider(resource);
  file = {
    auth: {
      issuer: provider.issuer,
      audience: resource,
      client: 'the-page',
      scopes: ['cloudstack'],
      tokens: Object.fromEntries(Object.entries(tokens).map(([name, token]) => [name, hashToken(token)])),
    },
    principals: {
      alice: { role: 'admin' },
      robot: { role: 'admin' },
      carl: { role: 'confined' },
      vera: { role: 'viewer' },
    },
    roles: { confined: { domains: ['ROOT'] } },
    policy: { fourEyes: true, rules: [{ name: 'reboots', match: { command: 'reboot*' }, action: 'approve' }] },
  };
  const env = { ...cloud.env, CLOUDSTACK_MCP_SCRIPTS: '2', CLOUDSTACK_MCP_SCRIPT_COMPUTE: '1' };
  door = await startDoor({ env, file, flags: ['--port', String(port)] });
});
afterAll(async () => {
  await door.close();
  await provider.close();
  await cloud.close();
});

interface AskOptions {
  cookie?: string;
  headers?: Record<string, string>;
  at?: string;
  method?: string;
}

const ask = (
  name: string,
  body: unknown,
  { cookie, headers = {}, at = door.origin, method = 'POST' }: AskOptions = {},
) =>
  fetch(`${at}/page/api/${name}`, {
    method,
    redirect: 'manual',
    headers: {
      'content-type': 'application/json',
      'x-cloudstack-page': '1',
      origin: at,
      ...(cookie === undefined ? {} : { cookie }),
      ...headers,
    },
    ...(method === 'POST' ? { body: typeof body === 'string' ? body : JSON.stringify(body) } : {}),
  });
const answerTo = async (name: string, body: unknown, options?: AskOptions) =>
  (await (await ask(name, body, options)).json()) as Record<string, any>;
const cookiesOf = (response: Response): string[] => response.headers.getSetCookie();
const pairOf = (cookie: string): string => cookie.split(';', 1)[0]!;

const withToken = async (token: string): Promise<string> => pairOf(cookiesOf(await ask('sign-in', { token }))[0]!);

/** A browser's way to the identity provider and back. */
const signIn = async (user: string, change: (callback: URL) => void = () => undefined) => {
  const begun = await fetch(`${door.origin}/page/sign-in`, { redirect: 'manual' });
  const to = new URL(begun.headers.get('location')!);
  const back = await fetch(`${provider.issuer}/as${to.search}&user=${user}`, { redirect: 'manual' });
  const callback = new URL(back.headers.get('location')!);
  change(callback);
  const cookie = pairOf(cookiesOf(begun)[0]!);
  const finish = () => fetch(callback, { redirect: 'manual', headers: { cookie } });
  const finished = await finish();
  const session = cookiesOf(finished).find((one) => one.startsWith('cloudstack-page'));
  return { to, location: finished.headers.get('location'), session, cookie: session && pairOf(session), finish };
};

test('the page and its files come with a strict policy, and only its own', async () => {
  for (const path of ['/', '/page/page.js', '/page/page.css', '/page/icon.svg']) {
    const response = await fetch(door.origin + path);
    expect(response.status).toBe(200);
    const policy = response.headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    expect(response.headers.get('x-frame-options')).toBe('DENY');
    const etag = response.headers.get('etag')!;
    expect((await fetch(door.origin + path, { headers: { 'if-none-match': etag } })).status).toBe(304);
  }
  expect((await fetch(door.origin, { method: 'HEAD' })).status).toBe(200);
  for (const path of ['/page/', '/page/main.js', '/page/..%2fpackage.json', '/page/api/', '/index.html'])
    expect((await fetch(door.origin + path)).status).toBe(404);
});

test('a sign-in at the identity provider begins a session; its code, its state and its cookie count once', async () => {
  expect(await answerTo('me', {})).toMatchObject({ signIn: ['issuer', 'token'] });
  const alice = await signIn('alice');
  expect(alice.to.searchParams.get('code_challenge_method')).toBe('S256');
  expect(alice.location).toBe('/');
  expect(alice.session).toMatch(/HttpOnly; SameSite=Strict/);
  const me = await answerTo('me', {}, { cookie: alice.cookie! });
  expect(me).toMatchObject({ principal: 'alice', method: 'issuer', role: 'admin' });
  expect(me['until']).toBeLessThan(Date.now() + 400_000);
  expect((await alice.finish()).headers.get('location')).toBe('/#problem=other');
  expect((await signIn('stranger')).location).toBe('/#problem=role');
  const forged = await signIn('alice', ({ searchParams }) => searchParams.set('state', 'x'.repeat(43)));
  expect(forged).toMatchObject({ location: '/#problem=other', session: undefined });
  const otherCode = await signIn('alice', ({ searchParams }) => searchParams.set('code', 'other'));
  expect(otherCode).toMatchObject({ location: '/#problem=issuer', session: undefined });
  const otherIssuer = await signIn('alice', ({ searchParams }) => searchParams.set('iss', 'https://evil.example'));
  expect(otherIssuer).toMatchObject({ location: '/#problem=issuer', session: undefined });
  const denied = await signIn('alice', ({ searchParams }) => searchParams.delete('code'));
  expect(denied).toMatchObject({ location: '/#problem=denied', session: undefined });
});

test('what does not come from the page itself is refused, whatever cookie it brings', async () => {
  const cookie = await withToken(tokens.robot);
  const wrong: [string, AskOptions][] = [
    ['another origin', { headers: { origin: 'https://evil.example' } }],
    ['another port of this machine', { headers: { origin: 'http://127.0.0.1:9' } }],
    ['no page at all', { headers: { origin: 'null' } }],
    ['another site', { headers: { 'sec-fetch-site': 'cross-site' } }],
    ['the same site', { headers: { 'sec-fetch-site': 'same-site' } }],
  ];
  for (const [what, options] of wrong)
    expect([what, (await ask('whoami', {}, { cookie, ...options })).status]).toEqual([what, 403]);
  const { origin } = door;
  const plain = { method: 'POST', headers: { cookie, origin, 'content-type': 'application/json' }, body: '{}' };
  expect((await fetch(`${origin}/page/api/whoami`, plain)).status).toBe(403);
  expect((await ask('whoami', {}, { cookie, headers: { 'content-type': 'text/plain' } })).status).toBe(415);
  expect((await ask('whoami', {}, { cookie, method: 'GET' })).status).toBe(405);
  expect((await ask('whoami', '{', { cookie })).status).toBe(400);
  expect((await ask('whoami', {})).status).toBe(401);
  expect((await ask('nothing', {}, { cookie })).status).toBe(404);
  expect((await ask('toString', {}, { cookie })).status).toBe(404);
});

test('a new id at each sign-in; the old one, a chosen one and one that was signed out are worth nothing', async () => {
  const chosen = `cloudstack-page-${new URL(door.origin).port}=${'A'.repeat(43)}`;
  const first = await ask('sign-in', { token: tokens.robot }, { cookie: chosen });
  const cookie = pairOf(cookiesOf(first)[0]!);
  expect(cookie).not.toBe(chosen);
  expect((await ask('whoami', {}, { cookie: chosen })).status).toBe(401);
  const again = pairOf(cookiesOf(await ask('sign-in', { token: tokens.robot }, { cookie }))[0]!);
  expect((await ask('whoami', {}, { cookie })).status).toBe(401);
  expect((await ask('whoami', {}, { cookie: again })).status).toBe(200);
  const out = await ask('sign-out', {}, { cookie: again });
  expect(cookiesOf(out)[0]).toMatch(/Max-Age=0/);
  expect((await ask('whoami', {}, { cookie: again })).status).toBe(401);
  const secure = await ask('sign-in', { token: tokens.robot }, { headers: { 'x-forwarded-proto': 'https' } });
  expect(cookiesOf(secure)[0]).toMatch(/^__Host-cloudstack-page=.*; Secure$/);
  for (const token of ['wrong', 'a b', 7, undefined]) expect((await ask('sign-in', { token })).status).toBe(401);
});

test('every question is answered within the role, and nothing is shown that the role does not reach', async () => {
  const [admin, viewer] = [await withToken(tokens.robot), await withToken(tokens.vera)];
  const from = (cookie: string) => (name: string, body: unknown) => answerTo(name, body, { cookie });
  const [asAdmin, asViewer] = [from(admin), from(viewer)];
  expect(await asAdmin('whoami', {})).toMatchObject({ rows: [{ account: 'admin' }] });
  const machines = await asViewer('call', { tool: 'list-virtual-machines', pagesize: 2 });
  expect(machines).toMatchObject({
    returned: 2,
    rows: [{}, {}],
    cells: [expect.arrayContaining(['Running']), expect.any(Array)],
  });
  expect(await asViewer('call', { tool: 'stop-virtual-machine', args: { id: 'web-1' } })).toMatchObject({
    error: { kind: 'refused' },
  });
  expect(await asViewer('call', { tool: 'list-zones', pagesize: 9999 })).toMatchObject({ error: { kind: 'invalid' } });
  const preview = await asAdmin('call', { tool: 'stop-virtual-machine', args: { id: 'web-1' }, dryRun: true });
  expect(preview).toMatchObject({ preview: { command: 'stopVirtualMachine' } });
  expect(await asAdmin('find', { query: 'reboot' })).toMatchObject({ matches: expect.any(Array) });
  expect(await asAdmin('find', { query: 'why can I not reach my machine' })).toMatchObject({
    lead: { tool: 'diagnose', how: expect.stringContaining('kind machine') },
  });
  expect(await asAdmin('describe', { tool: 'reboot-virtual-machine' })).toMatchObject({ risk: 'destroy' });
  const { kinds } = await asAdmin('kinds', {});
  expect(kinds).toContainEqual(expect.objectContaining({ name: 'UserVm', list: 'list-virtual-machines' }));
  const { lists, actions } = await asAdmin('related', { kind: 'UserVm' });
  expect(lists).toContainEqual(expect.objectContaining({ name: 'Volume', parameter: 'virtualmachineid' }));
  expect(actions).toContainEqual(expect.objectContaining({ tool: 'reboot-virtual-machine' }));
  expect(await asAdmin('health', {})).toMatchObject({ components: { mcp: { status: 'ok' } } });
  const all = await asAdmin('audit', { verify: true });
  expect(all).toMatchObject({ isAll: true, chains: [{ isUnbroken: true }] });
  expect(await asAdmin('audit', { page: 50 })).toMatchObject({ entries: [], isMore: false });
  const own = await asViewer('audit', {});
  expect(own['isAll']).toBe(false);
  expect(own['entries'].every(({ principal }: { principal: string }) => principal === 'vera')).toBe(true);
});

test('a waiting call is approved by someone whose role reaches it and who did not ask; a no says who and why', async () => {
  const host = await openClient(door, { token: tokens.robot });
  const reboot = (id: string) => host.call('destroy', { tool: 'rebootVirtualMachine', arguments: { id } });
  const codeIn = ({ text }: { text: string }): string => /Approval code: (\S{9})/.exec(text)![1]!;
  const code = codeIn(await reboot('web-1'));
  const [robot, vera, carl] = [
    await withToken(tokens.robot),
    await withToken(tokens.vera),
    await withToken(tokens.carl),
  ];
  const alice = (await signIn('alice')).cookie!;
  const waiting = async (cookie: string) =>
    (await answerTo('approvals', {}, { cookie }))['waiting'] as Record<string, any>[];
  expect(await waiting(vera)).toEqual([]);
  expect(await waiting(carl)).toEqual([]);
  expect(await waiting(robot)).toMatchObject([
    { code, isOwn: true, obstacle: expect.stringContaining('someone other than the one who asked') },
  ]);
  const [seen] = await waiting(alice);
  expect(seen).toMatchObject({ code, isOwn: false, about: { fourEyes: true }, caller: { principal: 'robot' } });
  expect(seen!['message']).toContain('web-1');
  expect(seen!['digest']).toBeUndefined();
  const reply = (cookie: string, more: object) => answerTo('reply', { code, approve: true, ...more }, { cookie });
  expect(await reply(robot, {})).toMatchObject({ error: { kind: 'refused' } });
  expect(await reply(vera, {})).toMatchObject({ error: { kind: 'not-found' } });
  expect(await reply(alice, {})).toEqual({ done: true });
  expect((await reboot('web-1')).isError).toBeUndefined();
  const entry = door.audit().at(-1)!;
  expect(entry).toMatchObject({ confirmation: { by: 'approval', who: 'alice', means: 'page', code } });
  const { receiptKey } = await answerTo('health', {}, { cookie: alice });
  const id = entry.call;
  for (const cookie of [alice, robot]) {
    const { receipt } = (await answerTo('receipt', { id }, { cookie })) as { receipt: string };
    const { lines } = readReceipt(receipt, [receiptKey as string]);
    expect(lines).toMatchObject([{ call: id, confirmation: { about: expect.stringContaining('web-1') as string } }]);
  }
  for (const cookie of [vera, carl])
    expect(await answerTo('receipt', { id }, { cookie })).toMatchObject({ error: { kind: 'not-found' } });
  for (const shown of (await answerTo('audit', {}, { cookie: alice }))['entries'] as { confirmation?: object }[])
    expect(shown.confirmation ?? {}).not.toHaveProperty('about');

  const second = codeIn(await reboot('web-1'));
  expect(await reply(alice, { code: second, approve: false, reason: 'not now' })).toEqual({ done: true });
  // It has its entry and its receipt at once, whether or not the call is made again.
  const atOnce = door.audit().at(-1)!;
  expect(atOnce).toMatchObject({
    command: 'rebootVirtualMachine',
    principal: 'robot',
    endpoint: expect.stringContaining('127.0.0.1') as string,
    result: 'refused',
    refusal: { who: 'alice', means: 'page', code: second, reason: 'not now' },
  });
  const given = (await answerTo('receipt', { id: second }, { cookie: alice })) as { receipt: string };
  expect(readReceipt(given.receipt, [receiptKey as string]).lines).toMatchObject([{ call: atOnce.call }]);
  expect((await reboot('web-1')).text).toMatch(/‹alice› refused it: ‹not now›/);
  // The no has a receipt as a yes has, for both of them.
  const refused = door.audit().at(-1)!;
  expect(refused).toMatchObject({
    result: 'refused',
    refusal: { by: 'approval', who: 'alice', means: 'page', code: second, reason: 'not now' },
  });
  expect(refused.confirmation).toBeUndefined();
  for (const [cookie, by] of [
    [alice, second],
    [robot, refused.call],
  ] as const) {
    const { receipt } = (await answerTo('receipt', { id: by }, { cookie })) as { receipt: string };
    const { lines } = readReceipt(receipt, [receiptKey as string]);
    expect(lines).toMatchObject([{ call: refused.call, refusal: { reason: 'not now' } }]);
    expect(() => readReceipt(receipt.replace('not now', 'go on'), [receiptKey as string])).toThrow('signature');
  }
  expect(await answerTo('receipt', { id: refused.call }, { cookie: vera })).toMatchObject({
    error: { kind: 'not-found' },
  });
  for (const shown of (await answerTo('audit', {}, { cookie: alice }))['entries'] as { refusal?: object }[])
    expect(shown.refusal ?? {}).not.toHaveProperty('about');

  const destroy = { tool: 'destroyVirtualMachine', arguments: { id: 'web-1', expunge: true } };
  const third = codeIn(await host.call('destroy', destroy));
  const wanted = (await waiting(alice)).find((call) => call['code'] === third)!;
  expect(wanted['phrase']).toBe('web-1');
  expect(await reply(alice, { code: third, phrase: 'web' })).toMatchObject({ error: { kind: 'unconfirmed' } });
  // The asker could approve this one, but not with what its program holds, too.
  expect(await reply(robot, { code: third, phrase: 'web-1' })).toMatchObject({ error: { kind: 'refused' } });
  expect(await reply(alice, { code: third, phrase: 'web-1' })).toEqual({ done: true });
  await host.close();
});

test('a plan is approved whole by someone who did not ask, once; no one else sees, applies or undoes it', async () => {
  const [robot, carl] = [
    await openClient(door, { token: tokens.robot }),
    await openClient(door, { token: tokens.carl }),
  ];
  const calls = [
    { tool: 'updateVirtualMachine', arguments: { id: 'web-2', displayname: 'Second' } },
    { tool: 'rebootVirtualMachine', arguments: { id: 'web-2' } },
  ];
  const sent = () => cloud.calls.filter(({ command }) => /^(update|reboot)VirtualMachine$/.test(command)).length;
  cloud.calls.length = 0;
  const made = await robot.call('destroy', { calls, mode: 'plan' });
  const { id } = made.structured['plan'] as { id: string };
  for (const asked of [{ plan: id }, { plan: id, mode: 'plan' }, { undo: id }]) {
    const { text } = await carl.call('destroy', asked);
    expect(text).toMatch(/^(refused|not-found): /);
    expect(text).not.toContain('Second');
  }
  const apply = () => robot.call('destroy', { plan: id });
  const waits = await apply();
  const code = /Approval code: (\S{9})/.exec(waits.text)![1]!;
  const own = await withToken(tokens.robot);
  expect(await answerTo('reply', { code, approve: true }, { cookie: own })).toMatchObject({
    error: { kind: 'refused' },
  });
  expect(sent()).toBe(0);
  const { cookie } = await signIn('alice');
  const { waiting } = await answerTo('approvals', {}, { cookie: cookie! });
  expect((waiting as { code: string; message: string }[]).find((one) => one.code === code)?.message).toContain(
    'Second',
  );
  expect(await answerTo('reply', { code, approve: true }, { cookie: cookie! })).toEqual({ done: true });
  expect((await apply()).text).toContain('2 of 2 steps are done');
  expect(sent()).toBe(2);
  // Neither the plan nor the yes counts twice.
  expect((await apply()).text).toMatch(/^conflict: /);
  expect((await robot.call('destroy', { calls })).text).toContain('Approval code');
  expect(sent()).toBe(2);
  await robot.close();
  await carl.close();
});

test('no principal takes all places for scripts', async () => {
  const [robot, carl] = [
    await openClient(door, { token: tokens.robot }),
    await openClient(door, { token: tokens.carl }),
  ];
  const endless = () => robot.call('run-script', { code: 'for (;;) {}' });
  const first = endless();
  // Which of the two is first does not matter.
  const both = Promise.all([first, endless()]);
  expect((await carl.call('run-script', { code: 'return 1 + 1' })).text).toContain('2');
  const texts = (await both).map(({ text }) => text).sort();
  expect(texts.filter((text) => text.startsWith('rate-limit'))).toHaveLength(1);
  await robot.close();
  await carl.close();
});

test('a question of the page that asks for too much is answered shortly', async () => {
  const cookie = await withToken(tokens.robot);
  const many = Array.from({ length: 9000 }, () => 1);
  for (const body of [
    { tool: 'listZones', fields: many },
    Object.fromEntries(many.map((_one, at) => [`k${at}`, 1])),
    { tool: 'x'.repeat(100_000) },
  ]) {
    const response = await ask('call', body, { cookie });
    expect((await response.text()).length).toBeLessThan(5000);
  }
});

test('a session ends with the token, or the role, that it rests on', async () => {
  const cookie = await withToken(tokens.carl);
  expect((await ask('approvals', {}, { cookie })).status).toBe(200);
  const { auth, principals } = file as { auth: { tokens: object }; principals: object };
  door.reload({ ...file, auth: { ...auth, tokens: { robot: hashToken(tokens.robot) } }, principals });
  await eventually(async () => expect((await ask('approvals', {}, { cookie })).status).toBe(401));
  door.reload(file);
});

test('`ui` shows one person a link that works once; nothing else is served, and no program starts it', async () => {
  const { env } = cloud;
  expect(await runCommand(['ui', '--no-open'], { env })).toMatchObject({ status: 3 });
  expect(await runCommand(['ui', '--no-open', '--host', '0.0.0.0'], { env, answers: [] })).toMatchObject({ status: 2 });
  const ui = startCommand(['ui', '--no-open'], { env, terminal: true });
  const [, at = '', code] = await eventually(() => {
    const found = /(http:\S+?)\/#start=([\w-]+)/.exec(ui.out.stdout);
    expect(found).toBeTruthy();
    return found!;
  });
  expect((await ask('sign-in', { code: 'x' }, { at })).status).toBe(401);
  expect(await answerTo('me', {}, { at })).toMatchObject({ signIn: ['link'] });
  const signedIn = await ask('sign-in', { code }, { at });
  const cookie = pairOf(cookiesOf(signedIn)[0]!);
  expect((await ask('sign-in', { code }, { at })).status).toBe(401);
  expect(await answerTo('me', {}, { at, cookie })).toMatchObject({ principal: 'local', method: 'link' });
  expect((await fetch(`${at}/mcp`, { method: 'POST', body: '{}' })).status).toBe(404);
  expect((await fetch(`${at}/page/sign-in`)).status).toBe(404);
  ui.stop.abort();
  expect(await ui.ended).toBe(0);
});

test('without a way to sign in, or switched off, there is no page', async () => {
  for (const options of [{}, { file, flags: ['--page', 'false'] }]) {
    const other = await startDoor({ env: cloud.env, ...options });
    expect((await fetch(other.origin)).status).toBe(404);
    await other.close();
  }
});
