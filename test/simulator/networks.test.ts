import { expect, test } from 'vitest';
import { createCloud, keysOf } from './cloud.ts';

test('networks are made once, within their offering, and restarted only when they are up', async () => {
  const { one, all, id, did, refused } = createCloud();
  const zoneid = await id('listZones', 'Frankfurt');
  const nat = await id('listNetworkOfferings', 'DefaultIsolatedNetworkOfferingWithSourceNatService');
  const fresh = { zoneid, networkofferingid: nat, name: 'fresh', displaytext: 'fresh' };
  expect(await refused('createNetwork', { ...fresh, gateway: '10.9.9.1', netmask: '1.2.3.4' })).toContain(
    'Invalid netmask',
  );
  const network = await did('createNetwork', fresh);
  expect(network).toMatchObject({ state: 'Allocated', type: 'Isolated' });
  await did('updateConfiguration', { name: 'allow.duplicate.networkname', value: 'false' });
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
  const free = await one('listPublicIpAddresses', { allocatedonly: 'false', state: 'Free' });
  const loose = await did('reserveIpAddress', { id: free['id'] });
  expect(loose).toMatchObject({ state: 'Reserved' });
  expect(await refused('reserveIpAddress', { id: loose['id'] })).toContain('is not free');
  expect(await refused('createFirewallRule', { ...open, ipaddressid: loose['id'], startport: '1' })).toContain(
    'is not associated with any network',
  );
  expect(await refused('createRemoteAccessVpn', { publicipid: loose['id'] })).toContain('is not associated');
  await did('releaseIpAddress', { id: loose['id'] });
  expect(await refused('releaseIpAddress', { id: loose['id'] })).toContain('is not reserved');
  const taken = await did('associateIpAddress', { networkid: egress.networkid });
  const bind = { ipaddressid: taken['id'], virtualmachineid: db1 };
  expect(await refused('enableStaticNat', bind)).toContain('is already associated with another ip');
  expect(await refused('enableStaticNat', { ipaddressid: nat, virtualmachineid: web1 })).toContain(
    'already has static nat enabled',
  );
  await did('enableStaticNat', { ...bind, virtualmachineid: web1 });
  expect(await one('listPublicIpAddresses', { id: taken['id'] })).toMatchObject({ virtualmachinename: 'web-1' });
  expect((await all('listPublicIpAddresses', { networkid: egress.networkid })).length).toBeGreaterThan(1);
  await did('disassociateIpAddress', { id: taken['id'] });
  await did('disassociateIpAddress', { id: taken['id'] });
  expect(await one('listPublicIpAddresses', { id: taken['id'], allocatedonly: 'false' })).toMatchObject({
    state: 'Free',
  });
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
