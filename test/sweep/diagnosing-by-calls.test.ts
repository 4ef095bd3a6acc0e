import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openDiagnosis, shortcuts, type Diagnosis, type Fault } from './diagnosed.ts';

// Faults as an operator causes them: by calls of the API. One diagnosis says which it is.

let here: Diagnosis;

beforeAll(async () => {
  here = await openDiagnosis();
});
afterAll(() => here.close());
beforeEach(() => here.cloud.renew());

const { did, idOf, idsOf, named, vm, zone, networkOf, systemVm } = shortcuts(() => here);
const refused: Diagnosis['refused'] = (command, params) => here.refused(command, params);
const diagnosed: Diagnosis['diagnosed'] = (kind, id, question) => here.diagnosed(kind, id, question);
const address = (ip: string): string => idOf('IPAddress', 'ipaddress', ip);
const hostsOf = (machine: string): unknown => here.cloud.simulator.world.get(vm(machine))?.fields['hostid'];
const proxy = (): string => systemVm('consoleproxy');

const tagged = async (hosttags: string): Promise<string> => {
  const serviceofferingid = await did('createServiceOffering', {
    name: 'Tagged',
    displaytext: 'Tagged',
    cpunumber: '1',
    cpuspeed: '500',
    memory: '512',
    hosttags,
  });
  const id = vm('db-replica');
  await did('scaleVirtualMachine', { id, serviceofferingid });
  return id;
};

const start = { kind: 'machine', question: 'it will not start' };

