import { expect, test } from 'vitest';
import { createCloud, keysOf } from './cloud.ts';

test('networks are made once, within their offering, and restarted only when they are up', async () => {
  const { one, all, id, did, refused } = createCloud();
  const zoneid = await id('listZones', 'Frankfurt');
  const nat = await id('listNetworkOfferings', 'DefaultIsolatedNetworkOfferingWithSourceNatService');
  const fresh = { zoneid, networkofferingid: nat, name: 'fresh', displaytext: 'fresh' };
  expect(await refused('createNetwork', { ...fresh, gateway: '10.9.9.1', netmask: '1.2.3.4' })).toContain(
    'Invalid netmask 1.2.3.4 or gateway 10.9.9.1',
  );
  const network = await did('createNetwork', fresh);
  expect(network).toMatchObject({ state: 'Allocated', type: 'Isolated' });
  expect(await refused('createNetwork', fresh)).toContain('Another network with same name already exists');
  expect(await refused('restartNetwork', { id: network['id'] })).toContain('not in the right state to be restarted');
  const off = await did('createNetworkOffering', {
    name: 'plain',
    displaytext: 'plain',
    guestiptype: 'Isolated',
    traffictype: 'GUEST',
    supportedservices: 'Dhcp,Dns,SourceNat',
    'serviceproviderlist[0].service': 'Dhcp',
    'serviceproviderlist[0].provider': 'VirtualRouter',
    'servicecapabilitylist[0].service': 'SourceNat',
    'servicecapabilitylist[0].capabilitytype': 'SupportedSourceNatTypes',
    'servicecapabilitylist[0].capabilityvalue': 'peraccount',
  });
  expect(off).toMatchObject({ state: 'Disabled', guestiptype: 'Isolated' });
  expect((off['service'] as { name: string }[]).map(({ name }) => name)).toEqual(['Dhcp', 'Dns', 'SourceNat']);
  expect(await refused('createNetworkOffering', { name: 'plain', guestiptype: 'Isolated', traffictype: 'GUEST' })).toBe(
    'Network offering with name plain already exists',
  );
  expect(await refused('createNetworkOffering', { name: 'q', guestiptype: 'Round', traffictype: 'GUEST' })).toContain(
    'Invalid "type" parameter',
  );
  expect(await refused('createNetwork', { ...fresh, name: 'f2', networkofferingid: off['id'] })).toContain(
    'state is not Enabled',
  );
  await did('updateNetworkOffering', { id: off['id'], state: 'enabled' });
  const own = await did('createNetwork', { ...fresh, name: 'f2', networkofferingid: off['id'] });
  expect(await refused('deleteNetworkOffering', { id: off['id'] })).toContain('as its used by 1 networks');
  expect((await all('listNetworkOfferings', { supportedservices: 'SourceNat,Dns' })).map(({ name }) => name)).toContain(
    'plain',
  );
  expect((await all('listNetworkOfferings', { sourcenatsupported: 'false' })).map(({ name }) => name)).not.toContain(
    'plain',
  );
  expect(
    (await all('listNetworks', { supportedservices: 'SourceNat', forvpc: 'false' })).map(({ name }) => name),
  ).toContain('f2');
  await did('deleteNetwork', { id: own['id'] });
  await did('deleteNetworkOffering', { id: off['id'] });
  expect(await all('listNetworkOfferings', { name: 'plain' })).toEqual([]);
  const names = async (params: Record<string, string>) =>
    (await all('listNetworks', params)).map(({ name }) => String(name)).sort();
  expect(await names({ forvpc: 'true' })).toEqual(['staging-tier']);
  expect(await names({ networkfilter: 'Account' })).toEqual(['fresh', 'ops-net']);
  expect(await names({ networkfilter: 'Shared' })).toEqual([]);
  expect(await names({ issystem: 'true' })).toEqual([]);
  expect(await names({ specifyvlan: 'false', networkfilter: 'Account' })).toEqual(['fresh', 'ops-net']);
  expect((await all('listVPCs', { supportedservices: 'SourceNat' })).map(({ name }) => name)).toEqual(['staging']);
  const web = await one('listNetworks', { name: 'web-net' });
  const router = await one('listRouters', { networkid: web['id'] });
  expect(router).toMatchObject({ guestnetworkname: 'web-net', state: 'Running' });
  expect((await all('listRouters', { forvpc: 'true' })).map(({ vpcname }) => vpcname)).toEqual(['staging']);
  const cluster = (await one('listHosts', { id: router['hostid'] }))['clusterid'];
  expect((await all('listRouters', { clusterid: cluster })).map((row) => row['id'])).toContain(router['id']);
  await did('restartNetwork', { id: web['id'], cleanup: 'true' });
  const next = await one('listRouters', { networkid: web['id'] });
  expect(next).toMatchObject({ state: 'Running' });
  expect(next['id']).not.toBe(router['id']);
  await did('stopRouter', { id: next['id'] });
  expect(await one('listRouters', { id: next['id'] })).toMatchObject({ state: 'Stopped' });
  await did('startRouter', { id: next['id'] });
  expect(await one('listRouters', { id: next['id'] })).toMatchObject({ state: 'Running' });
});

