import { afterAll, beforeAll, expect, test } from 'vitest';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { acceptAll, openHost, runCommand, startCloud, startFake, type Cloud, type Host } from '../support/harness.ts';

let cloud: Cloud;
let host: Host;
beforeAll(async () => {
  cloud = await startCloud();
  host = await openHost({
    env: cloud.env,
    human: acceptAll,
  });
});
afterAll(async () => {
  await host.close();
  await cloud.close();
});

const read = (tool: string, args: Record<string, unknown> = {}, more: Record<string, unknown> = {}) =>
  host.call('read', { tool, arguments: args, ...more });
const change = (tool: string, args: Record<string, unknown>, more: Record<string, unknown> = {}) =>
  host.call('change', { tool, arguments: args, ...more });
const rowNamed = async (tool: string, name: string): Promise<Record<string, unknown>> => {
  const { structured } = await read(tool, { name });
  return (structured['items'] as Record<string, unknown>[]).find((row) => row['name'] === name)!;
};
const idOf = ({ structured }: { structured: Record<string, any> }): string => structured['item'].id as string;

test('C32, D12, part 4.2: a change shows what decides and what it changed, old and new, and nothing of the job', async () => {
  const { id } = await rowNamed('list-virtual-machines', 'web-1');
  const { text, structured } = await change('update-virtual-machine', { id, displayname: 'front' });
  expect(text).toContain('displayname: web-1 → front');
  expect(structured).toMatchObject({ item: { id, displayname: 'front' }, before: { displayname: 'web-1' } });
  expect(text).not.toContain('Allowed by');
  expect(text).not.toContain('jobstatus');
  expect(encode(text).length).toBeLessThanOrEqual(150);
  const stopped = await host.call('destroy', { tool: 'stop-virtual-machine', arguments: { id } });
  expect(stopped.text).toContain('state: Running → Stopped');
  expect(stopped.text).toContain('Allowed by');
  expect(stopped.structured['item']).not.toHaveProperty('jobid');
  expect(stopped.structured['item']).not.toHaveProperty('jobstatus');
});

test('all fields of a change come on request, through every door', async () => {
  const { id } = await rowNamed('list-virtual-machines', 'web-2');
  const all = await change('update-virtual-machine', { id, displayname: 'two' }, { fields: ['*'] });
  expect(Object.keys(all.structured['item'] as object).length).toBeGreaterThan(20);
  const words = ['call', 'update-virtual-machine', `id=${String(id)}`, 'displayname=three'];
  const short = await runCommand(words, { env: cloud.env });
  expect(short.stdout).toMatch(/display name +two → three/);
  const one = await runCommand([...words, '--fields', 'displayname', '-o', 'json'], { env: cloud.env });
  expect((JSON.parse(one.stdout) as { item: object }).item).toEqual({ displayname: 'three' });
});

test('part 4.2: an answer that says success only says what it was about, by name', async () => {
  const { id } = await rowNamed('list-virtual-machines', 'crm');
  const tagged = await change('create-tags', { resourceids: [id], resourcetype: 'UserVm', tags: { tier: 'gold' } });
  expect(tagged.text).toContain(`resourceids: crm (${String(id)})`);
  expect(tagged.text).toContain('tags: tier=gold');
  expect(tagged.structured).toMatchObject({ item: { success: true }, given: { tags: { tier: 'gold' } } });
});

test('part 4.5, 4.7: a setting and a limit are told with the value that they had', async () => {
  const setting = await change('update-configuration', { name: 'expunge.delay', value: '3600' });
  expect(setting.text).toMatch(/^value: \d+ → 3600$/m);
  const limit = (max: number) =>
    change('update-resource-limit', { account: 'bob', domainid: 'engineering', resourcetype: 'volume', max });
  await limit(40);
  expect((await limit(50)).text).toMatch(/^max: 40 → 50$/m);
});

