import { list } from '../engine/results.ts';
import { listArg, needRow, rowArg, textArg } from '../engine/args.ts';
import { insertKind } from '../world/insert.ts';
import { badValue } from '../world/errors.ts';
import { statedFields } from '../engine/generic.ts';
import type { Behaviour } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { ensureSystemVms } from './system-vms.ts';

const addCluster: Behaviour = (call) => {
  const { world } = call;
  const pod = needRow(call, 'podid');
  const name = textArg(call, 'clustername');
  if ([...world.where('Cluster', 'podid', pod.id)].some(({ fields }) => fields['name'] === name))
    throw badValue(`Unable to create cluster: a cluster named ${name} is already in the pod`);
  const cluster = insertKind(world, 'Cluster', {
    ...statedFields(call, 'Cluster').fields,
    name,
    hypervisortype: simulatorName(textArg(call, 'hypervisor')),
    allocationstate: textArg(call, 'allocationstate') ?? 'Enabled',
    managedstate: 'Managed',
    cpuovercommitratio: '1.0',
    memoryovercommitratio: '1.0',
    arch: textArg(call, 'arch') ?? 'x86_64',
  });
  return list([cluster]);
};

const simulatorName = (hypervisor: string | undefined): string =>
  /^simulator$/i.test(hypervisor ?? '') ? 'Simulator' : (hypervisor ?? 'Simulator');

const nextHostAddress = (world: World): string => `172.16.15.${2 + (world.all('Host').length % 198)}`;

const addHost: Behaviour = (call) => {
  const { world } = call;
  const zone = needRow(call, 'zoneid');
  const pod = needRow(call, 'podid');
  const cluster =
    rowArg(call, 'clusterid') ??
    [...world.where('Cluster', 'podid', pod.id)].find(({ fields }) => fields['name'] === textArg(call, 'clustername'));
  if (!cluster) throw badValue('Please specify a cluster for the host');
  const url = textArg(call, 'url') ?? '';
  if (world.all('Host').some(({ hidden }) => hidden['url'] === url)) throw badValue(`Host ${url} was added already`);
  const state = textArg(call, 'allocationstate');
  const host = insertKind(
    world,
    'Host',
    {
      name: `SimulatedAgent.${world.random.uuid()}`,
      type: 'Routing',
      state: 'Connecting',
      resourcestate: /^disabled?$/i.test(state ?? '') ? 'Disabled' : 'Enabled',
      zoneid: zone.id,
      podid: pod.id,
      clusterid: cluster.id,
      clustertype: 'CloudManaged',
      hypervisor: simulatorName(textArg(call, 'hypervisor')),
      hypervisorversion: '4.22.1',
      version: '4.22.1',
      ipaddress: nextHostAddress(world),
      cpunumber: 4,
      cpusockets: 1,
      cpuspeed: 8000,
      memorytotal: 8 * 2 ** 30,
      disksizetotal: 2 ** 40,
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
  world.queue.later(0, () => {
    if (host.fields['state'] !== 'Connecting') return;
    world.update(host, { state: 'Up' });
    if (zone.fields['allocationstate'] === 'Enabled') ensureSystemVms(world, zone);
  });
  return list([host]);
};

/** New clusters and hosts. */
export const hostAdd: Record<string, Behaviour> = {
  addCluster,
  addHost,
  addBaremetalHost: addHost,
};
