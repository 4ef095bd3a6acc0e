import { expect, test } from 'vitest';
import { whyNoInverse } from '../../src/call/inverse.ts';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { fieldsOfResponse } from '../../src/catalog/response-fields.ts';
import { loadData } from '../../src/data.ts';
import { acceptAll, openHost, startCloud } from '../support/harness.ts';

interface Inverses {
  inverses: Record<string, string>;
  restores: string[];
  reasons: { why: string; commands: string[] }[];
}
const { inverses, restores, reasons } = loadData<Inverses>('inverses.json');
const { tools, find } = loadCatalog();

test('every changing command has an inverse that can be called, or a reason why it has none', () => {
  const wrong: string[] = [];
  const listed = [...Object.keys(inverses), ...restores, ...reasons.flatMap(({ commands }) => commands)];
  for (const name of listed)
    if (listed.filter((other) => other === name).length > 1 || !find(name)) wrong.push(`${name}: twice, or unknown`);
  for (const { command, risk } of tools) {
    if (risk.risk === 'read' || risk.risk === 'sensitive') continue;
    const why = whyNoInverse({ find }, command.name);
    if (risk.reversible && !listed.includes(command.name)) wrong.push(`${command.name}: is not listed`);
    if (why !== undefined && why.length < 10) wrong.push(`${command.name}: no reason`);
    if (!risk.reversible && why === undefined) wrong.push(`${command.name}: is irreversible by its risk`);
  }
  for (const [name, line] of Object.entries(inverses)) {
    const [command = '', ...words] = line.split(' ');
    const inverse = find(command)?.command;
    const own = find(name)?.command;
    for (const word of words) {
      const [parameter = '', source = ''] = word.split('=');
      const [from, field = ''] = source.split('.');
      const isKnown = parameter === '*' || inverse?.params.some((one) => one.name === parameter);
      if (!isKnown) wrong.push(`${name}: ${command} has no ${parameter}`);
      if (from === 'params' && field && !own?.params.some((one) => one.name === field))
        wrong.push(`${name} has no ${field}`);
      if (from === 'answer' && fieldsOfResponse(own!.response)?.has(field) === false)
        wrong.push(`${name} does not answer with ${field}`);
    }
  }
  expect(wrong).toEqual([]);
});

const rename = (tool: string, id: string, parameter: string) => ({ tool, arguments: { id, [parameter]: 'Renamed' } });
const vms = ['web-1', 'web-2', 'db-1', 'crm', 'jump-host', 'demo', 'monitoring', 'reports'];
const reversible = [
  ...vms.map((id) => rename('update-virtual-machine', id, 'displayname')),
  ...['web-net', 'db-net', 'ops-net', 'sales-net'].map((id) => rename('update-network', id, 'displaytext')),
  ...['Small', 'Medium', 'Large'].map((id) => rename('update-disk-offering', id, 'displaytext')),
  ...['Small Instance', 'Medium Instance'].map((id) => rename('update-service-offering', id, 'displaytext')),
  rename('update-vpc', 'staging', 'displaytext'),
  rename('update-project', 'webshop', 'displaytext'),
  ...['expunge.delay', 'expunge.interval', 'event.purge.delay', 'alert.purge.delay'].map((name) => ({
    tool: 'update-configuration',
    arguments: { name, value: '4000' },
  })),
  ...[0, 1, 2, 3].map((resourcetype) => ({
    tool: 'update-resource-limit',
    arguments: { account: 'bob', domainid: 'ROOT/engineering', resourcetype, max: 77 },
  })),
  ...['web-1', 'crm', 'demo'].map((id) => ({
    tool: 'create-tags',
    arguments: { resourceids: [id], resourcetype: 'UserVm', tags: { colour: 'blue' } },
  })),
  { tool: 'scale-virtual-machine', arguments: { id: 'demo', serviceofferingid: 'Medium Instance' } },
  { tool: 'stop-virtual-machine', arguments: { id: 'web-1' } },
  { tool: 'start-virtual-machine', arguments: { id: 'build-runner' } },
  { tool: 'attach-volume', arguments: { id: 'spare', virtualmachineid: 'demo' } },
  { tool: 'detach-volume', arguments: { id: 'crm-files' } },
  { tool: 'create-affinity-group', arguments: { name: 'apart', type: 'host anti-affinity' } },
  { tool: 'disable-user', arguments: { id: 'carol' } },
  { tool: 'create-role', arguments: { name: 'watcher', type: 'User' } },
  {
    tool: 'create-network',
    arguments: {
      name: 'n1',
      zoneid: 'Frankfurt',
      networkofferingid: 'DefaultIsolatedNetworkOfferingWithSourceNatService',
    },
  },
  rename('update-network', 'bob-l2', 'displaytext'),
];
const lists: Record<string, string[]> = {
  'list-virtual-machines': ['id', 'name', 'displayname', 'state', 'serviceofferingid', 'tags'],
  // A volume that was attached once has its place on a storage; detaching leaves it there.
  'list-volumes': ['id', 'name', 'virtualmachineid'],
  'list-networks': ['id', 'name', 'displaytext', 'state'],
  'list-disk-offerings': ['id', 'displaytext'],
  'list-service-offerings': ['id', 'displaytext'],
  'list-vpcs': ['id', 'displaytext'],
  'list-projects': ['id', 'displaytext'],
  'list-users': ['id', 'state'],
  'list-roles': ['id', 'name'],
  'list-affinity-groups': ['id'],
};

