import { badValue, failure } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import { settingOf } from '../world/settings.ts';
import type { Fields, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { needRow, text } from './args.ts';
import type { Behaviour } from './call.ts';
import { hostsFor } from './placement.ts';
import { object, work } from './results.ts';

const systemVmTypes = [
  ['secondarystoragevm', 's'],
  ['consoleproxy', 'v'],
] as const;

/** Makes the zone's secondary storage VM and console proxy if it has hosts to run them and lacks them. */
export const ensureSystemVms = (world: World, zone: Resource): void => {
  const present = new Set([...world.where('SystemVm', 'zoneid', zone.id)].map((row) => text(row, 'systemvmtype')));
  for (const [type, letter] of systemVmTypes) {
    if (present.has(type) || [...world.where('Host', 'zoneid', zone.id)].length === 0) continue;
    const number = world.count('vm');
    const offering = world.all('ServiceOffering').find(({ fields }) => fields['systemvmtype'] === type);
    const template = world.all('Template').find(({ fields }) => fields['templatetype'] === 'SYSTEM');
    const fields: Fields = {
      name: `${letter}-${number}-${settingOf(world, 'instance.name')}`,
      systemvmtype: type,
      state: 'Running',
      agentstate: 'Up',
      zoneid: zone.id,
      cpunumber: 1,
      cpuspeed: 500,
      memory: Number(offering?.fields['memory'] ?? 512),
      hypervisor: 'Simulator',
      serviceofferingid: offering?.id,
      templateid: template?.id,
      dns1: zone.fields['dns1'],
      gateway: '172.16.15.1',
      privateip: `172.16.15.${(number % 200) + 2}`,
      privatenetmask: '255.255.255.0',
      linklocalip: `169.254.1.${(number % 250) + 2}`,
      linklocalnetmask: '255.255.0.0',
      version: world.catalog.release,
      activeviewersessions: 0,
      isdynamicallyscalable: false,
    };
    const vm = insertKind(world, 'SystemVm', fields, { no: number });
    const [host] = hostsFor(world, vm);
    if (host) world.update(vm, { hostid: host.id, podid: host.fields['podid'] });
    else world.update(vm, { state: 'Stopped', agentstate: 'Disconnected' });
  }
};

/** Starts a system VM or router on a host with room. */
export const startSystemVm: Behaviour = (call) => {
  const vm = needRow(call, 'id');
  return work(vm, () => {
    if (text(vm, 'state') === 'Running') return object(vm);
    const [host] = hostsFor(call.world, vm);
    if (!host) throw failure(`Unable to start ${text(vm, 'name')}: no host has room`);
    call.world.update(vm, { state: 'Running', agentstate: 'Up', hostid: host.id });
    return object(vm);
  });
};

/** Stops a system VM or router. */
export const stopSystemVm: Behaviour = (call) => {
  const vm = needRow(call, 'id');
  return work(vm, () => {
    call.world.update(vm, { state: 'Stopped', agentstate: 'Disconnected', hostid: undefined });
    return object(vm);
  });
};

/** Restarts a system VM or router that runs. */
export const rebootSystemVm: Behaviour = (call) => {
  const vm = needRow(call, 'id');
  return work(vm, () => {
    if (text(vm, 'state') !== 'Running') throw badValue(`${text(vm, 'name')} is not running, unable to reboot it`);
    call.world.update(vm, { rebooted: call.world.now() });
    return object(vm);
  });
};

/** Gives a system VM or router another offering, whatever its state. */
export const scaleSystemVm: Behaviour = (call) => {
  const vm = needRow(call, 'id');
  const offering = needRow(call, 'serviceofferingid');
  const apply = () => {
    const { cpunumber, cpuspeed, memory } = offering.fields;
    call.world.update(vm, { serviceofferingid: offering.id, cpunumber, cpuspeed, memory });
    return object(vm);
  };
  return call.command.async ? work(vm, apply) : apply();
};

/** The same for one that is stopped. */
export const changeSystemVmOffering: Behaviour = (call) => {
  const vm = needRow(call, 'id');
  if (text(vm, 'state') !== 'Stopped')
    throw badValue(`Unable to upgrade ${text(vm, 'name')} in state ${text(vm, 'state')}; make sure it is stopped`);
  return scaleSystemVm(call);
};
