import { expect, test } from 'vitest';
import { createCloud, keysOf } from './cloud.ts';

test('access lists keep the order and the VPC of their items', async () => {
  const { one, all, id, did, refused } = createCloud();
  const zoneid = await id('listZones', 'Frankfurt');
  const vpcofferingid = await id('listVPCOfferings', 'Default VPC offering');
  const vpc = await did('createVPC', { name: 'other', displaytext: 'o', cidr: '10.40.0.0/16', zoneid, vpcofferingid });
  const aclid = await id('listNetworkACLLists', 'staging-web');
  const networkid = await id('listNetworks', 'staging-tier');
  expect(await refused('createNetworkACL', { aclid, protocol: 'tcp', startport: '9', endport: '8' })).toBe(
    "Start port can't be bigger than end port",
  );
  const last = await did('createNetworkACL', { aclid, protocol: 'tcp', startport: '22', endport: '22', reason: 'ssh' });
  expect(last).toMatchObject({ number: 21, reason: 'ssh' });
  const items = async () =>
    (await all('listNetworkACLs', { aclid }))
      .sort((a, b) => Number(a['number']) - Number(b['number']))
      .map((row) => row['id']);
  const [first = '', second = ''] = (await items()).map(String);
  expect(await refused('moveNetworkAclItem', { id: last['id'] })).toContain('cannot be invalid');
  expect(await refused('moveNetworkAclItem', { id: last['id'], nextaclruleid: first }, keysOf('carol'))).toMatch(
    /permission/,
  );
  expect(await refused('moveNetworkAclItem', { id: 'nowhere', nextaclruleid: first })).toContain('nowhere');
  await did('moveNetworkAclItem', { id: last['id'], nextaclruleid: first });
  expect(await items()).toEqual([last['id'], first, second]);
  await did('moveNetworkAclItem', { id: last['id'], previousaclruleid: first });
  expect(await items()).toEqual([first, last['id'], second]);
  await did('updateNetworkACLList', { id: aclid, name: 'renamed', description: 'new' });
  expect(await one('listNetworkACLLists', { id: aclid })).toMatchObject({ name: 'renamed' });
  const foreign = await did('createNetworkACLList', { name: 'foreign', vpcid: vpc['id'] });
  expect(await refused('replaceNetworkACLList', { aclid: foreign['id'], networkid })).toContain(
    'belongs to another VPC',
  );
  await did('replaceNetworkACLList', { aclid, networkid });
  expect(await refused('deleteNetworkACLList', { id: aclid })).toContain('ACL is still associated with 1 tier(s)');
  expect((await all('listNetworkACLs', { networkid })).length).toBe(3);
  await did('createNetworkACL', { networkid, protocol: 'all' });
  expect((await all('listNetworkACLs', { aclid })).length).toBe(4);
  const deny = await id('listNetworkACLLists', 'default_deny');
  await did('replaceNetworkACLList', { aclid: deny, networkid });
  await did('createNetworkACL', { networkid, protocol: 'all' });
  expect(await one('listNetworks', { id: networkid })).toMatchObject({ aclname: 'ACL_staging-tier' });
  const tier = { zoneid, vpcid: vpc['id'], netmask: '255.255.255.0' };
  const networkofferingid = await id('listNetworkOfferings', 'DefaultIsolatedNetworkOfferingForVpcNetworks');
  await did('updateConfiguration', { name: 'vpc.max.networks', value: '1' });
  await did('createNetwork', { ...tier, networkofferingid, name: 'a', gateway: '10.40.1.1' });
  expect(await refused('createNetwork', { ...tier, networkofferingid, name: 'b', gateway: '10.40.2.1' })).toContain(
    'Number of networks per VPC cannot extend 1',
  );
});

