import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test, vi } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { runCli } from '../../src/cli/program.ts';
import { policySection, principalsSection, rolesSection } from '../../src/config/policy.ts';
import { CallError } from '../../src/errors.ts';
import { openHost, runCommand } from '../support/harness.ts';
import { openApp, requestOf, uuid, type Answers } from './counting.ts';
import { eventually } from '../support/eventually.ts';

const vm = uuid(1);
const row = {
  name: 'web',
  state: 'Running',
  zoneid: uuid(20),
  zonename: 'Frankfurt',
  domainid: uuid(30),
  domain: 'customers',
  domainpath: '/customers/',
  account: 'acme',
  tags: [{ key: 'env', value: 'test' }],
};
const answers: Answers = (command, params) => {
  if (command === 'listVirtualMachines')
    return {
      count: 1,
      virtualmachine: [
        params['id'] === uuid(2)
          ? { ...row, id: uuid(2), account: undefined, projectid: uuid(40), project: 'apollo', tags: [] }
          : { ...row, id: params['id'] },
      ],
    };
  if (command === 'listZones')
    return { count: 1, zone: [{ id: params['id'], name: params['id'] === uuid(20) ? 'Frankfurt' : 'Paris' }] };
  const key = [loadCatalog().find(command)?.command.key ?? ''].flat()[0]!;
  return command.startsWith('list')
    ? { count: 1, [key]: [{ id: params['id'], name: 'x', path: 'ROOT/x' }] }
    : undefined;
};

const caller = { principal: 'alice', host: 'test', profile: 'default' };
const kindOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof CallError ? error.kind : String(error)),
  );

const start = ['startVirtualMachine', { id: vm }] as const;
const stop = ['stopVirtualMachine', { id: vm }] as const;
const deploy = (zoneid: string) =>
  ['deployVirtualMachine', { zoneid, serviceofferingid: uuid(5), templateid: uuid(6) }] as const;

// What a rule says, a call it is about, and one it is not about.
const matches: [match: object, hit: readonly [string, object], missed: readonly [string, object]][] = [
  [{ command: 'startVirtual*' }, start, ['rebootVirtualMachine', { id: vm }]],
  [{ command: 'start-virtual-machine' }, start, ['startSystemVm', { id: vm }]],
  [{ command: ['nothing', 'STARTVIRTUALMACHINE'] }, start, stop],
  [{ toolset: 'compute' }, start, ['createVolume', { name: 'x', snapshotid: uuid(7) }]],
  [{ toolset: ['vol*'] }, ['createVolume', { name: 'x', snapshotid: uuid(7) }], start],
  [{ risk: 'change' }, start, stop],
  [{ risk: ['read', 'destroy'] }, stop, start],
  [{ severity: ['low'] }, start, ['resizeVolume', { id: vm }]],
  [{ principal: 'ali*' }, start, start],
  [{ principal: 'alice', profile: 'def*' }, start, start],
  [{ role: 'admin' }, start, start],
  [{ zone: 'Frankfurt' }, start, deploy(uuid(21))],
  [{ zone: uuid(20) }, start, deploy(uuid(21))],
  [{ zone: 'frank*' }, deploy(uuid(20)), deploy(uuid(21))],
  [{ domain: 'ROOT/customers' }, start, deploy(uuid(20))],
  [{ domain: 'ROOT/cust*' }, start, deploy(uuid(20))],
  [{ domain: uuid(30) }, start, deploy(uuid(20))],
  [{ account: 'acme' }, start, ['startVirtualMachine', { id: uuid(2) }]],
  [
    { account: 'acme' },
    ['createVolume', { name: 'x', snapshotid: uuid(7), account: 'acme', domainid: uuid(30) }],
    ['createVolume', { name: 'x', snapshotid: uuid(7) }],
  ],
  [{ project: 'apollo' }, ['startVirtualMachine', { id: uuid(2) }], start],
  [{ project: uuid(40) }, ['createVolume', { name: 'x', snapshotid: uuid(7), projectid: uuid(40) }], start],
  [{ tag: { env: 'test' } }, start, ['startVirtualMachine', { id: uuid(2) }]],
  [{ tag: { env: 'test' }, zone: 'Frankfurt', command: 'start*' }, start, ['startVirtualMachine', { id: uuid(2) }]],
];

test.each(matches)('a rule about %j', async (match, hit, missed) => {
  const byCaller = ['principal', 'role', 'profile'].some((name) => name in match);
  const section = {
    policy: { actions: { destroy: 'allow' }, rules: [{ name: 'r', match, action: 'block' }] },
    roles: { other: {} },
    principals: { alice: { role: 'admin' }, bob: { role: 'other' } },
  };
  const { app, times, close } = await openApp(section, { answers });
  expect(await kindOf(app.call(requestOf(hit[0], { ...hit[1] }, { caller })))).toBe('refused');
  expect(times(hit[0])).toBe(0);
  const other = byCaller ? { ...caller, principal: 'bob' } : caller;
  expect(await kindOf(app.call(requestOf(missed[0], { ...missed[1] }, { caller: other })))).toBe('done');
  expect(times(missed[0])).toBe(1);
  await close();
});

