import { ApiError, badValue, failure } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import { numberSetting } from '../world/settings.ts';
import type { Fields, Resource, Value } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { stateOf } from './args.ts';
import { implementNetwork, releaseRules, scheduleShutdown } from './networks.ts';
import { chooseHost, poolsFor } from './placement.ts';

/** `<uuid> (<name>)`, as texts speak of a virtual machine. */
export const nameOf = (vm: Resource): string => `${vm.id} (${String(vm.fields['displayname'] ?? vm.fields['name'])})`;

/** Volumes of a virtual machine; the root disk first. */
export const volumesOf = (world: World, vm: Resource): Resource[] =>
  [...world.where('Volume', 'virtualmachineid', vm.id)].sort(
    (a, b) => Number(a.fields['deviceid']) - Number(b.fields['deviceid']),
  );

/** Networks that a virtual machine has an interface on. */
const networksOf = (world: World, vm: Resource): Resource[] =>
  [...world.where('Nic', 'virtualmachineid', vm.id)].flatMap(
    ({ fields }) => world.get(String(fields['networkid'])) ?? [],
  );

const poweredStates = new Set(['Running', 'Starting']);

/** Marks a volume as usable on some primary storage of its zone. */
export const readyVolume = (world: World, volume: Resource, hostId?: Value): void => {
  const cluster = world.get(String(hostId))?.fields['clusterid'];
  const pools = poolsFor(world, volume);
  const pool = pools.find(({ fields }) => fields['clusterid'] === cluster) ?? pools[0];
  if (!pool) throw new ApiError(533, 'Insufficient storage capacity', 4340);
  const storage = volume.fields['storageid'] ?? pool.id;
  world.update(volume, {
    state: 'Ready',
    storageid: storage,
    storagetype: 'shared',
    path: volume.fields['path'] ?? volume.id,
  });
};

/** Puts a stopped machine to work: networks up, host chosen, disks ready. */
export const powerOn = (world: World, vm: Resource, wanted?: Resource): void => {
  const host = chooseHost(world, vm, wanted);
  for (const network of networksOf(world, vm)) implementNetwork(world, network);
  for (const volume of volumesOf(world, vm))
    if (volume.fields['state'] === 'Allocated') readyVolume(world, volume, host.id);
  world.update(vm, { state: 'Running', hostid: host.id, lastupdated: world.now() });
};

/** Takes a machine off its host. */
export const powerOff = (world: World, vm: Resource): void => {
  if (vm.fields['hostid'] !== undefined) world.hide(vm, { lasthostid: vm.fields['hostid'] });
  const details = { ...(vm.fields['details'] as Fields | undefined), 'Message.ReservedCapacityFreed.Flag': 'false' };
  world.update(vm, {
    state: 'Stopped',
    hostid: undefined,
    lastupdated: world.now(),
    ...(vm.kind === 'UserVm' ? { details } : {}),
  });
  for (const network of networksOf(world, vm)) scheduleShutdown(world, network);
};

/** Refuses to start what cannot be started, in the words of the failed job. */
export const checkStartable = (vm: Resource): void => {
  const { state } = vm.fields;
  if (state === 'Running') throw badValue(`The virtual machine ${nameOf(vm)} is already running`);
  if (state !== 'Stopped' && state !== 'Starting')
    throw failure(`Cannot start ${nameOf(vm)} in ${String(state)} state`);
};

/** Takes a virtual machine away for good, with its root disk, interfaces and rules. */
export const expunge = (world: World, vm: Resource): void => {
  for (const volume of volumesOf(world, vm)) {
    if (volume.fields['type'] === 'ROOT') world.remove(volume);
    else detach(world, volume);
  }
  for (const kind of [
    'Nic',
    'VMSnapshot',
    'BackupSchedule',
    'VMSchedule',
    'PortForwardingRule',
    'IpForwardingRule',
    'NicSecondaryIp',
  ])
    for (const row of [...world.where(kind, 'virtualmachineid', vm.id)]) world.remove(row);
  for (const address of [...world.where('IPAddress', 'virtualmachineid', vm.id)]) {
    releaseRules(world, address, false);
    world.update(address, { isstaticnat: false, virtualmachineid: undefined, vmipaddress: undefined });
  }
  for (const member of [...world.where('LbMember', 'virtualmachineid', vm.id)]) world.remove(member);
  world.update(vm, { state: 'Expunging' });
  world.remove(vm);
};

