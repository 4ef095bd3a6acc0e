import { raise } from './alarm.ts';
import { noCapacity } from '../world/errors.ts';
import type { Index, Sum } from '../world/table.ts';
import type { Resource, Value } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { mib } from './figures.ts';

/** What running machines take of a host. */
export interface Load {
  cpus: number;
  mhz: number;
  memoryMib: number;
}

const usingStates = new Set(['Running', 'Starting', 'Stopping', 'Migrating']);

/** What the machines on a host take of it, by what a running one takes. */
const onHost = (weightOf: (fields: Resource['fields']) => number): Sum => ({
  keysOf: ({ fields }) => fields['hostid'],
  weightOf: ({ fields }) => (usingStates.has(String(fields['state'])) ? weightOf(fields) : 0),
});

const loads: Record<keyof Load, Sum> = {
  cpus: onHost(({ cpunumber }) => Number(cpunumber ?? 1)),
  mhz: onHost(({ cpunumber, cpuspeed }) => Number(cpunumber ?? 1) * Number(cpuspeed ?? 500)),
  memoryMib: onHost(({ memory }) => Number(memory ?? 256)),
};

/** What runs on a host, summed. */
export const loadOf = (world: World, host: Resource): Load => {
  const of = (sum: Sum): number =>
    world.sum('UserVm', sum, host.id) + world.sum('DomainRouter', sum, host.id) + world.sum('SystemVm', sum, host.id);
  return { cpus: of(loads.cpus), mhz: of(loads.mhz), memoryMib: of(loads.memoryMib) };
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

const tagsIn = (text: Value): string[] =>
  String(text ?? '')
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');

/** Whether what a host or a pool has holds every tag that an offering wants. */
const hasTags = (own: Value, wanted: Value): boolean => {
  const held = tagsIn(own);
  return tagsIn(wanted).every((tag) => held.includes(tag));
};

/** The storage tags that a volume's offering wants: a root disk has its machine's offering. */
const storageTagsOf = (world: World, { fields }: Resource): Value => {
  const machine = world.get(String(fields['virtualmachineid'] ?? ''));
  const own = world.get(String(fields['diskofferingid'] ?? ''))?.fields['tags'];
  if (own !== undefined || fields['type'] !== 'ROOT') return own;
  return world.get(String(machine?.fields['serviceofferingid'] ?? ''))?.fields['storagetags'];
};

/** Pools of a volume's zone that are up and have the tags of its offering. */
export const poolsFor = (world: World, volume: Resource): Resource[] => {
  const wanted = storageTagsOf(world, volume);
  return [...world.where('StoragePool', 'zoneid', String(volume.fields['zoneid']))].filter(
    ({ fields }) => fields['state'] === 'Up' && hasTags(fields['tags'], wanted),
  );
};

/** Whether a host reaches a pool for each disk of a machine that is on none yet. */
const reachesStorage = (world: World, host: Resource, machine: Resource): boolean =>
  [...world.where('Volume', 'virtualmachineid', machine.id)]
    .filter((volume) => volume.fields['state'] === 'Allocated' && tagsIn(storageTagsOf(world, volume)).length > 0)
    .every((volume) =>
      poolsFor(world, volume).some(
        ({ fields }) => fields['clusterid'] === undefined || fields['clusterid'] === host.fields['clusterid'],
      ),
    );

/** Hosts of a machine's zone that could run it, the emptiest first. */
export const hostsFor = (world: World, machine: Resource, except?: string): Resource[] => {
  const wanted = world.get(String(machine.fields['serviceofferingid'] ?? ''))?.fields['hosttags'];
  return [...world.where('Host', 'zoneid', String(machine.fields['zoneid']))]
    .filter(
      (host) =>
        host.id !== except &&
        isUsable(world, host) &&
        hasTags(host.fields['hosttags'], wanted) &&
        fits(world, host, machine),
    )
    .sort((a, b) => loadOf(world, a).memoryMib - loadOf(world, b).memoryMib);
};

/** Machines by the affinity groups that they are in. */
export const byAffinityGroup: Index = { keysOf: ({ hidden }) => hidden['affinitygroupids'] };

/** Hosts on which other machines of a machine's affinity groups of a type are. */
const hostsOfGroups = (world: World, machine: Resource, type: string): Set<string> => {
  const hosts = new Set<string>();
  const groups = machine.hidden['affinitygroupids'];
  for (const id of Array.isArray(groups) ? groups : []) {
    if (world.get(String(id))?.fields['type'] !== type) continue;
    for (const other of world.indexed('UserVm', byAffinityGroup, String(id))) {
      const host = other.fields['hostid'];
      if (other.id !== machine.id && typeof host === 'string') hosts.add(host);
    }
  }
  return hosts;
};

/** Hosts in the order in which a machine's affinity groups like them, without those that a strict group forbids. */
const byAffinity = (world: World, machine: Resource, hosts: Resource[]): Resource[] => {
  const of = (type: string): Set<string> => hostsOfGroups(world, machine, type);
  const [together, apart] = [of('host affinity'), of('host anti-affinity')];
  const [near, far] = [of('non-strict host affinity'), of('non-strict host anti-affinity')];
  const rank = ({ id }: Resource): number => Number(far.has(id)) - Number(near.has(id));
  return hosts
    .filter(({ id }) => !apart.has(id) && (together.size === 0 || together.has(id)))
    .toSorted((a, b) => rank(a) - rank(b));
};

/** The host on which a machine will run; 533 when there is none with room. */
export const chooseHost = (world: World, machine: Resource, wanted?: Resource): Resource => {
  const fitting = hostsFor(world, machine).filter((each) => reachesStorage(world, each, machine));
  const host = wanted ? fitting.find(({ id }) => id === wanted.id) : byAffinity(world, machine, fitting)[0];
  if (!host) {
    raise(world, 'machine', `Failed to deploy Vm with Id: ${machine.no}: no host has room for it`);
    throw noCapacity('Unable to create a deployment for VM instance with the requested capacity');
  }
  return host;
};
