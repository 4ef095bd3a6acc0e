import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../src/limits.ts';
import { openApp, requestOf, type Answers } from '../guard/counting.ts';
import { openRaw } from '../guard/raw.ts';
import { openHost, profileOf, runCommand, startCloud, type Cloud, type Host } from '../support/harness.ts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// `where`, `sort`, `group` and `all` of a read: over all rows of a list, here or at the cloud.

const folder = mkdtempSync(join(tmpdir(), 'asking-'));
let files = 0;
const configOf = (config: object): string => {
  const path = join(folder, `${++files}.json`);
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  return path;
};

let cloud: Cloud;
let host: Host;

beforeAll(async () => {
  cloud = await startCloud();
  host = await openHost({ env: cloud.env });
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await host.close();
  await cloud.close();
});

const namesOf = ({ structured }: { structured: Record<string, unknown> }): unknown[] =>
  (structured['items'] as { name: string }[]).map(({ name }) => name);

const vms = (more: Record<string, unknown>) => host.call('read', { tool: 'list-virtual-machines', ...more });

describe('part 4.11: what the cloud can look for itself becomes its parameter', () => {
  test.each([
    ['state = stopped', { state: 'Stopped' }, true],
    ["state = 'Stopped' and zoneid = Frankfurt", { state: 'Stopped' }, true],
    ['hypervisor = KVM and memory > 512', { hypervisor: 'KVM' }, false],
    // Another question than equality, or an alternative, the rows must answer.
    ['state != Stopped', { state: undefined }, false],
    ['state = Stopped or memory > 512', { state: undefined }, false],
    // A domain is no filter: it also says whose things are shown.
    ['domainid = 0f0f0f0f-0000-4000-8000-000000000000', { domainid: undefined }, false],
  ])('%s', async (where, params, isWhole) => {
    cloud.calls.length = 0;
    const { structured, isError, text } = await vms({ where, fresh: true });
    expect(isError, text).toBeUndefined();
    const [sent] = cloud.calls.filter(({ command }) => command === 'listVirtualMachines');
    expect(sent?.params).toMatchObject(Object.fromEntries(Object.entries(params).filter(([, value]) => value)));
    for (const [name, value] of Object.entries(params)) if (!value) expect(sent?.params).not.toHaveProperty(name);
    // What the cloud answers alone is a list as any.
    expect(structured['over'] === undefined).toBe(isWhole);
  });
});

test('a size is compared as the field counts, a moment as the part of a date, a text without blanks around it', async () => {
  const count = async (where: string): Promise<unknown> => {
    const { structured, text, isError } = await vms({ where, group: 'count', fresh: true });
    expect(isError, text).toBeUndefined();
    return (structured['items'] as { count: number }[])[0]?.count ?? 0;
  };
  expect(await count('memory > 0')).toBeGreaterThan(3);
  expect(await count('memory >= 1GiB')).toBe(await count('memory >= 1024'));
  expect(await count('memory = 512MiB')).toBe(await count('memory = 512'));
  expect(await count('memory * 2 > 2GiB')).toBe(await count('memory > 1024'));
  expect(await count('memory in (1GiB, 512MiB)')).toBe(await count('memory in (1024, 512)'));
  expect(await count("day(created) >= '3650 days ago'")).toBe(await count('memory > 0'));
  expect(await count("month(created) < '3650 days ago'")).toBe(0);
  expect(await count('name = " web-1 "')).toBe(await count('name = web-1'));
  expect(await count('name in ("web-1 ", nobody)')).toBe(1);
});

