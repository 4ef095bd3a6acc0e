import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openHost, runCommand, startCloud, startFake, type Cloud, type Host } from '../support/harness.ts';

// More of the kinds of errors-lead-on: mistakes made in the simulator's world, and refusals in CloudStack's words or near to them that
// no simulated cloud gives. What each answer has to name stands beside it.

type Args = Record<string, string>;
type Who = 'admin' | 'alice' | 'bob' | 'carol';

/** [what, who asks, tool, arguments, what the answer names: words, and tools as `[tool]`, a change that is made before] */
type Mistake = [what: string, who: Who, tool: string, args: Args, way: string[], before?: Args];

const zone = 'Frankfurt';
const limit = (resourcetype: string, max: string, whose: Args = { account: 'bob', domainid: 'engineering' }): Args => ({
  resourcetype,
  max,
  ...whose,
});
const machine: Args = {
  zoneid: zone,
  serviceofferingid: 'Small Instance',
  templateid: 'Debian 12',
  networkids: 'web-net',
};
const inProject: Args = { projectid: 'webshop' };
const shop: Args = { zoneid: zone, serviceofferingid: 'Small Instance', templateid: 'Debian 12', projectid: 'webshop' };
const isolated = 'DefaultIsolatedNetworkOfferingWithSourceNatService';
const volume: Args = { name: 'd', diskofferingid: 'Small', zoneid: zone };
const template: Args = {
  name: 't',
  displaytext: 't',
  format: 'QCOW2',
  hypervisor: 'Simulator',
  ostypeid: 'Debian GNU/Linux 12 (64-bit)',
  zoneid: zone,
  url: 'https://images.example.com/t.qcow2',
};
const raise = ['[list-resource-limits]', '[update-resource-limit]'];

