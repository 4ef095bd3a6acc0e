import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { AuditEntry } from '../../src/audit/entry.ts';
import { openHost, profileOf, runCommand, startCloud, type Cloud } from '../support/harness.ts';
import { openClient, startDoor } from '../support/door.ts';

// Which cloud answered, at every door: the answer says it, and names of profiles are said to those who may use them.

const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-which-'));
const clouds: Record<'prod' | 'lab', Cloud> = {} as never;
beforeAll(async () => {
  clouds.prod = await startCloud();
  clouds.lab = await startCloud();
});
afterAll(async () => {
  await clouds.prod.close();
  await clouds.lab.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  for (const { calls } of Object.values(clouds)) calls.splice(0);
});

const bob = {
  apiKey: 'simulator-bob-api-key-not-a-real-secret',
  secretKey: 'simulator-bob-secret-key-not-a-real-secret',
};
const nowhere = { url: 'http://127.0.0.1:1/client/api', apiKey: 'key', secretKey: 'secret' };
const hostOf = (cloud: Cloud): string => new URL(cloud.url).host;
const commandsOf = (cloud: Cloud): string[] => cloud.calls.map(({ command }) => command);
const both = () => ({ prod: profileOf(clouds.prod), lab: { ...profileOf(clouds.lab), ...bob } });
let files = 0;
const configOf = (profiles: object, more: object = {}): string => {
  const path = join(folder, `${++files}.json`);
  writeFileSync(path, JSON.stringify({ profile: 'prod', profiles, cache: false, ...more }), { mode: 0o600 });
  return path;
};

test('D9: with several profiles every answer of every tool begins with profile, host and account, also an error', async () => {
  const host = await openHost({
    flags: ['--config', configOf(both())],
    human: () => ({ action: 'accept', content: { confirm: true } }),
  });
  const prod = `prod (${hostOf(clouds.prod)}, admin of ROOT)`;
  const group = { tool: 'create-affinity-group', arguments: { name: 'g', type: 'host anti-affinity' } };
  const answers = [
    await host.call('read', { tool: 'list-zones' }),
    await host.call('read', { tool: 'list-capabilities' }),
    await host.call('change', group),
    await host.call('destroy', { tool: 'delete-affinity-group', arguments: { name: 'g' } }),
    await host.call('wait-for-job', { job: '11111111-1111-4111-8111-111111111111' }),
    await host.call('read', { tool: 'list-zones', arguments: { nosuch: 1 } }),
    await host.call('read', { tool: 'list-volumes', arguments: { virtualmachineid: 'nosuch' } }),
    await host.call('destroy', { tool: 'list-zones' }),
    await host.call('whoami'),
  ];
  for (const { text, structured } of answers) {
    expect(text.split('\n', 1)[0]).toBe(prod);
    const { cloud } = structured['error'] ?? structured;
    expect(cloud).toEqual({ profile: 'prod', host: hostOf(clouds.prod), account: 'admin of ROOT' });
  }
  const lab = await host.call('read', { tool: 'list-zones', profile: 'lab' });
  expect(lab.text.split('\n', 1)[0]).toMatch(new RegExp(`^lab \\(${hostOf(clouds.lab)}, bob of ROOT/`));
  // The account is read once for each cloud, and nothing else is.
  expect(
    commandsOf(clouds.lab)
      .filter((command) => command !== 'listApis')
      .sort(),
  ).toEqual(['listAccounts', 'listZones']);
  // whoami asks anew.
  expect(commandsOf(clouds.prod).filter((command) => command === 'listAccounts').length).toBeLessThanOrEqual(2);
  await host.close();
});

test('with one profile nothing is said of it, and nothing more is sent', async () => {
  const host = await openHost({ env: { ...clouds.prod.env, CLOUDSTACK_MCP_CACHE: 'false' } });
  const { text, structured } = await host.call('read', { tool: 'list-zones' });
  expect(text).toMatch(/^2 of 2 zones/);
  expect(structured).not.toHaveProperty('cloud');
  expect(commandsOf(clouds.prod)[0]).toBe('listZones');
  expect(commandsOf(clouds.prod).filter((command) => !['listZones', 'listApis'].includes(command))).toEqual([]);
  const { tools } = await host.client.listTools();
  for (const { inputSchema } of tools) expect(inputSchema.properties?.['profile'] ?? {}).not.toHaveProperty('enum');
  expect(host.client.getInstructions()).not.toContain('profile');
  await host.close();
});

