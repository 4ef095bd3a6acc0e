import { expect, test } from 'vitest';
import { createCloud, keysOf } from './cloud.ts';

test('lists of virtual machines filter by where a machine runs, what it hangs on and what it shows', async () => {
  const { all, list, one, id, did, refused } = createCloud();
  const names = async (params: Record<string, string>) =>
    (await all('listVirtualMachines', params)).map(({ name }) => String(name)).sort();
  const web = await one('listVirtualMachines', { name: 'web-1' });
  expect(web['name']).toBe('web-1');
  expect(await names({ keyword: '10.1.20.' })).toEqual(['db-1', 'db-replica']);
  expect(await names({ keyword: String(web['instancename']) })).toEqual(['web-1']);
  expect(await names({ keyword: 'destroyed' })).toEqual(['old-test']);
  expect(await names({ state: 'Stopped' })).toEqual(['build-runner', 'db-replica', 'demo']);
  expect(await names({ state: 'present' })).not.toContain('old-test');
  expect(await names({ networkid: await id('listNetworks', 'sales-net') })).toEqual(['crm', 'demo', 'reports']);
  expect(await names({ vpcid: await id('listVPCs', 'staging') })).toEqual(['staging-app']);
  expect(await names({ hostid: web['hostid'] })).toContain('web-1');
  const { clusterid, podid } = await one('listHosts', { id: web['hostid'] });
  expect(await names({ clusterid })).toContain('web-1');
  expect(await names({ podid })).not.toContain('demo');
  const nuremberg = await id('listClusters', 'nue-c1');
  expect(await names({ clusterid: nuremberg })).toEqual([]);
  const metrics = await one('listVolumes', { name: 'metrics' });
  expect(await names({ storageid: metrics['storageid'] })).toContain('monitoring');
  expect((await all('listVolumes', { hostid: web['hostid'] })).map((row) => row['vmname'])).toContain('web-1');
  expect((await all('listVolumes', { podid, name: 'metrics' })).length).toBe(1);
  expect(await all('listVolumes', { clusterid: nuremberg })).toEqual([]);
  expect(await all('listVolumes', { isencrypted: 'true' })).toEqual([]);
  const pair = await did('createSSHKeyPair', { name: 'mine' });
  expect(pair['privatekey']).toContain('PRIVATE KEY');
  const group = await did('createAffinityGroup', { name: 'apart', type: 'host anti-affinity' });
  const jump = await id('listVirtualMachines', 'jump-host');
  expect(await refused('updateVMAffinityGroup', { id: jump, affinitygroupids: group['id'] })).toContain('is stopped');
  await did('stopVirtualMachine', { id: jump });
  await did('updateVMAffinityGroup', { id: jump, affinitygroupids: group['id'] });
  await did('resetSSHKeyForVirtualMachine', { id: jump, keypairs: 'mine' });
  expect(await names({ affinitygroupid: group['id'] })).toEqual(['jump-host']);
  expect(await names({ keypair: 'mine' })).toEqual(['jump-host']);
  expect(await one('listAffinityGroups', { id: group['id'] })).toMatchObject({ virtualmachineIds: [jump] });
  const [bare] = await list('listVirtualMachines', { id: jump, details: 'nics' });
  expect(bare?.['nic']).toHaveLength(1);
  expect(bare).not.toHaveProperty('templatename');
  expect(bare).not.toHaveProperty('serviceofferingname');
  expect(await refused('listVirtualMachines', { details: 'everything' })).toContain('non permitted value');
});