const mistakes: Mistake[] = [
  [
    'state: a volume to a destroyed machine',
    'admin',
    'attach-volume',
    { id: 'spare', virtualmachineid: '{old-test}' },
    ['[recover-virtual-machine]'],
  ],
  [
    'state: the root volume of a running machine',
    'bob',
    'detach-volume',
    { id: '{root}' },
    ['[stop-virtual-machine]', '[detach-volume]'],
  ],
  ['state: a network in use', 'bob', 'delete-network', { id: 'web-net' }, ['[list-virtual-machines]', '[list-nics]']],
  ['state: a VPC with tiers', 'bob', 'delete-vpc', { id: 'staging' }, ['[list-networks]', '[delete-network]']],
  [
    'state: a stopped machine is migrated',
    'admin',
    'migrate-virtual-machine',
    { virtualmachineid: 'db-replica', hostid: 'fra-c1-host1.sim' },
    ['[start-virtual-machine]'],
  ],
  [
    'state: memory is scaled down',
    'bob',
    'scale-virtual-machine',
    { id: 'web-1', serviceofferingid: 'Small Instance' },
    ['[stop-virtual-machine]', '[start-virtual-machine]'],
  ],
  [
    'state: a volume gets smaller',
    'bob',
    'resize-volume',
    { id: 'db-data', size: '10' },
    ['shrinkok', '[create-snapshot]'],
  ],
  [
    'state: a snapshot of a volume that was never used',
    'bob',
    'create-snapshot',
    { volumeid: 'spare' },
    ['[attach-volume]'],
  ],
  ['state: a zone with pods', 'admin', 'delete-zone', { id: zone }, ['[list-pods]']],
  ['state: a pod with clusters', 'admin', 'delete-pod', { id: 'frankfurt-pod1' }, ['[list-clusters]']],
  ['state: a cluster with hosts', 'admin', 'delete-cluster', { id: 'fra-c1' }, ['[list-hosts]']],
  [
    'state: a host that is in use',
    'admin',
    'delete-host',
    { id: 'fra-c1-host1.sim' },
    ['[prepare-host-for-maintenance]'],
  ],
  [
    'state: a pool that is in use',
    'admin',
    'delete-storage-pool',
    { id: 'fra-c1-primary' },
    ['[enable-storage-maintenance]'],
  ],
  ['state: a domain with accounts', 'admin', 'delete-domain', { id: 'engineering' }, ['[list-accounts]', 'cleanup']],
  [
    'state: the last administrator',
    'admin',
    'disable-account',
    { account: 'admin', domainid: 'ROOT', lock: 'false' },
    ['no command can delete it'],
  ],
  [
    'state: a destroyed machine is started',
    'admin',
    'start-virtual-machine',
    { id: '{old-test}' },
    ['[recover-virtual-machine]'],
  ],
  [
    'state: a protected machine',
    'bob',
    'destroy-virtual-machine',
    { id: 'db-1' },
    ['deleteprotection', '[update-virtual-machine]'],
  ],
  [
    'state: a machine that was not destroyed is recovered',
    'admin',
    'recover-virtual-machine',
    { id: 'web-1' },
    ['[list-virtual-machines]'],
  ],
  [
    'state: a machine that was not destroyed is expunged',
    'admin',
    'expunge-virtual-machine',
    { id: 'web-1' },
    ['[destroy-virtual-machine]'],
  ],
  [
    'state: static NAT on an address with rules',
    'bob',
    'enable-static-nat',
    { ipaddressid: '203.0.113.100', virtualmachineid: 'web-2' },
    ['[list-load-balancer-rules]'],
  ],
  [
    'state: forwarding on an address of static NAT',
    'bob',
    'create-port-forwarding-rule',
    { ipaddressid: '203.0.113.101', protocol: 'tcp', publicport: '22', privateport: '22', virtualmachineid: 'db-1' },
    ['[disable-static-nat]'],
  ],
  [
    'state: another owner for a running machine',
    'admin',
    'assign-virtual-machine',
    { virtualmachineid: 'crm', account: 'bob', domainid: 'engineering' },
    ['[stop-virtual-machine]'],
  ],
  [
    'state: a password for a running machine',
    'bob',
    'reset-password-for-virtual-machine',
    { id: 'web-1' },
    ['[stop-virtual-machine]'],
  ],
  ['state: an ISO that is not there', 'bob', 'detach-iso', { virtualmachineid: 'web-1' }, ['[attach-iso]']],
  [
    'state: a network for the second time',
    'bob',
    'add-nic-to-virtual-machine',
    { virtualmachineid: 'web-1', networkid: 'web-net' },
    ['[list-nics]'],
  ],
  [
    'state: the default network card',
    'bob',
    'remove-nic-from-virtual-machine',
    { virtualmachineid: 'web-1', nicid: '{nic}' },
    ['[update-default-nic-for-virtual-machine]'],
  ],
  ['state: an ACL in use', 'bob', 'delete-network-acl-list', { id: 'staging-web' }, ['[replace-network-acl-list]']],
  ['state: a role that CloudStack brought', 'admin', 'delete-role', { id: 'User' }, ['no command can delete it']],
  ['state: a project with things', 'alice', 'delete-project', { id: 'webshop' }, ['cleanup']],

  ['quota: volumes', 'bob', 'create-volume', volume, ['account bob is 1 of volumes', ...raise], limit('2', '1')],
  [
    'quota: primary storage',
    'bob',
    'create-volume',
    { ...volume },
    ['account bob is 1 GiB of primary storage', '5 GiB more', ...raise],
    limit('10', '1'),
  ],
  [
    'quota: snapshots',
    'bob',
    'create-snapshot',
    { volumeid: 'db-data' },
    ['account bob is 1 of snapshots', ...raise],
    limit('3', '1'),
  ],
  [
    'quota: addresses',
    'bob',
    'associate-ip-address',
    { networkid: 'web-net' },
    ['account bob is 1 of public IP addresses', ...raise],
    limit('1', '1'),
  ],
  [
    'quota: networks',
    'bob',
    'create-network',
    { name: 'n', zoneid: zone, networkofferingid: isolated },
    ['account bob is 1 of networks', ...raise],
    limit('6', '1'),
  ],
  [
    'quota: VPCs',
    'bob',
    'create-vpc',
    { name: 'v', displaytext: 'v', cidr: '10.30.0.0/16', zoneid: zone, vpcofferingid: 'Default VPC offering' },
    ['account bob is 1 of VPCs', ...raise],
    limit('7', '1'),
  ],
  [
    'quota: templates',
    'bob',
    'register-template',
    template,
    ['account bob is 0 of templates', ...raise],
    limit('4', '0'),
  ],
  [
    'quota: projects',
    'alice',
    'create-project',
    { name: 'p' },
    ['account alice is 1 of projects', ...raise],
    limit('5', '1', { account: 'alice', domainid: 'engineering' }),
  ],
  [
    'quota: CPU',
    'bob',
    'deploy-virtual-machine',
    machine,
    ['account bob is 1 of CPU cores', ...raise],
    limit('8', '1'),
  ],
  [
    'quota: memory',
    'bob',
    'deploy-virtual-machine',
    machine,
    ['account bob is 512 MiB of memory', '512 MiB more', ...raise],
    limit('9', '512'),
  ],
  [
    'quota: CPU of a domain',
    'carol',
    'deploy-virtual-machine',
    { ...machine, networkids: 'sales-net' },
    ['domain', 'is 1 of CPU cores', ...raise],
    limit('8', '1', { domainid: 'sales' }),
  ],
  [
    'quota: memory of a domain',
    'carol',
    'deploy-virtual-machine',
    { ...machine, networkids: 'sales-net' },
    ['domain', '512 MiB of memory', ...raise],
    limit('9', '512', { domainid: 'sales' }),
  ],
  [
    'quota: volumes of a project',
    'alice',
    'create-volume',
    { ...volume, projectid: 'webshop' },
    ['project webshop is 1 of volumes', ...raise],
    limit('2', '1', inProject),
  ],
  [
    'quota: CPU of a project',
    'alice',
    'deploy-virtual-machine',
    shop,
    ['project webshop is 1 of CPU cores', ...raise],
    limit('8', '1', inProject),
  ],
  [
    'quota: memory of a project',
    'alice',
    'deploy-virtual-machine',
    shop,
    ['project webshop is 512 MiB of memory', ...raise],
    limit('9', '512', inProject),
  ],

  [
    'capacity: CPU and memory',
    'admin',
    'deploy-virtual-machine',
    {
      ...machine,
      networkids: 'ops-net',
      serviceofferingid: 'Custom Instance',
      'details[0].cpuNumber': '512',
      'details[0].cpuSpeed': '2000',
      'details[0].memory': '999424',
    },
    ['CPU', '[list-capacity]', '[list-hosts]'],
  ],
  [
    'capacity: a disk larger than any may be',
    'admin',
    'create-volume',
    { name: 'd', diskofferingid: 'Custom', zoneid: zone, size: '900000' },
    ['custom.diskoffering.size.max', '[list-configurations]'],
  ],

  [
    'permission: a command of administrators',
    'bob',
    'update-configuration',
    { name: 'expunge.delay', value: '1' },
    ['[whoami]'],
  ],
  ['permission: the machine of another', 'bob', 'reboot-virtual-machine', { id: '{crm}' }, ['[whoami]']],
  ['permission: another’s, by its name', 'bob', 'reboot-virtual-machine', { id: 'crm' }, ['that this account can see']],
  ['permission: outside the domain', 'alice', 'stop-virtual-machine', { id: '{crm}' }, ['[whoami]']],
  [
    'permission: an account of another domain',
    'alice',
    'disable-account',
    { account: 'carol', domainid: 'sales', lock: 'false' },
    ['domain'],
  ],

  [
    'wrong zone: a template',
    'admin',
    'deploy-virtual-machine',
    { zoneid: 'Nuremberg Edge', serviceofferingid: 'Small Instance', templateid: '{windows}' },
    ['[list-templates]', '[copy-template]'],
  ],
  [
    'wrong zone: a network',
    'admin',
    'deploy-virtual-machine',
    { zoneid: 'Nuremberg Edge', serviceofferingid: 'Small Instance', templateid: 'Debian 12', networkids: '{ops-net}' },
    ['[list-networks]'],
  ],
  [
    'wrong zone: a zone that is none',
    'admin',
    'deploy-virtual-machine',
    { ...machine, networkids: 'ops-net', zoneid: 'Frankfrt' },
    ['Frankfurt'],
  ],

  ['wrong scope: a project of others', 'carol', 'create-volume', { ...volume, projectid: 'webshop' }, ['project']],
  ['wrong scope: an account without its domain', 'admin', 'create-volume', { ...volume, account: 'bob' }, ['domainid']],
  [
    'wrong scope: an account of another domain',
    'admin',
    'create-volume',
    { ...volume, account: 'bob', domainid: 'sales' },
    ['[list-accounts]'],
  ],

  ['format: a date', 'admin', 'list-events', { startdate: '31.12.2025' }, ['startdate', 'such as 2026-01-31']],
  [
    'format: a time zone',
    'bob',
    'create-snapshot-policy',
    { volumeid: 'db-data', intervaltype: 'WEEKLY', schedule: '30:03:1', timezone: 'Europe/Berln', maxsnaps: '2' },
    ['Europe/Berlin'],
  ],
  [
    'format: a weekday',
    'bob',
    'create-snapshot-policy',
    { volumeid: 'db-data', intervaltype: 'WEEKLY', schedule: '30:03:8', timezone: 'Europe/Berlin', maxsnaps: '2' },
    ['1', '7', 'Sunday'],
  ],
  [
    'format: the schedule of another interval',
    'bob',
    'create-snapshot-policy',
    { volumeid: 'db-data', intervaltype: 'MONTHLY', schedule: '30:03', timezone: 'Europe/Berlin', maxsnaps: '2' },
    ['MM:HH:DD'],
  ],
  [
    'format: user data over the limit',
    'bob',
    'register-user-data',
    { name: 'u', userdata: 'x'.repeat(1_200_000) },
    ['userdata', '1048576'],
  ],
  [
    'format: user data that is too long as base64',
    'bob',
    'register-user-data',
    { name: 'u', userdata: 'some text '.repeat(90_000) },
    ['userdata', '1048576'],
  ],
  [
    'format: a network in no notation',
    'bob',
    'create-vpc',
    { name: 'v', displaytext: 'v', cidr: '10.30.0.0', zoneid: zone, vpcofferingid: 'Default VPC offering' },
    ['10.30.0.0', '/'],
  ],
  [
    'format: a port',
    'bob',
    'create-firewall-rule',
    { ipaddressid: '203.0.113.101', protocol: 'tcp', startport: '70000' },
    ['65535'],
  ],
];

