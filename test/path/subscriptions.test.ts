import { afterEach, beforeEach, expect, test } from 'vitest';
import { openClient, startDoor, type Door } from '../support/door.ts';
import { eventually } from '../support/eventually.ts';
import { acceptAll, openHost, startCloud, type Cloud } from '../support/harness.ts';

// Hosts are received what becomes of jobs and machines that they subscribe to.

let cloud: Cloud;
let served: Door | undefined;
beforeEach(async () => {
  cloud = await startCloud();
  served = undefined;
});
afterEach(async () => {
  await served?.close();
  await cloud.close();
});

const open = async (door: 'stdio' | 'http', protocol: 'old' | 'new') => {
  const options = { env: cloud.env, protocol, human: acceptAll };
  if (door === 'stdio') return openHost(options);
  served = await startDoor({ env: cloud.env });
  return openClient(served, { ...options, human: acceptAll });
};

type Host = Awaited<ReturnType<typeof open>>;

const machinesOf = async ({ call }: Host): Promise<{ id: string; name: string }[]> =>
  (await call('read', { tool: 'list-virtual-machines', arguments: { state: 'Running' } })).structured['items'] as never;

/** Subscribes as the version of the protocol has it; gives back how that ends. */
const subscribe = async (
  { client }: Host,
  protocol: 'old' | 'new',
  uris: string[],
): Promise<() => Promise<unknown>> => {
  if (protocol === 'new') {
    const subscription = await client.listen({ resourceSubscriptions: uris });
    return () => subscription.close();
  }
  for (const uri of uris) await client.subscribeResource({ uri });
  return () => Promise.all(uris.map((uri) => client.unsubscribeResource({ uri })));
};

const stop = (host: Host, id: string) =>
  host.call('destroy', { tool: 'stop-virtual-machine', arguments: { id }, wait: 30 });

test.each([
  ['stdio', 'old'],
  ['stdio', 'new'],
  ['http', 'old'],
  ['http', 'new'],
] as const)('%s, %s protocol: a change of a machine is reported', async (door, protocol) => {
  const host = await open(door, protocol);
  const received: string[] = [];
  host.client.setNotificationHandler('notifications/resources/updated', ({ params }) => void received.push(params.uri));
  expect(host.client.getServerCapabilities()?.resources).toEqual({ subscribe: true });
  const [first, second] = await machinesOf(host);
  const uri = `cloudstack://default/virtual-machine/${first!.id}`;
  const end = await subscribe(host, protocol, [uri]);

  // What happens to another machine is no news.
  await stop(host, second!.id);
  await stop(host, first!.id);
  await eventually(() => expect(received).toEqual([uri]));

  // Who no longer subscribes is received nothing, and nothing is read for them.
  await end();
  await host.call('change', { tool: 'start-virtual-machine', arguments: { id: first!.id }, wait: 30 });
  expect(received).toEqual([uri]);
  await host.close();
});

test.each(['old', 'new'] as const)('%s protocol: the end of a job is reported', async (protocol) => {
  const slow = await startCloud({ jobMillis: 1000 });
  const host = await openHost({ env: slow.env, protocol, human: acceptAll });
  const received: string[] = [];
  host.client.setNotificationHandler('notifications/resources/updated', ({ params }) => void received.push(params.uri));
  const [first] = await machinesOf(host);
  const begun = await host.call('destroy', { tool: 'stop-virtual-machine', arguments: { id: first!.id }, wait: 0 });
  const job = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(begun.text.replaceAll(first!.id, ''))![0];
  const uri = `cloudstack://default/job/${job}`;
  await subscribe(host, protocol, [uri]);
  await host.call('wait-for-job', { job, wait: 30 });
  // After a change of the same principal nothing waits for the next round.
  const tags = { resourceids: [first!.id], resourcetype: 'UserVm', tags: { seen: 'yes' } };
  await host.call('change', { tool: 'create-tags', arguments: tags, wait: 30 });
  await eventually(() => expect(received).toEqual([uri]));
  await host.close();
  await slow.close();
});

test('only jobs and machines can be subscribed to, as the caller may see them, and not without end', async () => {
  const host = await open('stdio', 'old');
  const [first] = await machinesOf(host);
  const refused = (uri: string) => host.client.subscribeResource({ uri }).then(() => 'taken', String);
  expect(await refused(`cloudstack://default/volume/${first!.id}`)).toContain('Only jobs and virtual machines');
  expect(await refused('skill://clean-up/SKILL.md')).toContain('Only jobs and virtual machines');
  expect(await refused('cloudstack://default/virtual-machine/none')).not.toBe('taken');
  const uris = Array.from(
    { length: 20 },
    (_, at) => `cloudstack://default/virtual-machine/${first!.id}${'/full'.repeat(at ? 1 : 0)}`,
  );
  // The same address twice is one subscription.
  for (const uri of uris) expect(await refused(uri)).toBe('taken');
  const all = (
    (await host.call('read', { tool: 'list-virtual-machines', pagesize: 50 })).structured['items'] as { id: string }[]
  ).flatMap(({ id }) => [
    `cloudstack://default/virtual-machine/${id}`,
    `cloudstack://default/virtual-machine/${id}/full`,
  ]);
  const answers = [];
  for (const uri of all) answers.push(await refused(uri));
  expect(answers.filter((answer) => answer === 'taken').length).toBeLessThanOrEqual(20);
  expect(answers.filter((answer) => answer.includes('At most 20')).length).toBeGreaterThan(0);
  await host.close();
});

test('a subscription of the newer protocol is acknowledged without what cannot be watched', async () => {
  const host = await open('http', 'new');
  const [first] = await machinesOf(host);
  const uri = `cloudstack://default/virtual-machine/${first!.id}`;
  const subscription = await host.client.listen({ resourceSubscriptions: [uri, 'cloudstack://default/zone/x'] });
  expect(subscription.honoredFilter).toEqual({ resourceSubscriptions: [uri] });
  await subscription.close();
  await host.close();
});
