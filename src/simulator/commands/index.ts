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
import { domain } from './domain.ts';
import { extension } from './extension.ts';
import { firewalls } from './firewall.ts';
import { gpus } from './gpu.ts';
import { guestOs } from './guest-os.ts';
import { host } from './host.ts';
import { imageStore } from './image-store.ts';
import { job } from './job.ts';
import { keyPair } from './key-pair.ts';
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
import { user } from './user.ts';
import { vmware } from './vmware.ts';
import { volume } from './volume.ts';
import { vpc } from './vpc.ts';
import { vpn } from './vpn.ts';
import { webhook } from './webhook.ts';
import { zonePodCluster } from './zone-pod-cluster.ts';

/** Joins the toolsets' tables; a command that stands in two of them is an error, where a spread would let one win. */
const join = (tables: readonly Behaviours[]): Behaviours => {
  const joined = new Map<string, Behaviour>();
  for (const [command, behaviour] of tables.flatMap((table) => Object.entries(table))) {
    if (joined.has(command)) throw new Error(`${command} has two behaviours`);
    joined.set(command, behaviour);
  }
  return Object.fromEntries(joined);
};

/** What commands do that is more than their name says, from one file or folder for each toolset; the rest is generic. */
export const behaviours = join([
  account,
  affinityGroup,
  autoscale,
  backup,
  bareMetal,
  certificate,
  groupsAndSchedules,
  nics,
  settings,
  unmanaged,
  virtualMachines,
  configuration,
  domain,
  extension,
  firewalls,
  gpus,
  guestOs,
  host,
  imageStore,
  job,
  keyPair,
  kubernetes,
  loadBalancer,
  login,
  managementServer,
  monitoring,
  networkPlugin,
  network,
  objectStorage,
  offering,
  physicalNetwork,
  primaryStorage,
  project,
  publicIp,
  limits,
  quota,
  usage,
  role,
  router,
  routing,
  securityGroup,
  sharedFilesystem,
  simulatorMock,
  snapshot,
  storagePlugin,
  systemVm,
  tag,
  template,
  user,
  vmware,
  volume,
  vpc,
  vpn,
  webhook,
  zonePodCluster,
]);