test('permissions of a network name accounts and projects once', async () => {
  const { all, list, id, did, refused } = createCloud();
  const networkid = await id('listNetworks', 'ops-net');
  const domainid = await id('listDomains', 'engineering');
  const bob = await id('listAccounts', 'bob', { domainid });
  const projectids = await id('listProjects', 'webshop');
  expect(await refused('createNetworkPermissions', { networkid, accounts: 'nobody' })).toContain(
    'Unable to find account nobody',
  );
  await did('createNetworkPermissions', { networkid, accountids: bob, projectids });
  await did('createNetworkPermissions', { networkid, accountids: bob });
  expect(await list('listNetworkPermissions', { networkid })).toHaveLength(2);
  await did('removeNetworkPermissions', { networkid, projectids });
  expect((await list('listNetworkPermissions', { networkid })).map(({ account }) => account)).toEqual(['bob']);
  await did('createNetworkPermissions', { networkid, accounts: 'admin' });
  await did('resetNetworkPermissions', { networkid });
  expect(await all('listNetworkPermissions', { networkid })).toEqual([]);
});

test('addresses and their rules do not overlap, and go when they are released', async () => {
  const { one, all, id, did, refused } = createCloud();
  const web = await id('listPublicIpAddresses', '203.0.113.100');
  const nat = await id('listPublicIpAddresses', '203.0.113.101');
  const web1 = await id('listVirtualMachines', 'web-1');
  const db1 = await id('listVirtualMachines', 'db-1');
  const forward = { ipaddressid: web, virtualmachineid: web1, protocol: 'tcp', publicport: '90', privateport: '90' };
  expect(await refused('createPortForwardingRule', { ...forward, publicendport: '95' })).toBe(
    'Source port and destination port ranges should be of equal sizes.',
  );
  expect(await refused('createPortForwardingRule', { ...forward, publicport: '80' })).toContain('conflicts with rule');
  expect(await refused('createPortForwardingRule', { ...forward, virtualmachineid: db1 })).toContain(
    'does not have a nic in the network',
  );
  expect(
    await refused('createPortForwardingRule', {
      ...forward,
      virtualmachineid: await id('listVirtualMachines', 'old-test'),
    }),
  ).toContain('Invalid user vm');
  expect(await refused('createPortForwardingRule', { ...forward, ipaddressid: nat })).toContain('used for static NAT');
  await did('createPortForwardingRule', { ...forward, openfirewall: 'false' });
  expect((await all('listFirewallRules', { ipaddressid: web })).map((row) => row['startport'])).not.toContain(90);
  expect(await refused('createIpForwardingRule', { ipaddressid: web, protocol: 'tcp', startport: '1' })).toContain(
    'has no static NAT',
  );
  await did('createIpForwardingRule', { ipaddressid: nat, protocol: 'tcp', startport: '8080' });
  expect(await one('listIpForwardingRules', { ipaddressid: nat })).toMatchObject({
    publicport: '8080',
    virtualmachineid: db1,
  });
  const open = { ipaddressid: nat, protocol: 'tcp' };
  expect(await refused('createFirewallRule', { ...open, startport: '9', endport: '8' })).toBe(
    "Start port can't be bigger than end port",
  );
  await did('createFirewallRule', { ...open, startport: '100', endport: '200' });
  expect(await refused('createFirewallRule', { ...open, startport: '150', endport: '250' })).toContain(
    'conflicts with rule',
  );
  await did('createFirewallRule', { ...open, protocol: 'icmp', icmptype: '8' });
  expect(await all('listFirewallRules', { ipaddressid: nat })).toContainEqual(
    expect.objectContaining({ protocol: 'icmp', icmptype: 8, icmpcode: -1 }),
  );
  const egress = { networkid: await id('listNetworks', 'web-net'), protocol: 'tcp', startport: '443', endport: '443' };
  expect(await refused('createEgressFirewallRule', egress)).toContain('conflicts with rule');
  const loose = await did('associateIpAddress', { zoneid: await id('listZones', 'Frankfurt') });
  expect(await refused('createFirewallRule', { ...open, ipaddressid: loose['id'], startport: '1' })).toContain(
    'is not associated with any network',
  );
  expect(await refused('createRemoteAccessVpn', { publicipid: loose['id'] })).toContain('is not associated');
  const bind = { ipaddressid: loose['id'], virtualmachineid: db1 };
  expect(await refused('enableStaticNat', bind)).toContain('is already associated with another ip');
  expect(await refused('enableStaticNat', { ipaddressid: nat, virtualmachineid: web1 })).toContain(
    'already has static nat enabled',
  );
  await did('enableStaticNat', { ...bind, virtualmachineid: web1 });
  expect(await one('listPublicIpAddresses', { id: loose['id'] })).toMatchObject({ virtualmachinename: 'web-1' });
  expect((await all('listPublicIpAddresses', { networkid: egress.networkid })).length).toBeGreaterThan(1);
  await did('disassociateIpAddress', { id: loose['id'] });
  await did('disassociateIpAddress', { id: loose['id'] });
  expect(await one('listPublicIpAddresses', { id: loose['id'], allocatedonly: 'false' })).toMatchObject({
    state: 'Free',
  });
  const reserved = await did('reserveIpAddress', { id: loose['id'] });
  expect(reserved).toMatchObject({ state: 'Reserved' });
  expect(await refused('reserveIpAddress', { id: loose['id'] })).toContain('is not free');
  await did('releaseIpAddress', { id: loose['id'] });
  expect(await refused('releaseIpAddress', { id: loose['id'] })).toContain('is not reserved');
  await did('updateVirtualMachine', { id: db1, deleteprotection: 'false' });
  await did('destroyVirtualMachine', { id: db1, expunge: 'true' });
  expect(await one('listPublicIpAddresses', { id: nat })).toMatchObject({ isstaticnat: false });
  expect(await one('listVolumes', { name: 'db-data' })).not.toHaveProperty('virtualmachineid');
});

