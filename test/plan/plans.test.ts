import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { acceptAll, openHost, startCloud, type Asked, type Cloud, type Host } from '../support/harness.ts';

let cloud: Cloud;
let host: Host;
let human: (asked: Asked) => ReturnType<typeof acceptAll> | { action: 'decline' };
beforeAll(async () => {
  cloud = await startCloud();
  host = await openHost({ env: cloud.env, human: (asked) => human(asked) });
});
beforeEach(() => {
  cloud.renew();
  cloud.calls.length = 0;
  host.asked.length = 0;
  human = acceptAll;
});
afterAll(async () => {
  await host.close();
  await cloud.close();
});

/** The changes that reached the cloud, in their order. */
const sent = (): string[] => cloud.calls.flatMap(({ method, command }) => (method === 'POST' ? [command] : []));

interface PlanShown {
  id: string;
  state: string;
  digest: string;
  counts: Record<string, number>;
  irreversible: number[];
  steps: { number: number; id?: string; changes?: object[] }[];
}
const planIn = ({ structured }: { structured: Record<string, unknown> }): PlanShown => structured['plan'] as PlanShown;

const build = [
  {
    tool: 'create-vpc',
    arguments: {
      name: 'shop',
      displaytext: 'shop',
      cidr: '10.9.0.0/16',
      zoneid: 'Frankfurt',
      vpcofferingid: 'Default VPC offering',
    },
  },
  {
    tool: 'create-network',
    arguments: {
      name: 'shop-web',
      displaytext: 'web',
      zoneid: 'Frankfurt',
      vpcid: 'shop',
      networkofferingid: 'DefaultIsolatedNetworkOfferingForVpcNetworks',
      gateway: '10.9.1.1',
      netmask: '255.255.255.0',
    },
  },
  {
    tool: 'deploy-virtual-machine',
    arguments: {
      name: 'shop-1',
      zoneid: 'Frankfurt',
      serviceofferingid: 'Small Instance',
      templateid: 'Debian 12',
      networkids: ['$2'],
    },
  },
  { tool: 'associate-ip-address', arguments: { vpcid: 'shop' } },
  {
    tool: 'create-load-balancer-rule',
    arguments: {
      name: 'lb',
      publicipid: '$4',
      algorithm: 'roundrobin',
      publicport: 80,
      privateport: 80,
      networkid: 'shop-web',
    },
  },
  { tool: 'assign-to-load-balancer-rule', arguments: { id: 'lb', virtualmachineids: ['shop-1'] } },
  { tool: 'update-virtual-machine', arguments: { id: 'shop-1', displayname: 'Shop one' } },
];
const commands = ['createVPC', 'createNetwork', 'deployVirtualMachine', 'associateIpAddress', 'createLoadBalancerRule'];
const all = [...commands, 'assignToLoadBalancerRule', 'updateVirtualMachine'];

test('a plan sends nothing before its one confirmation, and exactly its steps after it', async () => {
  const made = planIn(await host.call('change', { calls: build, mode: 'plan' }));
  expect(sent()).toEqual([]);
  expect(host.asked).toEqual([]);
  expect(made).toMatchObject({ state: 'open', counts: { create: 5, change: 2, destroy: 0 }, irreversible: [] });
  const applied = planIn(await host.call('change', { plan: made.id }));
  expect(sent()).toEqual(all);
  expect(host.asked.map(({ message }) => message.split('\n').length)).toEqual([1 + all.length + 3]);
  expect(applied).toMatchObject({ id: made.id, state: 'applied' });
  // Every step names what the ones before it made.
  const rule = cloud.calls.find(({ command }) => command === 'assignToLoadBalancerRule')!.params;
  expect(rule).toMatchObject({ id: applied.steps[4]!.id, virtualmachineids: applied.steps[2]!.id });
  // Each is a call of its own in the log, with the plan that it is a step of and who confirmed.
  const entries = host.audit().filter(({ plan, step }) => plan === made.digest && step !== undefined);
  expect(entries.map(({ command, step, result, confirmation }) => [command, step, result, confirmation?.by])).toEqual(
    all.map((command, index) => [command, index + 1, 'done', 'elicitation']),
  );
  const again = await host.call('change', { plan: made.id });
  expect(again.structured['error']).toMatchObject({ kind: 'conflict' });
  expect(sent()).toEqual(all);
});