const faults: Record<string, Fault> = {
  'a host tag that no host has': {
    ...start,
    cause: /host tag gpu/,
    make: async () => {
      const id = await tagged('gpu');
      await refused('startVirtualMachine', { id });
      return id;
    },
  },
  'two host tags that no host has together, and one like a wanted one': {
    ...start,
    cause: /host tag gpu,ssd/,
    make: async () => {
      const [first, second] = idsOf('Host', 'zoneid', zone());
      await did('updateHost', { id: first!, hosttags: 'gpu,ssd-old' });
      await did('updateHost', { id: second!, hosttags: 'ssd' });
      const id = await tagged('gpu,ssd');
      await refused('startVirtualMachine', { id });
      return id;
    },
  },
  'host tags in another order, and the host that has them is disabled': {
    ...start,
    cause: /host tag gpu,ssd/,
    make: async () => {
      const [first] = idsOf('Host', 'zoneid', zone());
      await did('updateHost', { id: first!, hosttags: 'ssd,gpu', allocationstate: 'Disable' });
      return tagged('gpu,ssd');
    },
  },
  'strict anti-affinity with too few hosts': {
    ...start,
    cause: /anti-affinity/,
    make: async () => {
      const homes = [hostsOf('web-1'), hostsOf('web-2')];
      for (const id of idsOf('Host', 'zoneid', zone()))
        if (!homes.includes(id)) await did('updateHost', { id, allocationstate: 'Disable' });
      const id = vm('db-replica');
      await did('updateVMAffinityGroup', { id, affinitygroupids: named('AffinityGroup', 'web-apart') });
      await refused('startVirtualMachine', { id });
      return id;
    },
  },
  'strict anti-affinity and a machine that moves': {
    kind: 'machine',
    question: 'cannot be migrated',
    cause: /anti-affinity/,
    make: async () => {
      const homes = [hostsOf('web-1'), hostsOf('web-2')];
      for (const id of idsOf('Host', 'zoneid', zone()))
        if (!homes.includes(id)) await did('updateHost', { id, allocationstate: 'Disable' });
      return vm('web-1');
    },
  },
  'primary storage in maintenance': {
    ...start,
    cause: /storage .* Maintenance/,
    make: async () => {
      for (const id of idsOf('StoragePool', 'zoneid', zone())) await did('enableStorageMaintenance', { id });
      return vm('db-replica');
    },
  },
  'a disabled storage pool': {
    kind: 'zone',
    question: 'no volume can be made',
    cause: /storage .* Disabled/,
    make: async () => {
      for (const id of idsOf('StoragePool', 'zoneid', zone())) await did('updateStoragePool', { id, enabled: 'false' });
      return zone();
    },
  },
  'an ACL that denies before it allows': {
    kind: 'machine',
    question: 'port 80 is closed',
    cause: /rule 5 .*denies/,
    make: async () => {
      const aclid = named('NetworkACL', 'staging-web');
      const rule = { aclid, protocol: 'tcp', startport: '80', endport: '80', cidrlist: '0.0.0.0/0' };
      await did('createNetworkACL', { ...rule, traffictype: 'Ingress', action: 'Deny', number: '5' });
      return vm('staging-app');
    },
  },
  'an ACL that denies what leaves before it allows it': {
    kind: 'network',
    question: 'no internet',
    cause: /rule 5 .*denies/,
    make: async () => {
      const rule = { aclid: named('NetworkACL', 'staging-web'), protocol: 'all', cidrlist: '0.0.0.0/0' };
      await did('createNetworkACL', { ...rule, traffictype: 'Egress', action: 'Deny', number: '5' });
      return networkOf('staging-tier');
    },
  },
  'egress that is denied, without a rule': {
    kind: 'network',
    question: 'nothing can be downloaded',
    cause: /no egress rule/,
    make: async () => {
      for (const id of idsOf('EgressFirewall', 'networkid', networkOf('web-net')))
        await did('deleteEgressFirewallRule', { id });
      return networkOf('web-net');
    },
  },
  'egress that is denied, asked of the machine': {
    kind: 'machine',
    question: 'it has no internet',
    cause: /no egress rule/,
    make: async () => {
      for (const id of idsOf('EgressFirewall', 'networkid', networkOf('web-net')))
        await did('deleteEgressFirewallRule', { id });
      return vm('web-1');
    },
  },
  'static NAT without a firewall rule': {
    kind: 'machine',
    question: 'port 5432 does not answer',
    cause: /no firewall rule .*203\.0\.113\.101/,
    make: async () => {
      for (const id of idsOf('Firewall', 'ipaddressid', address('203.0.113.101')))
        await did('deleteFirewallRule', { id });
      return vm('db-1');
    },
  },
  'a private port that is not the one of the service': {
    kind: 'machine',
    question: 'https does not answer',
    cause: /port 443 .*leads to port 8443/,
    make: async () => {
      const ipaddressid = address('203.0.113.100');
      await did('createPortForwardingRule', {
        ipaddressid,
        protocol: 'tcp',
        publicport: '443',
        privateport: '8443',
        virtualmachineid: vm('web-1'),
        openfirewall: 'true',
      });
      return vm('web-1');
    },
  },
  'a private port that is not the one of the service, asked of the address': {
    kind: 'address',
    question: 'port 443 does not answer',
    cause: /port 443 .*leads to port 8443/,
    make: async () => {
      const ipaddressid = address('203.0.113.100');
      await did('createPortForwardingRule', {
        ipaddressid,
        protocol: 'tcp',
        publicport: '443',
        privateport: '8443',
        virtualmachineid: vm('web-1'),
        openfirewall: 'true',
      });
      return ipaddressid;
    },
  },
  'a template that is not in the zone': {
    kind: 'template',
    question: 'it cannot be deployed in Nuremberg Edge',
    cause: /not in Nuremberg Edge/,
    make: () => named('Template', 'Windows Server 2022'),
  },
  'a volume of a stopped machine': {
    kind: 'volume',
    question: 'cannot be deleted',
    cause: /attached to db-replica/,
    make: async () => {
      const id = named('Volume', 'db-replica-data');
      await refused('deleteVolume', { id });
      return id;
    },
  },
  'a volume whose machine was given a VM snapshot': {
    kind: 'volume',
    question: 'cannot be detached',
    cause: /VM snapshot/,
    make: async () => {
      await did('createVMSnapshot', { virtualmachineid: vm('db-1') });
      return named('Volume', 'db-data');
    },
  },
  'a router that was stopped': {
    kind: 'machine',
    question: 'cannot be reached',
    cause: /router .* is Stopped/,
    make: async () => {
      await did('stopRouter', { id: idOf('DomainRouter', 'guestnetworkid', networkOf('sales-net')) });
      return vm('crm');
    },
  },
  'a disabled account': {
    ...start,
    cause: /account carol is disabled/,
    make: async () => {
      await did('disableAccount', { id: named('Account', 'carol'), lock: 'false' });
      return vm('demo');
    },
  },
  'a locked account': {
    ...start,
    cause: /account carol is locked/,
    make: async () => {
      await did('lockAccount', { account: 'carol', domainid: named('Domain', 'sales') });
      return vm('demo');
    },
  },
  'a disabled user': {
    kind: 'account',
    question: 'cannot log in',
    cause: /user bob is disabled/,
    make: async () => {
      await did('disableUser', { id: idOf('User', 'username', 'bob') });
      return named('Account', 'bob');
    },
  },
  'disabled clusters': {
    ...start,
    cause: /cluster.* fra-c1.* Disabled/,
    make: async () => {
      for (const id of idsOf('Cluster', 'zoneid', zone()))
        await did('updateCluster', { id, allocationstate: 'Disabled' });
      const id = vm('db-replica');
      await refused('startVirtualMachine', { id });
      return id;
    },
  },
  'a disabled pod': {
    ...start,
    cause: /pod.* frankfurt-pod1 .*Disabled/,
    make: async () => {
      await did('updatePod', { id: named('Pod', 'frankfurt-pod1'), allocationstate: 'Disabled' });
      return vm('db-replica');
    },
  },
  'a disabled pod, asked of the zone': {
    kind: 'zone',
    question: 'nothing can be deployed',
    cause: /pod.* frankfurt-pod1 .*Disabled/,
    make: async () => {
      await did('updatePod', { id: named('Pod', 'frankfurt-pod1'), allocationstate: 'Disabled' });
      return zone();
    },
  },
  'a disabled zone': {
    ...start,
    cause: /zone Frankfurt is Disabled/,
    make: async () => {
      await did('updateZone', { id: zone(), allocationstate: 'Disabled' });
      return vm('db-replica');
    },
  },
  'secondary storage that is read only': {
    kind: 'zone',
    question: 'snapshots and templates fail',
    cause: /secondary storage .*read only/,
    make: async () => {
      await did('updateImageStore', { id: named('ImageStore', 'frankfurt-secondary'), readonly: 'true' });
      return zone();
    },
  },
  'an ISO in a machine that is to move': {
    kind: 'machine',
    question: 'does not migrate',
    cause: /ISO Ubuntu/,
    make: async () => {
      const virtualmachineid = vm('web-1');
      await did('attachIso', { id: named('Template', 'Ubuntu 24.04 Server ISO'), virtualmachineid });
      return virtualmachineid;
    },
  },
  'a project at its limit': {
    kind: 'project',
    question: 'no machine can be made in it',
    cause: /limit of virtual machines: 2 of 2/,
    make: async () => {
      const projectid = named('Project', 'webshop');
      await did('updateResourceLimit', { projectid, resourcetype: '0', max: '2' });
      return projectid;
    },
  },
  'a console proxy that is down': {
    kind: 'machine',
    question: 'its console does not open',
    cause: /console proxy .* is Stopped/,
    make: async () => {
      await did('stopSystemVm', { id: proxy() });
      return vm('web-1');
    },
  },
  'the router of a VPC that was stopped': {
    kind: 'machine',
    question: 'cannot be reached',
    cause: /router .* of its VPC is Stopped/,
    make: async () => {
      await did('stopRouter', { id: idOf('DomainRouter', 'vpcid', named('Vpc', 'staging')) });
      return vm('staging-app');
    },
  },
  'a suspended project': {
    kind: 'project',
    question: 'nothing can be made in it',
    cause: /is Suspended/,
    make: async () => {
      const id = named('Project', 'webshop');
      await did('suspendProject', { id });
      return id;
    },
  },
  'strict affinity to a machine whose host is disabled': {
    ...start,
    cause: /strict affinity \(near\).* web-1/,
    make: async () => {
      const group = { name: 'near', type: 'host affinity', account: 'bob', domainid: named('Domain', 'engineering') };
      const affinitygroupids = await did('createAffinityGroup', group);
      await did('stopVirtualMachine', { id: vm('web-1') });
      for (const id of [vm('web-1'), vm('db-replica')]) await did('updateVMAffinityGroup', { id, affinitygroupids });
      await did('startVirtualMachine', { id: vm('web-1') });
      await did('updateHost', { id: String(hostsOf('web-1')), allocationstate: 'Disable' });
      const id = vm('db-replica');
      await refused('startVirtualMachine', { id });
      return id;
    },
  },
  'a storage tag that no pool has': {
    kind: 'volume',
    question: 'cannot be attached',
    cause: /storage tag nvme/,
    make: async () => {
      const diskofferingid = await did('createDiskOffering', {
        name: 'Fast',
        displaytext: 'Fast',
        disksize: '5',
        tags: 'nvme',
      });
      const id = await did('createVolume', { name: 'fast', zoneid: zone(), diskofferingid });
      await refused('attachVolume', { id, virtualmachineid: vm('jump-host') });
      return id;
    },
  },
  'a storage tag that no pool has, and a machine in Error': {
    kind: 'machine',
    question: 'why did the deployment fail',
    cause: /storage tag nvme/,
    make: async () => {
      const serviceofferingid = await did('createServiceOffering', {
        name: 'Fast',
        displaytext: 'Fast',
        cpunumber: '1',
        cpuspeed: '500',
        memory: '512',
        tags: 'nvme',
      });
      await refused('deployVirtualMachine', {
        name: 'fast-1',
        zoneid: zone(),
        templateid: named('Template', 'Debian 12'),
        networkids: networkOf('ops-net'),
        serviceofferingid,
      });
      return vm('fast-1');
    },
  },
  'primary storage that is full': {
    ...start,
    cause: /storage .* full/,
    make: async () => {
      for (const id of idsOf('StoragePool', 'zoneid', zone()))
        await did('updateStoragePool', { id, capacitybytes: '1073741824' });
      return vm('db-replica');
    },
  },
  'a volume that is protected': {
    kind: 'volume',
    question: 'cannot be deleted',
    cause: /protected against deletion/,
    make: async () => {
      const id = named('Volume', 'spare');
      await did('updateVolume', { id, deleteprotection: 'true' });
      await refused('deleteVolume', { id });
      return id;
    },
  },
  'a firewall rule of the wrong protocol': {
    kind: 'machine',
    question: 'port 5432 does not answer',
    cause: /no firewall rule .*203\.0\.113\.101/,
    make: async () => {
      const ipaddressid = address('203.0.113.101');
      for (const id of idsOf('Firewall', 'ipaddressid', ipaddressid)) await did('deleteFirewallRule', { id });
      await did('createFirewallRule', { ipaddressid, protocol: 'udp', startport: '5432', endport: '5432' });
      return vm('db-1');
    },
  },
  'a firewall that lets in another network only': {
    kind: 'machine',
    question: 'port 5432 does not answer',
    cause: /lets in only 198\.51\.100\.17\/32/,
    make: () => vm('db-1'),
  },
  'a forwarding rule of the wrong protocol': {
    kind: 'machine',
    question: 'port 8443 does not answer',
    cause: /no port forwarding/,
    make: async () => {
      await did('createPortForwardingRule', {
        ipaddressid: address('203.0.113.100'),
        protocol: 'udp',
        publicport: '8443',
        privateport: '8443',
        virtualmachineid: vm('web-1'),
        openfirewall: 'true',
      });
      return vm('web-1');
    },
  },
  'a load balancer whose machine was stopped': {
    kind: 'address',
    question: 'port 80 is closed',
    cause: /web-1.* is Stopped/,
    make: async () => {
      await did('removeFromLoadBalancerRule', { id: named('LoadBalancer', 'web'), virtualmachineids: vm('web-2') });
      await did('stopVirtualMachine', { id: vm('web-1') });
      return address('203.0.113.100');
    },
  },
  'a host in maintenance, asked of the zone': {
    kind: 'zone',
    question: 'capacity is missing',
    cause: /Maintenance/,
    make: async () => {
      await did('prepareHostForMaintenance', { id: String(hostsOf('crm')) });
      return zone();
    },
  },
  'an egress rule that is for another port': {
    kind: 'machine',
    question: 'port 80 outbound is closed',
    cause: /no egress rule .*80/,
    make: () => vm('web-1'),
  },
  'a network in which no machine was started': {
    kind: 'network',
    question: 'no internet',
    cause: /Allocated/,
    make: async () =>
      did('createNetwork', {
        zoneid: zone(),
        name: 'new-net',
        networkofferingid: named('NetworkOffering', 'DefaultIsolatedNetworkOfferingWithSourceNatService'),
      }),
  },
  'a service offering of another zone': {
    ...start,
    cause: /offering .*not .*Frankfurt/,
    make: async () => {
      await did('updateServiceOffering', {
        id: named('ServiceOffering', 'Large Instance'),
        zoneid: named('Zone', 'Nuremberg Edge'),
      });
      return vm('db-replica');
    },
  },
  'a machine that is in Error after its deployment': {
    kind: 'machine',
    question: 'why did the deployment fail',
    cause: /host tag gpu/,
    make: async () => {
      const serviceofferingid = await did('createServiceOffering', {
        name: 'GPU',
        displaytext: 'GPU',
        cpunumber: '1',
        cpuspeed: '500',
        memory: '512',
        hosttags: 'gpu',
      });
      await refused('deployVirtualMachine', {
        name: 'gpu-1',
        zoneid: zone(),
        templateid: named('Template', 'Debian 12'),
        networkids: networkOf('ops-net'),
        serviceofferingid,
      });
      return vm('gpu-1');
    },
  },
};

