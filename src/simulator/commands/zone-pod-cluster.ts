import { statedFields } from '../engine/generic.ts';
import { listKind } from '../engine/list.ts';
import { withMetrics } from '../engine/metrics.ts';
import { isWithin } from '../rules/access.ts';
import { entriesArg, flagArg, mapArg, needRow, numberArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../rules/call.ts';
import { dedicate, releaseDedicated } from '../rules/dedication.ts';
import { hypervisorName } from '../rules/hosts.ts';
import { blockOf, contains, toAddress, toNumber } from '../rules/ip.ts';
import { clusterMetrics, zoneMetrics } from '../rules/metrics.ts';
import { loadOf } from '../rules/placement.ts';
import { checkManagementRange, checkPodAddresses, checkPodBlock, checkRange, rangesOf } from '../rules/pods.ts';
import { isReferred } from '../rules/removal.ts';
import { list, object, success, work } from '../rules/results.ts';
import { ensureSystemVms } from '../rules/system-vms.ts';
import { badValue, failure } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Fields, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';

const movesOf = (call: Call, cluster: Resource): Fields[] => {
  const { world } = call;
  const inside = [...world.where('Host', 'clusterid', cluster.id)].sort(
    (a, b) => loadOf(world, b).memoryMib - loadOf(world, a).memoryMib,
  );
  const [from, to] = [inside[0], inside.at(-1)];
  if (!from || !to || from === to) return [];
  return [...world.where('UserVm', 'hostid', from.id)].slice(0, numberArg(call, 'migrations') ?? 1).map((vm) => ({
    virtualmachineid: vm.id,
    virtualmachinename: vm.fields['name'],
    sourcehostid: from.id,
    sourcehostname: from.fields['name'],
    destinationhostid: to.id,
    destinationhostname: to.fields['name'],
  }));
};

const generate: Behaviour = (call) => {
  const cluster = needRow(call, 'id');
  const migrations = movesOf(call, cluster);
  return object({ clusterid: cluster.id, migrations, type: 'MANUAL', status: 'UNDER_REVIEW' });
};

const execute: Behaviour = (call) => {
  const { world } = call;
  const cluster = needRow(call, 'id');
  const moves = entriesArg(call, 'migrateto');
  const plan = insertKind(world, 'ClusterDrsPlan', {
    clusterid: cluster.id,
    type: 'MANUAL',
    status: 'IN_PROGRESS',
    created: world.now(),
    migrations: moves.map(({ vm = '', host = '' }) => ({ virtualmachineid: vm, destinationhostid: host })),
  });
  return work(plan, () => {
    for (const { vm = '', host = '' } of moves) {
      const [machine, target] = [world.find('UserVm', vm), world.find('Host', host)];
      if (machine && target && text(machine, 'state') === 'Running') world.update(machine, { hostid: target.id });
    }
    world.update(plan, { status: 'COMPLETED' });
    return object(plan);
  });
};

const unique = (
  world: World,
  kind: string,
  name: string | undefined,
  text: string,
  among: (row: Resource) => boolean = () => true,
): void => {
  if (world.all(kind).some((row) => row.fields['name'] === name && among(row))) throw badValue(text);
};

/** Refuses name servers that are no addresses. */
const checkNameServers = (call: Call): void => {
  for (const name of ['dns1', 'dns2', 'internaldns1', 'internaldns2']) {
    const address = textArg(call, name);
    if (address !== undefined && address !== '' && Number.isNaN(toNumber(address)))
      throw badValue(`Please enter a valid IP address for ${name}: ${address}`);
  }
};

const createZone: Behaviour = (call) => {
  checkNameServers(call);
  const { world } = call;
  const name = textArg(call, 'name');
  const type = textArg(call, 'networktype') ?? '';
  unique(world, 'Zone', name, `A zone with that name already exists. Please specify a unique zone name.`);
  const { fields } = statedFields(call, 'Zone');
  const zone = insertKind(world, 'Zone', {
    ...fields,
    networktype: type.charAt(0).toUpperCase() + type.slice(1).toLowerCase(),
    type: flagArg(call, 'isedge') ? 'Edge' : 'Core',
    securitygroupsenabled: flagArg(call, 'securitygroupenabled') || /^basic$/i.test(type),
    localstorageenabled: flagArg(call, 'localstorageenabled'),
    allocationstate: textArg(call, 'allocationstate') ?? 'Disabled',
    dhcpprovider: 'VirtualRouter',
    zonetoken: world.random.uuid(),
    allowuserspecifyvrmtu: false,
    routerprivateinterfacemaxmtu: 1500,
    routerpublicinterfacemaxmtu: 1500,
    sortkey: 0,
  });
  // CloudStack's own templates come with a zone's secondary storage; the simulator has them at once.
  for (const template of world.all('Template'))
    if (['SYSTEM', 'BUILTIN'].includes(text(template, 'templatetype')))
      world.hide(template, {
        zones: [...(Array.isArray(template.hidden['zones']) ? template.hidden['zones'] : []), zone.id],
      });
  return object(zone);
};

const updateZone: Behaviour = (call) => {
  checkNameServers(call);
  const zone = needRow(call, 'id');
  const { id: _, details, ...fields } = statedFields(call, 'Zone').fields;
  const name = textArg(call, 'name');
  if (name !== undefined && name !== text(zone, 'name'))
    unique(call.world, 'Zone', name, 'A zone with that name already exists. Please specify a unique zone name.');
  const state = textArg(call, 'allocationstate');
  if (state !== undefined && !/^(enabled|disabled)$/i.test(state))
    throw badValue(`Unable to resolve Allocation State '${state}' to a supported state`);
  call.world.update(zone, { ...fields, ...(details ? { resourcedetails: mapArg(call, 'details') } : {}) });
  if (state !== undefined && /^enabled$/i.test(state)) ensureSystemVms(call.world, zone);
  return object(zone);
};

const heldBy: Record<string, [kind: string, field: string, what: string][]> = {
  Zone: [
    ['Pod', 'zoneid', 'pods'],
    ['Host', 'zoneid', 'hosts'],
    ['UserVm', 'zoneid', 'virtual machines'],
    ['Volume', 'zoneid', 'volumes'],
    ['PhysicalNetwork', 'zoneid', 'physical networks'],
  ],
  Pod: [
    ['Cluster', 'podid', 'clusters'],
    ['Host', 'podid', 'hosts'],
  ],
  Cluster: [
    ['Host', 'clusterid', 'hosts'],
    ['StoragePool', 'clusterid', 'storage pools'],
  ],
};

const drop: Behaviour = (call) => {
  const row = needRow(call, 'id');
  for (const [kind, field, what] of heldBy[row.kind] ?? [])
    if (isReferred(call.world, kind, field, row.id))
      throw failure(
        `The ${row.kind.toLowerCase()} is not deletable because there are ${what} running in this ${row.kind.toLowerCase()}`,
      );
  call.world.remove(row);
  return success();
};

/** Changes a pod; its ranges stay inside its block, without its gateway (ConfigurationManagerImpl.editPod). */
const updatePod: Behaviour = (call) => {
  const { world } = call;
  const pod = needRow(call, 'id');
  const [name, zone] = [textArg(call, 'name'), world.get(text(pod, 'zoneid'))];
  if (name !== undefined && name !== text(pod, 'name'))
    unique(
      world,
      'Pod',
      name,
      `A pod with name: ${name} already exists in zone ${zone?.no}. Please specify a different pod name. `,
      (row) => row.fields['zoneid'] === zone?.id,
    );
  const gateway = textArg(call, 'gateway') ?? text(pod, 'gateway');
  const netmask = textArg(call, 'netmask') ?? text(pod, 'netmask');
  if (gateway !== '' || netmask !== '') {
    const block = blockOf(gateway, netmask);
    if (!block) throw badValue(`Please enter a valid CIDR for pod: ${name ?? text(pod, 'name')}`);
    if (zone) checkPodBlock(call, zone, gateway, netmask, pod);
    for (const { start, end } of rangesOf(pod)) {
      if (!contains(block, start)) throw badValue('The start address of the some IP range is not in the CIDR subnet.');
      if (!contains(block, end)) throw badValue('The end address of the some IP range is not in the CIDR subnet.');
      if (toNumber(gateway) >= toNumber(start) && toNumber(gateway) <= toNumber(end))
        throw badValue("The gateway shouldn't overlap some start/end ip addresses");
    }
  }
  const { id: _, ...fields } = statedFields(call, 'Pod').fields;
  world.update(pod, fields);
  return object(pod);
};

const createPod: Behaviour = (call) => {
  const { world } = call;
  const zone = needRow(call, 'zoneid');
  const [gateway = '', netmask = ''] = [textArg(call, 'gateway'), textArg(call, 'netmask')];
  checkPodAddresses(call, zone);
  unique(
    world,
    'Pod',
    textArg(call, 'name'),
    `A pod with name: ${textArg(call, 'name')} already exists in zone ${zone.id}. Please specify a different pod name. `,
    (row) => row.fields['zoneid'] === zone.id,
  );
  const block = blockOf(gateway, netmask);
  const start = textArg(call, 'startip') ?? '';
  // Without an end, a range goes to the last address of the pod.
  const end = textArg(call, 'endip') ?? (block ? toAddress(block.last - 1) : start);
  if (block && start !== '') checkRange(call, zone.id, gateway, netmask, start, end);
  checkPodBlock(call, zone, gateway, netmask);
  const fields: Fields = {
    name: textArg(call, 'name'),
    zoneid: zone.id,
    gateway,
    netmask,
    allocationstate: textArg(call, 'allocationstate') ?? 'Enabled',
    startip: start === '' ? [] : [start],
    endip: start === '' ? [] : [end],
    vlanid: start === '' ? [] : ['vlan://untagged'],
    forsystemvms: start === '' ? [] : ['0'],
    ipranges:
      start === ''
        ? []
        : [
            {
              startip: start,
              endip: end,
              forsystemvms: '0',
              vlanid: 'vlan://untagged',
            },
          ],
  };
  return object(insertKind(world, 'Pod', fields));
};

const addCluster: Behaviour = (call) => {
  const { world } = call;
  const pod = needRow(call, 'podid');
  const name = textArg(call, 'clustername');
  if ([...world.where('Cluster', 'podid', pod.id)].some(({ fields }) => fields['name'] === name))
    throw badValue(`Unable to create cluster: a cluster named ${name} is already in the pod`);
  const cluster = insertKind(world, 'Cluster', {
    ...statedFields(call, 'Cluster').fields,
    name,
    hypervisortype: hypervisorName(textArg(call, 'hypervisor')),
    allocationstate: textArg(call, 'allocationstate') ?? 'Enabled',
    managedstate: 'Managed',
    cpuovercommitratio: '1.0',
    memoryovercommitratio: '1.0',
    arch: textArg(call, 'arch') ?? 'x86_64',
  });
  return list([cluster]);
};

const managementRange =
  (add: boolean): Behaviour =>
  (call) => {
    const pod = needRow(call, 'podid');
    const start = textArg(call, 'startip') ?? '';
    const arrays = ['startip', 'endip', 'vlanid', 'forsystemvms'].map((name) =>
      Array.isArray(pod.fields[name]) ? pod.fields[name].map(String) : [],
    );
    const [starts = [], ends = [], vlans = [], systems = []] = arrays;
    if (add) checkManagementRange(call, pod, start, textArg(call, 'endip') ?? start);
    return work(pod, () => {
      const at = starts.indexOf(start);
      if (!add && at < 0) throw badValue(`The IP range ${start} is not in pod ${pod.id}`);
      if (add) {
        starts.push(start);
        ends.push(textArg(call, 'endip') ?? start);
        vlans.push(textArg(call, 'vlan') ?? 'vlan://untagged');
        systems.push(flagArg(call, 'forsystemvms') ? '1' : '0');
      } else for (const array of arrays) array.splice(at, 1);
      call.world.update(pod, { startip: starts, endip: ends, vlanid: vlans, forsystemvms: systems });
      return add ? object(pod) : success();
    });
  };

/** Regions, zones, pods and clusters. */
export const zonePodCluster: Behaviours = {
  generateClusterDrsPlan: generate,
  executeClusterDrsPlan: execute,
  dedicateZone: dedicate('Zone'),
  dedicatePod: dedicate('Pod'),
  dedicateCluster: dedicate('Cluster'),
  releaseDedicatedZone: releaseDedicated('Zone'),
  releaseDedicatedPod: releaseDedicated('Pod'),
  releaseDedicatedCluster: releaseDedicated('Cluster'),
  listRegions: (call) =>
    list(
      call.world
        .all('Region')
        .filter(
          (row) =>
            (call.args['id'] === undefined || row.id === String(call.args['id'])) &&
            (textArg(call, 'name') === undefined || text(row, 'name') === textArg(call, 'name')),
        ),
    ),
  addRegion: (call) => {
    const id = String(call.args['id']);
    const known = call.world.all('Region');
    if (known.some((row) => row.id === id)) throw badValue(`Region with id: ${id} already exists`);
    if (known.some((row) => text(row, 'name') === textArg(call, 'name')))
      throw badValue(`Region with name: ${textArg(call, 'name')} already exists`);
    return object(
      insertKind(call.world, 'Region', { name: textArg(call, 'name'), endpoint: textArg(call, 'endpoint') }, { id }),
    );
  },
  updateRegion: (call) => {
    const row = call.world.find('Region', String(call.args['id']));
    if (!row) throw badValue(`Region with id: ${String(call.args['id'])} does not exist`);
    const { id: _, ...fields } = call.args;
    call.world.update(row, fields);
    return object(row);
  },
  removeRegion: (call) => {
    const row = call.world.find('Region', String(call.args['id']));
    if (!row) throw badValue(`Region with id: ${String(call.args['id'])} does not exist`);
    call.world.remove(row);
    return success();
  },
  listClustersMetrics: withMetrics('Cluster', clusterMetrics),
  listZonesMetrics: withMetrics('Zone', zoneMetrics),
  listZones: (call) => {
    const { caller, world } = call;
    if (caller.root) return listKind(call, 'Zone');
    return listKind(call, 'Zone', [
      ({ fields }) =>
        fields['allocationstate'] === 'Enabled' &&
        (fields['domainid'] === undefined || isWithin(world, caller.domain.id, String(fields['domainid']))),
    ]);
  },
  createZone,
  updateZone,
  deleteZone: drop,
  deletePod: drop,
  deleteCluster: drop,
  createPod,
  updatePod,
  addCluster,
  createManagementNetworkIpRange: managementRange(true),
  deleteManagementNetworkIpRange: managementRange(false),
  updatePodManagementNetworkIpRange: (call) => {
    const pod = needRow(call, 'podid');
    const starts = Array.isArray(pod.fields['startip']) ? pod.fields['startip'].map(String) : [];
    const ends = Array.isArray(pod.fields['endip']) ? pod.fields['endip'].map(String) : [];
    const at = starts.indexOf(textArg(call, 'currentstartip') ?? '');
    if (at < 0) throw badValue(`The IP range ${textArg(call, 'currentstartip')} is not in pod ${pod.id}`);
    return work(pod, () => {
      starts[at] = textArg(call, 'newstartip') ?? starts[at] ?? '';
      ends[at] = textArg(call, 'newendip') ?? ends[at] ?? '';
      call.world.update(pod, { startip: starts, endip: ends });
      return success();
    });
  },
};
