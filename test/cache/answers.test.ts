import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openHost, startCloud, type Cloud, type Host } from '../support/harness.ts';
import { send } from '../simulator/sign.ts';
import { eventually } from '../support/eventually.ts';

let cloud: Cloud;
let host: Host;
beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(() => cloud.close());
beforeEach(async () => {
  cloud.renew();
  cloud.calls.length = 0;
  host = await openHost({
    env: { ...cloud.env, CLOUDSTACK_MCP_CACHE: 'true' },
    human: () => ({ action: 'accept', content: { confirm: true } }),
  });
  // The first look at events comes after the first answer.
  await read('list-pods');
  await eventually(() => expect(sent('listEvents')).toBeGreaterThan(0));
  await read('list-capacity');
  cloud.calls.length = 0;
  return async () => {
    await host.close();
  };
});

const sent = (command: string): number => cloud.calls.filter((call) => call.command === command).length;
const read = (tool: string, args: Record<string, unknown> = {}, more: Record<string, unknown> = {}) =>
  host.call('read', { tool, arguments: args, ...more });
/** Behind the server's back. */
const behind = async (command: string, params: Record<string, string>): Promise<void> => {
  expect(await send(cloud.simulator, command, params)).toMatchObject({ status: 200 });
};
const machine = (state = 'Running') =>
  cloud.simulator.world.all('UserVm').find(({ fields }) => fields['state'] === state)!;
const namesIn = ({ structured }: { structured: Record<string, any> }): string[] =>
  (structured['items'] as { name: string }[]).map(({ name }) => name);

test('an equal read is answered with what is kept, and says how old that is', async () => {
  const first = await read('list-zones');
  expect(first.structured['age']).toBeUndefined();
  expect(first.text).not.toContain('As of');
  const again = await read('list-zones');
  expect(again.structured['age']).toBeGreaterThanOrEqual(0);
  expect(again.text).toMatch(/As of \d+ s ago; fresh: true asks again\./);
  expect(again.structured['items']).toEqual(first.structured['items']);
  expect(sent('listZones')).toBe(1);
  // Other arguments and pages are other questions; other columns of the same answer are not.
  await read('list-zones', { keyword: 'frank' });
  await read('list-zones', {}, { page: 1, pagesize: 5 });
  expect(sent('listZones')).toBe(3);
  expect((await read('list-zones', {}, { fields: ['id'] })).structured['age']).toBeGreaterThanOrEqual(0);
  expect(sent('listZones')).toBe(3);
});

test('fresh asks again, and what it answers is kept from then on', async () => {
  // Only a stopped machine can be renamed.
  const vm = machine('Stopped');
  await read('list-virtual-machines', { listall: true });
  await behind('updateVirtualMachine', { id: vm.id, name: 'renamed-elsewhere' });
  expect(namesIn(await read('list-virtual-machines', { listall: true }))).not.toContain('renamed-elsewhere');
  const fresh = await read('list-virtual-machines', { listall: true }, { fresh: true });
  expect(fresh.structured['age']).toBeUndefined();
  expect(namesIn(fresh)).toContain('renamed-elsewhere');
  const saved = await read('list-virtual-machines', { listall: true });
  expect(saved.structured['age']).toBeGreaterThanOrEqual(0);
  expect(namesIn(saved)).toContain('renamed-elsewhere');
  expect(sent('listVirtualMachines')).toBe(2);
});

test('what this server changes is never shown as it was', async () => {
  const vm = machine();
  await read('list-virtual-machines', { listall: true });
  await read('list-service-offerings');
  const stopped = await host.call('destroy', { tool: 'stop-virtual-machine', arguments: { id: vm.id } });
  expect(stopped.isError).toBeUndefined();
  const after = await read('list-virtual-machines', { listall: true }, { fields: ['id', 'state'] });
  expect(after.structured['age']).toBeUndefined();
  expect((after.structured['items'] as { id: string; state: string }[]).find(({ id }) => id === vm.id)?.state).toBe(
    'Stopped',
  );
  // What a machine's state says nothing of stays.
  expect((await read('list-service-offerings')).structured['age']).toBeGreaterThanOrEqual(0);
});