test('a virtual machine grows while it runs only if it may, and shrinks when stopped', async () => {
  const { one, id, did, refused } = createCloud();
  const [small, large] = [
    await id('listServiceOfferings', 'Small Instance'),
    await id('listServiceOfferings', 'Large Instance'),
  ];
  const web = await id('listVirtualMachines', 'web-1');
  expect(await refused('scaleVirtualMachine', { id: web, serviceofferingid: small })).toContain(
    'Only scaling up the vm is supported',
  );
  const xlarge = await id('listServiceOfferings', 'XLarge Instance');
  expect(await refused('scaleVirtualMachine', { id: web, serviceofferingid: xlarge })).toContain(
    'does not have tools to support dynamic scaling',
  );
  const template = await id('listTemplates', 'Ubuntu 24.04 LTS', { templatefilter: 'all' });
  const zoneid = await id('listZones', 'Frankfurt');
  const networkids = await id('listNetworks', 'ops-net');
  const fresh = { zoneid, networkids, templateid: template, serviceofferingid: small, dynamicscalingenabled: 'true' };
  const made = await did('deployVirtualMachine', { ...fresh, name: 'elastic', group: 'pool' });
  expect(made).toMatchObject({ state: 'Running', cpunumber: 1, memory: 512, group: 'pool' });
  await did('scaleVirtualMachine', { id: made['id'], serviceofferingid: large });
  expect(await one('listVirtualMachines', { id: made['id'] })).toMatchObject({ serviceofferingname: 'Large Instance' });
  const old = await id('listVirtualMachines', 'old-test');
  expect(await refused('scaleVirtualMachine', { id: old, serviceofferingid: large })).toContain('Destroyed state');
  expect(await refused('restoreVirtualMachine', { virtualmachineid: old })).toContain(
    'currently in Destroyed state, restore vm can only execute when VM in Running or Stopped',
  );
  await did('expungeVirtualMachine', { id: old });
  expect(await one('listVirtualMachines', { id: old })).toEqual({});
});

test('a deployment is refused for a wrong size, name, network, template or zone', async () => {
  const { one, id, did, refused } = createCloud();
  const zoneid = await id('listZones', 'Frankfurt');
  const templateid = await id('listTemplates', 'Debian 12', { templatefilter: 'all' });
  const serviceofferingid = await id('listServiceOfferings', 'Small Instance');
  const networkids = await id('listNetworks', 'ops-net');
  const whole = { zoneid, templateid, serviceofferingid, networkids, name: 'fresh' };
  const no = (more: Record<string, string>, keys?: ReturnType<typeof keysOf>) =>
    refused('deployVirtualMachine', { ...whole, ...more }, keys);
  expect(await no({ 'details[0].cpuNumber': '4' })).toContain('The offering has a fixed size');
  expect(await no({ userdata: '#cloud-config' })).toBe('User data is not base64 encoded.');
  expect(await no({ name: '-wrong' })).toContain('Invalid value provided for API arg: name - ');
  expect(await no({ name: 'monitoring' })).toContain('The vm with hostName monitoring already exists');
  expect(await no({ 'iptonetworklist[0].networkid': networkids })).toBe(
    "ipToNetworkMap can't be specified along with networkIds or ipAddress",
  );
  const { networkids: _, ...bare } = whole;
  expect(
    await refused('deployVirtualMachine', {
      ...bare,
      'iptonetworklist[0].networkid': '00000000-0000-4000-8000-000000000000',
    }),
  ).toContain('Unable to find network by id');
  const placed = await did('deployVirtualMachine', {
    ...bare,
    'iptonetworklist[0].networkid': networkids,
    'iptonetworklist[0].ip': '10.1.1.77',
  });
  expect(placed['nic']).toMatchObject([{ ipaddress: '10.1.1.77', networkname: 'ops-net' }]);
  expect(await refused('deployVirtualMachine', { ...bare, name: 'two' }, keysOf('bob'))).toContain(
    'More than 1 default Isolated networks are found for account bob',
  );
  const isoid = await id('listIsos', 'Ubuntu 24.04 Server ISO', { isofilter: 'all' });
  expect(await no({ templateid: isoid, name: 'from-iso' })).toContain('when deploying from an ISO');
  const edge = await id('listZones', 'Nuremberg Edge');
  await did('deleteTemplate', { id: templateid, zoneid: edge, forced: 'true' });
  expect(await no({ zoneid: edge, name: 'edge' })).toContain('is not available for use');
  await did('updateZone', { id: zoneid, allocationstate: 'Disabled' });
  const net = await id('listNetworks', 'web-net');
  expect(await no({ networkids: net, name: 'late' }, keysOf('bob'))).toContain(
    `Cannot perform this operation, Zone is currently disabled: ${zoneid}`,
  );
  expect(await one('listZones', { available: 'true', name: 'Frankfurt' })).toEqual({});
});