const id = '11111111-2222-4333-8444-555555555555';

/** [what, command, arguments, errorcode, cserrorcode, errortext, what the answer names] */
type Refusal = [what: string, command: string, args: Args, code: number, cs: number, text: string, way: string[]];

const deploy: Args = { zoneid: id, serviceofferingid: id, templateid: id };
const refusals: Refusal[] = [
  [
    'state: a template that downloads',
    'deployVirtualMachine',
    deploy,
    530,
    4250,
    'Template 204 has not been completely downloaded to zone 1',
    ['[list-templates]'],
  ],
  [
    'state: a snapshot of what is not ready',
    'createSnapshot',
    { volumeid: id },
    431,
    4350,
    `VolumeId: ${id} is not in Ready state but Allocated. Cannot take snapshot.`,
    ['[list-volumes]', '[attach-volume]'],
  ],
  [
    'state: a volume to a destroyed machine',
    'attachVolume',
    { id, virtualmachineid: id },
    431,
    4350,
    'Unable to attach volume to VM web-1 because it is in Destroyed state',
    ['[recover-virtual-machine]'],
  ],
  [
    'state: a VPC with tiers',
    'deleteVPC',
    { id },
    536,
    4360,
    "Can't delete VPC [staging] as its used by 2 networks",
    ['[list-networks]', '[delete-network]'],
  ],
  [
    'state: a zone with pods',
    'deleteZone',
    { id },
    531,
    4350,
    'The zone is not deletable because there are pods in this zone',
    ['[list-pods]'],
  ],
  [
    'state: a pod with hosts',
    'deletePod',
    { id },
    531,
    4350,
    'The pod is not deletable because there are servers running in this pod.',
    ['[list-hosts]'],
  ],
  [
    'state: a stopped machine is migrated',
    'migrateVirtualMachine',
    { virtualmachineid: id, hostid: id },
    431,
    4350,
    'VM is not Running, unable to migrate the vm web-1',
    ['[start-virtual-machine]'],
  ],
  [
    'state: a root volume that is detached',
    'detachVolume',
    { id },
    431,
    4350,
    'Please specify a VM that is either running or stopped.',
    ['[list-virtual-machines]'],
  ],
  [
    'state: a role that accounts have',
    'deleteRole',
    { id },
    531,
    4365,
    "Found accounts that have role in use, won't allow to delete role",
    ['[list-accounts]', '[update-account]'],
  ],
  [
    'quota: memory of a domain, with a tag',
    'deployVirtualMachine',
    deploy,
    535,
    4370,
    `Maximum domain resource limits of Type 'memory (tag: ssd)' for Domain Id = ${id} is exceeded: Domain Resource Limit = 4096, Current Domain Resource Amount = 4096, Current Resource Reservation = 512, Requested Resource Amount = 1024.`,
    [`domain web-1 (${id}) is 4096 MiB of memory`, '512 MiB reserved', '1024 MiB more'],
  ],
  [
    'state: as many snapshots as are kept',
    'createVMSnapshot',
    { virtualmachineid: id },
    530,
    4250,
    'Creating Instance snapshot failed due to an Instance snapshot limit of 10 per Instance is reached',
    ['[delete-vm-snapshot]'],
  ],
  [
    'capacity: CPU of the hosts',
    'deployVirtualMachine',
    deploy,
    533,
    4335,
    'Unable to create a deployment for VM instance {"id":9,"instanceName":"i-2-9-VM"} due to lack of VM instance CPU',
    ['CPU', '[list-capacity]'],
  ],
  [
    'capacity: memory of a host',
    'migrateVirtualMachine',
    { virtualmachineid: id, hostid: id },
    431,
    4350,
    'Migration aborted as to the memory of the destination host is not enough: does not have enough capacity',
    ['[list-capacity]', '[find-hosts-for-migration]'],
  ],
  [
    'capacity: a storage pool',
    'resizeVolume',
    { id, size: '400' },
    530,
    4250,
    'Storage pool fra-c1-primary does not have enough space to resize volume data',
    ['[list-storage-pools]'],
  ],
  [
    'capacity: public addresses',
    'createNetwork',
    { name: 'n', zoneid: id, networkofferingid: id },
    533,
    4320,
    'Unable to acquire source nat IP address: Insufficient address capacity',
    ['[list-public-ip-addresses]', '[create-vlan-ip-range]'],
  ],
  [
    'capacity: guest addresses',
    'deployVirtualMachine',
    deploy,
    533,
    4325,
    'Unable to acquire Guest IP address for network web-net',
    ['[list-virtual-machines]', 'network'],
  ],
  [
    'capacity: VLANs',
    'createNetwork',
    { name: 'n', zoneid: id, networkofferingid: id },
    530,
    4250,
    'Unable to allocate vnet as a part of network Ntwk[9|web] implement',
    ['VLAN', '[list-capacity]'],
  ],
  [
    'permission: an offering of a domain',
    'deployVirtualMachine',
    deploy,
    531,
    4365,
    'Acct[bob] does not have permission to use offering ServiceOffering',
    ['[list-service-offerings]', '[whoami]'],
  ],
  [
    'permission: outside the domain',
    'stopVirtualMachine',
    { id },
    531,
    4365,
    'Caller Acct[alice] is not authorized to access the resource',
    ['[whoami]'],
  ],
  [
    'permission: the role lacks the command',
    'updateConfiguration',
    { name: 'web-1' },
    432,
    9999,
    'The given command:updateConfiguration does not exist or it is not available for user',
    ['[whoami]'],
  ],
  [
    'wrong zone: a volume',
    'attachVolume',
    { id, virtualmachineid: id },
    431,
    4350,
    'Please specify a VM that is in the same zone as the volume.',
    ['[list-volumes]', '[create-snapshot]'],
  ],
  [
    'wrong zone: an offering',
    'deployVirtualMachine',
    deploy,
    431,
    4350,
    'The compute offering Small is not available in zone Frankfurt',
    ['[list-service-offerings]'],
  ],
  [
    'wrong zone: a disk offering',
    'createVolume',
    { name: 'd', zoneid: id, diskofferingid: id },
    431,
    4350,
    'Specified disk offering Small is not available in zone Frankfurt',
    ['[list-disk-offerings]'],
  ],
  [
    'wrong zone: a network',
    'deployVirtualMachine',
    { ...deploy, networkids: id },
    431,
    4350,
    "Network id=204 doesn't belong to zone 1",
    ['[list-networks]'],
  ],
  [
    'wrong zone: an address',
    'enableStaticNat',
    { ipaddressid: id, virtualmachineid: id },
    431,
    4350,
    'The ip address is in another zone than the network',
    ['[list-public-ip-addresses]'],
  ],
  [
    'wrong scope: a project',
    'createVolume',
    { name: 'd', diskofferingid: id, zoneid: id, projectid: id },
    531,
    4365,
    'Account Acct[bob] cannot access project id=3',
    ['[list-projects]', '[whoami]'],
  ],
  [
    'wrong scope: an account of another domain',
    'createVolume',
    { name: 'd', diskofferingid: id, zoneid: id, account: 'bob', domainid: id },
    431,
    4350,
    'Unable to find account bob in domain 5',
    ['[list-accounts]', 'domainid'],
  ],
  [
    'format: user data over the limit',
    'registerUserData',
    { name: 'u', userdata: 'eA==' },
    431,
    4350,
    'User data is too long for an http POST request',
    ['32 KiB'],
  ],
  [
    'format: a time zone',
    'createSnapshotPolicy',
    { volumeid: id, intervaltype: 'DAILY', schedule: '00:02', timezone: 'Europe/Berlin', maxsnaps: '2' },
    431,
    4350,
    'Invalid timezone: Europe/Berlin',
    ['Europe/Berlin'],
  ],
  [
    'format: more than are kept',
    'createSnapshotPolicy',
    { volumeid: id, intervaltype: 'DAILY', schedule: '00:02', timezone: 'Europe/Berlin', maxsnaps: '99' },
    431,
    4350,
    'maxSnaps exceeds limit: 8 for interval type: DAILY',
    ['maxsnaps', '[list-configurations]'],
  ],
];

