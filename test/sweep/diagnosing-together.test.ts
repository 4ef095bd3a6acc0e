import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openDiagnosis, shortcuts, type Diagnosis, type Fault } from './diagnosed.ts';

// Two faults at once, and faults of the services on top: VPCs, VPNs, balancers, Kubernetes, snapshots, backups, certificates.

let here: Diagnosis;

beforeAll(async () => {
  here = await openDiagnosis();
});
afterAll(() => here.close());
beforeEach(() => here.cloud.renew());

const { did, idOf, idsOf, named, vm, zone, networkOf, systemVm } = shortcuts(() => here);
const set: Diagnosis['set'] = (id, fields) => here.set(id, fields);
const fieldOf = (id: string, field: string): string => String(here.cloud.simulator.world.get(id)?.fields[field]);
const vpcRouter = (): string => idOf('DomainRouter', 'vpcid', named('Vpc', 'staging'));

const kubernetes = async (more: Record<string, string> = {}): Promise<string> => {
  const kubernetesversionid = await did('addKubernetesSupportedVersion', {
    semanticversion: '1.31.1',
    name: 'v1.31.1',
    zoneid: zone(),
    url: 'https://images.example.com/k8s-1.31.1.iso',
    mincpunumber: '2',
    minmemory: '2048',
  });
  return did('createKubernetesCluster', {
    name: 'apps',
    description: 'apps',
    zoneid: zone(),
    kubernetesversionid,
    serviceofferingid: named('ServiceOffering', 'XLarge Instance'),
    networkid: networkOf('ops-net'),
    size: '2',
    ...more,
  });
};

/** A network out of which nodes may call. */
const bobs = () => ({ account: 'bob', domainid: named('Domain', 'engineering'), networkid: networkOf('web-net') });

const backedUp = async (machine: string): Promise<string> => {
  const backupofferingid = await did('importBackupOffering', {
    name: 'daily',
    description: 'daily',
    externalid: 'daily',
    zoneid: zone(),
    allowuserdrivenbackups: 'true',
  });
  await did('assignVirtualMachineToBackupOffering', { virtualmachineid: vm(machine), backupofferingid });
  await did('createBackup', { virtualmachineid: vm(machine) });
  return idOf('Backup', 'virtualmachineid', vm(machine));
};

const gateway = (): Promise<string> => did('createVpnGateway', { vpcid: named('Vpc', 'staging') });

