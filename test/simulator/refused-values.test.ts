import { expect, test } from 'vitest';
import { createCloud } from './cloud.ts';

type Params = Record<string, string>;

/** A request, how it ends, and what the refusal says or holds. */
type Case = [command: string, params: Params, outcome: string, text: string];

/** Sends each, and says which end otherwise than they should. */
const wrongOf = async ({ outcome, refused }: ReturnType<typeof createCloud>, cases: Case[]): Promise<string[]> => {
  const wrong: string[] = [];
  for (const [command, params, expected, text] of cases) {
    const what = `${command} ${JSON.stringify(params)}`;
    const got = await outcome(command, params);
    const refusal = got === expected ? await refused(command, params) : '';
    if (got !== expected) wrong.push(`${what}: ${got}, and not ${expected}`);
    else if (!refusal.includes(text)) wrong.push(`${what}: ${refusal}`);
  }
  return wrong;
};

// What the sources refuse, in their words: ConfigurationManagerImpl, StorageNetworkManagerImpl.
test('offerings, zones, pods, ranges and settings outside their bounds are refused in the words of the source', async () => {
  const cloud = createCloud({ settings: {} });
  const { one, did } = cloud;
  const idOf = async (command: string, params: Params = {}): Promise<string> =>
    String((await one(command, params))['id']);
  const zone = await idOf('listZones', { name: 'Frankfurt' });
  const pod = await one('listPods', { zoneid: zone });
  const [podid, gateway, netmask] = [pod['id'], pod['gateway'], pod['netmask']].map(String) as [string, string, string];
  const disk = { name: 'd', displaytext: 'd', disksize: '5' };
  const service = { name: 's', displaytext: 's', cpunumber: '1', cpuspeed: '500', memory: '512' };
  const custom = { name: 's', displaytext: 's', customized: 'true', cpuspeed: '500' };
  const size = { mincpunumber: '1', maxcpunumber: '2', minmemory: '512', maxmemory: '1024' };
  const fixed = { customizediops: 'false' };
  const newZone = { name: 'z', dns1: '9.9.9.9', internaldns1: '9.9.9.9', networktype: 'Advanced' };
  const block = { zoneid: zone, gateway: '10.77.0.1', netmask: '255.255.255.0' };
  const portable = { regionid: '1', gateway: '198.18.9.1', netmask: '255.255.255.0' };
  await did('createPortableIpRange', { ...portable, startip: '198.18.9.100', endip: '198.18.9.120' });
  await did('updateConfiguration', { name: 'vm.serviceoffering.ram.size.max', value: '4096' });
  await did('updateConfiguration', { name: 'vm.disk.iops.maximum.read.length', value: '60' });
  const setting = (name: string, value: string, text: string): Case => [
    'updateConfiguration',
    { name, value },
    '431/4350',
    text,
  ];
  const cases: Case[] = [
    ['createDiskOffering', { ...disk, disksize: '0' }, '431/4350', 'Please specify a disk size of at least 1 GB.'],
    ['createDiskOffering', { ...disk, disksize: '2001' }, '431/4350', 'The maximum size for a disk is 2000 GB.'],
    ['createDiskOffering', { ...disk, ...fixed, miniops: '0', maxiops: '5' }, '431/4350', 'greater than 0.'],
    ['createDiskOffering', { ...disk, ...fixed, miniops: '9', maxiops: '5' }, '431/4350', 'equal to the max IOPS.'],
    ['createDiskOffering', { ...disk, hypervisorsnapshotreserve: '-1' }, '431/4350', 'greater than or equal to 0.'],
    ...['IOPS Read', 'IOPS Write', 'Bytes Read', 'Bytes Write'].map((rate): Case => {
      const name = `${rate.replace(' ', '').toLowerCase()}rate`;
      const text = `${rate} rate (9) cannot be greater than ${rate} maximum rate (5)`;
      return ['createDiskOffering', { ...disk, [name]: '9', [`${name}max`]: '5' }, '431/4350', text];
    }),
    [
      'createDiskOffering',
      { ...disk, iopsreadratemaxlength: '61' },
      '431/4350',
      'IOPS read max length (61 seconds) cannot be greater than vm.disk.iops.maximum.read.length (60 seconds)',
    ],
    [
      'createServiceOffering',
      { ...service, rootdisksize: '0' },
      '431/4350',
      'The Root disk size is of 0 GB but it must',
    ],
    [
      'createServiceOffering',
      { ...service, rootdisksize: '2001' },
      '431/4350',
      'The maximum size for a disk is 2000 GB.',
    ],
    ['createServiceOffering', { ...service, ...fixed, miniops: '9', maxiops: '5' }, '431/4350', 'the max IOPS.'],
    [
      'createServiceOffering',
      { ...service, memory: '8192' },
      '431/4350',
      'specify the memory value between 32 and 4096',
    ],
    ['createServiceOffering', { ...custom, ...size, mincpunumber: '0' }, '431/4350', 'offering s: specify the minimum'],
    [
      'createServiceOffering',
      { ...custom, ...size, minmemory: '16' },
      '431/4350',
      'memory value between 32 and 2147483647',
    ],
    ['createZone', { ...newZone, guestcidraddress: '10.1.1.0/99' }, '431/4350', 'Please enter a valid guest cidr'],
    ['createZone', { ...newZone, guestcidraddress: '8.8.8.0/24' }, '431/4350', 'Please enter a valid guest cidr'],
    ['createZone', { ...newZone, domain: 'bad domain!' }, '431/4350', 'Invalid network domain.'],
    ['createZone', { ...newZone, ip6dns1: 'junk' }, '431/4350', 'Please enter a valid IPv6 address for IP6 DNS1'],
    [
      'createZone',
      { ...newZone, networktype: 'Basic', guestcidraddress: '10.1.1.0/24' },
      '431/4350',
      'guestCidrAddress parameter is not supported for Basic zone',
    ],
    ['createZone', { ...newZone, networktype: 'Basic', isedge: 'true' }, '431/4350', 'can be edge zones'],
    ['updateZone', { id: zone, guestcidraddress: '10.1.1.0' }, '431/4350', 'Please enter a valid guest cidr'],
    ['updateZone', { id: zone, domain: '-x' }, '431/4350', 'Invalid network domain.'],
    ['updateZone', { id: zone, dnssearchorder: 'ok,no_good' }, '431/4350', 'Invalid network domain suffixes.'],
    ['updateZone', { id: zone, name: 'Nuremberg Edge' }, '431/4350', 'A zone with that name already exists.'],
    ['createPod', { ...block, name: 'p' }, '431/4350', 'The start IP is invalid'],
    ['createPod', { ...block, name: 'p', startip: '10.77.0.9', endip: 'x' }, '431/4350', 'The end IP is invalid'],
    ['createPod', { ...block, name: 'p', startip: '10.77.0.9', gateway: 'x' }, '431/4350', 'The gateway is invalid'],
    [
      'createPod',
      { ...block, name: 'p', startip: '10.77.0.9', netmask: '255.0.255.0' },
      '431/4350',
      'netmask is invalid',
    ],
    [
      'createPod',
      { ...block, name: 'p', startip: '10.78.0.9' },
      '431/4350',
      'The start address of the IP range is not in',
    ],
    [
      'createPod',
      { ...block, name: 'p', startip: '10.77.0.1' },
      '431/4350',
      "shouldn't overlap start/end ip addresses",
    ],
    [
      'createPod',
      { ...block, name: 'p', gateway, netmask, startip: gateway.replace(/\d+$/, '240') },
      '431/4350',
      'The subnet of the pod you are adding conflicts with the subnet of the Pod: frankfurt-pod1.',
    ],
    [
      'updatePod',
      { id: podid, netmask: '255.0.255.0' },
      '431/4350',
      'Please enter a valid CIDR for pod: frankfurt-pod1',
    ],
    [
      'updatePod',
      { id: podid, netmask: '255.255.255.192' },
      '431/4350',
      'The end address of the some IP range is not in',
    ],
    [
      'createManagementNetworkIpRange',
      { podid, gateway: '10.66.0.1', netmask, startip: '10.66.0.5' },
      'job 431',
      'are not allowed. The Gateway should be same as the existing Gateway',
    ],
    [
      'createManagementNetworkIpRange',
      { podid, gateway, netmask: '255.255.0.0', startip: '10.66.0.5' },
      'job 431',
      'are not allowed. The Netmask should be same as the existing Netmask',
    ],
    [
      'createManagementNetworkIpRange',
      { podid, gateway, netmask, startip: gateway.replace(/\d+$/, '60') },
      'job 431',
      'The new range overlaps with existing range. Please add a mutually exclusive range.',
    ],
    [
      'createManagementNetworkIpRange',
      { podid, gateway, netmask, startip: gateway.replace(/\d+$/, '230'), endip: gateway.replace(/\d+$/, '220') },
      'job 431',
      'The start IP address must have a lower value than the end IP address.',
    ],
    [
      'createManagementNetworkIpRange',
      { podid, gateway: 'x', netmask, startip: gateway },
      'job 431',
      'gateway IP address',
    ],
    [
      'createStorageNetworkIpRange',
      { podid, gateway, netmask: '255.0.255.0', startip: '10.5.0.4' },
      'job 530',
      'netmask:255',
    ],
    [
      'createStorageNetworkIpRange',
      { podid, gateway, netmask, startip: gateway.replace(/\d+$/, '60') },
      'job 431',
      'The Storage network Start IP and endIP address range overlap with private IP :',
    ],
    [
      'createVlanIpRange',
      { zoneid: zone, vlan: '50', gateway: '198.18.0.9', netmask, startip: '198.18.0.2', endip: '198.18.0.30' },
      '431/4350',
      'The gateway ip should not be the part of the ip range being added.',
    ],
    [
      'createPortableIpRange',
      { ...portable, startip: '198.18.9.9', endip: '198.18.9.5' },
      '431/4350',
      'Invalid portable ip',
    ],
    [
      'createPortableIpRange',
      { ...portable, startip: '198.18.8.5', endip: '198.18.9.9' },
      '431/4350',
      'your start IP is in',
    ],
    [
      'createPortableIpRange',
      { ...portable, startip: '198.18.9.5', endip: '198.18.10.9' },
      '431/4350',
      'your end IP is in',
    ],
    [
      'createPortableIpRange',
      { ...portable, startip: '198.18.9.110', endip: '198.18.9.130' },
      '431/4350',
      'overlaps with',
    ],
    setting('expunge.interval', '0', 'Please enter a positive value for the configuration parameter:expunge.interval'),
    setting('vm.password.length', '5', 'Please enter a value greater than 5'),
    setting('remote.access.vpn.psk.length', '7', 'Please enter a value greater than 7'),
    setting('remote.access.vpn.psk.length', '300', 'Please enter a value less than 257'),
    setting('cluster.cpu.allocated.capacity.notificationthreshold', '1.5', 'Please enter a value between 0 and 1'),
    setting('cpu.overprovisioning.factor', '0', 'cpu.overprovisioning.factor should be greater than 0'),
    setting('remote.access.vpn.client.iprange', '10.1.2.1', 'Invalid IP address value(s) specified'),
    setting('expunge.delay', '', 'There was error in trying to parse value'),
    setting('cpu.overprovisioning.factor', 'two', 'Please enter a valid float value'),
  ];
  expect(await wrongOf(cloud, cases)).toEqual([]);
});

