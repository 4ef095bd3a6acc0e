import { expect, test } from 'vitest';
import { createSimulator } from '../support/seeded-worlds.ts';
import { buildZone } from './build-zone.ts';
import { keeps } from './promise.ts';
import { finish, rows, send } from './sign.ts';

keeps('empty-world', async () => {
  const simulator = createSimulator({ seed: 'empty' });
  expect(await rows(simulator, 'listZones')).toEqual([]);
  expect(await rows(simulator, 'listVirtualMachines', { listall: 'true' })).toEqual([]);
  const names = async (command: string) => (await rows(simulator, command)).map((row) => row['name']);
  expect(await names('listServiceOfferings')).toEqual(['Small Instance', 'Medium Instance']);
  expect(await names('listDiskOfferings')).toEqual(['Small', 'Medium', 'Large', 'Custom']);
  expect(await names('listNetworkOfferings')).toContain('DefaultIsolatedNetworkOfferingWithSourceNatService');
  expect(await names('listRoles')).toHaveLength(8);
});

keeps('zone-build', async () => {
  const simulator = createSimulator({ seed: 'empty', jobMillis: 0 });
  const { make, zoneid } = await buildZone(simulator);
  expect((await rows(simulator, 'listSystemVms')).map((row) => row['name'])).toEqual(['s-1-VM', 'v-2-VM']);

  const [template] = await rows(simulator, 'listTemplates', { templatefilter: 'featured' });
  const [offering] = await rows(simulator, 'listServiceOfferings', { name: 'Small Instance' });
  const vm = await make('deployVirtualMachine', {
    zoneid,
    templateid: String(template?.['id']),
    serviceofferingid: String(offering?.['id']),
    name: 'web1',
  });
  expect(vm).toMatchObject({ state: 'Running', instancename: 'i-2-3-VM', hypervisor: 'Simulator' });
  const networkid = String(vm['nic'][0].networkid);
  expect(await rows(simulator, 'listNetworks')).toMatchObject([
    { id: networkid, state: 'Implemented', type: 'Isolated', gateway: '10.1.1.1', broadcasturi: 'vlan://100' },
  ]);
  expect(await rows(simulator, 'listRouters', { listall: 'true' })).toMatchObject([
    { name: 'r-4-VM', state: 'Running', role: 'VIRTUAL_ROUTER' },
  ]);
  const [nat] = await rows(simulator, 'listPublicIpAddresses', { associatednetworkid: networkid });
  expect(nat).toMatchObject({ issourcenat: true, state: 'Allocated' });
  const rule = await make('createPortForwardingRule', {
    ipaddressid: String(nat?.['id']),
    protocol: 'tcp',
    publicport: '22',
    privateport: '22',
    virtualmachineid: String(vm['id']),
  });
  expect(rule).toMatchObject({ publicport: '22', state: 'Active', virtualmachinename: 'web1' });
  expect(await rows(simulator, 'listFirewallRules', { ipaddressid: String(nat?.['id']) })).toMatchObject([
    { startport: 22, endport: 22 },
  ]);
  const clash = await send(simulator, 'createPortForwardingRule', {
    ipaddressid: String(nat?.['id']),
    protocol: 'tcp',
    publicport: '22',
    privateport: '80',
    virtualmachineid: String(vm['id']),
  });
  expect(clash.status).toBe(537);
  const gone = await finish(simulator, 'disassociateIpAddress', { id: String(nat?.['id']) });
  expect(gone.body).toMatchObject({
    jobstatus: 2,
    jobresult: {
      errorcode: 530,
      errortext: 'ip address is used for source nat purposes and can not be disassociated.',
    },
  });
  expect((await finish(simulator, 'deleteNetwork', { id: networkid })).body).toMatchObject({
    jobstatus: 2,
    jobresult: { errorcode: 530, errortext: 'Failed to delete network' },
  });
});

test.each(['4.11.0', '4.15.0', '4.18.0', '4.20.0', '4.21.0', '4.22.0', '4.22.1', '4.23.0'])(
  'the simulator of %s builds a zone and deploys a machine, each job to its end',
  async (release) => {
    const simulator = createSimulator({ seed: 'empty', jobMillis: 0, release });
    const { make, zoneid } = await buildZone(simulator);
    const [template] = await rows(simulator, 'listTemplates', { templatefilter: 'featured' });
    const [offering] = await rows(simulator, 'listServiceOfferings', { name: 'Small Instance' });
    const vm = await make('deployVirtualMachine', {
      zoneid,
      templateid: String(template?.['id']),
      serviceofferingid: String(offering?.['id']),
    });
    expect(vm).toMatchObject({ state: 'Running', zoneid });
  },
);

