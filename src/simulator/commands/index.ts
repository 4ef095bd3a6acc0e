import type { Behaviour, Behaviours } from '../rules/call.ts';
import { account } from './account.ts';
import { affinityGroup } from './affinity-group.ts';
import { autoscale } from './autoscale.ts';
import { backup } from './backup.ts';
import { bareMetal } from './bare-metal.ts';
import { certificate } from './certificate.ts';
import { groupsAndSchedules } from './compute/groups-and-schedules.ts';
import { nics } from './compute/nics.ts';
import { settings } from './compute/settings.ts';
import { unmanaged } from './compute/unmanaged.ts';
import { virtualMachines } from './compute/virtual-machines.ts';
import { configuration } from './configuration.ts';
import { dns } from './dns.ts';
import { domain } from './domain.ts';
import { extension } from './extension.ts';
import { firewalls } from './firewall.ts';
import { gpus } from './gpu.ts';
import { guestOs } from './guest-os.ts';
import { host } from './host.ts';
import { imageStore } from './image-store.ts';
import { job } from './job.ts';
import { keyPair } from './key-pair.ts';
import { kms } from './kms.ts';
import { kubernetes } from './kubernetes.ts';
import { loadBalancer } from './load-balancer.ts';
import { login } from './login.ts';
import { managementServer } from './management-server.ts';
import { monitoring } from './monitoring.ts';
import { networkPlugin } from './network-plugin.ts';
import { network } from './network.ts';
import { objectStorage } from './object-storage.ts';
import { offering } from './offering.ts';
import { physicalNetwork } from './physical-network.ts';
import { primaryStorage } from './primary-storage.ts';
import { project } from './project.ts';
import { publicIp } from './public-ip.ts';
import { limits } from './quota-usage/limits.ts';
import { quota } from './quota-usage/quota.ts';
import { usage } from './quota-usage/usage.ts';
import { role } from './role.ts';
import { router } from './router.ts';
import { routing } from './routing.ts';
import { securityGroup } from './security-group.ts';
import { sharedFilesystem } from './shared-filesystem.ts';
import { simulatorMock } from './simulator-mock.ts';
import { snapshot } from './snapshot.ts';
import { storagePlugin } from './storage-plugin.ts';
import { systemVm } from './system-vm.ts';
import { tag } from './tag.ts';
import { template } from './template.ts';
import { userKeys } from './user/keys.ts';
import { users } from './user/users.ts';
import { vmware } from './vmware.ts';
import { volume } from './volume.ts';
import { vpc } from './vpc.ts';
import { vpn } from './vpn.ts';
import { webhook } from './webhook.ts';
import { zonePodCluster } from './zone-pod-cluster.ts';

/** What commands do that is more than their name says, by file: each is named after its toolset. The rest is generic. */
export const tables: Readonly<Record<string, Behaviours>> = {
  account,
  'affinity-group': affinityGroup,
  autoscale,
  backup,
  'bare-metal': bareMetal,
  certificate,
  'compute/groups-and-schedules': groupsAndSchedules,
  'compute/nics': nics,
  'compute/settings': settings,
  'compute/unmanaged': unmanaged,
  'compute/virtual-machines': virtualMachines,
  configuration,
  dns,
  domain,
  extension,
  firewall: firewalls,
  gpu: gpus,
  'guest-os': guestOs,
  host,
  'image-store': imageStore,
  job,
  'key-pair': keyPair,
  kms,
  kubernetes,
  'load-balancer': loadBalancer,
  login,
  'management-server': managementServer,
  monitoring,
  'network-plugin': networkPlugin,
  network,
  'object-storage': objectStorage,
  offering,
  'physical-network': physicalNetwork,
  'primary-storage': primaryStorage,
  project,
  'public-ip': publicIp,
  'quota-usage/limits': limits,
  'quota-usage/quota': quota,
  'quota-usage/usage': usage,
  role,
  router,
  routing,
  'security-group': securityGroup,
  'shared-filesystem': sharedFilesystem,
  'simulator-mock': simulatorMock,
  snapshot,
  'storage-plugin': storagePlugin,
  'system-vm': systemVm,
  tag,
  template,
  'user/keys': userKeys,
  'user/users': users,
  vmware,
  volume,
  vpc,
  vpn,
  webhook,
  'zone-pod-cluster': zonePodCluster,
};

/** Joins tables; a command that stands in two of them is an error, where a spread would let one win. */
const join = (all: readonly Behaviours[]): Behaviours => {
  const joined = new Map<string, Behaviour>();
  for (const [command, behaviour] of all.flatMap((table) => Object.entries(table))) {
    if (joined.has(command)) throw new Error(`${command} has two behaviours`);
    joined.set(command, behaviour);
  }
  return Object.fromEntries(joined);
};

/** Behaviours by command. */
export const behaviours = join(Object.values(tables));