// VolumeApiServiceImpl, SnapshotManagerImpl, UserVmManagerImpl, DeployVMCmd, VMScheduleManagerImpl.
test('machines, volumes and schedules outside their bounds are refused in the words of the source', async () => {
  const cloud = createCloud({ settings: {} });
  const { id, one, did } = cloud;
  const zoneid = await id('listZones', 'Frankfurt');
  const vm = await one('listVirtualMachines', { name: 'web-1' });
  const running = String(vm['id']);
  const stopped = await id('listVirtualMachines', 'demo');
  const [small, custom] = [await id('listDiskOfferings', 'Small'), await id('listDiskOfferings', 'Custom')];
  const templateid = await id('listTemplates', 'Debian 12', { templatefilter: 'all' });
  const system = await id('listTemplates', 'SystemVM Template (simulator)', { templatefilter: 'all' });
  const networkids = await id('listNetworks', 'ops-net');
  const spare = await id('listVolumes', 'spare');
  const data = await one('listVolumes', { name: 'db-data' });
  const snapshot = await one('listSnapshots');
  const bounded = await did('createServiceOffering', {
    name: 'bounded',
    displaytext: 'bounded',
    customized: 'true',
    cpuspeed: '500',
    mincpunumber: '2',
    maxcpunumber: '4',
    minmemory: '1024',
    maxmemory: '2048',
  });
  const iops = await did('createDiskOffering', { name: 'i', displaytext: 'i', customizediops: 'true', disksize: '5' });
  const group = await did('createAffinityGroup', {
    name: 'theirs',
    type: 'host anti-affinity',
    account: 'bob',
    domainid: await id('listDomains', 'engineering'),
  });
  const plain = {
    zoneid,
    templateid,
    networkids,
    serviceofferingid: await id('listServiceOfferings', 'Small Instance'),
  };
  const sized = (cpuNumber: string, memory: string): Params => ({
    ...plain,
    serviceofferingid: String(bounded['id']),
    'details[0].cpuNumber': cpuNumber,
    'details[0].memory': memory,
  });
  const volume = { name: 'v', zoneid };
  const every = { virtualmachineid: running, action: 'START', timezone: 'UTC' };
  const upload = { name: 'u', zoneid, format: 'QCOW2' };
  const cases: Case[] = [
    ['deployVirtualMachine', { ...plain, macaddress: 'zz' }, '431/4350', 'Mac address is not valid: zz'],
    ['deployVirtualMachine', { ...plain, macaddress: '01:00:00:00:00:01' }, '431/4350', 'Mac address is not unicast'],
    ['deployVirtualMachine', { ...plain, diskofferingid: custom }, '431/4350', 'requires a custom size specified'],
    [
      'deployVirtualMachine',
      { ...plain, diskofferingid: custom, size: '9999' },
      '431/4350',
      'Volume size: 9999 GB is out of allowed range. Min: 1. Max: 1024',
    ],
    [
      'deployVirtualMachine',
      sized('1', '1024'),
      '431/4350',
      'Invalid CPU cores value, specify a value between 2 and 4',
    ],
    [
      'deployVirtualMachine',
      sized('2', '512'),
      '431/4350',
      'Invalid memory value, specify a value between 1024 and 2048',
    ],
    ['deployVirtualMachine', { ...plain, affinitygroupnames: 'none' }, '431/4350', 'Unable to find group by name none'],
    [
      'deployVirtualMachine',
      { ...plain, affinitygroupids: String(group['id']) },
      '531/4365',
      "Affinity Group theirs does not belong to the VM's account",
    ],
    [
      'deployVirtualMachine',
      { ...plain, securitygroupnames: 'default' },
      '431/4350',
      "Can't create VM with security groups",
    ],
    ['deployVirtualMachine', { ...plain, hypervisor: 'KVM' }, '431/4350', 'Hypervisor passed to the deployVm call, is'],
    ['deployVirtualMachine', { ...plain, templateid: system }, '431/4350', 'Unable to use system template'],
    [
      'deployVirtualMachine',
      { ...plain, extraconfig: 'x%3Dy' },
      '431/4350',
      'attempted setting extraconfig but enable.',
    ],
    [
      'deployVirtualMachine',
      { ...plain, 'dhcpoptionsnetworklist[0].networkid': zoneid },
      '431/4350',
      'that is specified in the extra dhcp options.',
    ],
    [
      'deployVirtualMachine',
      { ...plain, networkids: await id('listNetworks', 'bob-l2'), userdata: 'QQ==' },
      '431/4350',
      'there is no support for UserData service in the default network bob-l2/',
    ],
    [
      'addNicToVirtualMachine',
      { virtualmachineid: running, networkid: networkids, macaddress: 'zz' },
      'job 431',
      'not valid',
    ],
    [
      'migrateVirtualMachine',
      { virtualmachineid: running, hostid: String(vm['hostid']) },
      'job 431',
      'Cannot migrate VM, VM is already present on this host',
    ],
    ['createVolume', { ...volume, diskofferingid: custom, size: '0' }, '431/4350', 'Disk size must be larger than 0'],
    ['createVolume', { ...volume, diskofferingid: small, size: '5' }, '431/4350', 'does not allow custom size'],
    ['createVolume', { ...volume, diskofferingid: String(iops['id']), maxiops: '5' }, '431/4350', 'greater than 0.'],
    ['createVolume', { ...volume, diskofferingid: String(iops['id']), miniops: '5' }, '431/4350', 'the max IOPS.'],
    [
      'createVolume',
      { ...volume, diskofferingid: small, snapshotid: String(snapshot['id']) },
      '431/4350',
      'Disk Offering ID cannot be passed whilst creating volume from snapshot other than ROOT disk snapshots',
    ],
    [
      'attachVolume',
      { id: spare, virtualmachineid: running, deviceid: '0' },
      'job 431',
      'Root volume detach can happen',
    ],
    ['attachVolume', { id: spare, virtualmachineid: stopped, deviceid: '0' }, 'job 431', 'already has root volume'],
    ['attachVolume', { id: spare, virtualmachineid: stopped, deviceid: '3' }, 'job 530', 'should be 0,1,2,4-7'],
    ['attachVolume', { id: spare, virtualmachineid: stopped, deviceid: '8' }, 'job 530', 'should be 0,1,2,4-7'],
    ['changeOfferingForVolume', { id: spare, diskofferingid: custom }, 'job 431', 'requires that a size be specified.'],
    [
      'uploadVolume',
      { ...upload, url: 'http://x.org/a.vhd' },
      'job 530',
      'URL:/a.vhd is an invalid for the format qcow2',
    ],
    [
      'uploadVolume',
      { ...upload, url: 'http://x.org/a.qcow2', diskofferingid: small },
      'job 431',
      'Please specify a custom sized disk offering.',
    ],
    [
      'createSnapshotPolicy',
      { volumeid: String(data['id']), intervaltype: 'MONTHLY', schedule: '00:00:29', timezone: 'UTC', maxsnaps: '1' },
      '431/4350',
      'Invalid schedule: 00:00:29 for interval type: MONTHLY',
    ],
    [
      'copySnapshot',
      { id: String(snapshot['id']), sourcezoneid: zoneid, destzoneids: zoneid },
      'job 431',
      'Please specify different source and destination zones.',
    ],
    [
      'createVMSchedule',
      { ...every, schedule: 'bogus' },
      '431/4350',
      'must consist of 6 fields (found 2 in "0 bogus")',
    ],
    ['createVMSchedule', { ...every, schedule: '61 * * * *' }, '431/4350', 'Invalid cron format'],
    [
      'createVMSchedule',
      { ...every, schedule: '0 0 * * *', startdate: '2020-01-01 00:00:00' },
      '431/4350',
      'start date',
    ],
    [
      'createVMSchedule',
      { ...every, schedule: '0 0 * * *', startdate: '2096-01-02 00:00:00', enddate: '2096-01-01 00:00:00' },
      '431/4350',
      "End date can't be less than start date.",
    ],
  ];
  expect(await wrongOf(cloud, cases)).toEqual([]);
});

