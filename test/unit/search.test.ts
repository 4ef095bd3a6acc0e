import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { createSearch } from '../../src/search/search.ts';

/** What people say, and the commands that they may mean by it. */
const phrases: [said: string, ...commands: string[]][] = [
  ['a VM', 'listVirtualMachines', 'deployVirtualMachine'],
  ['list vms', 'listVirtualMachines'],
  ['show me my virtual machines', 'listVirtualMachines'],
  ['launch an instance', 'deployVirtualMachine'],
  ['create a vm', 'deployVirtualMachine'],
  ['spin up a server', 'deployVirtualMachine'],
  ['stop instance', 'stopVirtualMachine'],
  ['power off a vm', 'stopVirtualMachine'],
  ['restart vm', 'rebootVirtualMachine'],
  ['delete a vm', 'destroyVirtualMachine', 'expungeVirtualMachine'],
  ['terminate instance', 'destroyVirtualMachine'],
  ['undelete vm', 'recoverVirtualMachine'],
  ['change vm size', 'scaleVirtualMachine', 'changeServiceForVirtualMachine'],
  ['resize a VM', 'scaleVirtualMachine', 'changeServiceForVirtualMachine'],
  ['rename vm', 'updateVirtualMachine'],
  ['reinstall vm', 'restoreVirtualMachine'],
  ['move vm to another host', 'migrateVirtualMachine', 'findHostsForMigration'],
  ['live migration', 'migrateVirtualMachine', 'migrateVirtualMachineWithVolume', 'findHostsForMigration'],
  ['reset root password', 'resetPasswordForVirtualMachine'],
  ['console', 'createConsoleEndpoint'],
  ['vnc', 'createConsoleEndpoint'],
  ['resize disk', 'resizeVolume'],
  ['resize a VM disk', 'resizeVolume'],
  ['attach a disk', 'attachVolume'],
  ['add a data disk', 'createVolume', 'attachVolume'],
  ['detach drive from server', 'detachVolume'],
  ['snapshot a volume', 'createSnapshot'],
  ['schedule snapshots', 'createSnapshotPolicy'],
  ['snapshot a vm', 'createVMSnapshot'],
  ['roll back to snapshot', 'revertSnapshot', 'revertToVMSnapshot'],
  ['backup a vm', 'createBackup'],
  ['upload an image', 'registerTemplate', 'registerIso', 'getUploadParamsForTemplate', 'getUploadParamsForIso'],
  ['list templates', 'listTemplates'],
  ['mount iso', 'attachIso'],
  ['open port 80', 'createFirewallRule', 'authorizeSecurityGroupIngress', 'createPortForwardingRule'],
  ['port forward', 'createPortForwardingRule'],
  ['firewall rules', 'listFirewallRules', 'createFirewallRule'],
  ['security group rule', 'authorizeSecurityGroupIngress'],
  ['public ip', 'listPublicIpAddresses', 'associateIpAddress'],
  ['allocate a public ip', 'associateIpAddress'],
  ['floating ip', 'enableStaticNat', 'associateIpAddress', 'listPublicIpAddresses'],
  ['release ip', 'disassociateIpAddress'],
  ['create a network', 'createNetwork'],
  ['create a subnet', 'createNetwork'],
  ['vpc', 'listVPCs', 'createVPC'],
  ['network acl', 'createNetworkACL', 'listNetworkACLs', 'listNetworkACLLists'],
  ['load balancer', 'createLoadBalancerRule', 'listLoadBalancerRules', 'listLoadBalancers', 'createLoadBalancer'],
  ['site to site vpn', 'createVpnConnection', 'createVpnGateway', 'listVpnConnections', 'createVpnCustomerGateway'],
  ['restart network', 'restartNetwork'],
  ['k8s cluster', 'createKubernetesCluster', 'listKubernetesClusters'],
  ['k8s cluster kubeconfig', 'getKubernetesClusterConfig'],
  ['scale kubernetes', 'scaleKubernetesCluster'],
  ['who am i', 'getUser', 'listUsers', 'listAccounts'],
  ['add a host', 'addHost'],
  ['put a host into maintenance', 'prepareHostForMaintenance'],
  ['drain a hypervisor', 'prepareHostForMaintenance'],
  ['datacenter', 'listZones'],
  ['zones', 'listZones'],
  ['primary storage', 'listStoragePools', 'createStoragePool'],
  ['secondary storage', 'listImageStores', 'addImageStore', 'addSecondaryStorage'],
  ['s3 bucket', 'createBucket', 'listBuckets'],
  ['how much capacity is left', 'listCapacity'],
  ['flavors', 'listServiceOfferings'],
  ['create an account', 'createAccount'],
  ['new user', 'createUser'],
  ['api keys of a user', 'getUserKeys', 'registerUserKeys'],
  ['ssh key', 'createSSHKeyPair', 'registerSSHKeyPair', 'listSSHKeyPairs'],
  ['raise a quota', 'updateResourceLimit'],
  ['tenants', 'listAccounts', 'listDomains'],
  ['what happened yesterday', 'listEvents'],
  ['audit log', 'listEvents'],
  ['alarms', 'listAlerts'],
  ['tag a vm', 'createTags'],
  ['global setting', 'updateConfiguration', 'listConfigurations'],
  ['version of cloudstack', 'listCapabilities'],
  ['virtual router', 'listRouters'],
  ['reboot a router', 'rebootRouter'],
  ['autoscale group', 'createAutoScaleVmGroup', 'listAutoScaleVmGroups'],
  ['cloud-init user data', 'registerUserData', 'listUserData', 'updateVirtualMachine'],
  ['is the job done', 'queryAsyncJobResult', 'listAsyncJobs'],
  ['anti-affinity', 'createAffinityGroup', 'listAffinityGroups'],
];

