import { raise } from './alarm.ts';
import { noCapacity } from '../world/errors.ts';
import type { Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { mib } from './figures.ts';

/** What running machines take of a host. */
export interface Load {
  cpus: number;
  mhz: number;
  memoryMib: number;
}

const usingStates = new Set(['Running', 'Starting', 'Stopping', 'Migrating']);

/** What runs on a host, summed. */
export const loadOf = (world: World, host: Resource): Load => {
  const load = { cpus: 0, mhz: 0, memoryMib: 0 };
  for (const kind of ['UserVm', 'DomainRouter', 'SystemVm']) {
    for (const { fields } of world.where(kind, 'hostid', host.id)) {
      if (!usingStates.has(String(fields['state']))) continue;
      load.cpus += Number(fields['cpunumber'] ?? 1);
      load.mhz += Number(fields['cpunumber'] ?? 1) * Number(fields['cpuspeed'] ?? 500);
      load.memoryMib += Number(fields['memory'] ?? 256);
    }
  }
  return load;
};

/** Whether a host takes new machines at all. */
export const isUsable = (world: World, host: Resource): boolean =>
  host.fields['state'] === 'Up' &&
  host.fields['resourcestate'] === 'Enabled' &&
  host.fields['type'] === 'Routing' &&
  world.get(String(host.fields['clusterid']))?.fields['allocationstate'] !== 'Disabled';

const fits = (world: World, host: Resource, machine: Resource): boolean => {
  const load = loadOf(world, host);
  const { cpunumber = 1, cpuspeed = 500, memory = 256 } = machine.fields;
  const mhz = Number(host.fields['cpunumber']) * Number(host.fields['cpuspeed']);
  return (
    load.mhz + Number(cpunumber) * Number(cpuspeed) <= mhz &&
    load.memoryMib + Number(memory) <= Number(host.fields['memorytotal']) / mib
  );
};

/** Hosts of a machine's zone that could run it, the emptiest first. */
export const hostsFor = (world: World, machine: Resource, except?: string): Resource[] =>
  [...world.where('Host', 'zoneid', String(machine.fields['zoneid']))]
    .filter((host) => host.id !== except && isUsable(world, host) && fits(world, host, machine))
    .sort((a, b) => loadOf(world, a).memoryMib - loadOf(world, b).memoryMib);

const separated = (world: World, machine: Resource): Set<string> => {
  const apart = new Set<string>();
  const groups = machine.hidden['affinitygroupids'];
  for (const id of Array.isArray(groups) ? groups : []) {
    if (world.get(String(id))?.fields['type'] !== 'host anti-affinity') continue;
    for (const other of world.all('UserVm')) {
      const theirs = other.hidden['affinitygroupids'];
      if (other !== machine && Array.isArray(theirs) && theirs.includes(id)) apart.add(String(other.fields['hostid']));
    }
  }
  return apart;
};

/** The host on which a machine will run; 533 when there is none with room. */
export const chooseHost = (world: World, machine: Resource, wanted?: Resource): Resource => {
  const apart = separated(world, machine);
  const host = wanted
    ? hostsFor(world, machine).find(({ id }) => id === wanted.id)
    : hostsFor(world, machine).find(({ id }) => !apart.has(id));
  if (!host) {
    raise(world, 'machine', `Failed to deploy Vm with Id: ${machine.no}: no host has room for it`);
    throw noCapacity('Unable to create a deployment for VM instance with the requested capacity');
  }
  return host;
};
