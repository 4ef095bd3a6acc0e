import { expect, test } from 'vitest';
import { createCloud } from './cloud.ts';

test('hosts go into maintenance, out of it, and away', async () => {
  const { one, all, id, did, refused } = createCloud();
  const host = await id('listHosts', 'fra-c1-host2.sim');
  await did('prepareHostForMaintenance', { id: host });
  expect(await refused('prepareHostForMaintenance', { id: host })).toContain('it is in Maintenance');
  expect(await refused('updateHost', { id: host, allocationstate: 'Enable' })).toContain('is in Maintenance');
  expect(await all('listVirtualMachines', { hostid: host })).toEqual([]);
  await did('deleteHost', { id: host });
  expect(await all('listHosts', { id: host })).toEqual([]);
  const other = await id('listHosts', 'fra-c2-host2.sim');
  await did('updateHost', { id: other, allocationstate: 'Disable', hosttags: 'gpu,fast' });
  expect(await one('listHosts', { id: other })).toMatchObject({ resourcestate: 'Disabled', hosttags: 'gpu,fast' });
  expect((await all('listHostTags')).map(({ name }) => name)).toEqual(expect.arrayContaining(['gpu', 'fast']));
  expect(await refused('declareHostAsDegraded', { id: other })).toContain('does not allow this');
  expect(await refused('deleteHost', { id: other })).toContain('not in maintenance mode');
  const lonely = await id('listHosts', 'nue-c1-host1.sim');
  const [system] = await all('listSystemVms', { hostid: lonely });
  expect(system).toMatchObject({ state: 'Running' });
  await did('prepareHostForMaintenance', { id: lonely });
  expect(await one('listSystemVms', { id: String(system?.['id']) })).toMatchObject({ state: 'Stopped' });
  expect(await refused('startSystemVm', { id: String(system?.['id']) })).toContain('no host has room');
  await did('cancelHostMaintenance', { id: lonely });
  await did('startSystemVm', { id: String(system?.['id']) });
  expect(await one('listSystemVms', { id: String(system?.['id']) })).toMatchObject({ state: 'Running' });
  const vm = await id('listVirtualMachines', 'jump-host');
  expect((await all('listHosts', { virtualmachineid: vm })).map(({ name }) => name)).not.toContain('nue-c1-host1.sim');
  expect(await all('listHosts', { hahost: 'true' })).toEqual([]);
  const cluster = { clustername: 'fra-c1', clustertype: 'CloudManaged', hypervisor: 'Simulator' };
  const at = { podid: await id('listPods', 'frankfurt-pod1'), zoneid: await id('listZones', 'Frankfurt') };
  expect(await refused('addCluster', { ...cluster, ...at })).toContain('a cluster named fra-c1 is already in the pod');
  expect((await all('listClusters', { hypervisor: 'simulator' })).length).toBe(3);
});

test('out-of-band management switches a host only when it is configured and enabled', async () => {
  const { all, one, id, did, refused } = createCloud();
  const hostid = await id('listHosts', 'fra-c1-host2.sim');
  const power = (action: string) => ({ hostid, action });
  expect(await refused('issueOutOfBandManagementPowerAction', power('ON'))).toContain('is not configured');
  const settings = { hostid, address: '10.0.0.1', port: '623', username: 'u', password: 'p', driver: 'ipmitool' };
  await did('configureOutOfBandManagement', settings);
  expect(await refused('issueOutOfBandManagementPowerAction', power('JUMP'))).toContain('Invalid power action');
  expect(await refused('issueOutOfBandManagementPowerAction', power('ON'))).toContain('is not enabled');
  await did('enableOutOfBandManagementForHost', { hostid });
  expect(await did('issueOutOfBandManagementPowerAction', power('SOFT'))).toMatchObject({
    status: true,
    powerstate: 'Off',
  });
  expect((await all('listHosts', { outofbandmanagementpowerstate: 'off' })).map((row) => row['id'])).toEqual([hostid]);
  expect((await all('listHosts', { outofbandmanagementenabled: 'true' })).map((row) => row['id'])).toEqual([hostid]);
  expect(await did('changeOutOfBandManagementPassword', { hostid })).toMatchObject({ status: true });
  await did('disableOutOfBandManagementForHost', { hostid });
  expect(await all('listHosts', { outofbandmanagementenabled: 'true' })).toEqual([]);
  const server = await one('listManagementServers');
  expect(await refused('removeManagementServer', { id: server['id'] })).toContain('only be removed when');
  expect(await refused('enableHAForHost', { hostid })).toContain('HA is not configured');
});