interface Named {
  inputSchema: { properties?: Record<string, { enum?: string[] }> };
  name: string;
}

test.each([[[]], [['--tools', 'zone-pod-cluster']]])(
  'names of profiles are in the schemas (%j) and the instructions',
  async (flags) => {
    const host = await openHost({ flags: ['--config', configOf(both()), ...flags] });
    const tools = (await host.client.listTools()).tools as Named[];
    const named = new Map(tools.map(({ name, inputSchema }) => [name, inputSchema.properties?.['profile']?.enum]));
    expect(named.get('read')).toEqual(['prod', 'lab', '*']);
    expect(named.get('whoami')).toEqual(['prod', 'lab', '*']);
    for (const name of ['change', 'destroy', 'wait-for-job']) expect(named.get(name), name).toEqual(['prod', 'lab']);
    if (flags.length) {
      expect(named.get('list-zones')).toEqual(['prod', 'lab', '*']);
      expect(named.get('delete-zone')).toEqual(['prod', 'lab']);
      const { text } = await host.call('list-zones', { profile: 'lab' });
      expect(text).toMatch(/^lab \(/);
    }
    expect(host.client.getInstructions()).toMatch(/prod, lab; without one, prod is meant/);
    await host.close();
  },
);

test('over HTTP a principal is told of its own profiles only, and tied to one of none', async () => {
  const token = (name: string): string => `static-token-of-${name}`;
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
  const principals = {
    tied: { role: 'viewer', profile: 'lab' },
    several: { role: 'viewer', profiles: ['lab', 'old'] },
  };
  const door = await startDoor({
    file: {
      profile: 'prod',
      profiles: { ...both(), old: nowhere },
      auth: { tokens: Object.fromEntries(Object.keys(principals).map((name) => [name, hash(token(name))])) },
      principals,
    },
  });
  for (const protocol of ['old', 'new'] as const) {
    const tied = await openClient(door, { token: token('tied'), protocol });
    expect(JSON.stringify((await tied.client.listTools()).tools)).not.toMatch(/"(prod|lab|old)"/);
    expect(tied.client.getInstructions() ?? '').not.toMatch(/prod|lab/);
    expect((await tied.call('read', { tool: 'list-zones' })).text).toMatch(/^2 of 2 zones/);
    await tied.client.close();
    const several = await openClient(door, { token: token('several'), protocol });
    const tools = (await several.client.listTools()).tools as Named[];
    expect(tools.find(({ name }) => name === 'read')!.inputSchema.properties!['profile']!.enum).toEqual([
      'lab',
      'old',
      '*',
    ]);
    expect(several.client.getInstructions()).toContain('lab, old; without one, lab is meant');
    expect((await several.call('read', { tool: 'list-zones' })).text).toMatch(/^lab \(/);
    expect((await several.call('read', { tool: 'list-zones', profile: 'prod' })).text).not.toContain(
      hostOf(clouds.prod),
    );
    await several.client.close();
  }
  await door.close();
});

test('profile "*" reads from all, rows with their profile; what one cloud did not answer is said beside the rest', async () => {
  const path = configOf({ ...both(), old: nowhere });
  const host = await openHost({ flags: ['--config', path] });
  const { text, structured, isError } = await host.call('read', { tool: 'list-zones', profile: '*' });
  expect(isError).toBeUndefined();
  const items = structured['items'] as { profile: string; name: string }[];
  expect(items.map(({ profile }) => profile)).toEqual(['prod', 'prod', 'lab', 'lab']);
  expect(structured).toMatchObject({ returned: 4, count: 4 });
  expect(structured['clouds']).toMatchObject([
    { profile: 'prod', host: hostOf(clouds.prod), account: 'admin of ROOT', returned: 2 },
    { profile: 'lab', host: hostOf(clouds.lab), returned: 2 },
    { profile: 'old', host: '127.0.0.1:1', error: { kind: 'unavailable' } },
  ]);
  expect(text).toMatch(/^4 of 4 rows from 2 of 3 profiles\nprod \(/);
  expect(text).toContain('old (127.0.0.1:1): unavailable: listZones: no connection to 127.0.0.1:1');
  expect(text).toMatch(/^profile \| id \| name/m);
  // A read of one object, and one with a filter.
  const one = await host.call('read', { tool: 'list-capabilities', profile: '*' });
  expect((one.structured['items'] as unknown[]).length).toBe(2);
  await host.close();
  const { status, stdout } = await runCommand(['call', 'list-zones', '--profile', '*', '--config', path]);
  expect(stdout).toContain('PROFILE');
  expect(stdout).toContain('old (127.0.0.1:1): unavailable');
  expect(status).toBe(1);
  const json = await runCommand(['call', 'list-zones', '--profile', '*', '--config', configOf(both()), '-o', 'json']);
  expect((JSON.parse(json.stdout) as { items: { profile: string }[] }).items.map(({ profile }) => profile)).toEqual([
    'prod',
    'prod',
    'lab',
    'lab',
  ]);
  expect(json.status).toBe(0);
});

test('profile "*" is for reads: whatever else is asked is refused, and nothing is sent', async () => {
  const path = configOf(both());
  const host = await openHost({ flags: ['--config', path, '--tools', 'affinity-group'] });
  const group = { name: 'g', type: 'host anti-affinity' };
  const refused = [
    await host.call('change', { tool: 'create-affinity-group', arguments: group, profile: '*' }),
    await host.call('destroy', { tool: 'delete-affinity-group', arguments: { name: 'g' }, profile: '*' }),
    await host.call('read', { tool: 'create-affinity-group', arguments: group, profile: '*' }),
    await host.call('read', { tool: 'not-known-here', profile: '*' }),
    await host.call('create-affinity-group', { ...group, profile: '*' }),
  ];
  for (const { structured } of refused) expect(structured['error']).toMatchObject({ kind: 'invalid' });
  expect(refused[0]!.text).toContain('Name one of: prod, lab.');
  expect(host.audit().map(({ result }) => result)).toEqual(refused.map(() => 'refused'));
  await host.close();
  const { status } = await runCommand(['call', 'create-affinity-group', 'name=g', '--profile', '*', '--config', path]);
  expect(status).toBe(2);
  expect(Object.values(clouds).flatMap(commandsOf)).toEqual([]);
});

test('where no cloud answers, "*" is an error that names each', async () => {
  const host = await openHost({
    flags: ['--config', configOf({ prod: nowhere, lab: { ...nowhere, apiKey: 'other' } })],
  });
  const { text, isError } = await host.call('read', { tool: 'list-zones', profile: '*' });
  expect(isError).toBe(true);
  expect(text).toMatch(/^unavailable: prod \(127\.0\.0\.1:1\): .* — lab \(/);
  await host.close();
});

test('a terminal says which cloud, in every format', async () => {
  const path = configOf(both());
  const label = `prod (${hostOf(clouds.prod)}, admin of ROOT)`;
  const run = (...words: string[]) => runCommand([...words, '--config', path]);
  expect((await run('call', 'list-zones')).stdout.split('\n', 1)[0]).toBe(label);
  expect((await run('call', 'list-capabilities')).stdout.split('\n').slice(0, 2)).toEqual([
    label,
    'listCapabilities: done.',
  ]);
  expect(JSON.parse((await run('call', 'list-zones', '-o', 'json')).stdout)).toMatchObject({
    cloud: { profile: 'prod' },
  });
  expect((await run('call', 'list-zones', '-o', 'yaml')).stdout).toContain('profile: prod');
  const csv = await run('call', 'list-zones', '-o', 'csv');
  expect(csv.stdout).not.toContain(label);
  expect(csv.stderr).toContain(label);
  expect((await run('call', 'start-virtual-machine', 'id=nosuch')).stderr.split('\n', 1)[0]).toBe(label);
});

test('D9: whoami: account, domain, role, release, reach, limits and the rules here', async () => {
  const path = configOf(both(), {
    policy: { limits: [{ name: 'few', changes: 5, per: '1h' }] },
    principals: { local: { role: 'operator', profiles: ['prod', 'lab'] } },
  });
  const host = await openHost({ flags: ['--config', path] });
  const admin = (await host.call('whoami')).structured['item'] as Record<string, string>;
  expect(admin).toMatchObject({
    profile: 'prod',
    cloud: hostOf(clouds.prod),
    account: 'admin',
    domain: 'ROOT',
    role: 'Root Admin, type Admin',
    here: 'principal local, role operator, policy operator; few: 5 changes in 3600 s',
  });
  expect(admin['release']).toMatch(/^4\.\d+\.\d+/);
  const tenant = (await host.call('whoami', { profile: 'lab' })).structured['item'] as Record<string, string>;
  expect(tenant).toMatchObject({ profile: 'lab', account: 'bob' });
  expect(tenant['commands']).toMatch(/^\d+ of the \d+ known here for 4\./);
  expect(tenant['cannot']).toMatch(/^\d+ commands, left out by the role .*\bhost \d+/);
  expect(tenant['limits']).toContain('virtual machines ');
  const all = await host.call('whoami', { profile: '*' });
  expect((all.structured['items'] as { account: string }[]).map(({ account }) => account)).toEqual(['admin', 'bob']);
  expect(host.audit().at(-1)).toMatchObject({
    tool: 'whoami',
    command: 'listCapabilities',
    risk: 'read',
    result: 'done',
  });
  await host.close();
  const { status, stdout } = await runCommand(['whoami', '--profile', 'lab', '--config', path]);
  expect(stdout).toMatch(/^lab \(.*\nbob of /);
  expect(status).toBe(0);
  const json = await runCommand(['whoami', '-o', 'json'], { env: clouds.prod.env });
  expect(JSON.parse(json.stdout)).toMatchObject({ item: { account: 'admin' } });
});

test('D10: the simulator is a profile of its own, with its own log, approvals and endpoint in each entry', async () => {
  const state = join(folder, 'state');
  const env = { ...clouds.prod.env, CLOUDSTACK_MCP_STATE: state, CLOUDSTACK_MCP_AUDIT: '' };
  const run = (...words: string[]) => runCommand(words, { env });
  // runCommand removes the folder that it made, which is not this one.
  await run('call', 'destroy-virtual-machine', 'id=web-1', '--simulator', '--state', state);
  await run('call', 'list-zones', '--simulator', '--state', state);
  await run('call', 'list-zones', '--state', state);
  await run('call', 'list-zones', '--state', state, '--profile', 'nosuch');
  const entriesOf = (...path: string[]): AuditEntry[] =>
    readFileSync(join(state, ...path, 'audit.jsonl'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as AuditEntry)
      .filter(({ tool }) => tool);
  expect(entriesOf('simulator').map(({ profile, endpoint }) => [profile, endpoint])).toEqual([
    ['simulator', 'the embedded simulator'],
    ['simulator', 'the embedded simulator'],
  ]);
  expect(entriesOf().map(({ profile, endpoint }) => [profile, endpoint])).toEqual([
    ['default', hostOf(clouds.prod)],
    ['nosuch', undefined],
  ]);
  expect((await run('approve', '--state', state)).stdout).toContain('No call waits');
  expect((await run('approve', '--state', state, '--simulator')).stdout).toContain('destroyVirtualMachine');
  expect(existsSync(join(state, 'approvals'))).toBe(false);
  // Also of a call that was refused before any cloud was opened.
  const path = configOf(both(), { principals: { other: { role: 'viewer' } } });
  const host = await openHost({ flags: ['--config', path] });
  await host.call('read', { tool: 'list-zones' });
  expect(host.audit()).toMatchObject([{ result: 'refused', endpoint: hostOf(clouds.prod) }]);
  await host.close();
});