test('VPCs have gateways and routes that do not cross, and VPNs that are one to an address', async () => {
  const { one, all, id, did, refused } = createCloud();
  const vpcid = await id('listVPCs', 'staging');
  const zoneid = await id('listZones', 'Frankfurt');
  const offering = await did('createVPCOffering', { name: 'o', displaytext: 'o', supportedservices: 'Dhcp' });
  const fresh = { name: 'x', displaytext: 'x', cidr: '10.50.0.0/16', zoneid };
  expect(await refused('createVPC', { ...fresh, vpcofferingid: offering['id'] })).toContain('state is not Enabled');
  const vpcofferingid = await id('listVPCOfferings', 'Default VPC offering');
  expect(await refused('createVPC', { ...fresh, vpcofferingid, sourcenatipaddress: '203.0.113.20' })).toBe(
    'Insufficient address capacity',
  );
  expect(await all('listVPCs', { name: 'x' })).toEqual([]);
  const gateway = await did('createPrivateGateway', {
    vpcid,
    gateway: '172.30.0.1',
    ipaddress: '172.30.0.2',
    netmask: '255.255.255.0',
    vlan: '900',
  });
  expect(gateway).toMatchObject({ state: 'Ready', ipaddress: '172.30.0.2' });
  const route = { gatewayid: gateway['id'], cidr: '172.31.0.0/24' };
  expect(await refused('createStaticRoute', { ...route, cidr: '10.20.3.0/24' })).toContain('outside of VPC cidr');
  expect(await refused('createStaticRoute', { ...route, cidr: 'x' })).toContain('Invalid format for cidr');
  const made = await did('createStaticRoute', route);
  expect(made).toMatchObject({ state: 'Active', cidr: '172.31.0.0/24' });
  expect(await refused('createStaticRoute', route)).toBe('New static route cidr conflicts with existing route');
  expect(await refused('deletePrivateGateway', { id: gateway['id'] })).toContain('has static routes applied');
  await did('deleteStaticRoute', { id: made['id'] });
  await did('deletePrivateGateway', { id: gateway['id'] });
  expect(await all('listPrivateGateways', { vpcid })).toEqual([]);
  const site = await did('createVpnGateway', { vpcid });
  expect(await refused('createVpnGateway', { vpcid })).toContain('already existed');
  const customer = {
    name: 'office',
    gateway: '198.51.100.1',
    cidrlist: '192.168.50.0/24',
    ikepolicy: 'aes128-sha1',
    esppolicy: 'aes128-sha1',
    ipsecpsk: 'secret',
  };
  await did('updateConfiguration', { name: 'vpn.customer.gateway.excluded.hashing.algorithms', value: 'md5, sha1' });
  expect(await refused('createVpnCustomerGateway', customer)).toContain('sha1 is excluded');
  await did('updateConfiguration', { name: 'vpn.customer.gateway.excluded.hashing.algorithms', value: 'md5' });
  const office = await did('createVpnCustomerGateway', customer);
  expect(await refused('createVpnCustomerGateway', customer)).toContain('name office already existed');
  const pair = { s2svpngatewayid: site['id'], s2scustomergatewayid: office['id'] };
  const connection = await did('createVpnConnection', pair);
  expect(connection).toMatchObject({ state: 'Connected', cidrlist: '192.168.50.0/24' });
  expect(await refused('createVpnConnection', pair)).toContain('already existed');
  expect(await refused('deleteVpnGateway', { id: site['id'] })).toContain('still related VPN connections');
  expect(await refused('deleteVpnCustomerGateway', { id: office['id'] })).toContain('still related VPN connections');
  await did('deleteVpnConnection', { id: connection['id'] });
  await did('deleteVpnGateway', { id: site['id'] });
  await did('deleteVpnCustomerGateway', { id: office['id'] });
  expect(await all('listVpnCustomerGateways')).toEqual([]);
  const publicipid = await id('listPublicIpAddresses', '203.0.113.20');
  const vpn = await did('createRemoteAccessVpn', { publicipid });
  expect(vpn).toMatchObject({ state: 'Running', publicip: '203.0.113.20' });
  expect(await refused('createRemoteAccessVpn', { publicipid })).toContain('already exists');
  await did('deleteRemoteAccessVpn', { publicipid });
  expect(await one('listRemoteAccessVpns', { publicipid })).toEqual({});
  expect(await refused('deleteRemoteAccessVpn', { publicipid })).toContain('VPN is not running');
});