test('a rule about a profile', async () => {
  const { app, close } = await openApp(
    { policy: { rules: [{ name: 'r', match: { profile: 'prod' }, action: 'block' }] } },
    { answers },
  );
  expect(await kindOf(app.call(requestOf(...start, { caller })))).toBe('done');
  await close();
});

test('the first rule that matches counts; a place can open what the table confirms', async () => {
  const rules = [
    { name: 'tests may go', match: { tag: { env: 'test' }, risk: 'destroy' }, action: 'allow' },
    { name: 'nothing else may', match: { risk: 'destroy' }, action: 'block' },
  ];
  const { app, times, close } = await openApp({ policy: { rules } }, { answers });
  expect(await kindOf(app.call(requestOf(...stop)))).toBe('done');
  expect(await kindOf(app.call(requestOf('stopVirtualMachine', { id: uuid(2) })))).toBe('refused');
  // One of several that the rule is not about: the strictest verdict counts.
  expect(await kindOf(app.call(requestOf('destroyVirtualMachine', { id: vm, volumeids: [uuid(9)] })))).toBe('refused');
  expect(times('stopVirtualMachine')).toBe(1);
  await close();
  const reversed = await openApp({ policy: { rules: [...rules].reverse() } }, { answers });
  expect(await kindOf(reversed.app.call(requestOf(...stop)))).toBe('refused');
  await reversed.close();
});

test('what cannot be read might be what a rule blocks', async () => {
  const policy = {
    actions: { destroy: 'allow' },
    rules: [{ name: 'prod', match: { tag: { env: 'prod' } }, action: 'block' }],
  };
  const blind: Answers = (command) => (command.startsWith('list') ? {} : undefined);
  const { app, times, close } = await openApp({ policy }, { answers: blind });
  expect(await kindOf(app.call(requestOf(...stop)))).toBe('refused');
  expect(times('stopVirtualMachine')).toBe(0);
  await close();
});

test('a limit refuses the change that is one too many, for that principal only; reads and refused calls are not counted', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const limits = [{ name: 'few', changes: 3, per: '1m' }];
  const { app, times, close } = await openApp({ policy: { limits } }, { answers });
  const bob = { ...caller, principal: 'bob' };
  const go = (who: typeof caller, [tool, args]: readonly [string, object] = start) =>
    kindOf(app.call(requestOf(tool, { ...args }, { caller: who })));
  for (let n = 0; n < 10; n++) expect(await go(caller, ['listZones', {}])).toBe('done');
  // Asked about, not agreed to: not a change.
  for (let n = 0; n < 10; n++) expect(await go(caller, stop)).toBe('unconfirmed');
  expect([await go(caller), await go(caller), await go(caller), await go(caller)]).toEqual([
    'done',
    'done',
    'done',
    'refused',
  ]);
  expect(await go(caller, ['listZones', {}])).toBe('done');
  expect(await go(bob)).toBe('done');
  // Nobody is asked to agree to what would be refused then.
  let asked = 0;
  const consent = () => (asked++, Promise.resolve(undefined));
  expect(await kindOf(app.call(requestOf(...stop, { caller, consent })))).toBe('refused');
  expect(asked).toBe(0);
  vi.advanceTimersByTime(59_000);
  expect(await go(caller)).toBe('refused');
  vi.advanceTimersByTime(2000);
  // Those that were refused meanwhile did not use it up.
  expect([await go(caller), await go(caller), await go(caller), await go(caller)]).toEqual([
    'done',
    'done',
    'done',
    'refused',
  ]);
  expect(times('startVirtualMachine')).toBe(7);
  await close();
});

test('of many changes at once no more than the limit leave; a limit can be about a place', async () => {
  const limits = [{ name: 'few', match: { zone: 'Frankfurt', risk: 'change' }, changes: 5, per: 60 }];
  const { app, times, close } = await openApp({ policy: { limits } }, { answers });
  await Promise.all(Array.from({ length: 30 }, () => kindOf(app.call(requestOf(...start)))));
  expect(times('startVirtualMachine')).toBe(5);
  expect(await kindOf(app.call(requestOf(...deploy(uuid(21)))))).toBe('done');
  await close();
});