// NetworkServiceImpl, NetworkOrchestrator, NetworkACLServiceImpl, Site2SiteVpnManagerImpl, RemoteAccessVpnManagerImpl.
test('networks, rules and VPNs outside their bounds are refused in the words of the source', async () => {
  const cloud = createCloud({ settings: {} });
  const { id, one } = cloud;
  const zoneid = await id('listZones', 'Frankfurt');
  const offer = (name: string): Promise<string> => id('listNetworkOfferings', name);
  const isolated = {
    name: 'n',
    zoneid,
    networkofferingid: await offer('DefaultIsolatedNetworkOfferingWithSourceNatService'),
  };
  const shared = { name: 'n', zoneid, networkofferingid: await offer('DefaultSharedNetworkOffering'), vlan: '100' };
  const l2 = await offer('DefaultL2NetworkOffering');
  const block = { gateway: '10.9.9.1', netmask: '255.255.255.0' };
  const aclid = await id('listNetworkACLLists', 'staging-web');
  const vpcid = await id('listVPCs', 'staging');
  const [ops, bobs] = [await id('listNetworks', 'ops-net'), await id('listNetworks', 'bob-l2')];
  const customer = { gateway: '1.2.3.4', ipsecpsk: 'abc', ikepolicy: 'aes128-sha1;modp1536', esppolicy: 'aes128-sha1' };
  const publicipid = String((await one('listPublicIpAddresses', { issourcenat: 'true' }))['id']);
  const cases: Case[] = [
    [
      'createNetwork',
      { ...isolated, gateway: 'x', netmask: '255.255.255.0' },
      '431/4350',
      'Gateway parameter is invalid',
    ],
    ['createNetwork', { ...isolated, ...block, netmask: '255.0.255.0' }, '431/4350', 'Invalid netmask'],
    [
      'createNetwork',
      { ...isolated, ...block, gateway: '10.9.9.255' },
      '431/4350',
      'Either the IP is broadcast or network IP.',
    ],
    [
      'createNetwork',
      { ...isolated, gateway: '10.9.9.1', startip: '10.9.9.5' },
      '431/4350',
      'gateway and netmask should be',
    ],
    ['createNetwork', { ...isolated, ...block, startip: 'x' }, '431/4350', 'Invalid format for the startIp parameter'],
    [
      'createNetwork',
      { ...isolated, ...block, startip: '10.9.9.5', endip: 'x' },
      '431/4350',
      'for the endIp parameter',
    ],
    [
      'createNetwork',
      { ...isolated, ...block, gateway: '8.8.8.1' },
      '431/4350',
      'Virtual Guest Cidr 8.8.8.0/24 is not RFC',
    ],
    ['createNetwork', { ...isolated, vlan: '100' }, '431/4350', 'offering says specifyVlan=false'],
    ['createNetwork', { ...shared, ...block, startip: '10.8.9.10' }, '431/4350', "as per the IP range's netmask."],
    [
      'createNetwork',
      { ...shared, ...block, startip: '10.9.9.9', endip: '10.9.9.5' },
      '431/4350',
      "as per the IP range's",
    ],
    [
      'createNetwork',
      { ...shared, ...block, startip: '10.9.9.1', endip: '10.9.9.5' },
      '431/4350',
      'The gateway ip should not',
    ],
    [
      'createNetwork',
      { name: 'n', zoneid, networkofferingid: shared.networkofferingid, ...block, startip: '10.9.9.9' },
      '431/4350',
      'Vlan has to be specified; corresponding offering says specifyVlan=true',
    ],
    ['updateNetwork', { id: ops, networkofferingid: l2 }, 'job 431', "Can't upgrade from network offering"],
    [
      'updateNetwork',
      { id: bobs, networkofferingid: isolated.networkofferingid },
      'job 431',
      'for Isolated networks only',
    ],
    ['updateNetwork', { id: bobs, networkdomain: 'a.b' }, 'job 431', 'Domain name change is not supported'],
    [
      'createNetworkACL',
      { aclid, protocol: 'tcp', startport: '0', endport: '9' },
      '431/4350',
      'publicPort is an invalid',
    ],
    [
      'createNetworkACL',
      { aclid, protocol: 'tcp', startport: '9', endport: '70000' },
      '431/4350',
      'Public port range is an',
    ],
    ['createNetworkACL', { networkid: ops, protocol: 'all' }, '431/4350', 'does not belong to VPC'],
    [
      'createPrivateGateway',
      { ...block, vpcid, vlan: '500', ipaddress: 'x' },
      '431/4350',
      'Invalid format for the ip address',
    ],
    [
      'createPrivateGateway',
      { vpcid, vlan: '500', ipaddress: '10.5.5.5', gateway: 'x', netmask: 'y' },
      '431/4350',
      'Invalid gateway',
    ],
    ['createVpnCustomerGateway', { ...customer, cidrlist: 'x' }, '431/4350', 'cidr list x is invalid guest cidr!'],
    [
      'createRemoteAccessVpn',
      { publicipid, iprange: '10.1.2.9-10.1.2.1' },
      '431/4350',
      'Invalid ip range 10.1.2.9-10.1.2.1',
    ],
  ];
  expect(await wrongOf(cloud, cases)).toEqual([]);
});

