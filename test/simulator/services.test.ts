import { expect, test } from 'vitest';
import type { Simulator } from '../../src/simulator/index.ts';
import { createSimulator } from '../support/seeded-worlds.ts';
import { createTestClock } from './clock.ts';
import { createCloud } from './cloud.ts';
import { keeps } from './promise.ts';
import { finish, rows, send } from './sign.ts';

const bob = {
  apiKey: 'simulator-bob-api-key-not-a-real-secret',
  secretKey: 'simulator-bob-secret-key-not-a-real-secret',
};

const one = async (
  simulator: Simulator,
  command: string,
  params: Record<string, string> = {},
): Promise<Record<string, any>> => {
  const [row] = await rows(simulator, command, { listall: 'true', ...params });
  return row ?? {};
};

const idOf = async (
  simulator: Simulator,
  command: string,
  name: string,
  params: Record<string, string> = {},
): Promise<string> =>
  String((await rows(simulator, command, { listall: 'true', ...params })).find((row) => row['name'] === name)?.['id']);

keeps('vpc', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const zoneid = await idOf(simulator, 'listZones', 'Frankfurt');
  const vpcofferingid = await idOf(simulator, 'listVPCOfferings', 'Default VPC offering');
  const outside = await send(simulator, 'createVPC', { name: 'v', cidr: '8.8.0.0/16', zoneid, vpcofferingid });
  expect(outside.status).toBe(431);
  const vpc = (await finish(simulator, 'createVPC', { name: 'v', cidr: '10.30.0.0/16', zoneid, vpcofferingid })).body[
    'jobresult'
  ].vpc;
  expect(vpc).toMatchObject({ state: 'Enabled', cidr: '10.30.0.0/16' });
  expect(await one(simulator, 'listPublicIpAddresses', { vpcid: vpc.id })).toMatchObject({ issourcenat: true });
  expect(await one(simulator, 'listRouters', { vpcid: vpc.id })).toMatchObject({ vpcname: 'v', state: 'Running' });
  const networkofferingid = await idOf(
    simulator,
    'listNetworkOfferings',
    'DefaultIsolatedNetworkOfferingForVpcNetworks',
  );
  const aclid = await idOf(simulator, 'listNetworkACLLists', 'default_deny');
  const tier = {
    name: 't',
    displaytext: 't',
    zoneid,
    networkofferingid,
    vpcid: vpc.id,
    netmask: '255.255.255.0',
    aclid,
  };
  expect((await send(simulator, 'createNetwork', { ...tier, gateway: '10.31.1.1' })).body['errortext']).toContain(
    'is not within vpc',
  );
  const made = (await send(simulator, 'createNetwork', { ...tier, gateway: '10.30.1.1' })).body['network'];
  expect(made).toMatchObject({ cidr: '10.30.1.0/24', vpcname: 'v', aclname: 'default_deny' });
  expect(
    (await send(simulator, 'createNetwork', { ...tier, name: 'u', gateway: '10.30.1.1' })).body['errortext'],
  ).toContain('crosses other network cidr');
  const denied = await finish(simulator, 'deleteNetworkACLList', { id: made.aclid });
  expect(denied.body['jobresult'].errortext).toBe('Default ACL cannot be removed/modified');
  const list = (await finish(simulator, 'createNetworkACLList', { name: 'mine', vpcid: vpc.id })).body['jobresult']
    .networkacllist;
  const item = { aclid: list.id, protocol: 'tcp', startport: '80', endport: '80', number: '5' };
  expect((await finish(simulator, 'createNetworkACL', item)).body['jobresult'].networkacl).toMatchObject({
    number: 5,
    action: 'Allow',
    traffictype: 'Ingress',
    startport: '80',
    state: 'Active',
  });
  expect((await send(simulator, 'createNetworkACL', item)).body['errortext']).toBe(
    `ACL item with number 5 already exists in ACL: ${list.id}`,
  );
  expect(
    (await finish(simulator, 'createNetworkACL', { aclid: list.id, protocol: 'all' })).body['jobresult'].networkacl
      .number,
  ).toBe(6);
  await finish(simulator, 'replaceNetworkACLList', { aclid: list.id, networkid: made.id });
  expect(await one(simulator, 'listNetworks', { id: made.id })).toMatchObject({ aclname: 'mine' });
});

