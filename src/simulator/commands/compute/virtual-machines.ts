import { listKind, type Test } from '../../engine/list.ts';
import { usageHistory } from '../../engine/metrics.ts';
import { flagArg, listArg, needRow, numberArg, rowArg, rowsArg, stateOf, text } from '../../rules/args.ts';
import type { Behaviour, Behaviours, Call, Result } from '../../rules/call.ts';
import { deploy } from '../../rules/deployment.ts';
import { gib } from '../../rules/figures.ts';
import {
  checkStartable,
  destroy,
  expunge,
  nameOf,
  powerOff,
  powerOn,
  replaceRootDisk,
  volumesOf,
} from '../../rules/machines.ts';
import { machineMetrics } from '../../rules/metrics.ts';
import { object, success, work } from '../../rules/results.ts';
import { badValue, failure, forbidden } from '../../world/errors.ts';
import { isOn } from '../../world/settings.ts';
import type { Fields, Resource } from '../../world/types.ts';

const mayExpunge = (call: Call): boolean =>
  call.caller.role !== 'User' || isOn(call.world, 'allow.user.expunge.recover.vm');

const checkProtection = (vm: Resource): void => {
  if (vm.fields['deleteprotection'] === true)
    throw badValue(
      `Instance [id = ${vm.id}, name = ${String(vm.fields['name'])}] has delete protection enabled and cannot be deleted.`,
    );
};

/** Only a machine itself has these life cycles; ids of routers and system VMs are refused. */
const vmOf = (call: Call, name = 'id'): Resource => {
  const vm = needRow(call, name);
  if (vm.kind !== 'UserVm') throw badValue(`unable to find a virtual machine with id ${vm.no}`);
  return vm;
};

const start: Behaviour = (call) => {
  const vm = vmOf(call);
  const { world } = call;
  if (stateOf(vm) === 'Stopped') world.update(vm, { state: 'Starting' });
  return work(vm, () => {
    checkStartable(vm);
    try {
      powerOn(world, vm, rowArg(call, 'hostid'));
    } catch (error) {
      world.update(vm, { state: 'Stopped' });
      throw error;
    }
    return object(vm);
  });
};

const stop: Behaviour = (call) => {
  const vm = vmOf(call);
  if (flagArg(call, 'forced') && call.caller.role === 'User' && !isOn(call.world, 'allow.user.force.stop.vm'))
    throw forbidden();
  if (stateOf(vm) === 'Running') call.world.update(vm, { state: 'Stopping' });
  return work(vm, () => {
    if (['Running', 'Stopping', 'Starting'].includes(stateOf(vm))) powerOff(call.world, vm);
    return object(vm);
  });
};

const reboot: Behaviour = (call) => {
  const vm = vmOf(call);
  return work(vm, () => {
    if (stateOf(vm) !== 'Running') throw badValue(`Virtual machine ${nameOf(vm)} is not running, unable to reboot it`);
    call.world.update(vm, { lastupdated: call.world.now() });
    return object(vm);
  });
};

const destroyMachine: Behaviour = (call) => {
  const vm = vmOf(call);
  const now = flagArg(call, 'expunge');
  if (now && !mayExpunge(call))
    throw forbidden(
      'Parameter expunge can be passed by Admin only. Or when the allow.user.expunge.recover.vm key is set.',
    );
  checkProtection(vm);
  const volumes = rowsArg(call, 'volumeids');
  for (const volume of volumes)
    if (volume.fields['virtualmachineid'] !== vm.id || volume.fields['type'] === 'ROOT')
      throw badValue(`Volume ${volume.id} is not a data disk of the virtual machine ${vm.id}`);
  if (stateOf(vm) === 'Running') call.world.update(vm, { state: 'Stopping' });
  return work(vm, () => {
    if (vm.removed !== undefined) return object(vm);
    if (stateOf(vm) !== 'Destroyed') destroy(call.world, vm, now);
    else if (now) expunge(call.world, vm);
    for (const volume of volumes) call.world.remove(volume);
    return object(vm.removed === undefined ? vm : {});
  });
};

const expungeMachine: Behaviour = (call) => {
  const vm = vmOf(call);
  if (!mayExpunge(call))
    throw forbidden('Expunging a vm can be done by Admin only. Or when the allow.user.expunge.recover.vm key is set.');
  return work(vm, () => {
    if (!['Destroyed', 'Expunging', 'Error'].includes(stateOf(vm)))
      throw failure('Please destroy vm with specified vmId before expunge');
    expunge(call.world, vm);
    return success();
  });
};

const recover: Behaviour = (call) => {
  const vm = vmOf(call);
  if (!mayExpunge(call))
    throw forbidden('Recovering a vm can be done by Admin only. Or when the allow.user.expunge.recover.vm key is set.');
  if (stateOf(vm) !== 'Destroyed') throw badValue(`Vm with id ${vm.id} is not in the right state`);
  call.world.update(vm, { state: 'Stopped' });
  return object(vm);
};

const restore: Behaviour = (call) => {
  const vm = vmOf(call, 'virtualmachineid');
  const template = rowArg(call, 'templateid');
  return work(vm, () => {
    if (!['Running', 'Stopped'].includes(stateOf(vm)))
      throw failure(
        `Vm ${nameOf(vm)} currently in ${stateOf(vm)} state, restore vm can only execute when VM in Running or Stopped`,
      );
    if ([...call.world.where('VMSnapshot', 'virtualmachineid', vm.id)].length > 0)
      throw badValue('Unable to restore VM, please remove VM snapshots before restoring VM');
    const chosen = template?.id ?? vm.fields['templateid'];
    const offering = rowArg(call, 'diskofferingid');
    const size = numberArg(call, 'rootdisksize') ?? (Number(offering?.fields['disksize'] ?? 0) || undefined);
    replaceRootDisk(call.world, vm, {
      templateid: chosen,
      ...(offering ? { diskofferingid: offering.id } : {}),
      ...(size === undefined ? {} : { size: size * gib }),
    });
    call.world.update(vm, {
      templateid: chosen,
      lastupdated: call.world.now(),
      ...(template ? { ostypeid: template.fields['ostypeid'], guestosid: template.fields['ostypeid'] } : {}),
    });
    return object(vm);
  });
};