keeps('in-use', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const [cluster] = await rows(simulator, 'listClusters', { name: 'fra-c1' });
  expect(await send(simulator, 'deleteCluster', { id: String(cluster?.['id']) })).toMatchObject({ status: 530 });
  const [host] = await rows(simulator, 'listHosts', { clusterid: String(cluster?.['id']), type: 'Routing' });
  const id = String(host?.['id']);
  expect(await send(simulator, 'deleteHost', { id })).toMatchObject({ status: 530 });
  await finish(simulator, 'prepareHostForMaintenance', { id });
  expect(await rows(simulator, 'listHosts', { id })).toMatchObject([{ resourcestate: 'Maintenance' }]);
  expect(await rows(simulator, 'listVirtualMachines', { hostid: id, listall: 'true' })).toEqual([]);
  await finish(simulator, 'cancelHostMaintenance', { id });
  expect((await finish(simulator, 'cancelHostMaintenance', { id })).body).toMatchObject({
    jobstatus: 2,
    jobresult: { errorcode: 530 },
  });
  const [vpc] = await rows(simulator, 'listVPCs', { listall: 'true' });
  expect((await finish(simulator, 'deleteVPC', { id: String(vpc?.['id']) })).body['jobresult'].errortext).toMatch(
    /^Can't delete VPC .* as its used by 1 networks$/,
  );
});

keeps('network-idle', async () => {
  const { createTestClock } = await import('./clock.ts');
  const clock = createTestClock();
  const simulator = createSimulator({ clock, jobMillis: 0 });
  const look = async () => (await rows(simulator, 'listNetworks', { keyword: 'ops-net' }))[0];
  expect((await look())?.['state']).toBe('Implemented');
  for (const vm of await rows(simulator, 'listVirtualMachines'))
    await finish(simulator, 'stopVirtualMachine', { id: String(vm['id']) });
  expect((await look())?.['state']).toBe('Implemented');
  clock.pass(1_300_000);
  expect(await look()).toMatchObject({ state: 'Allocated' });
});

keeps('load-balancing', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const [rule] = await rows(simulator, 'listLoadBalancerRules', { listall: 'true' });
  expect(rule).toMatchObject({ name: 'web', state: 'Active', publicport: '80' });
  const id = String(rule?.['id']);
  const members = await rows(simulator, 'listLoadBalancerRuleInstances', { id });
  expect(members.map((row) => row['name']).sort()).toEqual(['web-1', 'web-2']);
  await finish(simulator, 'removeFromLoadBalancerRule', {
    id,
    virtualmachineids: members.map((row) => row['id']).join(','),
  });
  expect(await rows(simulator, 'listLoadBalancerRules', { id })).toMatchObject([{ state: 'Add' }]);
});

keeps('settings', async () => {
  const simulator = createSimulator();
  const changed = await send(simulator, 'updateConfiguration', { name: 'expunge.delay', value: '60' });
  expect(changed.body['configuration']).toMatchObject({ name: 'expunge.delay', value: '60', defaultvalue: '86400' });
  expect((await send(simulator, 'updateConfiguration', { name: 'no.such', value: '1' })).body['errortext']).toBe(
    "Config parameter with name no.such doesn't exist",
  );
  expect((await send(simulator, 'resetConfiguration', { name: 'expunge.delay' })).body['configuration'].value).toBe(
    '86400',
  );
});

keeps('tags', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const [vm] = await rows(simulator, 'listVirtualMachines', { name: 'jump-host' });
  const id = String(vm?.['id']);
  const params = { resourceids: id, resourcetype: 'UserVm', 'tags[0].key': 'k', 'tags[0].value': 'v' };
  expect((await finish(simulator, 'createTags', params)).body).toMatchObject({
    jobstatus: 1,
    jobresult: { success: true },
  });
  expect((await finish(simulator, 'createTags', params)).body).toMatchObject({
    jobstatus: 2,
    jobresult: { errorcode: 530, errortext: `tag k already on UserVm with id ${id}` },
  });
  expect(await rows(simulator, 'listVirtualMachines', { 'tags[0].key': 'k', 'tags[0].value': 'v' })).toMatchObject([
    { name: 'jump-host', tags: [{ key: 'k', value: 'v' }] },
  ]);
  await finish(simulator, 'deleteTags', { resourceids: id, resourcetype: 'UserVm' });
  expect((await rows(simulator, 'listVirtualMachines', { id }))[0]?.['tags']).toEqual([]);
});
