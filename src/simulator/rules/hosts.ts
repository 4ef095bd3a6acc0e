import { badParameter, badValue, failure } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Fields, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { flagArg, listArg, needRow, rowArg, text, textArg } from './args.ts';
import type { Behaviour } from './call.ts';
import { gib, mib, tib } from './figures.ts';
import { powerOff } from './machines.ts';
import { hostsFor, loadOf } from './placement.ts';
import { list, success } from './results.ts';
import { ensureSystemVms } from './system-vms.ts';

const machinesOn = (world: World, host: Resource): Resource[] =>
  ['UserVm', 'DomainRouter', 'SystemVm'].flatMap((kind) => [...world.where(kind, 'hostid', host.id)]);

/** Moves everything off a host; what fits nowhere is stopped. */
export const evacuate = (world: World, host: Resource): void => {
  for (const machine of machinesOn(world, host)) {
    const [target] = hostsFor(world, machine, host.id);
    if (target) world.update(machine, { hostid: target.id });
    else powerOff(world, machine);
  }
};

/** Takes a host away; one with machines, or not in maintenance, only when forced. */
export const deleteHost: Behaviour = (call) => {
  const host = needRow(call, 'id');
  const { world } = call;
  if (host.kind !== 'Host') {
    world.remove(host);
    return success();
  }
  if (text(host, 'resourcestate') !== 'Maintenance' && !flagArg(call, 'forced'))
    throw failure(
      `Host ${host.id} cannot be deleted as it is not in maintenance mode. Either put the host into maintenance or perform a forced deletion.`,
    );
  if (machinesOn(world, host).length > 0 && !flagArg(call, 'forced'))
    throw failure(`Host ${host.id} still has virtual machines`);
  evacuate(world, host);
  world.remove(host);
  return success();
};

/** What a host's running machines take of it, as its row shows it. */
export const hostLoad = (world: World, host: Resource): Fields => {
  const load = loadOf(world, host);
  const mhz = Number(host.fields['cpunumber'] ?? 1) * Number(host.fields['cpuspeed'] ?? 1000);
  const memory = Number(host.fields['memorytotal'] ?? 1);
  const bytes = load.memoryMib * mib;
  const percent = (value: number): string => `${Number(value.toFixed(2))}%`;
  return {
    cpuallocated: percent((100 * load.mhz) / mhz),
    cpuallocatedpercentage: percent((100 * load.mhz) / mhz),
    cpuallocatedvalue: load.mhz,
    cpuallocatedwithoverprovisioning: percent((100 * load.mhz) / mhz),
    cpuwithoverprovisioning: String(mhz),
    cpuused: percent((60 * load.mhz) / mhz),
    memoryallocated: bytes,
    memoryallocatedbytes: bytes,
    memoryallocatedpercentage: percent((100 * bytes) / memory),
    memoryused: Math.round(bytes * 0.8),
    memorywithoverprovisioning: String(memory),
    networkkbsread: 0,
    networkkbswrite: 0,
    hasenoughcapacity: bytes < memory,
  };
};

/** A hypervisor's name as it is shown; the simulator's own when none is named. */
export const hypervisorName = (hypervisor: string | undefined): string =>
  /^simulator$/i.test(hypervisor ?? '') ? 'Simulator' : (hypervisor ?? 'Simulator');

const nextHostAddress = (world: World): string => `172.16.15.${2 + (world.all('Host').length % 198)}`;

/** Adds a host to a cluster; it is up at once, which starts the system VMs of an enabled zone. */
export const addHost: Behaviour = (call) => {
  const { world } = call;
  const zone = needRow(call, 'zoneid');
  const pod = needRow(call, 'podid');
  const cluster =
    rowArg(call, 'clusterid') ??
    [...world.where('Cluster', 'podid', pod.id)].find(({ fields }) => fields['name'] === textArg(call, 'clustername'));
  if (!cluster) throw badValue('Please specify a cluster for the host');
  const url = textArg(call, 'url') ?? '';
  if (!/^\w+:\/\/./.test(url)) throw badValue(`${url} is not a valid uri`);
  if (!textArg(call, 'username') || !textArg(call, 'password'))
    throw badValue('Username and Password need to be provided.');
  const hypervisor = hypervisorName(textArg(call, 'hypervisor'));
  // An IllegalArgumentException (ResourceManagerImpl.createHostVOForDirectConnectAgent).
  if (hypervisor.toLowerCase() !== text(cluster, 'hypervisortype').toLowerCase())
    throw badParameter(
      `Can't add host whose hypervisor type is: ${hypervisor} into cluster: ${cluster.no} whose hypervisor type is: ${text(cluster, 'hypervisortype')}`,
    );
  // CloudStack's own simulator takes one URL more than once.
  if (hypervisor !== 'Simulator' && world.all('Host').some(({ hidden }) => hidden['url'] === url))
    throw badValue(`Host ${url} was added already`);
  const state = textArg(call, 'allocationstate');
  const host = insertKind(
    world,
    'Host',
    {
      name: `SimulatedAgent.${world.random.uuid()}`,
      type: 'Routing',
      state: 'Up',
      resourcestate: /^disabled?$/i.test(state ?? '') ? 'Disabled' : 'Enabled',
      zoneid: zone.id,
      podid: pod.id,
      clusterid: cluster.id,
      clustertype: 'CloudManaged',
      hypervisor,
      hypervisorversion: world.catalog.release,
      version: world.catalog.release,
      ipaddress: nextHostAddress(world),
      cpunumber: 4,
      cpusockets: 1,
      cpuspeed: 8000,
      memorytotal: 8 * gib,
      disksizetotal: tib,
      disksizeallocated: 0,
      capabilities: 'hvm',
      arch: 'x86_64',
      hahost: false,
      islocalstorageactive: false,
      ueficapability: false,
      encryptionsupported: false,
      managementserverid: world.all('ManagementServer')[0]?.id,
      hosttags: listArg(call, 'hosttags').join(','),
      lastpinged: world.now(),
      events:
        'ManagementServerDown; AgentConnected; HostDown; Ping; AgentDisconnected; PingTimeout; ShutdownRequested; Remove; StartAgentRebalance',
    },
    { hidden: { url, username: textArg(call, 'username') ?? null } },
  );
  if (zone.fields['allocationstate'] === 'Enabled') ensureSystemVms(world, zone);
  return list([host]);
};