const migrate: Behaviour = (call) => {
  const vm = needRow(call, 'virtualmachineid');
  const host = rowArg(call, 'hostid');
  const pool = rowArg(call, 'storageid');
  const { world } = call;
  if (host && host.id === vm.fields['hostid'])
    throw badValue(
      'Cannot migrate VM, VM is already present on this host, please specify valid destination host to migrate the VM',
    );
  if (stateOf(vm) === 'Running') world.update(vm, { state: 'Migrating' });
  else if (!pool) throw badValue(`VM is not Running, unable to migrate the vm ${nameOf(vm)}`);
  return work(vm, () => {
    if (pool) for (const volume of volumesOf(world, vm)) world.update(volume, { storageid: pool.id });
    if (stateOf(vm) !== 'Migrating') return object(vm);
    const from = String(vm.fields['hostid']);
    world.update(vm, { state: 'Running' });
    const target =
      host ??
      call.world
        .all('Host')
        .find(
          (other) =>
            other.id !== from &&
            other.fields['zoneid'] === vm.fields['zoneid'] &&
            other.fields['resourcestate'] === 'Enabled' &&
            other.fields['state'] === 'Up',
        );
    if (!target) throw failure('Unable to find suitable destination to migrate VM');
    if (target.fields['resourcestate'] !== 'Enabled' || target.fields['state'] !== 'Up')
      throw badValue(`Host ${target.id} is not able to take virtual machines`);
    world.update(vm, { hostid: target.id });
    return object(vm);
  });
};

/** Fields that a word of `details` brings, beyond what is always shown. */
const detailFields: Record<string, string[]> = {
  group: ['group', 'groupid'],
  nics: ['nic', 'ipaddress'],
  stats: [
    'cpuused',
    'networkkbsread',
    'networkkbswrite',
    'diskkbsread',
    'diskkbswrite',
    'memorykbs',
    'diskioread',
    'diskiowrite',
  ],
  secgrp: ['securitygroup'],
  tmpl: ['templateid', 'templatename', 'templatedisplaytext', 'templateformat', 'templatetype', 'passwordenabled'],
  servoff: ['serviceofferingid', 'serviceofferingname', 'cpunumber', 'cpuspeed', 'memory'],
  diskoff: ['diskofferingid', 'diskofferingname'],
  backoff: ['backupofferingid', 'backupofferingname'],
  iso: ['isoid', 'isoname', 'isodisplaytext'],
  volume: ['rootdeviceid', 'rootdevicetype'],
  affgrp: ['affinitygroup'],
  vnfnics: ['vnfnics'],
  min: [],
  all: [],
};

/** Only the fields that a call's `details` ask for; undefined when that is everything. */
const pickOf = (call: Call): ((fields: Fields) => Fields) | undefined => {
  const wanted = listArg(call, 'details').map((word) => word.toLowerCase());
  if (wanted.length === 0 || wanted.includes('all')) return undefined;
  const shown = new Set(wanted.flatMap((word) => detailFields[word] ?? []));
  const left = new Set(
    Object.values(detailFields)
      .flat()
      .filter((field) => !shown.has(field)),
  );
  return (fields) => Object.fromEntries(Object.entries(fields).filter(([name]) => !left.has(name)));
};

const listMachines: Behaviour = (call): Result => {
  const { caller, world, args } = call;
  const tests: Test[] = [];
  if (caller.role === 'User') {
    tests.push(({ fields }) => fields['displayvm'] !== false);
    if (!isOn(world, 'allow.user.view.destroyed.vm')) tests.push(({ fields }) => fields['state'] !== 'Destroyed');
  }
  if (args['haenable'] !== undefined) tests.push(({ fields }) => (fields['haenable'] === true) === args['haenable']);
  if (call.command.name === 'listVnfAppliances')
    tests.push((vm) => world.get(text(vm, 'templateid'))?.hidden['vnf'] === true);
  const pick = pickOf(call);
  const result = listKind(call, 'UserVm', tests);
  if (result.form !== 'list') return result;
  if (call.command.name === 'listVirtualMachinesMetrics')
    return { ...result, pick: (fields) => ({ ...fields, ...machineMetrics(world, fields) }) };
  return pick ? { ...result, pick } : result;
};

/** Virtual machines: listed, deployed, started, stopped, moved, destroyed. */
export const virtualMachines: Behaviours = {
  deployVirtualMachine: deploy,
  deployVnfAppliance: deploy,
  startVirtualMachine: start,
  stopVirtualMachine: stop,
  rebootVirtualMachine: reboot,
  destroyVirtualMachine: destroyMachine,
  expungeVirtualMachine: expungeMachine,
  recoverVirtualMachine: recover,
  restoreVirtualMachine: restore,
  migrateVirtualMachine: migrate,
  migrateVirtualMachineWithVolume: migrate,
  listVirtualMachines: listMachines,
  listVirtualMachinesMetrics: listMachines,
  listVnfAppliances: listMachines,
  listVirtualMachinesUsageHistory: usageHistory('UserVm'),
};
