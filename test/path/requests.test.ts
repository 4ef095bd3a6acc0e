import { afterAll, beforeAll, expect, test } from 'vitest';
import { acceptAll, openHost, startCloud, type Cloud, type Host } from '../support/harness.ts';

// What a confirmation costs the cloud: what is acted on, what it belongs to and what hangs on it is read once before the
// question; when the answer is there, what is acted on is read once more. The change itself and the looks at its job are
// not counted.

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

interface Found {
  id: string;
  name: string;
  domainid?: string;
  type?: string;
  virtualmachineid?: string;
  level?: number;
}
const find = async (tool: string, fits: (row: Found) => boolean = () => true): Promise<Found> => {
  const { structured } = await host.call('read', { tool, arguments: { listall: true }, fields: ['*'] });
  return (structured['items'] as Found[]).find(fits)!;
};

/** The commands that were sent before and after the answer. */
const readsOf = async (command: string, args: Record<string, unknown>): Promise<string[]> => {
  cloud.calls.length = 0;
  await host.call('destroy', { tool: command, arguments: args });
  const sent = cloud.calls.map((call) => call.command);
  expect(
    sent.filter((one) => one === command),
    command,
  ).toHaveLength(1);
  // Which things have the protecting tag is listed once a minute, for all calls together.
  return sent.filter((one) => ![command, 'queryAsyncJobResult', 'listTags'].includes(one));
};

test('what is acted on is read twice: before the question, and when the answer is there; what hangs on it, once', async () => {
  const machine = await find('listVirtualMachines');
  const volume = await find('listVolumes', ({ virtualmachineid }) => virtualmachineid === undefined);
  const snapshot = await find('listSnapshots');
  const network = await find('listNetworks', ({ type }) => type === 'Isolated');
  const account = await find('listAccounts', ({ name }) => name === 'bob');
  const domain = await find('listDomains', ({ level = 0 }) => level > 0);
  const inDomain = { account: account.name, domainid: account.domainid };
  const tries: [command: string, args: Record<string, unknown>, reads: string[]][] = [
    ['stopVirtualMachine', { id: machine.id }, ['listVirtualMachines']],
    [
      'destroyVirtualMachine',
      { id: machine.id },
      // Of what hangs on it, what may be lost first; the question says what was not looked at.
      ['listVirtualMachines', 'listVolumes'],
    ],
    ['deleteSnapshot', { id: snapshot.id }, ['listSnapshots', 'listVolumes']],
    ['deleteVolume', { id: volume.id }, ['listVolumes', 'listSnapshots']],
    ['restartNetwork', { id: network.id, cleanup: true }, ['listNetworks', 'listVirtualMachines']],
    ['deleteNetwork', { id: network.id }, ['listNetworks', 'listVirtualMachines']],
    ['disableAccount', { ...inDomain, lock: false }, ['listAccounts', 'listVirtualMachines']],
    ['deleteDomain', { id: domain.id }, ['listDomains', 'listAccounts']],
    ['deleteAccount', { id: account.id }, ['listAccounts', 'listVirtualMachines']],
  ];
  // A name is looked up once, and of several machines one list shows all.
  tries.unshift(['rebootVirtualMachine', { id: machine.name }, ['listVirtualMachines']]);
  const { structured } = await host.call('read', { tool: 'listVirtualMachines', arguments: { listall: true } });
  const resourceids = (structured['items'] as Found[]).map(({ id }) => id).slice(0, 8);
  expect(resourceids).toHaveLength(8);
  tries.unshift(['deleteTags', { resourceids, resourcetype: 'UserVm' }, ['listVirtualMachines']]);
  for (const [command, args, reads] of tries)
    // What hangs on a thing is read side by side.
    expect((await readsOf(command, args)).toSorted(), command).toEqual([reads[0]!, ...reads].toSorted());
  const questionAbout = (command: string): string | undefined =>
    host.asked.find(({ message }) => message.startsWith(`${command}:`))?.message;
  expect(questionAbout('destroyVirtualMachine')).toMatch(
    /depending on it: \d volumes? .*; not looked at: VM snapshots/,
  );
  // An account's own row counts what is not listed.
  expect(questionAbout('deleteAccount')).toMatch(/depending on it: \d+ virtual machines .*, \d+ volumes/);
});