test("a destroy's question shows what is there now, though an older list is kept", async () => {
  const vm = machine('Stopped');
  const before = String(vm.fields['name']);
  await read('list-virtual-machines', { listall: true });
  await read('list-virtual-machines', { id: vm.id });
  await behind('updateVirtualMachine', { id: vm.id, name: 'precious', displayname: 'precious' });
  await host.call('destroy', { tool: 'destroy-virtual-machine', arguments: { id: vm.id } });
  expect(host.asked).toHaveLength(1);
  expect(host.asked[0]!.message).toContain('name ‹precious›');
  expect(host.asked[0]!.message).not.toContain(`name ‹${before}›`);
});

test('a name is looked up anew before it is changed, and where a kept list does not know it', async () => {
  const vm = machine('Stopped');
  const before = String(vm.fields['name']);
  await read('list-volumes', { virtualmachineid: before, listall: true });
  await behind('updateVirtualMachine', { id: vm.id, name: 'web-new', displayname: 'web-new' });
  const byName = await read('list-volumes', { virtualmachineid: 'web-new', listall: true });
  expect(byName.isError).toBeUndefined();
  const changed = await host.call('change', {
    tool: 'update-virtual-machine',
    arguments: { id: before, displayname: 'x' },
  });
  expect(changed.structured['error']).toMatchObject({ kind: 'not-found' });
});

test.each([
  ['list-events', { listall: true }],
  ['list-alerts', {}],
  ['list-async-jobs', { listall: true }],
  ['list-capacity', {}],
  ['list-virtual-machines-metrics', { listall: true }],
  ['list-usage-records', { startdate: '2026-01-01', enddate: '2026-01-31' }],
  ['quota-summary', {}],
  ['list-zones', { showcapacities: true }],
  ['find-hosts-for-migration', { virtualmachineid: '' }],
])('%s %o is asked each time', async (tool, given) => {
  const args: Record<string, unknown> = { ...given };
  if ('virtualmachineid' in args) args['virtualmachineid'] = machine().id;
  const answers = [await read(tool, args), await read(tool, args)];
  for (const { structured } of answers) expect(structured['age']).toBeUndefined();
  const command = cloud.calls.find((call) => call.command.toLowerCase() === tool.replaceAll('-', ''))!.command;
  // The events are looked at for the cache's own sake, too.
  expect(sent(command)).toBeGreaterThanOrEqual(2);
});

test('what gives out secrets is asked each time', async () => {
  for (let turn = 0; turn < 2; turn++)
    await host.call('change', { tool: 'list-configurations', arguments: { pagesize: 16 } });
  expect(sent('listConfigurations')).toBe(2);
});

test('an error is not kept', async () => {
  const wrong = { id: '00000000-0000-4000-8000-000000000000' };
  expect((await read('list-virtual-machines', wrong)).isError ?? false).toBe(
    (await read('list-virtual-machines', wrong)).isError ?? false,
  );
  expect(sent('listVirtualMachines')).toBe(2);
});

test('switched off, every read is asked, and no events are looked at', async () => {
  const without = await openHost({ env: { ...cloud.env, CLOUDSTACK_MCP_CACHE: 'false' } });
  cloud.calls.length = 0;
  for (let turn = 0; turn < 3; turn++) await without.call('read', { tool: 'list-zones' });
  expect(sent('listZones')).toBe(3);
  expect(sent('listEvents')).toBe(0);
  await without.close();
});

test('a read that is listed as a tool of its own can be asked for anew, too; a change knows no such thing', async () => {
  const all = await openHost({ env: { ...cloud.env, CLOUDSTACK_MCP_CACHE: 'true' }, flags: ['--tools', 'all'] });
  const { tools } = await all.client.listTools();
  const takesFresh = (name: string) => 'fresh' in tools.find((tool) => tool.name === name)!.inputSchema.properties!;
  expect([takesFresh('list-zones'), takesFresh('start-virtual-machine')]).toEqual([true, false]);
  await all.call('list-zones');
  expect((await all.call('list-zones')).text).toContain('fresh: true asks again');
  expect((await all.call('list-zones', { fresh: true })).structured['age']).toBeUndefined();
  expect(sent('listZones')).toBe(2);
  const wrong = await all.call('start-virtual-machine', { id: machine('Stopped').id, fresh: true });
  expect(wrong.structured['error']).toMatchObject({ kind: 'invalid' });
  await all.close();
});
