import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { CallError } from '../../src/errors.ts';
import { openApp, requestOf, uuid, type Answers } from '../guard/counting.ts';
import { eventually } from '../support/eventually.ts';
import { openHost, runCommand, startCloud, startFake } from '../support/harness.ts';

// What the cloud says it offers is others' input: one entry that cannot be read is no reason to offer everything.

const discovering = (listApis: Answers) =>
  openApp(
    {},
    {
      env: { CLOUDSTACK_MCP_DISCOVER: 'true' },
      answers: (command, params) => (command === 'listApis' ? listApis(command, params) : undefined),
    },
  );
const good = [
  { name: 'listZones', isasync: false, params: [{ name: 'id', type: 'uuid', required: false }] },
  { name: 'startVirtualMachine', isasync: true, params: [{ name: 'id', type: 'uuid', required: true }] },
];
const kindOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof CallError ? error.kind : String(error)),
  );

const odd: [what: string, entry: unknown][] = [
  ['without a name', { isasync: true, params: [] }],
  ['with a name that is none', { name: '__proto__ ; x', params: [] }],
  ['with an empty name', { name: '' }],
  ['with a number for a name', { name: 7 }],
  ['that is no object', 'listHosts'],
  ['that is null', null],
  ['that is a list', [1]],
  ['with text for a flag', { name: 'listHosts', isasync: 'yes' }],
  ['whose parameters are no list', { name: 'listHosts', params: { name: 'id' } }],
  ['with a parameter without a name', { name: 'listHosts', params: [{ type: 'uuid' }] }],
  ['with a parameter that is null', { name: 'listHosts', params: [null] }],
  ['whose fields are no list', { name: 'listHosts', params: [], response: 'x' }],
  ['with a number for a type', { name: 'listHosts', params: [{ name: 'id', type: 3 }] }],
];

test.each(odd)('an entry of listApis %s is left out, and the rest serves', async (_what, entry) => {
  const { app, said, close } = await discovering(() => ({ count: 3, api: [good[0], entry, good[1]] }));
  const names = (await app.catalog('default')).tools.map(({ command }) => command.name);
  expect(names).toEqual(['listZones', 'startVirtualMachine']);
  await app.call(requestOf('listZones', {}));
  expect(await kindOf(app.call(requestOf('listHosts', {})))).not.toBe('done');
  expect(said).toEqual([
    expect.stringMatching(/^Profile default: 1 of 3 commands of listApis cannot be read and are left out\.\n$/),
  ]);
  expect((await app.health())['cloudstack']).toMatchObject({ status: 'ok', discovery: 'partial' });
  await close();
});

const failing: [what: string, answer: Record<string, unknown>][] = [
  ['is refused', { errorcode: 432, cserrorcode: 9999, errortext: 'The given command listApis does not exist' }],
  ['names nothing', { count: 0 }],
  ['names nothing that can be read', { count: 1, api: [{ isasync: true }] }],
];

test.each(failing)(
  'where listApis %s, everything known is offered: said once, and in health',
  async (_what, answer) => {
    const { app, said, close, times } = await discovering(() => answer);
    for (let n = 0; n < 3; n++) await app.call(requestOf('startVirtualMachine', { id: uuid(7) }));
    expect(times('startVirtualMachine')).toBe(3);
    expect(said).toEqual([expect.stringMatching(/^Profile default: which commands .* cannot be read \(.*\)/)]);
    expect((await app.health())['cloudstack']).toMatchObject({ status: 'ok', discovery: 'failed' });
    await close();
  },
);

test('where all can be read nothing is said', async () => {
  const { app, said, close } = await discovering(() => ({ count: 2, api: good }));
  await app.call(requestOf('listZones', {}));
  expect(said).toEqual([]);
  expect((await app.health())['cloudstack']).not.toHaveProperty('discovery');
  await close();
});

test('a cloud that never answers listApis is given up after ten seconds, and that is said', async () => {
  const fake = await startFake((command, response) => {
    if (command !== 'listApis') response.end(JSON.stringify({ [`${command.toLowerCase()}response`]: { count: 0 } }));
  });
  const host = await openHost({ env: fake.env });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    expect((await host.call('read', { tool: 'list-zones' })).isError).toBeUndefined();
    await eventually(() => expect(fake.counts.get('listApis')).toBe(1));
    vi.advanceTimersByTime(10_000);
    await eventually(() => expect(host.stderr()).toMatch(/cannot be read \(timeout\)/));
  } finally {
    vi.useRealTimers();
    await host.close();
    await fake.close();
  }
});

test('what a cloud offers is saved for the next start: in files of its owner, without the credential', async () => {
  const state = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-offers-'));
  const cloud = await startCloud();
  const asked = (): number => cloud.calls.filter(({ command }) => command === 'listApis').length;
  const env = { ...cloud.env, CLOUDSTACK_MCP_STATE: state };
  const first = await openHost({ env });
  await first.call('change', { tool: 'create-affinity-group', arguments: { name: 'a', type: 'host affinity' } });
  expect(asked()).toBe(1);
  await first.close();
  const paths = readdirSync(join(state, 'offers')).map((file) => join(state, 'offers', file));
  expect(paths.map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o600]);
  const text = paths.map((path) => readFileSync(path, 'utf8')).join('\n');
  const { apiKey, secretKey } = cloud.simulator.credentials;
  expect([apiKey, secretKey].filter((secret) => text.includes(secret))).toEqual([]);

  // The next start: the change does not wait for the cloud to say its commands again.
  cloud.calls.length = 0;
  const rules = [{ kind: 'hang', command: 'listApis' }];
  await fetch(new URL('/simulator/faults', cloud.url), { method: 'PUT', body: JSON.stringify({ rules }) });
  const second = await openHost({ env });
  const made = await second.call('change', {
    tool: 'create-affinity-group',
    arguments: { name: 'b', type: 'host affinity' },
  });
  expect(made.isError).toBeUndefined();
  await eventually(() => expect(asked()).toBe(1));
  expect(second.stderr()).toBe('');
  await second.close();
  await cloud.close();
  rmSync(state, { recursive: true });
});

test('a program that ends while a cloud still says what it offers reports nothing of it', async () => {
  const state = mkdtempSync(join(tmpdir(), 'cloudstack-offer-'));
  let isSlow = false;
  const fake = await startFake((command, response) => {
    const body = command === 'listApis' ? { count: good.length, api: good } : { count: 0 };
    const answer = () => response.end(JSON.stringify({ [`${command.toLowerCase()}response`]: body }));
    if (!(isSlow && command === 'listApis')) answer();
  });
  const env = { ...fake.env, CLOUDSTACK_MCP_STATE: state };
  const words = ['call', 'list-zones', 'name=x'];
  expect((await runCommand(['tools', 'list'], { env })).stderr).toBe('');
  // One file says which offer it is, one holds it.
  const saved = () => existsSync(join(state, 'offers')) && readdirSync(join(state, 'offers'));
  await eventually(() => expect(saved()).toEqual([expect.stringMatching(/\.json$/), expect.stringMatching(/\.json$/)]));
  isSlow = true;
  for (const each of [words, ['tools', 'list']]) expect((await runCommand(each, { env })).stderr).toBe('');
  await fake.close();
  rmSync(state, { recursive: true });
});