const wrongSections: [what: string, section: string, path: RegExp][] = [
  ['an unknown preset', 'policy: {preset: careful}', /policy\.preset/],
  ['an unknown key', 'policy: {actoins: {}}', /actoins/],
  ['an unknown action', 'policy: {actions: {destroy: ask}}', /policy\.actions\.destroy/],
  ['a rule without a name', 'policy: {rules: [{match: {}, action: block}]}', /policy\.rules\[0\]\.name/],
  [
    'a rule about nothing known',
    'policy: {rules: [{name: a, match: {colour: red}, action: block}]}',
    /policy\.rules\[0\]\.match/,
  ],
  ['a limit without a time', 'policy: {limits: [{name: a, changes: 3}]}', /policy\.limits\[0\]\.per/],
  ['a time that is none', 'policy: {limits: [{name: a, changes: 3, per: soon}]}', /policy\.limits\[0\]\.per/],
  ['a role with an unknown risk', 'roles: {a: {risks: [write]}}', /roles\.a\.risks\[0\]/],
  ['a role tied to no domain', 'roles: {a: {domains: []}}', /roles\.a\.domains/],
  ['a principal without a role', 'principals: {bob: {}}', /principals\.bob\.role/],
  ['a principal with an unknown role', 'principals: {bob: {role: king}}', /bob.*king/],
];

test.each(wrongSections)('%s stops the server at its start', async (_what, section, path) => {
  const file = join(mkdtempSync(join(tmpdir(), 'cloudstack-config-')), 'config.yaml');
  writeFileSync(file, section);
  const { status, stderr } = await runCommand(['serve', '--simulator', '--config', file]);
  expect(status).toBe(2);
  expect(stderr).toMatch(path);
});

test('the configuration is read again on a signal: good rules are taken over, bad ones are not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-config-'));
  const file = join(folder, 'config.yaml');
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const { Client, deserializeMessage, serializeMessage } = await import('@modelcontextprotocol/client');
  const { createInterface } = await import('node:readline');
  let output = '';
  stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  let reload = (): void => undefined;
  writeFileSync(file, 'policy: {preset: operator}');
  const running = runCli(['serve', '--simulator', '--config', file], {
    stdin,
    stdout,
    stderr,
    env: { CLOUDSTACK_MCP_AUDIT: '/dev/null', CLOUDSTACK_MCP_STATE: folder },
    signal: new AbortController().signal,
    onReload: (callback) => (reload = callback),
  });
  const client = new Client({ name: 'test', version: '1' });
  await client.connect({
    start() {
      createInterface({ input: stdout }).on('line', (line) => this.onmessage?.(deserializeMessage(line)));
      return Promise.resolve();
    },
    send: (message) => (stdin.write(serializeMessage(message)), Promise.resolve()),
    close: () => (stdin.end(), Promise.resolve()),
  });
  const create = async (name: string): Promise<boolean> => {
    const args = { tool: 'createAffinityGroup', arguments: { name, type: 'host anti-affinity' } };
    return (await client.callTool({ name: 'change', arguments: args })).isError !== true;
  };
  const change = async (section: string, expected: RegExp): Promise<void> => {
    output = '';
    writeFileSync(file, section);
    reload();
    await eventually(() => expect(output).toMatch(expected));
  };
  expect(await create('a')).toBe(true);
  await change('policy: {preset: read-only}', /in force/);
  expect(await create('b')).toBe(false);
  await change('policy: {preset: none}', /new configuration was rejected: .*policy\.preset/s);
  expect(await create('c')).toBe(false);
  await change('policy: [', /was rejected/);
  await change('principals: {local: {role: nobody}}', /new configuration was rejected: .*nobody/s);
  expect(await create('d')).toBe(false);
  await change('policy: {}\nprincipals: {local: {role: viewer}}', /in force/);
  expect(await create('e')).toBe(false);
  await change('policy: {}', /in force/);
  expect(await create('f')).toBe(true);
  await client.close();
  await running;
});

test('--read-only wins over every rule, also after a reload', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-config-'));
  const file = join(folder, 'config.yaml');
  writeFileSync(
    file,
    'policy: {actions: {change: allow, destroy: allow}, rules: [{name: all, match: {}, action: allow}]}',
  );
  const host = await openHost({ flags: ['--simulator', '--read-only', '--config', file] });
  const result = await host.call('change', {
    tool: 'createAffinityGroup',
    arguments: { name: 'x', type: 'host anti-affinity' },
  });
  expect(result.structured['error']).toMatchObject({ kind: 'refused' });
  await host.close();
});

test('the sections are parsed as they are documented', () => {
  expect(policySection.parse({}).protect).toEqual({ key: 'protected', value: 'true' });
  expect(policySection.parse({ limits: [{ name: 'a', changes: 1, per: '2h' }] }).limits[0]!.per).toBe(7200);
  expect(rolesSection.parse({ a: { domains: ['ROOT/a'] } })['a']!.domains).toEqual(['ROOT/a']);
  expect(principalsSection.parse({ '*': { role: 'viewer' } })['*']!.role).toBe('viewer');
});