test('users are kept from what only administrators may do to a virtual machine', async () => {
  const { one, id, did, refused } = createCloud();
  const bob = keysOf('bob');
  const old = await id('listVirtualMachines', 'old-test');
  const web = await id('listVirtualMachines', 'web-1');
  const may = async (name: string, value: string) => did('updateConfiguration', { name, value });
  await may('allow.user.expunge.recover.vm', 'false');
  expect(await refused('recoverVirtualMachine', { id: old }, bob)).toContain(
    'Recovering a vm can be done by Admin only',
  );
  expect(await refused('expungeVirtualMachine', { id: old }, bob)).toContain(
    'Expunging a vm can be done by Admin only',
  );
  expect(await refused('destroyVirtualMachine', { id: web, expunge: 'true' }, bob)).toContain(
    'Parameter expunge can be passed by Admin only',
  );
  await may('allow.user.force.stop.vm', 'false');
  expect(await refused('stopVirtualMachine', { id: web, forced: 'true' }, bob)).toMatch(/permission|access/i);
  expect(await one('listVirtualMachines', { id: web })).toMatchObject({ state: 'Running' });
  await may('allow.user.expunge.recover.vm', 'true');
  await did('recoverVirtualMachine', { id: old }, bob);
  expect(await one('listVirtualMachines', { id: old })).toMatchObject({ state: 'Stopped' });
  await did('destroyVirtualMachine', { id: old }, bob);
  await did('destroyVirtualMachine', { id: old, expunge: 'true' }, bob);
  expect(await one('listVirtualMachines', { id: old })).toEqual({});
});

test('a virtual machine changes hands, its media, password and place', async () => {
  const { one, all, id, did, refused } = createCloud();
  const demo = await id('listVirtualMachines', 'demo');
  const domainid = await id('listDomains', 'engineering');
  expect(await refused('assignVirtualMachine', { virtualmachineid: demo, account: 'nobody', domainid })).toContain(
    'Invalid account or project',
  );
  await did('assignVirtualMachine', { virtualmachineid: demo, account: 'bob', domainid });
  expect(await one('listVirtualMachines', { id: demo })).toMatchObject({ account: 'bob' });
  expect((await all('listVolumes', { virtualmachineid: demo }))[0]).toMatchObject({ account: 'bob' });
  const projectid = await id('listProjects', 'webshop');
  await did('assignVirtualMachine', { virtualmachineid: demo, projectid, domainid });
  expect(await one('listVirtualMachines', { projectid, id: demo })).toMatchObject({ project: 'webshop' });
  expect(
    await refused('assignVirtualMachine', {
      virtualmachineid: await id('listVirtualMachines', 'reports'),
      account: 'bob',
      domainid,
    }),
  ).toContain('VM is Running');
  const jump = await id('listVirtualMachines', 'jump-host');
  const iso = await id('listIsos', 'Ubuntu 24.04 Server ISO', { isofilter: 'all' });
  await did('attachIso', { id: iso, virtualmachineid: jump });
  expect(await one('listVirtualMachines', { id: jump })).toMatchObject({ isoname: 'Ubuntu 24.04 Server ISO' });
  await did('detachIso', { virtualmachineid: jump });
  expect(await refused('detachIso', { virtualmachineid: jump })).toBe('The specified VM has no ISO attached to it.');
  const old = await id('listVirtualMachines', 'old-test');
  expect(await refused('attachIso', { id: iso, virtualmachineid: old })).toContain('is Destroyed');
  expect(await refused('updateVirtualMachine', { id: jump, name: 'other' })).toContain('needs to be restarted');
  await did('updateVirtualMachine', { id: jump, 'details[0].rootDiskController': 'virtio', displayname: 'jump' });
  expect(await one('listVirtualMachines', { id: jump })).toMatchObject({
    displayname: 'jump',
    details: { rootDiskController: 'virtio' },
  });
  const from = (await one('listVirtualMachines', { id: jump }))['hostid'];
  await did('migrateVirtualMachine', { virtualmachineid: jump, autoselect: 'true' });
  const to = (await one('listVirtualMachines', { id: jump }))['hostid'];
  expect(to).not.toBe(from);
  const other = await id('listHosts', 'fra-c2-host2.sim');
  await did('updateHost', { id: other, allocationstate: 'Disable' });
  expect(await refused('migrateVirtualMachine', { virtualmachineid: jump, hostid: other })).toBe(
    `Host ${other} is not able to take virtual machines`,
  );
  expect(await one('listVirtualMachines', { id: jump })).toMatchObject({ state: 'Running', hostid: to });
});