test('groups are narrowed by their figures, and tell how many values differ', async () => {
  const groups = async (group: string): Promise<Record<string, unknown>[]> => {
    const { structured, text, isError } = await vms({ group, fresh: true });
    expect(isError, text).toBeUndefined();
    return structured['items'] as Record<string, unknown>[];
  };
  const all = await groups('account');
  expect(all.some(({ count }) => Number(count) > 1)).toBe(true);
  expect(await groups('account, count > 1')).toEqual(all.filter(({ count }) => Number(count) > 1));
  expect(await groups('account, count >= 2, count < 4')).toEqual(
    all.filter(({ count }) => Number(count) >= 2 && Number(count) < 4),
  );
  const sums = await groups('account, sum(memory)');
  expect(await groups('account, sum(memory) >= 2GiB')).toEqual(
    sums.filter((one) => Number(one['sum(memory)']) >= 2048),
  );
  const [whole] = await groups('count, distinct(account), distinct(zonename)');
  // What belongs to a project has no account.
  expect(whole).toMatchObject({ 'distinct(account)': all.filter(({ account }) => account !== '(none)').length });
  expect(await groups('account, max(created) < 2000-01-01')).toEqual([]);
});

test('an empty answer says which values there are instead', async () => {
  const { text } = await vms({ where: 'state = Sleeping' });
  expect(text).toMatch(/^0 of 0 that match, over \d+ virtual machines/);
  expect(text).toMatch(/state has .*Running/);
});

test('a word that no row has is told beside the rows that fit', async () => {
  const among = await vms({ where: 'state in (Runing, Stopped)' });
  expect(among.structured['count']).toBeGreaterThan(0);
  expect(among.text).toContain('No row looked at has state "Runing".');
  expect(among.text).not.toContain('"Stopped".');
  expect((await vms({ where: 'state != Runing' })).text).toContain('No row looked at has state "Runing".');
  expect((await vms({ where: 'not (name = nobody)' })).text).toContain('No row looked at has name "nobody".');
  expect((await vms({ where: 'state in (Running, Stopped) and haenable = false' })).text).not.toContain('No row');
});

test('a figure or a day that no row has is told', async () => {
  const { text } = await vms({ group: ['day(name)', 'sum(displayname)', 'sum(memory)'] });
  expect(text).toContain('No row has a value for day(name).');
  expect(text).toContain('No row has a value for sum(displayname).');
  expect(text).not.toContain('No row has a value for sum(memory)');
});

test.each([
  { tags: { env: 'nowhere' } },
  { 'tags.env': 'nowhere' },
  { 'tags[0].key': 'env', 'tags[0].value': 'nowhere' },
])('an empty list leads on whatever the spelling of its tags: %j', async (args) => {
  expect((await vms({ arguments: args })).text).toContain('None has that tag');
});

test('what every object has is not a field and no value: it is refused by name', async () => {
  for (const name of [...Object.getOwnPropertyNames(Object.prototype), 'prototype']) {
    const asks = [
      { where: `${name} = x` },
      { where: `${name} is null` },
      { sort: name },
      { group: name },
      { fields: [name] },
    ];
    for (const ask of asks) {
      const { text, isError } = await host.call('read', { tool: 'list-zones', ...ask });
      expect(isError, `${JSON.stringify(ask)}: ${text}`).toBe(true);
      expect(text).toContain(`shows no field "${name}"`);
    }
    const { structured } = await host.call('read', { tool: 'list-zones', where: `name = ${name} or name = "${name}"` });
    expect(structured, name).toMatchObject({ count: 0 });
  }
});

test('what is named twice is one row', async () => {
  for (const [tool, name] of [
    ['list-virtual-machines', 'web-1'],
    ['list-volumes', 'spare'],
  ] as const) {
    const { structured } = await host.call('read', { tool, arguments: { ids: [name, name] } });
    expect(structured, tool).toMatchObject({ count: 1, returned: 1 });
  }
});

test('what fits is paged as it was sorted', async () => {
  const all = namesOf(await vms({ sort: '-name', fields: ['name'] }));
  const seen: unknown[] = [];
  let next: Record<string, unknown> | undefined = { pagesize: 3 };
  while (next) {
    const answer = await vms({ sort: 'name desc', fields: ['name'], ...next });
    seen.push(...namesOf(answer));
    next = answer.structured['next'] as Record<string, unknown> | undefined;
  }
  expect(seen.length).toBeGreaterThan(6);
  expect(seen).toEqual(all);
  expect(seen).toEqual([...seen].sort((a, b) => String(b).localeCompare(String(a), 'en', { numeric: true })));
});

