import { expect, test } from 'vitest';
import { openClient, startDoor } from '../support/door.ts';
import { eventually } from '../support/eventually.ts';
import { openHost, startFake } from '../support/harness.ts';

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

const beside = ['wait-for-job', 'whoami', 'diagnose', 'run-script'];

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