test('nics come, go, change their network and addresses', async () => {
  const { one, all, id, did, refused } = createCloud();
  const web = await id('listVirtualMachines', 'web-1');
  const network = await id('listNetworks', 'db-net');
  const taken = (await one('listNics', { virtualmachineid: await id('listVirtualMachines', 'db-1') }))['ipaddress'];
  const add = { virtualmachineid: web, networkid: network };
  expect(await refused('addNicToVirtualMachine', { ...add, ipaddress: '192.0.2.4' })).toContain('not in the range');
  expect(await refused('addNicToVirtualMachine', { ...add, ipaddress: taken })).toBe(
    `The IP address ${taken} is already in use`,
  );
  expect(
    await refused('addNicToVirtualMachine', { ...add, virtualmachineid: await id('listVirtualMachines', 'old-test') }),
  ).toContain('is not in Running or Stopped state');
  expect(
    await refused('addNicToVirtualMachine', {
      virtualmachineid: await id('listVirtualMachines', 'reports'),
      networkid: network,
    }),
  ).toBe('NIC cannot be added to VM with VM Snapshots');
  const vm = await did('addNicToVirtualMachine', { ...add, ipaddress: '10.1.20.99' });
  const [first, second] = vm['nic'] as Record<string, string>[];
  expect(second).toMatchObject({ ipaddress: '10.1.20.99', networkname: 'db-net', isdefault: false });
  expect(await refused('addNicToVirtualMachine', add)).toContain('A NIC already exists for VM');
  const nic = { virtualmachineid: web, nicid: String(second?.['id']) };
  expect(await refused('removeNicFromVirtualMachine', { ...nic, nicid: String(first?.['id']) })).toContain(
    'is default',
  );
  expect(await refused('updateVmNicIp', { nicid: nic.nicid, ipaddress: '10.1.20.98' })).toContain('must be stopped');
  await did('updateDefaultNicForVirtualMachine', nic);
  expect(await refused('updateDefaultNicForVirtualMachine', nic)).toContain('is already the default one');
  expect(await refused('removeNicFromVirtualMachine', { ...nic, nicid: String(first?.['id']) })).toContain(
    'it has rules',
  );
  await did('updateDefaultNicForVirtualMachine', { ...nic, nicid: String(first?.['id']) });
  await did('stopVirtualMachine', { id: web });
  await did('updateVmNicIp', { nicid: nic.nicid, ipaddress: '10.1.20.98' });
  const ip = await did('addIpToNic', { nicid: nic.nicid, ipaddress: '10.1.20.150' });
  expect(ip).toMatchObject({ ipaddress: '10.1.20.150' });
  expect(await one('listNics', nic)).toMatchObject({
    ipaddress: '10.1.20.98',
    secondaryip: [{ ipaddress: '10.1.20.150' }],
  });
  await did('removeIpFromNic', { id: ip['id'] });
  await did('removeNicFromVirtualMachine', nic);
  expect(await all('listNics', { virtualmachineid: web })).toHaveLength(1);
});