test('a declined plan sends nothing; it can still be applied', async () => {
  const made = planIn(await host.call('change', { calls: build.slice(0, 2), mode: 'plan' }));
  human = () => ({ action: 'decline' });
  expect((await host.call('change', { plan: made.id })).structured['error']).toMatchObject({ kind: 'unconfirmed' });
  expect(sent()).toEqual([]);
  human = acceptAll;
  expect(planIn(await host.call('change', { plan: made.id }))).toMatchObject({ state: 'applied' });
  expect(sent()).toEqual(['createVPC', 'createNetwork']);
});

const change = (command: string, params: Record<string, string>) =>
  host.call('change', { tool: command, arguments: params });

test('what has changed between plan and apply stops it before anything is sent', async () => {
  const calls = [
    { tool: 'create-affinity-group', arguments: { name: 'apart', type: 'host anti-affinity' } },
    { tool: 'update-virtual-machine', arguments: { id: 'web-1', displayname: 'First' } },
  ];
  const plan = await host.call('change', { calls, mode: 'plan' });
  expect(plan.text).toContain('→ First');
  await change('update-virtual-machine', { id: 'web-1', displayname: 'Other' });
  cloud.calls.length = 0;
  const stopped = await host.call('change', { plan: planIn(plan).id });
  expect(stopped.structured['error']).toMatchObject({ kind: 'conflict' });
  expect(sent()).toEqual([]);
  expect(host.asked).toEqual([]);
});

test('a step that fails stops the plan there, which says what was done and what was not', async () => {
  const calls = [
    { tool: 'create-affinity-group', arguments: { name: 'apart', type: 'host anti-affinity' } },
    { tool: 'stop-virtual-machine', arguments: { id: 'web-1' } },
    { tool: 'create-affinity-group', arguments: { name: 'apart-2', type: 'host anti-affinity' } },
  ];
  const plan = planIn(await host.call('destroy', { calls, mode: 'plan' }));
  const rules = [{ kind: 'job-fail', command: 'stopVirtualMachine' }];
  await fetch(new URL('/simulator/faults', cloud.url), { method: 'PUT', body: JSON.stringify({ rules }) });
  const stopped = await host.call('destroy', { plan: plan.id });
  expect(stopped.text).toMatch(/Step 2 of 3 .*Done: step 1\..*Steps 3 to 3 were not started/s);
  expect(sent()).toEqual(['createAffinityGroup', 'stopVirtualMachine']);
});

test('what a plan did is undone by a plan, which says before what does not come back', async () => {
  const calls = [
    { tool: 'create-affinity-group', arguments: { name: 'apart', type: 'host anti-affinity' } },
    { tool: 'update-virtual-machine', arguments: { id: 'web-1', displayname: 'First' } },
    { tool: 'reboot-virtual-machine', arguments: { id: 'web-1' } },
    { tool: 'stop-virtual-machine', arguments: { id: 'web-1' } },
  ];
  const done = planIn(await host.call('destroy', { calls }));
  expect(host.asked).toHaveLength(1);
  const back = await host.call('change', { undo: done.id });
  expect(back.structured['lost']).toMatchObject([{ command: 'rebootVirtualMachine' }]);
  expect(back.text).toContain('Does not come back: rebootVirtualMachine');
  cloud.calls.length = 0;
  const { id } = planIn(back);
  expect(planIn(await host.call('destroy', { plan: id, mode: 'plan' }))).toMatchObject({ state: 'open', isSame: true });
  expect(planIn(await host.call('destroy', { plan: id }))).toMatchObject({ state: 'applied' });
  expect(sent()).toEqual(['startVirtualMachine', 'updateVirtualMachine', 'deleteAffinityGroup']);
});

test('a plan and a way back are for the cloud they were made for, whatever shares the state folder and the log', async () => {
  const other = await startCloud();
  const env = {
    ...other.env,
    CLOUDSTACK_MCP_STATE: join(host.folder, 'state'),
    CLOUDSTACK_MCP_AUDIT: join(host.folder, 'audit.jsonl'),
  };
  const elsewhere = await openHost({ env, human: acceptAll });
  const update = { tool: 'update-virtual-machine', arguments: { id: 'web-1', displayname: 'Here' } };
  const { id } = planIn(await host.call('change', { calls: [update], mode: 'plan' }));
  for (const asked of [{ plan: id }, { plan: id, mode: 'plan' }])
    expect((await elsewhere.call('change', asked)).structured['error']).toMatchObject({ kind: 'refused' });
  expect(planIn(await host.call('change', { plan: id }))).toMatchObject({ state: 'applied' });
  for (const undo of [id, 'last'])
    expect((await elsewhere.call('change', { undo })).structured['error']).toMatchObject({ kind: 'not-found' });
  expect(other.calls.filter(({ command }) => command === 'updateVirtualMachine')).toEqual([]);
  expect(planIn(await host.call('change', { undo: 'last' }))).toMatchObject({ state: 'open' });
  await elsewhere.close();
  await other.close();
});