const faults: Record<string, Fault> = {
  'a stopped machine and an ACL that lets nothing in': {
    kind: 'machine',
    question: 'port 22 of it is closed',
    cause: /is Stopped/,
    also: /ACL staging-web .*no traffic in to port 22/,
    make: async () => {
      await did('stopVirtualMachine', { id: vm('staging-app') });
      return vm('staging-app');
    },
  },
  'a router that is down and a firewall without a rule': {
    kind: 'machine',
    question: 'port 5432 does not answer',
    cause: /router .* is Stopped/,
    also: /no firewall rule .*203\.0\.113\.101/,
    make: async () => {
      await did('stopRouter', { id: idOf('DomainRouter', 'guestnetworkid', networkOf('db-net')) });
      for (const id of idsOf('Firewall', 'ipaddressid', idOf('IPAddress', 'ipaddress', '203.0.113.101')))
        await did('deleteFirewallRule', { id });
      return vm('db-1');
    },
  },
  'a locked account and hosts in maintenance': {
    kind: 'machine',
    question: 'will not start',
    cause: /account carol is locked/,
    also: /no host of the zone is Up and Enabled/,
    make: async () => {
      await did('lockAccount', { account: 'carol', domainid: named('Domain', 'sales') });
      for (const id of idsOf('Host', 'zoneid', zone())) set(id, { resourcestate: 'Maintenance' });
      return vm('demo');
    },
  },
  'a disabled zone and a template that is in another': {
    kind: 'zone',
    question: 'nothing can be deployed',
    cause: /is Disabled/,
    also: /system VM .*Stopped/,
    make: async () => {
      await did('updateZone', { id: zone(), allocationstate: 'Disabled' });
      await did('stopSystemVm', { id: systemVm('secondarystoragevm') });
      return zone();
    },
  },
  'secondary storage that is full and read only': {
    kind: 'zone',
    question: 'templates fail',
    cause: /nearly out of SECONDARY_STORAGE/,
    also: /secondary storage .*read only/,
    make: async () => {
      const id = named('ImageStore', 'frankfurt-secondary');
      await did('updateImageStore', { id, readonly: 'true' });
      set(id, { disksizeused: 2_150_000_000_000 });
      return zone();
    },
  },
  'limits of an account and of its domain': {
    kind: 'account',
    question: 'cannot make a machine',
    cause: /limit of virtual machines/,
    also: /its domain .*engineering has reached its limit of virtual machines/,
    make: async () => {
      const domainid = named('Domain', 'engineering');
      await did('updateResourceLimit', { account: 'bob', domainid, resourcetype: '0', max: '2' });
      await did('updateResourceLimit', { domainid, resourcetype: '0', max: '2' });
      return named('Account', 'bob');
    },
  },
  'names that cannot be resolved, as egress lets only the web out': {
    kind: 'machine',
    question: 'dns does not resolve',
    cause: /no egress rule .*lets port 53 out/,
    make: async () => {
      const [rule] = here.cloud.simulator.world
        .all('EgressFirewall')
        .filter(({ fields }) => fields['protocol'] === 'udp' && fields['networkid'] === networkOf('web-net'));
      await did('deleteEgressFirewallRule', { id: rule!.id });
      return vm('web-1');
    },
  },
  'an egress rule for another port and a network that must be restarted': {
    kind: 'network',
    question: 'port 25 outbound does not work',
    cause: /no egress rule lets port 25 out/,
    also: /must be restarted/,
    make: () => {
      set(networkOf('web-net'), { restartrequired: true });
      return networkOf('web-net');
    },
  },
  'a VPC whose router is down': {
    kind: 'vpc',
    question: 'its machines cannot be reached',
    cause: /its router .* is Stopped/,
    make: async () => {
      await did('stopRouter', { id: vpcRouter() });
      return named('Vpc', 'staging');
    },
  },
  'a VPC whose router is on a host that is down, and that must be restarted': {
    kind: 'vpc',
    question: 'nothing works',
    cause: /host .* of its router is Down/,
    also: /must be restarted/,
    make: () => {
      set(fieldOf(vpcRouter(), 'hostid'), { state: 'Down' });
      set(named('Vpc', 'staging'), { restartrequired: true });
      return named('Vpc', 'staging');
    },
  },
  'a VPN without a gateway': {
    kind: 'vpc',
    question: 'the vpn tunnel is down',
    cause: /no VPN gateway/,
    make: () => named('Vpc', 'staging'),
  },
  'a VPN connection that CloudStack says was lost': {
    kind: 'vpc',
    question: 'the site-to-site vpn is down',
    cause: /Vpn Connection to office just switched from Connected to Disconnected/,
    make: async () => {
      await gateway();
      here.cloud.simulator.world.insert('Alert', {
        type: 9,
        name: 'ALERT.SERVICE.DOMAINROUTER',
        sent: '2026-11-20T00:00:00+0000',
        description: 'Site-to-site Vpn Connection to office just switched from Connected to Disconnected',
      });
      return named('Vpc', 'staging');
    },
  },
  'a balancer none of whose machines runs': {
    kind: 'load-balancer',
    question: 'no member is healthy',
    cause: /none of its machines runs: web-1, web-2 is Stopped/,
    make: async () => {
      for (const name of ['web-1', 'web-2']) await did('stopVirtualMachine', { id: vm(name) });
      return named('LoadBalancer', 'web');
    },
  },
  'a balancer without a machine and without a firewall rule': {
    kind: 'load-balancer',
    question: 'it does not answer',
    cause: /no machine is assigned/,
    also: /no firewall rule of 203\.0\.113\.100 opens its port 80/,
    make: async () => {
      const id = named('LoadBalancer', 'web');
      await did('removeFromLoadBalancerRule', { id, virtualmachineids: `${vm('web-1')},${vm('web-2')}` });
      for (const rule of idsOf('Firewall', 'ipaddressid', idOf('IPAddress', 'ipaddress', '203.0.113.100')))
        await did('deleteFirewallRule', { id: rule });
      return id;
    },
  },
  'a balancer for TLS without a certificate': {
    kind: 'load-balancer',
    question: 'the browser says that the certificate is wrong',
    cause: /no certificate is assigned/,
    make: () => {
      set(named('LoadBalancer', 'web'), { protocol: 'ssl' });
      return named('LoadBalancer', 'web');
    },
  },
  'a Kubernetes cluster that was stopped': {
    kind: 'kubernetes',
    question: 'kubectl does not answer',
    cause: /is Stopped/,
    make: async () => {
      const id = await kubernetes();
      await did('stopKubernetesCluster', { id });
      return id;
    },
  },
  'a Kubernetes cluster one of whose nodes was stopped': {
    kind: 'kubernetes',
    question: 'a node is not ready',
    cause: /its nodes apps-node-.* are Stopped/,
    make: async () => {
      const id = await kubernetes();
      const node = here.cloud.simulator.world
        .all('UserVm')
        .find(({ fields }) => String(fields['name']).startsWith('apps-node'))!;
      await did('stopVirtualMachine', { id: node.id });
      return id;
    },
  },
  'a Kubernetes cluster that the limit of its account keeps small': {
    kind: 'kubernetes',
    question: 'nodes are missing',
    cause: /reached its limit of virtual machines \(8 of 8\), so it lacks nodes/,
    make: async () => {
      const { networkid, ...owner } = bobs();
      await did('updateResourceLimit', { ...owner, resourcetype: '0', max: '8' });
      return kubernetes({ ...owner, networkid });
    },
  },
  'a Kubernetes cluster behind a router that is down': {
    kind: 'kubernetes',
    question: 'its API cannot be reached',
    cause: /router .* of its network ops-net is Stopped/,
    make: async () => {
      const id = await kubernetes();
      await did('stopRouter', { id: idOf('DomainRouter', 'guestnetworkid', networkOf('ops-net')) });
      return id;
    },
  },
  'a snapshot that is stuck, as the secondary storage VM is down': {
    kind: 'snapshot',
    question: 'it is stuck',
    cause: /secondary storage VM .*Stopped/,
    also: /is BackingUp since/,
    make: async () => {
      const id = named('Snapshot', 'db-data weekly');
      set(id, { state: 'BackingUp' });
      await did('stopSystemVm', { id: systemVm('secondarystoragevm') });
      return id;
    },
  },
  'a snapshot that waits for another one of its volume': {
    kind: 'snapshot',
    question: 'it does not get ready',
    cause: /another snapshot of its volume, db-data before upgrade, is BackingUp/,
    make: () => {
      set(named('Snapshot', 'db-data before upgrade'), { state: 'BackingUp' });
      set(named('Snapshot', 'db-data weekly'), { state: 'Creating' });
      return named('Snapshot', 'db-data weekly');
    },
  },
  'a snapshot that cannot be reverted, as the machine runs': {
    kind: 'snapshot',
    question: 'it cannot be reverted',
    cause: /only while its machine is stopped: db-1 is Running/,
    make: () => named('Snapshot', 'db-data weekly'),
  },
  'a snapshot that failed, and secondary storage that is read only': {
    kind: 'snapshot',
    question: 'what is wrong with it',
    cause: /in the state Error/,
    also: /read only/,
    make: async () => {
      set(named('Snapshot', 'db-data weekly'), { state: 'Error' });
      await did('updateImageStore', { id: named('ImageStore', 'frankfurt-secondary'), readonly: 'true' });
      return named('Snapshot', 'db-data weekly');
    },
  },
  'a backup that failed': {
    kind: 'backup',
    question: 'it failed',
    cause: /in the state Failed/,
    make: async () => {
      const id = await backedUp('web-1');
      set(id, { status: 'Failed' });
      return id;
    },
  },
  'a backup that cannot be restored, as the machine runs': {
    kind: 'backup',
    question: 'it cannot be restored',
    cause: /only while its machine is stopped: web-1 is Running/,
    make: () => backedUp('web-1'),
  },
  'a machine that nothing backs up': {
    kind: 'machine',
    question: 'why was it not backed up',
    cause: /no backup offering/,
    make: () => vm('crm'),
  },
  'a machine with a backup offering and no schedule': {
    kind: 'machine',
    question: 'there is no backup of last night',
    cause: /no schedule/,
    make: async () => {
      await backedUp('web-1');
      return vm('web-1');
    },
  },
  'a host whose certificate ends': {
    kind: 'host',
    question: 'its agent is about to lose its connection',
    cause: /its certificate ends/,
    make: async () => {
      await did('generateAlert', {
        type: '31',
        name: 'ALERT.CA.CERT',
        description: 'Certificate expiring soon for host fra-c1-host1.sim',
      });
      return named('Host', 'fra-c1-host1.sim');
    },
  },
  'a host that is in maintenance with a machine that moves': {
    kind: 'host',
    question: 'it does not empty',
    cause: /(?:being emptied|are Migrating)/,
    also: /PrepareForMaintenance|being emptied/,
    make: () => {
      const id = fieldOf(vm('web-1'), 'hostid');
      set(id, { resourcestate: 'PrepareForMaintenance' });
      set(vm('web-1'), { state: 'Migrating' });
      return id;
    },
  },
  'a console proxy whose agent is gone, on a host that is down': {
    kind: 'system-vm',
    question: 'consoles do not open',
    cause: /its host .* is Down/,
    also: /its agent is Disconnected/,
    make: () => {
      const id = systemVm('consoleproxy');
      set(id, { agentstate: 'Disconnected' });
      set(fieldOf(id, 'hostid'), { state: 'Down' });
      return id;
    },
  },
};

