import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openHost, startCloud, type Cloud, type Host } from '../support/harness.ts';
import { send } from '../simulator/sign.ts';
import { eventually } from '../support/eventually.ts';

const every = 15_000;
let cloud: Cloud;
let host: Host;
beforeEach(async () => {
  // The one clock of looking at events; everything else goes on by itself.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  cloud = await startCloud();
  host = await openHost({ env: { ...cloud.env, CLOUDSTACK_MCP_CACHE: 'true' } });
  cloud.calls.length = 0;
});
afterEach(async () => {
  await host.close();
  await cloud.close();
  vi.useRealTimers();
});

const sent = (command: string): number => cloud.calls.filter((call) => call.command === command).length;
const read = (tool: string, args: Record<string, unknown> = { listall: true }) =>
  host.call('read', { tool, arguments: args });
const isCached = async (tool: string, args?: Record<string, unknown>): Promise<boolean> =>
  (await read(tool, args)).structured['age'] !== undefined;
/** Reads, and waits for the first look at events, which comes after the answer. */
const readUntilCached = async (tool: string, args?: Record<string, unknown>): Promise<void> => {
  await read(tool, args);
  await eventually(() => expect(sent('listEvents')).toBeGreaterThan(0));
  await read('list-capacity', {});
  await read('list-capacity', {});
  expect(await isCached(tool, args)).toBe(true);
};

test('the first read leaves at once; commands and events are looked at once it has its answer', async () => {
  await read('list-zones', {});
  await eventually(() => expect(sent('listEvents') + sent('listApis')).toBe(2));
  expect(cloud.calls[0]!.command).toBe('listZones');
  expect(sent('listZones')).toBe(1);
});
const behind = async (
  command: string,
  params: Record<string, string>,
  keys?: { apiKey: string; secretKey: string },
): Promise<Record<string, any>> => {
  const reply = await send(cloud.simulator, command, params, keys ?? cloud.simulator.credentials);
  expect(reply).toMatchObject({ status: 200 });
  return reply.body;
};
const machine = (state = 'Running') =>
  cloud.simulator.world.all('UserVm').find(({ fields }) => fields['state'] === state)!;

/** Lets the time between two looks go by, and the look come to its end. */
const look = async (): Promise<void> => {
  const before = sent('listEvents');
  vi.advanceTimersByTime(every);
  await eventually(() => expect(sent('listEvents')).toBeGreaterThan(before));
  // The look has its answer once a call that was sent after it has one, and the page is read.
  await read('list-capacity', {});
  await read('list-capacity', {});
};

test('a machine that is stopped elsewhere: one look later its list is asked anew', async () => {
  await readUntilCached('list-virtual-machines');
  const { id } = machine();
  const { jobid } = await behind('stopVirtualMachine', { id });
  await behind('queryAsyncJobResult', { jobid });
  await look();
  const after = await host.call('read', {
    tool: 'list-virtual-machines',
    arguments: { listall: true },
    fields: ['id', 'state'],
  });
  expect(after.structured['age']).toBeUndefined();
  expect(after.structured['items']).toContainEqual({ id, state: 'Stopped' });
});

const first = (kind: string): string => cloud.simulator.world.all(kind)[0]!.id;
const all = { listall: true };
const account = () => cloud.simulator.world.all('Account').find(({ fields }) => fields['name'] === 'bob')!;

test.each([
  ['list-networks', all, 'updateNetwork', () => ({ id: first('Network'), name: 'elsewhere' })],
  ['list-volumes', all, 'updateVolume', () => ({ id: first('Volume'), name: 'elsewhere' })],
  ['list-service-offerings', {}, 'updateServiceOffering', () => ({ id: first('ServiceOffering'), name: 'elsewhere' })],
  ['list-zones', {}, 'updateZone', () => ({ id: first('Zone'), name: 'elsewhere' })],
  ['list-accounts', all, 'updateAccount', () => ({ id: account().id, newname: 'elsewhere' })],
  ['list-virtual-machines', all, 'updateVirtualMachine', () => ({ id: machine().id, displayname: 'elsewhere' })],
] as const)('%s %o after %s elsewhere', async (tool, args, command, params) => {
  await readUntilCached(tool, args);
  await behind(command, params());
  await look();
  const fields = ['id', 'name', ...(tool === 'list-virtual-machines' ? ['displayname'] : [])];
  const after = await host.call('read', { tool, arguments: args, fields });
  expect(after.structured['age']).toBeUndefined();
  expect(after.text).toContain('elsewhere');
});

test('a change by another account is seen, too', async () => {
  const bob = cloud.simulator.world.all('User').find(({ fields }) => fields['username'] === 'bob')!;
  const { userkeys } = await behind('getUserKeys', { id: bob.id });
  await readUntilCached('list-ssh-key-pairs');
  const publickey = 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7 me@here';
  await behind(
    'registerSSHKeyPair',
    { name: 'of-bob', publickey },
    { apiKey: userkeys.apikey, secretKey: userkeys.secretkey },
  );
  await look();
  const after = await read('list-ssh-key-pairs');
  expect(after.structured['age']).toBeUndefined();
  expect(after.text).toContain('of-bob');
});

test('what an event says nothing of stays', async () => {
  await readUntilCached('list-service-offerings');
  await readUntilCached('list-virtual-machines');
  await behind('updateVirtualMachine', { id: machine().id, displayname: 'elsewhere' });
  await look();
  expect(await isCached('list-service-offerings')).toBe(true);
  expect(await isCached('list-virtual-machines')).toBe(false);
});

test('events are looked at only while something is cached, and once in that time', async () => {
  expect(sent('listEvents')).toBe(0);
  for (const tool of ['list-zones', 'list-networks', 'list-volumes']) await readUntilCached(tool, {});
  expect(sent('listEvents')).toBe(1);
  await look();
  expect(sent('listEvents')).toBe(2);
  // Everything is dropped: the next turn finds nothing to keep honest, and the one after it does not come.
  await behind('updateConfiguration', { name: 'expunge.delay', value: '1' });
  await look();
  expect(sent('listEvents')).toBe(3);
  vi.advanceTimersByTime(20 * every);
  await read('list-capacity', {});
  expect(sent('listEvents')).toBe(3);
  await read('list-zones', {});
  await eventually(() => expect(sent('listEvents')).toBe(4));
});

test('more events than are looked through: nothing is cached', async () => {
  await readUntilCached('list-service-offerings');
  // What was cached before the first look expires with the time between two; this is cached until events say otherwise.
  await host.call('read', { tool: 'list-service-offerings', arguments: { listall: true }, fresh: true });
  const { world } = cloud.simulator;
  const { fields, owner } = world.all('Event').at(-1)!;
  for (let turn = 0; turn < 600; turn++) world.insert('Event', { ...fields, created: world.now() }, { owner });
  const before = sent('listEvents');
  await look();
  await eventually(() => expect(sent('listEvents')).toBe(before + 6));
  await eventually(async () => expect(await isCached('list-service-offerings')).toBe(false));
});