test('a plan that is more than is saved is refused before anything is', async () => {
  const userdata = 'eA=='.repeat(2 ** 17);
  const calls = [{ tool: 'update-virtual-machine', arguments: { id: 'web-1', userdata } }];
  const answer = await host.call('change', { calls, mode: 'plan' });
  expect(answer.structured['error']).toMatchObject({ kind: 'invalid' });
  expect(answer.text).toContain('Make several plans');
  expect(sent()).toEqual([]);
});

test('a plan says with numbers what it takes of its zone and of the account, what is left there, and what would exceed it', async () => {
  const machine = (name: string, more: Record<string, unknown> = {}) => ({
    tool: 'deploy-virtual-machine',
    arguments: {
      name,
      zoneid: 'Frankfurt',
      serviceofferingid: 'Small Instance',
      templateid: 'Debian 12',
      networkids: ['web-net'],
      rootdisksize: 30,
      ...more,
    },
  });
  const plan = async (calls: object[]) => {
    const answer = await host.call('change', { calls, mode: 'plan' });
    return { text: answer.text, cost: (answer.structured['plan'] as Record<string, any>)['cost'] as any[] };
  };
  const offerings = await host.call('read', {
    tool: 'list-service-offerings',
    arguments: { name: 'Small Instance' },
    fields: ['cpunumber', 'cpuspeed', 'memory'],
  });
  const [{ cpunumber, cpuspeed, memory } = {}] = offerings.structured['items'] as Record<string, number>[];
  const volume = {
    tool: 'create-volume',
    arguments: { name: 'd', zoneid: 'Frankfurt', diskofferingid: 'Custom', size: 7 },
  };
  const two = await plan([machine('one'), machine('two'), volume]);
  expect(two.cost).toMatchObject([
    {
      takes: {
        cpu: 2 * cpunumber!,
        mhz: 2 * cpunumber! * cpuspeed!,
        memory: 2 * memory!,
        primary_storage: 67,
        user_vm: 2,
        volume: 3,
      },
    },
  ]);
  expect(two.text).toContain(`Takes in the zone ‹Frankfurt›: ${2 * cpunumber!} CPU cores`);
  expect(two.text).toMatch(/free there: .*MiB memory.*primary storage/);
  expect(two.text).not.toContain('More than');
  expect(sent()).toEqual([]);
  // More than the zone has, and than the account may have.
  const huge = await plan([
    { ...volume, arguments: { ...volume.arguments, size: 900 } },
    ...Array.from({ length: 60 }, (_, at) => ({
      ...volume,
      arguments: { ...volume.arguments, name: `v${at}`, size: 1000 },
    })),
  ]);
  expect(huge.text).toMatch(/More than the zone ‹Frankfurt› has: 60900 GiB primary storage, [\d.]+ free\./);
  // A limit of the account that owns it, and a machine for hosts that are not there.
  await change('update-resource-limit', {
    account: 'bob',
    domainid: 'ROOT/engineering',
    resourcetype: '10',
    max: '20',
  });
  const own = { ...volume.arguments, account: 'bob', domainid: 'ROOT/engineering', size: 900 };
  expect((await plan([{ ...volume, arguments: own }])).text).toMatch(
    /More than ‹bob› may have: 900 GiB primary storage, -?[\d.]+ of 20 left\./,
  );
  const offering = {
    name: 'gpu',
    displaytext: 'gpu',
    cpunumber: '2',
    cpuspeed: '1000',
    memory: '4096',
    hosttags: 'gpu',
  };
  await change('create-service-offering', offering);
  expect((await plan([machine('three', { serviceofferingid: 'gpu' })])).text).toContain(
    'No host of the zone ‹Frankfurt› with the tags ‹gpu› has 4096 MiB of memory free for one machine: at most 0.',
  );
});