keeps('static-nat', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const source = (await rows(simulator, 'listPublicIpAddresses', { listall: 'true' })).find(
    (row) => row['associatednetworkname'] === 'web-net' && row['issourcenat'],
  );
  const virtualmachineid = await idOf(simulator, 'listVirtualMachines', 'web-1');
  expect(
    (await send(simulator, 'enableStaticNat', { ipaddressid: String(source?.['id']), virtualmachineid })).status,
  ).toBe(431);
  const ruled = await one(simulator, 'listPublicIpAddresses', { ipaddress: '203.0.113.100' });
  expect((await send(simulator, 'enableStaticNat', { ipaddressid: ruled['id'], virtualmachineid })).status).toBe(537);
  const nat = await one(simulator, 'listPublicIpAddresses', { ipaddress: '203.0.113.101' });
  expect(nat).toMatchObject({ isstaticnat: true, virtualmachinename: 'db-1' });
  await finish(simulator, 'disableStaticNat', { ipaddressid: nat['id'] });
  expect(await one(simulator, 'listPublicIpAddresses', { ipaddress: '203.0.113.101' })).toMatchObject({
    isstaticnat: false,
  });
  expect(await rows(simulator, 'listFirewallRules', { ipaddressid: nat['id'] })).toEqual([]);
});

keeps('security-groups', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const made = (await send(simulator, 'createSecurityGroup', { name: 'web' }, bob)).body['securitygroup'];
  const rule = {
    securitygroupid: made.id,
    protocol: 'tcp',
    startport: '80',
    endport: '81',
    cidrlist: '10.0.0.0/8,192.168.0.0/16',
  };
  const group = (await finish(simulator, 'authorizeSecurityGroupIngress', rule, bob)).body['jobresult'].securitygroup;
  expect(group.ingressrule).toMatchObject([
    { startport: 80, endport: 81, cidr: '10.0.0.0/8' },
    { cidr: '192.168.0.0/16' },
  ]);
  await finish(simulator, 'revokeSecurityGroupIngress', { id: group.ingressrule[0].ruleid }, bob);
  expect((await one(simulator, 'listSecurityGroups', { id: made.id }))['ingressrule']).toHaveLength(1);
  expect((await send(simulator, 'deleteSecurityGroup', { name: 'default' }, bob)).status).toBe(431);
  expect((await send(simulator, 'createSecurityGroup', { name: 'web' }, bob)).status).toBe(431);
  expect((await send(simulator, 'deleteSecurityGroup', { id: made.id }, bob)).body).toEqual({ success: true });
});

keeps('kubernetes', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const version = async (semanticversion: string) =>
    String(
      (
        await send(simulator, 'addKubernetesSupportedVersion', {
          semanticversion,
          mincpunumber: '2',
          minmemory: '2048',
          url: 'https://x.example.com/k.iso',
        })
      ).body['kubernetessupportedversion'].id,
    );
  const [old, next, far] = [await version('1.30.1'), await version('1.31.0'), await version('1.33.0')];
  const params = {
    name: 'k',
    description: 'k',
    zoneid: await idOf(simulator, 'listZones', 'Frankfurt'),
    kubernetesversionid: old,
    serviceofferingid: await idOf(simulator, 'listServiceOfferings', 'Large Instance'),
    size: '3',
  };
  const { id, state, cpunumber } = (await finish(simulator, 'createKubernetesCluster', params)).body['jobresult']
    .kubernetescluster;
  expect([state, cpunumber]).toEqual(['Running', '8']);
  const nodes = async (): Promise<string[]> => {
    const { virtualmachines = [] } = await one(simulator, 'listKubernetesClusters', { id });
    return virtualmachines.map((node: { state: string }) => node.state);
  };
  expect(await nodes()).toEqual(['Running', 'Running', 'Running', 'Running']);
  expect((await finish(simulator, 'startKubernetesCluster', { id })).body).toMatchObject({ jobstatus: 1 });
  expect(
    (await finish(simulator, 'upgradeKubernetesCluster', { id, kubernetesversionid: far })).body['jobresultcode'],
  ).toBe(431);
  expect(
    (await finish(simulator, 'upgradeKubernetesCluster', { id, kubernetesversionid: next })).body['jobresult']
      .kubernetescluster,
  ).toMatchObject({ kubernetesversionid: next, state: 'Running' });
  expect((await send(simulator, 'deleteKubernetesSupportedVersion', { id: next })).status).toBe(536);
  await finish(simulator, 'stopKubernetesCluster', { id });
  expect(await nodes()).toEqual(['Stopped', 'Stopped', 'Stopped', 'Stopped']);
  await finish(simulator, 'scaleKubernetesCluster', { id, size: '1' });
  expect(await nodes()).toHaveLength(2);
  expect((await send(simulator, 'getKubernetesClusterConfig', { id })).status).toBe(431);
  expect((await finish(simulator, 'deleteKubernetesCluster', { id })).body).toMatchObject({
    jobresult: { success: true },
  });
});