test('forty changes are undone: the cloud is as it was, field by field', async () => {
  const cloud = await startCloud();
  // Whole, also where it is more than a model is given at once.
  const env = { ...cloud.env, CLOUDSTACK_MCP_BUDGET: '100000' };
  const host = await openHost({ env, human: acceptAll });
  const read = async (tool: string, args: object, fields: string[]) => {
    const { structured } = await host.call('read', {
      tool,
      arguments: args,
      fields,
      sort: 'id',
      all: true,
      fresh: true,
    });
    return structured['items'] as unknown[];
  };
  const look = async () => ({
    ...Object.fromEntries(
      await Promise.all(
        Object.entries(lists).map(async ([tool, fields]) => [tool, await read(tool, {}, fields)] as const),
      ),
    ),
    settings: await host
      .call('change', { tool: 'list-configurations', arguments: { keyword: 'delay' }, fields: ['name', 'value'] })
      .then(({ structured }) => structured['items'] as unknown),
    limits: await host
      .call('read', {
        tool: 'list-resource-limits',
        arguments: { account: 'bob', domainid: 'ROOT/engineering' },
        fields: ['resourcetype', 'max'],
      })
      .then(({ structured }) => structured['items'] as unknown),
  });
  const before = await look();
  expect(reversible.length).toBeGreaterThanOrEqual(40);
  const done = await host.call('destroy', { calls: reversible });
  expect(done.text).toContain(`${reversible.length} of ${reversible.length} steps are done`);
  const { id } = done.structured['plan'] as { id: string };
  const changed = await look();
  for (const [name, rows] of Object.entries(changed))
    expect(rows, name).not.toEqual(before[name as keyof typeof before]);
  const back = await host.call('change', { undo: id });
  expect(back.structured['lost'], back.text).toBeUndefined();
  const way = back.structured['plan'] as { id: string; steps: unknown[]; tool: string };
  expect(way.steps).toHaveLength(reversible.length);
  const undone = await host.call(way.tool, { plan: way.id });
  expect(undone.isError, undone.text).toBeUndefined();
  expect(await look()).toEqual(before);
  expect(host.asked).toHaveLength(2);
  await host.close();
  await cloud.close();
});

const irreversible: Record<string, string> = {
  'delete-volume': 'list-volumes',
  'delete-template': 'list-templates',
  'delete-iso': 'list-isos',
  'delete-snapshot': 'list-snapshots',
  'delete-disk-offering': 'list-disk-offerings',
  'delete-service-offering': 'list-service-offerings',
  'delete-network-offering': 'list-network-offerings',
  'delete-role': 'list-roles',
  'delete-user': 'list-users',
  'delete-account': 'list-accounts',
  'delete-domain': 'list-domains',
  'delete-project': 'list-projects',
  'delete-load-balancer-rule': 'list-load-balancer-rules',
  'delete-network': 'list-networks',
  'delete-vpc': 'list-vpcs',
  'delete-zone': 'list-zones',
};

test('what cannot be undone is announced before anything is sent', async () => {
  const cloud = await startCloud();
  const host = await openHost({ env: cloud.env, human: acceptAll });
  const calls = [];
  for (const [tool, list] of Object.entries(irreversible)) {
    const given = list.endsWith('templates') || list.endsWith('isos') ? { [`${list.slice(5, -1)}filter`]: 'all' } : {};
    const { structured } = await host.call('read', { tool: list, arguments: given, fields: ['id'] });
    const ids = (structured['items'] as { id: string }[]).map(({ id }) => id);
    if (ids.length) calls.push({ tool, arguments: { id: ids.at(-1)! } });
  }
  expect(calls.length).toBeGreaterThanOrEqual(10);
  cloud.calls.length = 0;
  const { text, structured } = await host.call('destroy', { calls, mode: 'plan' });
  const numbers = calls.map((_call, index) => index + 1);
  expect(text).toContain(`Cannot be undone: step ${numbers.join(', ')}.`);
  expect((structured['plan'] as { irreversible: number[] }).irreversible).toEqual(numbers);
  expect(cloud.calls.filter(({ method }) => method === 'POST')).toEqual([]);
  expect(host.asked).toEqual([]);
  await host.close();
  await cloud.close();
});
