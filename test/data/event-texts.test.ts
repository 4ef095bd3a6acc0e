import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { loadData } from '../../src/data.ts';
import { createCloud } from '../simulator/cloud.ts';

interface EventTexts {
  scheduled?: string | string[];
  done?: string | string[];
}
const { commands } = loadData<{ commands: Record<string, EventTexts> }>('event-texts.json');
const sources = loadData<{ scheduled: Record<string, string>; done: Record<string, string[]> }>('event-sources.json');
const types = loadData<Record<string, unknown>>('events.json');
const leaving = new Map(
  loadCatalog()
    .tools.map(({ command }) => command)
    .filter(({ name, event }) => event !== undefined || name in types)
    .map((command) => [command.name, command]),
);
const saying = (which: keyof EventTexts): string[] => Object.keys(commands).filter((name) => commands[name]?.[which]);

test('texts of events are of commands that leave events; how many are from the source', () => {
  expect(Object.keys(commands).filter((name) => !leaving.has(name))).toEqual([]);
  const [scheduled, done] = [saying('scheduled').length, saying('done').length];
  const read = Object.keys(commands).length;
  process.stdout.write(
    `event texts: ${read} of ${leaving.size} commands from the source (scheduled ${scheduled}, done ${done}), the others by rule\n`,
  );
  expect(scheduled).toBeGreaterThanOrEqual(367);
  expect(done).toBeGreaterThanOrEqual(325);
});

test('a command that declares no event leaves one only where the source annotates its method', () => {
  // Their types are real; the annotations are of 4.23, and were not found in the source.
  expect(Object.keys(types).filter((name) => !commands[name]?.done)).toEqual([
    'cloneDiskOffering',
    'updateStoragePool',
  ]);
});

test('each text of an event names its source; what is scheduled is a job, told by its own arguments', () => {
  expect(Object.keys(sources.scheduled).sort()).toEqual(saying('scheduled').sort());
  expect(Object.values(sources.done).flat().sort()).toEqual(saying('done').sort());
  for (const source of Object.values(sources.scheduled)) expect(source).toMatch(/^[\w/-]+Cmd\.java(?:@[\da-f]{10})?$/);
  for (const source of Object.keys(sources.done))
    expect(source).toMatch(/^(?:server|plugins\/[\w/-]+)\/src\/main\/java\/[\w/]+(?:Impl|Element)\.java$/);
  const unknown = saying('scheduled').flatMap((name) => {
    const command = leaving.get(name);
    const params = new Set(command?.params.map((param) => param.name));
    const named = [commands[name]?.scheduled ?? []].flat().flatMap((text) => [...text.matchAll(/\{(\w+)/g)]);
    return [
      ...(command?.async ? [] : [`${name} is no job`]),
      ...named.flatMap(([, param = '']) => (params.has(param) ? [] : [`${name} has no ${param}`])),
    ];
  });
  expect(unknown).toEqual([]);
});

test('the events that are listed say what CloudStack says', async () => {
  const { all, did, id, one } = createCloud();
  const texts = async (type: string, resourceid: unknown): Promise<Record<string, unknown>> =>
    Object.fromEntries(
      (await all('listEvents', { type }))
        .filter((row) => row['resourceid'] === resourceid)
        .map((row) => [row['state'], row['description']]),
    );
  const web = await one('listVirtualMachines', { name: 'web-1' });
  const machine = { zoneid: web['zoneid'], templateid: web['templateid'], serviceofferingid: web['serviceofferingid'] };
  const networkids = web['nic'][0]['networkid'];
  for (const [startvm, doing] of [
    ['true', 'starting'],
    ['false', 'deploying'],
  ] as const) {
    const made = await did('deployVirtualMachine', { ...machine, networkids, name: `new-${doing}`, startvm });
    expect(await texts('VM.CREATE', made['id'])).toEqual({
      Scheduled: `${doing} Vm. Vm Id: ${made['id']}`,
      Started: `deploying Vm. Vm Id: ${made['id']}`,
      Completed: `Successfully completed deploying Vm. Vm Id: ${made['id']}`,
    });
  }

  await did('stopVirtualMachine', { id: web['id'] });
  expect(await texts('VM.STOP', web['id'])).toEqual({
    Scheduled: `Stopping User Instance with ID: ${web['id']}`,
    Started: `stopping Vm. Vm Id: ${web['id']}`,
    Completed: `Successfully completed stopping Vm. Vm Id: ${web['id']}`,
  });

  const diskofferingid = String((await one('listDiskOfferings', { name: 'Small' }))['id']);
  const volume = (await did('createVolume', { name: 'more', zoneid: web['zoneid'], diskofferingid }))['id'];
  expect(await texts('VOLUME.CREATE', volume)).toMatchObject({
    Created: expect.stringMatching(/^Successfully created entity for creating volume/),
    Scheduled: 'Creating volume: more',
  });
  await did('attachVolume', { id: volume, virtualmachineid: web['id'] });
  expect(await texts('VOLUME.ATTACH', volume)).toMatchObject({
    Scheduled: `Attaching volume with ID: ${volume} to Instance with ID: ${web['id']}`,
    Started: expect.stringMatching(/^attaching volume/),
    Completed: expect.stringMatching(/^Successfully completed attaching volume/),
  });

  const networkofferingid = String((await one('listNetworks', { id: networkids }))['networkofferingid']);
  const network = await did('createNetwork', { name: 'new-net', zoneid: web['zoneid'], networkofferingid });
  expect(await texts('NETWORK.CREATE', network['id'])).toEqual({
    Completed: expect.stringMatching(/^Successfully completed creating network/),
  });
  await did('deleteNetwork', { id: network['id'] });
  expect(await texts('NETWORK.DELETE', network['id'])).toMatchObject({
    Scheduled: `Deleting network with ID: ${network['id']}`,
  });

  const guest = String((await one('listVirtualMachines', { name: 'crm' }))['id']);
  const networkid = (await one('listVirtualMachines', { id: guest }))['nic'][0]['networkid'];
  const address = await did('associateIpAddress', { networkid });
  expect(await texts('NET.IPASSIGN', address['id'])).toMatchObject({
    Scheduled: `associating IP to network ID: ${networkid} in zone ${address['zoneid']}`,
  });
  const ports = { ipaddressid: String(address['id']), protocol: 'tcp' };
  const opened = await did('createFirewallRule', { ...ports, startport: '80', endport: '80' });
  expect(await texts('FIREWALL.OPEN', opened['id'])).toMatchObject({
    Scheduled: `Creating firewall rule for IP: ${address['ipaddress']} for protocol:tcp`,
  });
  await did('deleteFirewallRule', { id: opened['id'] });
  expect(await texts('FIREWALL.CLOSE', opened['id'])).toMatchObject({
    Scheduled: `Deleting firewall rule with ID:${opened['id']}`,
    Completed: expect.stringMatching(/^Successfully completed revoking firewall rule/),
  });

  const person = { firstname: 'Dora', lastname: 'Doe', email: 'dora@example.com', password: 'S3cret-of-dora' };
  await did('createAccount', { ...person, username: 'dora', accounttype: '0' });
  expect(await texts('ACCOUNT.CREATE', await id('listAccounts', 'dora'))).toEqual({
    Completed: expect.stringMatching(/^Successfully completed creating Account/),
  });
});