test.for(Object.entries(faults))('one call names it: %s', async ([, { kind, question, cause, also, make }]) => {
  const { verdict, text } = await here.diagnosed(kind, await make(), question);
  expect(verdict, text).toMatch(cause);
  if (also) expect(text).toMatch(also);
});

test('of what is well, nothing is said to be wrong', async () => {
  const found: string[] = [];
  const ask = async (kind: string, id: string, question: string): Promise<void> => {
    const { findings, verdict } = await here.diagnosed(kind, id, question);
    found.push(...findings.map(({ cause }) => `${kind}, ${question}: ${cause}`));
    if (!findings.length) expect(verdict).toContain('no cause was found');
  };
  for (const question of ['', 'cannot be reached', 'has no internet'])
    await ask('vpc', named('Vpc', 'staging'), question);
  await ask('load-balancer', named('LoadBalancer', 'web'), 'does not answer');
  await ask('kubernetes', await kubernetes(bobs()), 'nodes are missing');
  await ask('snapshot', named('Snapshot', 'db-data weekly'), 'it is stuck');
  await ask('backup', await backedUp('web-1'), 'it failed');
  await ask('host', named('Host', 'fra-c1-host1.sim'), 'is something wrong');
  await gateway();
  await ask('vpc', named('Vpc', 'staging'), 'the vpn is down');
  expect(found).toEqual([]);
});