// StorageManagerImpl, ResourceManagerImpl, UriUtils, TemplateManagerImpl, KubernetesVersionManagerImpl, AutoScaleManagerImpl.
test('storage, hosts, templates and versions outside their bounds are refused in the words of the source', async () => {
  const cloud = createCloud({ settings: { 'cloud.kubernetes.service.enabled': 'true' } });
  const { id, one } = cloud;
  const zoneid = await id('listZones', 'Frankfurt');
  const cluster = await one('listClusters', { zoneid });
  const [clusterid, podid] = [String(cluster['id']), String(cluster['podid'])];
  const store = await one('listImageStores');
  const pool = { name: 'p', zoneid, podid, clusterid };
  const ostypeid = String((await one('listOsTypes'))['id']);
  const template = { name: 't', displaytext: 't', hypervisor: 'KVM', ostypeid, zoneid };
  const systems = await id('listTemplates', 'SystemVM Template (simulator)', { templatefilter: 'all' });
  const debian = await id('listTemplates', 'Debian 12', { templatefilter: 'all' });
  const version = { semanticversion: '1.27.3', mincpunumber: '2', minmemory: '2048', url: 'http://x.org/k.iso' };
  const cases: Case[] = [
    ['addImageStore', { provider: 'NFS', zoneid, url: 'junk' }, '530/4250', 'uri.scheme is null junk, add nfs://'],
    [
      'addImageStore',
      { provider: 'NFS', zoneid, url: 'nfs://10.1.1.1' },
      '530/4250',
      'Your host and/or path is wrong.',
    ],
    ['addImageStore', { provider: 'NFS', url: 'nfs://10.1.1.1/a' }, '431/4350', 'does not support scope REGION'],
    [
      'addImageStore',
      { provider: 'S3', url: 'http://s3.test' },
      '431/4350',
      'from the same provider NFS already added',
    ],
    [
      'addImageStore',
      { provider: 'NFS', zoneid, name: String(store['name']), url: 'nfs://h/a' },
      '431/4350',
      'already exists',
    ],
    [
      'createStoragePool',
      { name: 'p', zoneid, url: 'nfs://10.1.1.1/a' },
      '431/4350',
      "cluster id can't be null, if scope is",
    ],
    [
      'createStoragePool',
      { ...pool, url: 'nfs://10.1.1.1' },
      '431/4350',
      'host or path is null, should be nfs://hostname/path',
    ],
    [
      'createStoragePool',
      { ...pool, url: 'bogus://a/b' },
      '530/4250',
      'Unable to figure out the scheme for URL: bogus',
    ],
    [
      'addHost',
      { hypervisor: 'KVM', zoneid, podid, clusterid, url: 'http://h1', username: 'r', password: 'p' },
      '431/9999',
      "Can't add host whose hypervisor type is: KVM into cluster:",
    ],
    [
      'registerTemplate',
      { ...template, format: 'QCOW2', url: 'http://x.org/a.txt' },
      '431/9999',
      'specify a valid qcow2',
    ],
    [
      'registerTemplate',
      { ...template, format: 'OVA', url: 'http://x.org/a.iso' },
      '431/9999',
      'invalid for the format ova',
    ],
    [
      'registerTemplate',
      { ...template, hypervisor: 'XenServer', directdownload: 'true', format: 'QCOW2', url: 'http://x.org/a.qcow2' },
      '431/9999',
      'Parameter directdownload is only allowed for KVM templates',
    ],
    [
      'registerIso',
      { name: 'i', displaytext: 'i', zoneid, ostypeid, url: 'http://x.org/a' },
      '431/9999',
      'a valid iso',
    ],
    ['deleteTemplate', { id: systems }, 'job 431', 'it is a SYSTEM template and isSystem is set to false.'],
    [
      'copyTemplate',
      { id: debian, sourcezoneid: zoneid, destzoneids: zoneid },
      'job 431',
      'different source and destination',
    ],
    ['addKubernetesSupportedVersion', { ...version, mincpunumber: '1' }, '431/4350', 'Minimum 2 vCPUs required.'],
    ['addKubernetesSupportedVersion', { ...version, minmemory: '512' }, '431/4350', 'Minimum 2048MB memory required'],
    [
      'addKubernetesSupportedVersion',
      { ...version, semanticversion: '1.9.0' },
      '431/4350',
      '1.11.0 is minimum version',
    ],
    ['addKubernetesSupportedVersion', { ...version, url: 'http://x.org/k.zip' }, '431/9999', 'specify a valid iso'],
    [
      'createAutoScaleVmProfile',
      {
        zoneid,
        templateid: debian,
        serviceofferingid: await id('listServiceOfferings', 'Small Instance'),
        expungevmgraceperiod: '-1',
      },
      '431/4350',
      'Expunge Vm Grace Period cannot be less than 0.',
    ],
  ];
  expect(await wrongOf(cloud, cases)).toEqual([]);
});