test.for(Object.entries(faults))('one call names the cause: %s', async ([, { kind, question, cause, make }]) => {
  const id = await make();
  expect((await diagnosed(kind, id, question)).verdict).toMatch(cause);
  // Without a word of what is wrong, it is among the findings.
  if (kind !== 'template' && !/port|http/.test(question)) expect((await diagnosed(kind, id, '')).text).toMatch(cause);
});

test('of what is well, nothing is said to be wrong', async () => {
  const found: string[] = [];
  const ask = async (kind: string, id: string, question: string): Promise<void> => {
    const { findings } = await diagnosed(kind, id, question);
    found.push(...findings.map(({ cause }) => `${kind} ${id}, ${question}: ${cause}`));
  };
  for (const name of ['web-1', 'db-1', 'crm', 'monitoring', 'staging-app', 'reports'])
    for (const question of ['cannot be reached', 'will not start', 'is slow', 'its console does not open'])
      await ask('machine', vm(name), question);
  await ask('network', networkOf('staging-tier'), 'no internet');
  await ask('project', named('Project', 'webshop'), 'nothing can be made in it');
  await ask('account', named('Account', 'bob'), 'cannot log in');
  await ask('zone', zone(), 'is full');
  await ask('volume', named('Volume', 'spare'), 'cannot be attached');
  expect(found).toEqual([]);
});