test('a load balancer takes machines of its network once, by machine or by address', async () => {
  const { one, all, id, did, refused } = createCloud();
  const rule = await one('listLoadBalancerRules', { name: 'web' });
  const web1 = await id('listVirtualMachines', 'web-1');
  expect((await all('listLoadBalancerRules', { virtualmachineid: web1 })).map(({ name }) => name)).toEqual(['web']);
  expect(
    await refused('assignToLoadBalancerRule', {
      id: rule['id'],
      virtualmachineids: await id('listVirtualMachines', 'db-1'),
    }),
  ).toContain("doesn't belong in the network of the load balancing rule");
  expect(await refused('assignToLoadBalancerRule', { id: rule['id'], virtualmachineids: web1 })).toBe(
    'VM web-1 is already mapped to load balancer.',
  );
  await did('removeFromLoadBalancerRule', { id: rule['id'], virtualmachineids: web1 });
  const outside = await all('listLoadBalancerRuleInstances', { id: rule['id'], applied: 'false' });
  expect(outside.map(({ name }) => name)).toContain('web-1');
  await did('assignToLoadBalancerRule', {
    id: rule['id'],
    'vmidipmap[0].vmid': web1,
    'vmidipmap[0].vmip': '10.1.10.200',
  });
  const inside = await all('listLoadBalancerRuleInstances', { id: rule['id'], lbvmips: 'true' });
  expect(inside).toContainEqual(expect.objectContaining({ lbvmipaddresses: ['10.1.10.200'] }));
  const cert = await did('uploadSslCert', {
    name: 'tls',
    certificate: '-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----',
    privatekey: '-----BEGIN PRIVATE KEY-----\nMII=\n-----END PRIVATE KEY-----',
  });
  const bind = { lbruleid: rule['id'], certid: cert['id'] };
  await did('assignCertToLoadBalancer', bind);
  expect(await refused('assignCertToLoadBalancer', bind)).toContain('Another certificate is already bound');
  expect(await refused('deleteSslCert', { id: cert['id'] })).toBe('Certificate in use by a loadbalancer(s) web');
  expect(await did('getLoadBalancerSslCertificate', { id: rule['id'] })).toMatchObject({
    crt: expect.stringContaining('BEGIN CERTIFICATE'),
  });
  await did('removeCertFromLoadBalancer', { lbruleid: rule['id'] });
  expect(await refused('getLoadBalancerSslCertificate', { id: rule['id'] })).toContain('No certificate is bound');
  await did('deleteSslCert', { id: cert['id'] });
});

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
  const last = await did('createNetworkACL', { aclid, protocol: 'tcp', startport: '22', reason: 'ssh' });
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

test('security groups refuse rules without a source, twice, or the wrong way round', async () => {
  const { one, did, refused } = createCloud();
  const bob = keysOf('bob');
  const { id: securitygroupid } = await did('createSecurityGroup', { name: 'strict' }, bob);
  const rule = { securitygroupid, protocol: 'tcp', startport: '80', endport: '80', cidrlist: '10.0.0.0/8' };
  const { cidrlist: _, ...bare } = rule;
  expect(await refused('authorizeSecurityGroupIngress', bare, bob)).toContain('needs to be specified');
  expect(await refused('authorizeSecurityGroupIngress', { ...rule, endport: '79' }, bob)).toBe(
    "Start port can't be bigger than end port",
  );
  await did('authorizeSecurityGroupEgress', rule, bob);
  expect(await refused('authorizeSecurityGroupEgress', rule, bob)).toBe(
    'The rule already exists in the security group',
  );
  const group = await one('listSecurityGroups', { id: securitygroupid });
  expect([group['ingressrule'], group['egressrule'].length]).toEqual([[], 1]);
});
