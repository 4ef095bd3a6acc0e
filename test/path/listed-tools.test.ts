import { expect, test } from 'vitest';
import { openClient, startDoor } from '../support/door.ts';
import { eventually } from '../support/eventually.ts';
import { acceptAll, openHost, startCloud, startFake } from '../support/harness.ts';

// R5: tools that are listed one by one are those that the cloud offers, also once it offers others.

const api = (name: string) => ({ name, isasync: false, params: [{ name: 'id', type: 'uuid', required: false }] });

/** A cloud whose account loses a command and gets another when `change` is called. */
const startChanging = async () => {
  let offered = ['listZones', 'listHosts'];
  const fake = await startFake((command, response) => {
    const isOffered = command === 'listApis' || offered.includes(command);
    response.statusCode = isOffered ? 200 : 432;
    const body = !isOffered
      ? { errorcode: 432, cserrorcode: 9999, errortext: `The given command ${command} does not exist` }
      : command === 'listApis'
        ? { count: offered.length, api: offered.map(api) }
        : { count: 0 };
    response.end(JSON.stringify({ [`${command.toLowerCase()}response`]: body }));
  });
  return { ...fake, change: () => (offered = ['listZones', 'listDomains', 'frobThings']) };
};

const beside = ['change', 'destroy', 'wait-for-job', 'whoami', 'diagnose', 'run-script'];

test.each([
  ['stdio', 'old'],
  ['stdio', 'new'],
  ['http', 'old'],
  ['http', 'new'],
] as const)('%s, %s protocol: the list follows listApis, and hosts are told', async (door, protocol) => {
  const cloud = await startChanging();
  const flags = ['--tools', 'all'];
  const served = door === 'http' ? await startDoor({ env: cloud.env, flags }) : undefined;
  const host = served ? await openClient(served, { protocol }) : await openHost({ env: cloud.env, flags, protocol });
  let received = 0;
  host.client.setNotificationHandler('notifications/tools/list_changed', () => void received++);
  expect(host.client.getServerCapabilities()?.tools).toEqual({ listChanged: true });
  const subscription = protocol === 'new' ? await host.client.listen({ toolsListChanged: true }) : undefined;
  const names = async () =>
    (await host.client.listTools(undefined, { cacheMode: 'bypass' })).tools.map(({ name }) => name);

  // A machine that is slow to ask the cloud lists all at first, and says so later.
  await eventually(async () => expect(await names()).toEqual(['list-hosts', 'list-zones', ...beside]));
  const before = received;
  expect((await host.call('list-hosts')).isError).toBeUndefined();
  cloud.change();
  // The cloud refuses what it offered before: it is asked anew.
  expect((await host.call('list-hosts', { fresh: true })).structured['error']).toMatchObject({ kind: 'permission' });
  await eventually(() => expect(received).toBe(before + 1));
  expect(await names()).toEqual(['list-domains', 'list-zones', 'frob-things', ...beside]);
  expect((await host.call('frob-things')).structured['error']).toMatchObject({ kind: 'unconfirmed' });
  // One more refusal of nothing new is no news.
  expect((await host.call('list-hosts')).structured['error']).toMatchObject({ kind: 'permission' });
  expect(received).toBe(before + 1);

  await subscription?.close();
  await host.close();
  await served?.close();
  await cloud.close();
});

test.each(['compact', 'all', 'compute'])('tools %s: what applies a plan is listed, and applies it', async (tools) => {
  const cloud = await startCloud();
  const host = await openHost({ env: cloud.env, flags: ['--tools', tools], human: acceptAll });
  const listed = new Map((await host.client.listTools()).tools.map((tool) => [tool.name, tool]));
  const group = (name: string) => `cloudstack.createSSHKeyPair({ name: ${JSON.stringify(name)} })`;
  const made = await host.call('run-script', {
    code: `await ${group('one')}; await cloudstack.stopVirtualMachine({ id: 'web-1' })`,
    mode: 'plan',
  });
  const [, name = '', plan] = /\b(change|destroy) \{"plan":"([^"]+)"\}/.exec(made.text)!;
  expect(Object.keys(listed.get(name)!.inputSchema.properties!)).toEqual(
    expect.arrayContaining(['calls', 'mode', 'plan']),
  );
  const changes = () => cloud.calls.map(({ command }) => command).filter((one) => /^(create|stop)/.test(one));
  expect(changes()).toEqual([]);
  const applied = await host.call(name, { plan });
  expect(applied.text).toContain('2 of 2 steps are done');
  expect(changes()).toEqual(['createSSHKeyPair', 'stopVirtualMachine']);
  const back = await host.call('change', { undo: 'last' });
  expect(back.text).toContain('startVirtualMachine');
  await host.close();
  await cloud.close();
});