test.each([
  [{ where: "stat = 'x'" }, /no field "stat"; did you mean state\?/],
  [{ sort: 'nam' }, /sort: .*did you mean name\?/],
  [{ group: 'zonenam' }, /group: .*did you mean zonename\?/],
  [{ group: 'zonename', sort: 'name' }, /groups have zonename, count/],
  [{ group: ['state', 'zonename', 'account'] }, /at most 2 fields/],
  [{ group: 'day(creatd)' }, /group: .*did you mean created\?/],
  [{ where: 'count(password) > 1' }, /password is masked/],
  [{ where: 'tags.password = a' }, /password is masked/],
  [{ fields: ['day(creatd)'] }, /did you mean created\?/],
  [{ where: 'state =' }, /a field or a value is missing before its end/],
  [{ where: "state = 'Running' memory" }, /and, or, or a comparison is missing/],
  [{ where: 'cpunumber > 4GiB' }, /cpunumber is not a size/],
  [{ where: 'day(created) = 2026-02-30' }, /day\(created\) is written like 2026-01-31, not "2026-02-30"/],
  [{ where: 'not (day(created) in (2026-02-01, 2026-2-1))' }, /not "2026-2-1"/],
  [{ where: 'day(created) > 2026-02-30' }, /not "2026-02-30"/],
  [{ where: 'month(created) = 2026-13' }, /month\(created\) is written like 2026-01, not "2026-13"/],
  [{ where: 'month(created) = 2026-01-31' }, /month\(created\) is written like 2026-01/],
  [{ where: 'month(created) = January' }, /month\(created\) is written like 2026-01/],
  [{ where: 'year(created) = 26' }, /year\(created\) is written like 2026/],
  [{ where: 'week(created) = 2026-01-28' }, /the week's Monday, such as 2026-01-26, not "2026-01-28"/],
  [{ where: 'hour(created) = "2026-01-28T24:00"' }, /hour\(created\) is written like 2026-01-31T14:00/],
  [{ where: 'mnth(created) = 2026-01' }, /there is no mnth\(\); there are hour\(\), day\(\)/],
  [{ where: 'sum(memory) > 4096' }, /sum\(\) is of groups; write it in group/],
  [{ group: 'mnth(created)' }, /group: there is no mnth\(\); there are hour\(\), .*distinct\(\)/],
  [{ sort: '-lower(name)' }, /sort: there is no lower\(\)/],
  [{ group: 'created' }, /created has a time of day; write day\(created\), week\(created\) or month\(created\)/],
  [{ group: 'state, sum(created)' }, /created is not a number, and has no sum/],
  [{ group: 'state, avg(haenable)' }, /haenable is not a number/],
  [{ group: 'state, count > many' }, /compare count with a number or a date, not "many"/],
  [{ group: 'state, sum(memroy) > 5' }, /group: .*did you mean memory\?/],
  [{ group: 'state, max(password) > 5' }, /password is masked/],
  [{ group: 'state, distinct(password)' }, /password is masked/],
  [{ where: 'memory > much' }, /memory is a number; compare it with a number, not "much"/],
  [{ where: "state = 'Running' and not cpunumber <= '2x'" }, /cpunumber is a number/],
  [{ where: 'created > 2026-13-01' }, /created is a date; compare it with one, .* not "2026-13-01"/],
  [{ where: 'created >= yesterday' }, /created is a date/],
  [{ where: 'created > 2020-02-30' }, /created is a date; .* not "2020-02-30"/],
  [{ where: 'created = 2026-01-31' }, /created has a time of day; write day\(created\) = 2026-01-31/],
  [{ where: 'cpunumber = two' }, /cpunumber is a number; .* not "two"/],
  [{ where: 'cpunumber in (1, two)' }, /cpunumber is a number; .* not "two"/],
  [{ where: 'cpunumber + 1 = two' }, /the figure is a number; .* not "two"/],
  [{ where: 'count(nic) in (1, many)' }, /the figure is a number; .* not "many"/],
  [{ where: 'haenable = yes' }, /haenable is true or false, not "yes"/],
  [{ where: 'not (state = Running and displayvm != 1)' }, /displayvm is true or false, not "1"/],
  [{ where: 'password = a' }, /password is masked/],
  [{ where: "name = 'a' or not (userdata contains 'x' and password > 3)" }, /password is masked/],
  [{ sort: '-password' }, /password is masked/],
  [{ group: 'password' }, /password is masked/],
  [{ group: 'state, max(password)' }, /password is masked/],
])('%j is refused before anything is sent', async (ask, problem) => {
  cloud.calls.length = 0;
  const { isError, text } = await vms(ask);
  expect(isError).toBe(true);
  expect(text).toMatch(problem);
  expect(cloud.calls).toEqual([]);
});

test('a value that CloudStack gives only beside another one takes that with it', async () => {
  const { structured, text } = await host.call('read', { tool: 'list-public-ip-addresses', where: 'state = Free' });
  expect(text).toContain('The cloud filtered by state=Free, allocatedonly=false.');
  const free = cloud.simulator.world.all('IPAddress').filter(({ fields }) => fields['state'] === 'Free').length;
  expect(structured['count']).toBe(free);
});

test('what is made of a field is shown where it is asked for, and where rows are sorted by it', async () => {
  const named = await vms({ where: 'name = db-1', fields: ['count(nic)', 'year(created)', 'tags.team'] });
  const [row] = named.structured['items'] as Record<string, unknown>[];
  expect(row).toMatchObject({ 'count(nic)': 1, 'tags.team': 'data' });
  expect(row?.['year(created)']).toMatch(/^\d{4}$/);
  const [most] = (await vms({ sort: '-count(tags)', pagesize: 1 })).structured['items'] as Record<string, unknown>[];
  expect(most?.['count(tags)']).toBe(2);
  const plain = await vms({ pagesize: 1, fields: ['count(nic)'] });
  expect(plain.structured['items']).toEqual([{ 'count(nic)': 1 }]);
});

test('only lists are asked', async () => {
  const { isError, text } = await host.call('read', { tool: 'list-capabilities', where: 'a = b' });
  expect(isError).toBe(true);
  expect(text).toContain('where, sort, group and all are for lists');
});

test('a value that is masked in some rows only is compared as its mask', async () => {
  const rows = [
    { key: 'ldap.bind.password', value: 'hunter2' },
    { key: 'session.timeout', value: 'hunter2' },
  ];
  const answers: Answers = (command) =>
    command === 'listResourceDetails' ? { count: rows.length, resourcedetail: rows } : undefined;
  const { app, close } = await openApp({}, { answers });
  const raw = await openRaw(app);
  const args = { resourcetype: 'UserVm', resourceid: '5f0f2d3c-0000-4000-8000-000000000001' };
  const details = { tool: 'list-resource-details', arguments: args, fields: ['key'] };
  const ask = async (more: Record<string, unknown>) =>
    JSON.stringify((await raw.call('read', { ...details, ...more })).result);
  const equal = await ask({ where: 'value = hunter2' });
  expect(equal).toContain('session.timeout');
  expect(equal).not.toContain('ldap.bind.password');
  expect(await ask({ where: "value > 'a'" })).not.toContain('ldap.bind.password');
  const grouped = await ask({ group: 'value' });
  expect(grouped).toContain('••••••');
  await raw.close();
  await close();
});

test('many pages are reported as progress, and more rows than one call looks at are cut, which the answer says', async () => {
  const count = limits.rows + 5000;
  const answers: Answers = (command, params) => {
    if (command !== 'listEvents') return undefined;
    const [page, size] = [Number(params['page']), Number(params['pagesize'])];
    const event = Array.from({ length: size }, (_, at) => ({ id: `${page}-${at}`, level: 'INFO' }));
    return { count, event };
  };
  const { app, close } = await openApp({}, { answers });
  const raw = await openRaw(app);
  const { result } = await raw.call('read', { tool: 'list-events', group: 'level' });
  const text = result?.content?.[0]?.text ?? '';
  expect(text).toContain(`Only ${limits.rows} of ${count} rows were read:`);
  expect(result?.structuredContent).toMatchObject({ isCut: true, over: limits.rows });
  const messages: string[] = [];
  await app.call({
    ...requestOf('listEvents', {}),
    view: { group: 'level' },
    progress: ({ message }) => messages.push(message),
  });
  expect(messages.length).toBeGreaterThan(10);
  expect(messages).toContain(`${limits.rows / 2} of ${count} rows read`);
  await raw.close();
  await close();
});

test('a role that sees a part of the cloud asks over that part only', async () => {
  const { world } = cloud.simulator;
  const domain = world.all('Domain').find(({ fields }) => fields['path'] === 'ROOT/engineering')!;
  const roles = { tied: { domains: [domain.id] } };
  const config = configOf({
    profile: 'a',
    profiles: { a: profileOf(cloud) },
    roles,
    principals: { local: { role: 'tied' } },
  });
  const bounded = await openHost({ env: {}, flags: ['--config', config] });
  const asked = { tool: 'list-virtual-machines', group: 'domainid' };
  const { structured, text, isError } = await bounded.call('read', asked);
  await bounded.close();
  expect(isError, text).toBeUndefined();
  const groups = structured['items'] as { domainid: string; count: number }[];
  expect(groups.length).toBeGreaterThan(0);
  for (const { domainid } of groups) {
    const path = String(world.get(domainid)?.fields['path']);
    expect(path.startsWith(String(domain.fields['path']))).toBe(true);
  }
  const whole = (await host.call('read', asked)).structured['items'] as unknown[];
  expect(groups.length).toBeLessThan(whole.length);
});

test('all profiles are asked at once, a listed tool as well', async () => {
  const config = configOf({ profile: 'a', profiles: { a: profileOf(cloud), b: profileOf(cloud) } });
  const several = await openHost({ env: {}, flags: ['--config', config, '--tools', 'compute'] });
  const asked = { where: 'state = Running', group: 'zonename' };
  const every = await several.call('read', { tool: 'list-virtual-machines', ...asked, profile: '*' });
  const direct = await several.call('list-virtual-machines', { ...asked, profile: 'a' });
  await several.close();
  const one = (await vms(asked)).structured['items'] as object[];
  expect(one.length).toBeGreaterThan(0);
  expect(direct.structured['items']).toEqual(one);
  expect(every.structured['items']).toEqual(['a', 'b'].flatMap((profile) => one.map((row) => ({ profile, ...row }))));
});

test('the command line asks the same', async () => {
  const asked = ['--where', "state = 'Running'", '--sort', '-name', '--fields', 'name', '--output', 'json'];
  const { stdout, status } = await runCommand(['call', 'list-virtual-machines', 'pagesize=2', ...asked], cloud);
  expect(status).toBe(0);
  const expected = namesOf(await vms({ where: 'state = Running', sort: '-name', fields: ['name'], pagesize: 2 }));
  expect((JSON.parse(stdout) as { items: { name: string }[] }).items.map(({ name }) => name)).toEqual(expected);
  const csv = await runCommand(['call', 'list-virtual-machines', '--group', 'state', '--output', 'csv'], cloud);
  expect(csv.stdout.split('\n')[0]).toBe('state,count');
  const all = await runCommand(['call', 'list-virtual-machines', '--all', '--output', 'json'], cloud);
  const { items, count } = JSON.parse(all.stdout) as { items: object[]; count: number };
  expect(items.length).toBe(count);
});

test('the audit log says what was asked', () => {
  const entry = host.audit().find(({ ask }) => ask !== undefined);
  expect(entry?.ask).toHaveProperty('where');
});