const search = createSearch(loadCatalog());
const firstThree = (output: string): string[] =>
  search(output, { limit: 3 }).matches.map(({ tool }) => tool.command.name);

test('everyday phrases find their command among the first three, at least 95 of 100', () => {
  const missed: Record<string, string[]> = {};
  for (const [said, ...commands] of phrases) {
    const found = firstThree(said);
    if (!commands.some((command) => found.includes(command))) missed[said] = found;
  }
  expect(phrases.length).toBeGreaterThan(60);
  expect(Object.keys(missed).length / phrases.length, JSON.stringify(missed, null, 1)).toBeLessThanOrEqual(0.05);
});

test.each([
  ['launch an instance', 'deployVirtualMachine'],
  ['list vms', 'listVirtualMachines'],
  ['stop instance', 'stopVirtualMachine'],
  ['restart vm', 'rebootVirtualMachine'],
  ['delete a vm', 'destroyVirtualMachine'],
  ['resize disk', 'resizeVolume'],
  ['console', 'createConsoleEndpoint'],
  ['k8s cluster kubeconfig', 'getKubernetesClusterConfig'],
  ['datacenter', 'listZones'],
  ['add a host', 'addHost'],
])('"%s" finds %s first', (printed, command) => {
  expect(firstThree(printed)[0]).toBe(command);
});

test.each([
  ['Strat teh vrtual machine', 'startVirtualMachine'],
  ['machine virtual the start', 'startVirtualMachine'],
  ['starting virtual machines', 'startVirtualMachine'],
  ['rename a security group', 'updateSecurityGroup'],
  ['give back a public ip', 'disassociateIpAddress'],
  ['undo the destroy of a vm', 'recoverVirtualMachine'],
  ['which loadbalancers are there', 'listLoadBalancerRules'],
  ['security groups of the account', 'listSecurityGroups'],
])('"%s" finds %s first: verbs decide, forms, order and typing errors do not matter', (asked, command) => {
  expect(firstThree(asked)[0]).toBe(command);
});

test.each([
  ['disable a host', 'updateHost', 'allocationstate=Disable'],
  ['enable a zone', 'updateZone', 'allocationstate=Enabled'],
  ['turn on delete protection for a disk', 'updateVolume', 'deleteprotection=true'],
  ['how many vms are stopped', 'listVirtualMachines', 'state=Stopped'],
])('D15: "%s" leads to %s with %s', (asked, command, set) => {
  const [first] = search(asked, { limit: 1 }).matches;
  expect([first!.tool.command.name, first!.fit!.set]).toEqual([command, set]);
});