test('builtin and own roles reach what they say, and nobody without a role anything', async () => {
  const section = {
    roles: {
      helpdesk: { risks: ['read', 'change'], toolsets: ['compute'], deny: ['deploy*'] },
      starter: { commands: ['start*', 'list-virtual-machines'] },
    },
    principals: {
      v: { role: 'viewer' },
      o: { role: 'operator' },
      a: { role: 'admin' },
      h: { role: 'helpdesk' },
      s: { role: 'starter' },
      p: { role: 'admin', profile: 'prod' },
    },
  };
  const { app, times, close } = await openApp(section, { answers });
  const go = (principal: string, tool: string, args: object) =>
    kindOf(app.call(requestOf(tool, { ...args }, { caller: { ...caller, principal } })));
  const cases: [string, string, object, string][] = [
    ['v', 'listVirtualMachines', {}, 'done'],
    ['v', 'startVirtualMachine', { id: vm }, 'refused'],
    ['v', 'getUserKeys', { id: vm }, 'refused'],
    ['v', 'listLdapConfigurations', {}, 'refused'],
    ['o', 'startVirtualMachine', { id: vm }, 'done'],
    ['o', 'listRoles', {}, 'done'],
    ['o', 'createRole', { name: 'x', type: 'User' }, 'refused'],
    ['o', 'updateRolePermission', { roleid: vm, ruleorder: vm }, 'refused'],
    ['o', 'createDomain', { name: 'x' }, 'refused'],
    ['o', 'updateConfiguration', { name: 'x' }, 'refused'],
    ['o', 'stopVirtualMachine', { id: vm }, 'unconfirmed'],
    ['a', 'createDomain', { name: 'x' }, 'done'],
    ['h', 'startVirtualMachine', { id: vm }, 'done'],
    ['h', 'listVolumes', {}, 'refused'],
    ['h', 'stopVirtualMachine', { id: vm }, 'refused'],
    ['h', 'deployVirtualMachine', { zoneid: vm, serviceofferingid: vm, templateid: vm }, 'refused'],
    ['s', 'startVirtualMachine', { id: vm }, 'done'],
    ['s', 'listVirtualMachines', {}, 'done'],
    ['s', 'listVolumes', {}, 'refused'],
    ['nobody', 'listZones', {}, 'refused'],
    ['p', 'listZones', {}, 'refused'],
  ];
  for (const [principal, tool, args, expected] of cases) {
    const before = times(tool);
    expect(await go(principal, tool, args), `${principal} ${tool}`).toBe(expected);
    expect(times(tool) - before).toBe(expected === 'done' ? 1 : 0);
  }
  await close();
});

test('a tag that the policy decides by is set and taken away after a confirmation only, whatever a rule allows', async () => {
  const policy = {
    actions: { destroy: 'allow' },
    rules: [
      { name: 'prod', match: { tag: { environment: 'production' } }, action: 'block' },
      { name: 'tags', match: { command: '*Tags' }, action: 'allow' },
    ],
    limits: [{ name: 'few', match: { tag: { tier: 'gold' } }, changes: 9, per: '1h' }],
  };
  const of = { resourceids: [vm], resourcetype: 'UserVm' };
  const tries: [command: string, args: object, expected: 'done' | 'unconfirmed'][] = [
    ['createTags', { tags: { owner: 'me' } }, 'done'],
    ['deleteTags', { tags: { owner: 'me' } }, 'done'],
    ['createTags', { tags: { owner: 'me', environment: 'test' } }, 'unconfirmed'],
    ['createTags', { tags: [{ key: 'environment', value: 'production' }] }, 'unconfirmed'],
    ['createTags', { tags: { ' Environment ': 'test' } }, 'unconfirmed'],
    ['createTags', { tags: { tier: 'silver' } }, 'unconfirmed'],
    ['createTags', { tags: { protected: 'true' } }, 'unconfirmed'],
    ['deleteTags', { tags: { ENVIRONMENT: 'production' } }, 'unconfirmed'],
    ['deleteTags', { tags: [{ key: 'environment' }] }, 'unconfirmed'],
    ['deleteTags', { tags: {} }, 'unconfirmed'],
    ['deleteTags', {}, 'unconfirmed'],
  ];
  const { app, times, close } = await openApp({ policy }, { answers });
  for (const [command, args, expected] of tries) {
    const before = times(command);
    expect(await kindOf(app.call(requestOf(command, { ...of, ...args }))), JSON.stringify([command, args])).toBe(
      expected,
    );
    expect(times(command) - before, JSON.stringify([command, args])).toBe(expected === 'done' ? 1 : 0);
  }
  await close();
});