test('places, subnets, AS numbers and address ranges are set aside once and given back', async () => {
  const { one, all, id, did, refused } = createCloud();
  const zoneid = await id('listZones', 'Frankfurt');
  const domainid = await id('listDomains', 'sales');
  await did('dedicateZone', { zoneid, domainid });
  expect(await refused('dedicateZone', { zoneid, domainid })).toBe('Zone Frankfurt is already dedicated');
  await did('releaseDedicatedZone', { zoneid });
  expect(await refused('releaseDedicatedZone', { zoneid })).toContain('No dedicated resource available');
  const subnet = await did('createIpv4SubnetForZone', { zoneid, subnet: '192.168.64.0/24' });
  expect(await refused('createIpv4SubnetForZone', { zoneid, subnet: '192.168.64.128/25' })).toContain('conflicts with');
  expect(await refused('createIpv4SubnetForZone', { zoneid, subnet: 'x' })).toContain('Invalid IPv4 subnet');
  const parentid = String(subnet['id']);
  const first = await did('createIpv4SubnetForGuestNetwork', { parentid, cidrsize: '26' });
  const second = await did('createIpv4SubnetForGuestNetwork', { parentid, cidrsize: '26' });
  expect([first['subnet'], second['subnet']]).toEqual(['192.168.64.0/26', '192.168.64.64/26']);
  expect(await refused('createIpv4SubnetForGuestNetwork', { parentid, subnet: '10.0.0.0/26' })).toContain(
    'The subnet is not within 192.168.64.0/24',
  );
  await did('dedicateIpv4SubnetForZone', { id: parentid, domainid, account: 'carol' });
  expect((await all('listIpv4SubnetsForZone', { domainid })).map((row) => row['id'])).toEqual([parentid]);
  await did('releaseIpv4SubnetForZone', { id: parentid });
  expect(await all('listIpv4SubnetsForZone', { domainid })).toEqual([]);
  await did('createASNRange', { zoneid, startasn: '65000', endasn: '65002' });
  expect(await all('listASNumbers', { zoneid })).toHaveLength(3);
  await did('releaseASNumber', { zoneid, asnumber: '65001' });
  expect(await refused('releaseASNumber', { zoneid, asnumber: '1' })).toBe('Cannot find AS Number 1 in the zone');
  const range = {
    zoneid,
    gateway: '198.51.100.1',
    netmask: '255.255.255.0',
    startip: '198.51.100.10',
    endip: '198.51.100.12',
  };
  const made = await did('createVlanIpRange', range);
  expect(await refused('createVlanIpRange', { ...range, startip: '192.0.2.1' })).toContain('in the same subnet');
  expect(await refused('createVlanIpRange', { ...range, startip: '198.51.100.12' })).toContain('overlaps the range');
  const free = async () => (await all('listPublicIpAddresses', { vlanid: made['id'], allocatedonly: 'false' })).length;
  expect(await free()).toBe(3);
  const taken = await did('associateIpAddress', { zoneid, ipaddress: '198.51.100.11' });
  expect(await refused('deleteVlanIpRange', { id: made['id'] })).toContain('some of its addresses are in use');
  await did('disassociateIpAddress', { id: taken['id'] });
  await did('deleteVlanIpRange', { id: made['id'] });
  expect(await free()).toBe(0);
  const pod = await one('listPods', { name: 'frankfurt-pod1' });
  const [startip, endip] = [String(pod['startip'][0]), String(pod['endip'][0])];
  const change = { podid: pod['id'], currentstartip: startip, currentendip: endip, newendip: '172.16.15.250' };
  expect(await refused('updatePodManagementNetworkIpRange', { ...change, currentstartip: '1.1.1.1' })).toContain(
    'not in pod',
  );
  await did('updatePodManagementNetworkIpRange', change);
  expect((await one('listPods', { id: pod['id'] }))['endip'][0]).toBe('172.16.15.250');
});

test('physical networks have each traffic type once and go when nothing is in them', async () => {
  const { all, id, did, refused } = createCloud();
  const zone = { name: 'lab', networktype: 'Advanced', dns1: '1.1.1.1', internaldns1: '1.1.1.1' };
  const { id: zoneid } = await did('createZone', zone);
  const network = await did('createPhysicalNetwork', { name: 'p', zoneid, vlan: '100-110' });
  const traffic = { physicalnetworkid: network['id'], traffictype: 'Guest' };
  await did('addTrafficType', traffic);
  expect(await refused('addTrafficType', traffic)).toContain('already present');
  expect(await refused('addTrafficType', { ...traffic, traffictype: 'Air' })).toBe('Invalid traffic type: Air');
  await did('deletePhysicalNetwork', { id: network['id'] });
  expect(await all('listPhysicalNetworks', { zoneid })).toEqual([]);
  const used = await id('listPhysicalNetworks', String((await all('listPhysicalNetworks'))[0]?.['name']));
  expect(await refused('deletePhysicalNetwork', { id: used })).toContain('there are networks in it');
  const vlan = { id: used, vlan: '9-8' };
  expect(await refused('updatePhysicalNetwork', vlan)).toContain('valid integers for the vlan range: 9-8');
});