keeps('backups', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const virtualmachineid = await idOf(simulator, 'listVirtualMachines', 'crm');
  expect((await send(simulator, 'createBackup', { virtualmachineid })).status).toBe(530);
  const zoneid = await idOf(simulator, 'listZones', 'Frankfurt');
  const offer = await finish(simulator, 'importBackupOffering', {
    name: 'gold',
    description: 'gold',
    externalid: 'gold',
    zoneid,
    allowuserdrivenbackups: 'true',
  });
  const backupofferingid = offer.body['jobresult'].backupoffering.id;
  await finish(simulator, 'assignVirtualMachineToBackupOffering', { virtualmachineid, backupofferingid });
  expect((await finish(simulator, 'createBackup', { virtualmachineid })).body).toMatchObject({
    jobstatus: 1,
    jobresult: { success: true },
  });
  const backup = await one(simulator, 'listBackups', { virtualmachineid });
  expect(backup).toMatchObject({ status: 'BackedUp', virtualmachinename: 'crm' });
  expect((await finish(simulator, 'restoreBackup', { id: backup['id'] })).body).toMatchObject({ jobstatus: 2 });
  expect((await finish(simulator, 'deleteBackup', { id: backup['id'] })).body).toMatchObject({ jobstatus: 1 });
  expect(await rows(simulator, 'listBackups', { listall: 'true' })).toEqual([]);
});

keeps('snapshots', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const snapshot = await one(simulator, 'listSnapshots', { name: 'db-data weekly' });
  expect(snapshot).toMatchObject({ state: 'BackedUp', intervaltype: 'MANUAL', volumename: 'db-data' });
  expect((await finish(simulator, 'revertSnapshot', { id: snapshot['id'] })).body).toMatchObject({
    jobstatus: 2,
    jobresult: { errortext: expect.stringContaining('not in the shutdown state') },
  });
  const volumeid = snapshot['volumeid'] as string;
  expect(
    (
      await send(simulator, 'createSnapshotPolicy', {
        volumeid,
        intervaltype: 'HOURLY',
        schedule: '00:01',
        maxsnaps: '2',
        timezone: 'UTC',
      })
    ).status,
  ).toBe(431);
  const policy = await send(simulator, 'createSnapshotPolicy', {
    volumeid,
    intervaltype: 'HOURLY',
    schedule: '30',
    maxsnaps: '2',
    timezone: 'UTC',
  });
  expect(policy.body['snapshotpolicy']).toMatchObject({ intervaltype: 0, schedule: '30' });
  const made = await finish(simulator, 'createVolume', { snapshotid: snapshot['id'], name: 'copy' });
  expect(made.body['jobresult'].volume).toMatchObject({ state: 'Ready', size: 60 * 2 ** 30 });
});

keeps('internal-balancer', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const networkid = await idOf(simulator, 'listNetworks', 'staging-tier');
  const made = await finish(simulator, 'createLoadBalancer', {
    name: 'lb',
    scheme: 'Internal',
    algorithm: 'source',
    networkid,
    sourceipaddressnetworkid: networkid,
    sourceport: '80',
    instanceport: '8080',
  });
  expect(made.body).toMatchObject({ jobstatus: 1 });
  expect(await rows(simulator, 'listInternalLoadBalancerVMs', { listall: 'true' })).toMatchObject([
    { role: 'INTERNAL_LB_VM', state: 'Running' },
  ]);
  expect(
    (await rows(simulator, 'listRouters', { listall: 'true' })).every((row) => row['role'] === 'VIRTUAL_ROUTER'),
  ).toBe(true);
});

keeps('usage', async () => {
  const simulator = createSimulator({ clock: createTestClock(Date.parse('2026-06-10T00:00:00Z')) });
  expect((await send(simulator, 'listUsageRecords', { startdate: '2026-06-01' })).body['errortext']).toContain(
    'missing parameter enddate',
  );
  const records = await rows(simulator, 'listUsageRecords', {
    startdate: '2026-06-01',
    enddate: '2026-06-02',
    type: '1',
  });
  expect(records.find((row) => String(row['description']).startsWith('crm'))).toMatchObject({
    account: 'carol',
    usagetype: 1,
    rawusage: '47.999722',
  });
});