test('what CloudStack passes over, or does besides, is so here', async () => {
  const { id, one, did, all } = createCloud({ settings: {} });
  const zoneid = await id('listZones', 'Frankfurt');
  const networkofferingid = await id('listNetworkOfferings', 'DefaultIsolatedNetworkOfferingWithSourceNatService');
  const small = await id('listDiskOfferings', 'Small');
  const machine = {
    zoneid,
    templateid: await id('listTemplates', 'Debian 12', { templatefilter: 'all' }),
    serviceofferingid: await id('listServiceOfferings', 'Small Instance'),
  };
  // A gateway without its netmask (NetworkServiceImpl.createGuestNetwork).
  const network = await did('createNetwork', { name: 'n', zoneid, networkofferingid, gateway: '10.9.9.1' });
  expect(network).toMatchObject({ gateway: '10.1.1.1', cidr: '10.1.1.0/24' });
  // IOPS where machines may choose them; they may where the call does not say (ConfigurationManagerImpl.createDiskOffering).
  const offering = { name: 'a', displaytext: 'a', disksize: '5', miniops: '1', maxiops: '2' };
  expect((await did('createDiskOffering', offering))['miniops']).toBeUndefined();
  expect((await did('createDiskOffering', { ...offering, customizediops: 'false' }))['miniops']).toBe(1);
  // A machine for a volume that comes from no snapshot (VolumeApiServiceImpl.createVolume).
  const web = await id('listVirtualMachines', 'web-1');
  const volume = await did('createVolume', { name: 'v', diskofferingid: small, zoneid, virtualmachineid: web });
  expect(volume['virtualmachineid']).toBeUndefined();
  // A size beside an offering that has one (UserVmManagerImpl.verifyAndGetDiskSize), and a network named twice.
  const twice = `${String(network['id'])},${String(network['id'])}`;
  const sized = await did('deployVirtualMachine', {
    ...machine,
    networkids: twice,
    diskofferingid: small,
    size: '77',
    macaddress: '02-00-00-00-00-AA',
  });
  const nics = sized['nic'] as { macaddress: string; networkid: string }[];
  expect(nics.map(({ networkid }) => networkid)).toEqual([network['id'], network['id']]);
  expect(nics[0]?.macaddress).toBe('02:00:00:00:00:aa');
  const [disk] = await all('listVolumes', { virtualmachineid: String(sized['id']), type: 'DATADISK' });
  expect(disk?.['size']).toBe(5 * 2 ** 30);
  // The database finds a setting in any letter case, its type is not looked at then (ConfigurationManagerImpl).
  await did('updateConfiguration', { name: 'EXPUNGE.Delay', value: 'soon' });
  expect((await one('listConfigurations', { name: 'expunge.delay' }))['value']).toBe('soon');
  expect((await did('updateConfiguration', { name: 'expunge.interval' }))['value']).toBe('86400');
  // Another name of a provider is NFS (StorageManagerImpl.discoverImageStore).
  const store = await did('addImageStore', { provider: 'Bogus', zoneid, url: 'nfs://10.1.1.9/a' });
  expect(store['providername']).toBe('NFS');
  // Machines take the system of their template (TemplateManagerImpl.updateTemplateOrIso).
  const ostypeid = String((await one('listOsTypes', { description: 'CentOS 7' }))['id']);
  await did('updateTemplate', { id: machine.templateid, ostypeid });
  expect((await one('listVirtualMachines', { id: String(sized['id']) }))['ostypeid']).toBe(ostypeid);
  // A time zone that is none (VMScheduleManagerImpl).
  const schedule = { virtualmachineid: web, action: 'stop', schedule: '0 0 * * *', timezone: 'Bogus' };
  expect(await did('createVMSchedule', schedule)).toMatchObject({ action: 'STOP', timezone: 'GMT' });
});