/** Tools and words that only a model has; a person has commands. */
const modelWords = /find-tools|describe-tools|wait-for-job \{|\bread \{|\bchange \{|list-[a-z-]+ \{|\[\[|\]\]/;
/** What of the way an answer does not name, in the words of one door. */
const lacking = (text: string, way: readonly string[], terminal: boolean): string[] => {
  const missing = way.filter((words) => {
    const tool = /^\[(.*)\]$/.exec(words)?.[1];
    if (tool === undefined) return !text.includes(words);
    if (!terminal) return !new RegExp(`(?<!call )\\b${tool}\\b`).test(text);
    return !text.includes(`cloudstack-mcp-server ${tool === 'whoami' ? '' : 'call '}${tool}`);
  });
  return terminal && modelWords.test(text) ? [...missing, 'the words of a person'] : missing;
};

const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-siblings-'));
const config = join(folder, 'config.json');
writeFileSync(
  config,
  JSON.stringify({ policy: { actions: { sensitive: 'allow', change: 'allow', destroy: 'allow' } } }),
);

const keysOf = (who: Who): Record<string, string> =>
  who === 'admin'
    ? {}
    : {
        CLOUDSTACK_API_KEY: `simulator-${who}-api-key-not-a-real-secret`,
        CLOUDSTACK_SECRET_KEY: `simulator-${who}-secret-key-not-a-real-secret`,
      };

let cloud: Cloud;
const hosts = new Map<Who, Host>();
const known = new Map<string, string>();
const flags = ['--config', config];
const envOf = (who: Who) => ({ ...cloud.env, ...keysOf(who) });

const run = async (host: Host, tool: string, args: Args) => {
  let answer = await host.call('read', { tool, arguments: args });
  // Whichever of the three runs it.
  for (const name of ['change', 'destroy'])
    if (answer.structured['error']?.kind === 'refused') answer = await host.call(name, { tool, arguments: args });
  return answer;
};
const filled = (args: Args): Args =>
  Object.fromEntries(
    Object.entries(args).map(([name, value]) => [
      name,
      value.replace(/^\{(.+)\}$/, (_, what: string) => known.get(what)!),
    ]),
  );

let current: Refusal | undefined;
let fake: Awaited<ReturnType<typeof startFake>>;
let refusing: Host;

beforeAll(async () => {
  cloud = await startCloud();
  for (const who of ['admin', 'alice', 'bob', 'carol'] as const)
    hosts.set(who, await openHost({ env: envOf(who), flags }));
  const look = async (what: string, tool: string, args: Args, of = (row: Record<string, any>) => row['id']) => {
    const { structured } = await hosts.get('admin')!.call('read', { tool, arguments: args, fields: ['*'] });
    known.set(what, of((structured['items'] ?? [structured['item']])[0]) as string);
  };
  await look('old-test', 'list-virtual-machines', { name: 'old-test' });
  await look('crm', 'list-virtual-machines', { name: 'crm' });
  await look('nic', 'list-nics', { virtualmachineid: 'web-1' });
  await look('root', 'list-volumes', { virtualmachineid: 'web-1', type: 'ROOT' });
  await look('ops-net', 'list-networks', { name: 'ops-net' });
  await look('windows', 'list-templates', { templatefilter: 'all', name: 'Windows Server 2022' });
  fake = await startFake((command, response) => {
    const [, wrong, , code, cserrorcode, errortext] = current!;
    response.statusCode = command === wrong ? code : 200;
    const shown = command.startsWith('list') ? { count: 1, row: [{ id, name: 'web-1' }] } : {};
    const body = command === wrong ? { uuidList: [], errorcode: code, cserrorcode, errortext } : shown;
    response.end(JSON.stringify({ [`${command.toLowerCase()}response`]: body }));
  });
  refusing = await openHost({ env: fake.env, flags: ['--discover', 'false', ...flags] });
});
afterAll(async () => {
  for (const host of [...hosts.values(), refusing]) await host.close();
  await fake.close();
  await cloud.close();
  rmSync(folder, { recursive: true });
});

const wordsOf = (args: Args): string[] => Object.entries(args).map(([name, value]) => `${name}=${value}`);

test.each(mistakes)('%s (as %s)', async (what, who, tool, given, way, before) => {
  const args = filled(given);
  if (before) expect((await run(hosts.get('admin')!, 'update-resource-limit', before)).isError, what).toBeFalsy();
  const { text, isError } = await run(hosts.get(who)!, tool, args);
  const { status, stdout, stderr } = await runCommand(['call', tool, ...wordsOf(args), ...flags], { env: envOf(who) });
  if (before) await run(hosts.get('admin')!, 'update-resource-limit', { ...before, max: '-1' });
  const lacks = {
    isError,
    status: status > 0,
    model: lacking(text, way, false),
    person: lacking(`${stdout}${stderr}`, way, true),
  };
  expect(lacks, `${text}\n---\n${stderr}`).toEqual({ isError: true, status: true, model: [], person: [] });
});

test.each(refusals)('CloudStack’s own: %s', async (...row) => {
  current = row;
  const [, command, args, , , said, way] = row;
  const { text } = await run(refusing, command, args);
  expect(text).toContain(said);
  const { stderr } = await runCommand(['call', command, ...wordsOf(args), '--discover', 'false', ...flags], {
    env: fake.env,
  });
  const lacks = { model: lacking(text, way, false), person: lacking(stderr, way, true) };
  expect(lacks, `${text}\n---\n${stderr}`).toEqual({ model: [], person: [] });
});