keeps('alerts', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const host = await one(simulator, 'listHosts', { name: 'fra-c2-host2.sim' });
  await finish(simulator, 'prepareHostForMaintenance', { id: host['id'] });
  expect(await one(simulator, 'listAlerts')).toMatchObject({
    name: 'ALERT.COMPUTE.HOST',
    description: 'Host fra-c2-host2.sim is in maintenance',
    type: 7,
  });
});

keeps('throttle', async () => {
  const simulator = createSimulator({ clock: createTestClock() });
  await send(simulator, 'updateConfiguration', { name: 'api.throttling.enabled', value: 'true' });
  const statuses = [];
  for (let i = 0; i < 27; i += 1) statuses.push((await send(simulator, 'listZones', {}, bob)).status);
  expect(statuses.slice(24)).toEqual([200, 429, 429]);
  for (let i = 0; i < 30; i += 1) expect((await send(simulator, 'listZones')).status).toBe(200);
});

keeps('capabilities', async () => {
  const simulator = createSimulator({ release: '4.22.1' });
  expect((await send(simulator, 'listCapabilities')).body['capability']).toMatchObject({
    cloudstackversion: '4.22.1.0',
    supportELB: 'false',
    dynamicrolesenabled: true,
    allowusercreateprojects: true,
  });
});

keeps('types', async () => {
  const simulator = createSimulator();
  const rule = await one(simulator, 'listPortForwardingRules');
  expect([typeof rule['publicport'], typeof (await one(simulator, 'listFirewallRules'))['startport']]).toEqual([
    'string',
    'number',
  ]);
  const [limit] = await rows(simulator, 'listResourceLimits', { resourcetype: '0' });
  expect(limit).toMatchObject({ resourcetype: '0', resourcetypename: 'user_vm', max: -1 });
  const vm = await one(simulator, 'listVirtualMachines', { name: 'web-1' });
  expect([vm['nic'][0].deviceid, vm['created']]).toEqual([
    '0',
    expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000$/),
  ]);
  const [capacity] = await rows(simulator, 'listCapacity', { type: '0' });
  expect([typeof capacity?.['percentused'], typeof capacity?.['type']]).toEqual(['string', 'number']);
});

test('an autoscale group has as many machines as it must have, behind its rule', async () => {
  const { one: get, all, id, did } = createCloud();
  const [rule] = await all('listLoadBalancerRules');
  const lbruleid = String(rule?.['id']);
  const policy = async (action: string, relationaloperator: string): Promise<string> => {
    const counterid = String((await all('listCounters'))[0]?.['id']);
    const condition = await did('createCondition', { counterid, relationaloperator, threshold: '50' });
    const made = await did('createAutoScalePolicy', { action, duration: '60', conditionids: String(condition['id']) });
    return String(made['id']);
  };
  const profile = await did('createAutoScaleVmProfile', {
    zoneid: await id('listZones', 'Frankfurt'),
    serviceofferingid: await id('listServiceOfferings', 'Small Instance'),
    templateid: await id('listTemplates', 'Debian 12', { templatefilter: 'all' }),
  });
  const members = () => all('listLoadBalancerRuleInstances', { id: lbruleid });
  const before = (await members()).length;
  const made = await did('createAutoScaleVmGroup', {
    name: 'web',
    lbruleid,
    minmembers: '2',
    maxmembers: '4',
    vmprofileid: String(profile['id']),
    scaleuppolicyids: await policy('scaleup', 'GT'),
    scaledownpolicyids: await policy('scaledown', 'LT'),
  });
  expect(made).toMatchObject({ state: 'ENABLED', availablevirtualmachinecount: 2 });
  const group = { id: String(made['id']) };
  const machines = await all('listVirtualMachines', { autoscalevmgroupid: group.id });
  expect(machines.map(({ state, autoscalevmgroupname }) => [state, autoscalevmgroupname])).toEqual([
    ['Running', 'web'],
    ['Running', 'web'],
  ]);
  expect(await members()).toHaveLength(before + 2);
  await did('disableAutoScaleVmGroup', group);
  await did('updateAutoScaleVmGroup', { ...group, minmembers: '3' });
  await did('enableAutoScaleVmGroup', group);
  expect(await get('listAutoScaleVmGroups', group)).toMatchObject({ availablevirtualmachinecount: 3 });
  await did('deleteAutoScaleVmGroup', { ...group, cleanup: 'true' });
  expect(await members()).toHaveLength(before);
});