/** Gives a machine a new root disk in place of the one that it has. */
export const replaceRootDisk = (world: World, vm: Resource, changes: Fields): void => {
  const root = volumesOf(world, vm).find(({ fields }) => fields['type'] === 'ROOT');
  if (!root) return;
  const { created: _, path: _path, ...fields } = root.fields;
  world.remove(root);
  const fresh = { ...fields, ...changes, state: 'Allocated', storageid: undefined };
  const disk = insertKind(world, 'Volume', fresh, { owner: root.owner });
  if (vm.fields['state'] === 'Running') readyVolume(world, disk, vm.fields['hostid']);
};

/** Takes a disk off its machine. */
export const detach = (world: World, volume: Resource): void =>
  world.update(volume, { virtualmachineid: undefined, deviceid: undefined, attached: undefined });

/** Expunges a destroyed machine once the cloud has kept it as long as it does, unless it was recovered. */
export const expungeInTime = (world: World, vm: Resource): void => {
  const destroyed = Number(vm.hidden['destroyed']);
  const end = destroyed + numberSetting(world, 'expunge.delay', 86_400) * 1000;
  world.queue.later(Math.max(0, end - world.clock.now()), () => {
    if (vm.removed === undefined && vm.fields['state'] === 'Destroyed' && vm.hidden['destroyed'] === destroyed)
      expunge(world, vm);
  });
};

/** Destroys a machine: off, data disks detached, root disk kept until it is expunged. */
export const destroy = (world: World, vm: Resource, now: boolean): void => {
  const broken = vm.fields['state'] === 'Error';
  if (poweredStates.has(String(vm.fields['state']))) powerOff(world, vm);
  for (const volume of volumesOf(world, vm)) if (volume.fields['type'] !== 'ROOT') detach(world, volume);
  world.update(vm, { state: 'Destroyed', hostid: undefined, lastupdated: world.now() });
  if (now || broken) return expunge(world, vm);
  world.hide(vm, { destroyed: world.clock.now() });
  expungeInTime(world, vm);
};

/** Makes a disk for a machine, not yet on any storage. */
export const addVolume = (
  world: World,
  vm: Resource,
  fields: { type: 'ROOT' | 'DATADISK'; size: number; [name: string]: Value },
): Resource => {
  const index = volumesOf(world, vm).length;
  return insertKind(
    world,
    'Volume',
    {
      name: `${fields.type === 'ROOT' ? 'ROOT' : 'DATA'}-${vm.no}`,
      state: 'Allocated',
      zoneid: vm.fields['zoneid'],
      virtualmachineid: vm.id,
      deviceid: index,
      hypervisor: vm.fields['hypervisor'],
      provisioningtype: 'thin',
      isextractable: true,
      displayvolume: true,
      destroyed: false,
      quiescevm: false,
      ...fields,
    },
    { owner: vm.owner },
  );
};

/** Refuses a machine that is not stopped, with the text given. */
export const needStopped = (vm: Resource, purpose: string): void => {
  if (stateOf(vm) !== 'Stopped') throw badValue(purpose);
};

/** Refuses a machine that neither runs nor is stopped. */
export const needLive = (vm: Resource): void => {
  if (!['Running', 'Stopped'].includes(stateOf(vm)))
    throw badValue(`Please specify a VM that is either Stopped or Running; ${nameOf(vm)} is ${stateOf(vm)}`);
};