test('R16: what is destroyed for good is named, whatever little CloudStack answers', async () => {
  const id = '00000000-0000-4000-8000-000000000001';
  const answers: Record<string, unknown> = {
    destroyVirtualMachine: { jobid: id },
    queryAsyncJobResult: { jobid: id, jobstatus: 1, jobresult: { virtualmachine: { deleteprotection: false } } },
  };
  const fake = await startFake((command, response) =>
    response.end(
      JSON.stringify({
        [`${command.toLowerCase()}response`]: answers[command] ?? { count: 1, virtualmachine: [{ id, name: 'gone' }] },
      }),
    ),
  );
  const other = await openHost({
    env: { ...fake.env, CLOUDSTACK_MCP_DISCOVER: 'false' },
    human: ({ message }) => ({ action: 'accept', content: { phrase: /"([^"]*)"/.exec(message)?.[1], confirm: true } }),
  });
  const { text } = await other.call('destroy', { tool: 'destroy-virtual-machine', arguments: { id, expunge: true } });
  expect(text).toContain(`id: gone (${id})`);
  await other.close();
  await fake.close();
});

test('part 4.5: side effects are said: the firewall that opens, and to whom; a machine that is stopped; a password that was set', async () => {
  const made = await change('create-network', {
    name: 'effects',
    zoneid: 'Frankfurt',
    networkofferingid: 'DefaultIsolatedNetworkOfferingWithSourceNatService',
  });
  const machine = await change('deploy-virtual-machine', {
    name: 'effects-1',
    zoneid: 'Frankfurt',
    serviceofferingid: 'Small Instance',
    templateid: 'Ubuntu 24.04 LTS',
    networkids: [idOf(made)],
  });
  expect(machine.text).toMatch(
    /A password was set\. A person can read it at a terminal: \S+ call query-async-job-result/,
  );
  expect(machine.text).toContain('account: admin');
  expect(machine.text).toContain('password: ••••••');
  const address = await change('associate-ip-address', { networkid: idOf(made) });
  const forward = (publicport: number, more: object = {}) =>
    change('create-port-forwarding-rule', {
      ipaddressid: idOf(address),
      protocol: 'tcp',
      publicport,
      privateport: publicport,
      virtualmachineid: idOf(machine),
      ...more,
    });
  expect((await forward(22)).text).toContain('The firewall now lets this in from 0.0.0.0/0 (everyone)');
  expect((await forward(23, { openfirewall: false })).text).not.toContain('The firewall');
  await host.call('destroy', { tool: 'stop-virtual-machine', arguments: { id: idOf(machine) } });
  const closed = await forward(24, { openfirewall: false });
  expect(closed.text).toContain('The machine effects-1 is Stopped: nothing answers there until it is started.');
  expect(closed.structured['notes']).toHaveLength(1);
});

test('part 4.3: columns decide: whose, where, which address; nested values are flat, bytes are GiB', async () => {
  const machines = await read('list-virtual-machines');
  expect(machines.text).toMatch(/^id \| name \| state \| account \| project \| hostname/m);
  expect(machines.text).toContain('| web-net 10.1.10.2 |');
  const [first] = machines.structured['items'] as { nic: object[] }[];
  expect(Object.keys(first!.nic[0]!)).toEqual(['networkname', 'ipaddress']);
  const volumes = await read('list-volumes');
  expect(volumes.text).toContain('| 100 GiB |');
  expect((volumes.structured['items'] as { size: unknown }[])[0]!.size).toBeTypeOf('number');
  const addresses = await read('list-public-ip-addresses');
  expect(addresses.text).toMatch(/issourcenat \| isstaticnat \| virtualmachinename \| vmipaddress/);
  const project = await read('list-projects', { name: 'webshop' });
  expect(project.text).toContain('owner: alice');
  const tagged = await read('list-virtual-machines', { name: 'web-1' }, { fields: ['name', 'tags'] });
  expect(tagged.text).toMatch(/^tags: .*environment=production/m);
  const { structured } = await read('list-virtual-machines', { name: 'web-1' });
  const id = (structured['items'] as { id: string }[])[0]!.id;
  const hosts = await read('find-hosts-for-migration', { virtualmachineid: id });
  expect(hosts.text).toMatch(
    /requiresStorageMotion \| memoryallocatedpercentage \| memoryallocatedbytes \| memorytotal/,
  );
});

test('part 4.10: a deploy is described within 700 tokens, the rest by name, and each on request', async () => {
  const { text } = await host.call('describe-tools', { tools: ['deploy-virtual-machine'] });
  expect(encode(text).length).toBeLessThanOrEqual(700);
  expect(text).toContain('- templateid (string): ');
  expect(text).toMatch(/^Also: .*nicmultiqueuenumber/m);
  const one = await host.call('describe-tools', {
    tools: ['deploy-virtual-machine'],
    parameters: ['nicMultiQueueNumber'],
  });
  expect(one.text).toContain('- nicmultiqueuenumber (integer): ');
  const all = await host.call('describe-tools', { tools: ['deploy-virtual-machine'], parameters: ['*'] });
  expect(all.text).not.toContain('Also: ');
});

test('part 4.9: schedules are told in words in lists, too; data keep what CloudStack gives', async () => {
  const { id } = await rowNamed('list-virtual-machines', 'crm');
  const listed = async (tool: string, args: Record<string, unknown>) =>
    host.call('read', { tool, arguments: args, fresh: true });
  const volume = (await listed('list-volumes', { virtualmachineid: id })).structured['items'][0] as { id: string };
  const policy = { volumeid: volume.id, maxsnaps: 2, timezone: 'Europe/Berlin' };
  await change('create-snapshot-policy', { ...policy, intervaltype: 'weekly', schedule: '30:03:1' });
  await change('create-snapshot-policy', { ...policy, intervaltype: 'daily', schedule: '00:22' });
  const policies = await listed('list-snapshot-policies', { volumeid: volume.id });
  expect(policies.text).toContain('weekly | every Sunday 03:30 | Europe/Berlin');
  expect(policies.text).toContain('daily | every day 22:00 | Europe/Berlin');
  expect(policies.structured['items'].map(({ schedule }: { schedule: string }) => schedule).sort()).toEqual([
    '00:22',
    '30:03:1',
  ]);
  const cron = { virtualmachineid: id, action: 'STOP', schedule: '0 22 * * 1-5', timezone: 'UTC' };
  await host.call('destroy', { tool: 'create-vm-schedule', arguments: cron });
  expect((await listed('list-vm-schedule', { virtualmachineid: id })).text).toContain(
    'schedule: every Monday to Friday 22:00',
  );
});

test('a limit that a change has reached is said, with whose it is; what is not limited, or not reached, is not', async () => {
  const [account] = (
    await host.call('read', { tool: 'list-accounts', arguments: { name: 'carol' }, fields: ['*'], fresh: true })
  ).structured['items'] as { volumetotal: number; domainid: string }[];
  const limit = (max: number) =>
    change('update-resource-limit', { account: 'carol', domainid: 'sales', resourcetype: 'volume', max });
  await limit(account!.volumetotal + 2);
  const volume = { zoneid: 'Frankfurt', diskofferingid: 'Custom', size: 1, account: 'carol', domainid: 'sales' };
  const first = await change('create-volume', { ...volume, name: 'first' });
  expect(first.text).not.toContain('limit');
  cloud.calls.length = 0;
  const second = await change('create-volume', { ...volume, name: 'second' });
  const full = `${account!.volumetotal + 2} of ${account!.volumetotal + 2} volumes`;
  expect(second.text).toContain(`‹carol› is at its limit now: ${full}. The next one is refused.`);
  expect(second.structured['notes']).toContainEqual(expect.stringContaining(full));
  expect(cloud.calls.filter(({ command }) => command === 'listAccounts')).toHaveLength(1);
  await limit(-1);
});