test('part 4.10: several wishes: the best of each comes first', () => {
  expect(firstThree('stop a vm and then take a snapshot of a volume').slice(0, 2)).toEqual([
    'stopVirtualMachine',
    'createSnapshot',
  ]);
  expect(firstThree('create a disk, attach it to a vm').slice(0, 2)).toEqual(['createVolume', 'attachVolume']);
  expect(firstThree('start and stop a vm at fixed times')[0]).toBe('createVMSchedule');
});

test.each([
  ['create a template, copy it', 'createTemplate', 'copyTemplate'],
  ['register a template and share it', 'registerTemplate', 'updateTemplatePermissions'],
  ['add a cluster, then a host', 'addCluster', 'addHost'],
  ['deploy a kubernetes cluster, scale it', 'createKubernetesCluster', 'scaleKubernetesCluster'],
])('"%s": a wish may point back, or leave out what is done', (asked, ...commands) => {
  expect(firstThree(asked).slice(0, 2)).toEqual(commands);
});

test.each([
  ['list netwroks', 'listNetworks'],
  ['craete a volume', 'createVolume'],
  ['vpc offerings', 'listVPCOfferings'],
  ['aws ec2 describe-volumes', 'listVolumes'],
])('"%s" finds %s first: swapped letters, things without a verb, the words of other clouds', (asked, command) => {
  expect(firstThree(asked)[0]).toBe(command);
});

test('weak matches are left out, and one that stands out is known', () => {
  const { matches, standsOut, total } = search('kubeconfig', { limit: 50 });
  expect(matches[0]!.tool.command.name).toBe('getKubernetesClusterConfig');
  expect(standsOut).toBe(true);
  expect(total).toBeLessThan(10);
  expect(search('list virtual machines', { limit: 50 }).total).toBeLessThan(50);
});

test('commands that CloudStack no longer has count less than those that it has', () => {
  const [gone] = search('netapp pool list', { limit: 1 }).matches;
  expect(gone!.tool.command.name).toBe('listPools');
  expect(gone!.fit!.commonness).toBeLessThan(1);
  expect(search('show primary storage', { limit: 1 }).matches[0]!.fit!.commonness).toBe(1);
});

test.each(['asdf qwer', 'what is the weather in berlin', 'write a poem about autumn', 'npm install fails with eacces'])(
  '"%s" is no business of a cloud: nothing is found',
  (asked) => {
    const { matches, total, lead } = search(asked, { limit: 5 });
    expect([matches, total, lead]).toEqual([[], 0, undefined]);
  },
);

test.each([
  ['extned a disk', 'resizeVolume'],
  ['add a tga to an instance', 'createTags'],
])('"%s" finds %s: an ending with an error, a short word', (asked, command) => {
  expect(firstThree(asked)[0]).toBe(command);
});

test('who renames, enables or disables a thing is led to the command that updates it, for every kind of thing', () => {
  const { tools } = loadCatalog();
  const names = new Set(tools.map(({ name }) => name));
  const asked = tools.flatMap(({ name, command: { name: command, params } }) => {
    const [action, ...things] = name.split('-');
    const takes = (...wanted: string[]): boolean => params.some((parameter) => wanted.includes(parameter.name));
    const thing = things.join(' ');
    const switches = takes('allocationstate', 'state', 'enabled') ? ['enable', 'disable'] : [];
    const deeds = switches
      .filter((deed) => !names.has(`${deed}-${things.join('-')}`))
      .map((deed) => `${deed} a ${thing}`);
    const renames = takes('name') ? [`rename ${thing}`, `change the name of a ${thing}`] : [];
    return action === 'update' ? [...deeds, ...renames].map((text) => ({ text, command })) : [];
  });
  const missed = asked.filter(({ text, command }) => firstThree(text)[0] !== command);
  expect(asked.length).toBeGreaterThan(100);
  expect(missed.length / asked.length, JSON.stringify(missed)).toBeLessThanOrEqual(0.03);
});
