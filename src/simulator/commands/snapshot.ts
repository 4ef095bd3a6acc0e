import { statedFields, targetsOf } from '../engine/generic.ts';
import { extractResource } from '../engine/transfers.ts';
import { flagArg, needRow, rowArg, rowsArg, tagsArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../rules/call.ts';
import { checkLimit } from '../rules/limits.ts';
import { volumesOf } from '../rules/machines.ts';
import { object, success, work } from '../rules/results.ts';
import { intervalOf, intervals, zoneOf } from '../rules/schedules.ts';
import { badValue, failure } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import { numberSetting } from '../world/settings.ts';
import type { Fields, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';

const timestampText = (world: World): string =>
  new Date(world.clock.now()).toISOString().slice(0, 19).replace(/[-:T]/g, '');

const machineOf = (call: Call, volume: Resource): Resource | undefined =>
  call.world.get(text(volume, 'virtualmachineid'));

const make = (call: Call, volume: Resource, more: Fields = {}): Resource => {
  const { world } = call;
  const owner = world.get(volume.owner ?? '') ?? call.caller.account;
  checkLimit(world, owner, 'snapshot');
  const vm = machineOf(call, volume);
  return insertKind(
    world,
    'Snapshot',
    {
      name:
        textArg(call, 'name') ??
        `${vm ? text(vm, 'name') : 'detached'}_${text(volume, 'name')}_${timestampText(world)}`,
      state: 'Allocated',
      volumeid: volume.id,
      zoneid: volume.fields['zoneid'],
      virtualsize: volume.fields['size'],
      physicalsize: Math.round(Number(volume.fields['size'] ?? 0) * 0.3),
      snapshottype: 'MANUAL',
      intervaltype: 'MANUAL',
      locationtype: textArg(call, 'locationtype') ?? 'SECONDARY',
      revertable: true,
      ostypeid: vm?.fields['ostypeid'],
      ...more,
    },
    { owner: volume.owner },
  );
};

const create: Behaviour = (call) => {
  const volume = needRow(call, 'volumeid');
  const { world } = call;
  const state = text(volume, 'state');
  if (state !== 'Ready')
    throw badValue(`Volume: ${volume.id} is not in Ready state but ${state}. Cannot take snapshot.`);
  const snapshot = make(call, volume);
  for (const [key, value] of tagsArg(call))
    world.insert(
      'ResourceTag',
      { key, value, resourceid: snapshot.id, resourcetype: 'Snapshot' },
      { owner: snapshot.owner },
    );
  world.update(snapshot, { state: 'BackingUp' });
  world.update(volume, { state: 'Snapshotting' });
  return work(snapshot, () => {
    if (volume.removed === undefined) world.update(volume, { state: 'Ready' });
    world.update(snapshot, { state: 'BackedUp', status: 'Download Complete' });
    return object(snapshot);
  });
};

const revert: Behaviour = (call) => {
  const snapshot = needRow(call, 'id');
  const volume = call.world.get(text(snapshot, 'volumeid'));
  if (!volume || volume.removed !== undefined) throw badValue(`The volume of snapshot ${snapshot.id} no longer exists`);
  const vm = machineOf(call, volume);
  return work(snapshot, () => {
    if (vm && text(vm, 'state') !== 'Stopped')
      throw badValue('The VM the specified disk is attached to is not in the shutdown state.');
    call.world.update(volume, { size: snapshot.fields['virtualsize'], snapshotid: snapshot.id });
    return object(snapshot);
  });
};

const createPolicy: Behaviour = (call) => {
  const volume = needRow(call, 'volumeid');
  const { world } = call;
  const interval = intervalOf(call);
  const max = numberSetting(world, `snapshot.max.${(intervals[interval] ?? '').toLowerCase()}`, 8);
  const asked = Number(call.args['maxsnaps']);
  if (asked < 1) throw badValue('maxSnaps should be greater than 0');
  if (asked > max) throw badValue(`maxSnaps exceeds limit: ${max} for interval type: ${intervals[interval]}`);
  const present = [...world.where('SnapshotPolicy', 'volumeid', volume.id)].find(
    ({ fields }) => fields['intervaltype'] === interval,
  );
  const { fields } = statedFields(call, 'SnapshotPolicy');
  const stated = {
    ...fields,
    intervaltype: interval,
    volumeid: volume.id,
    timezone: zoneOf(String(fields['timezone'])),
  };
  if (present) world.update(present, stated);
  return object(
    present ?? insertKind(world, 'SnapshotPolicy', { ...stated, fordisplay: true }, { owner: volume.owner }),
  );
};

const copy: Behaviour = (call) => {
  const snapshot = needRow(call, 'id');
  const zones = [...rowsArg(call, 'destzoneids'), ...rowsArg(call, 'destzoneid')];
  if (zones.length === 0) throw badValue('Either destzoneid or destzoneids must be given');
  const source = rowArg(call, 'sourcezoneid')?.id ?? text(snapshot, 'zoneid');
  if (zones.some(({ id }) => id === source)) throw badValue('Please specify different source and destination zones.');
  return work(snapshot, () => {
    for (const zone of zones) {
      const { ...fields } = snapshot.fields;
      insertKind(call.world, 'Snapshot', { ...fields, zoneid: zone.id }, { owner: snapshot.owner });
    }
    return object(snapshot);
  });
};

const createVmSnapshot: Behaviour = (call) => {
  const vm = needRow(call, 'virtualmachineid');
  const { world } = call;
  const state = text(vm, 'state');
  const memory = flagArg(call, 'snapshotmemory');
  if (!['Running', 'Stopped'].includes(state))
    throw badValue(`Creating vm snapshot failed due to VM:${vm.id} is not in the running or Stopped state`);
  if (memory && state !== 'Running') throw badValue('Can not snapshot memory when VM is not in Running state');
  const present = [...world.where('VMSnapshot', 'virtualmachineid', vm.id)];
  const current = present.find(({ fields }) => fields['current'] === true);
  // The caller's name is what is displayed; the name is the cloud's own.
  const name = `${text(vm, 'instancename')}_VS_${timestampText(world)}`;
  const row = insertKind(
    world,
    'VMSnapshot',
    {
      name,
      displayname: textArg(call, 'name') ?? name,
      description: textArg(call, 'description'),
      state: 'Creating',
      type: memory ? 'DiskAndMemory' : 'Disk',
      current: false,
      parent: current?.id,
      parentName: current?.fields['name'],
      virtualmachineid: vm.id,
      zoneid: vm.fields['zoneid'],
      hypervisor: vm.fields['hypervisor'],
    },
    { owner: vm.owner },
  );
  world.hide(row, { size: { cpunumber: vm.fields['cpunumber'], memory: vm.fields['memory'] } });
  return work(row, () => {
    for (const other of present) world.update(other, { current: false });
    world.update(row, { state: 'Ready', current: true });
    return object(row);
  });
};

const revertVm: Behaviour = (call) => {
  const row = needRow(call, 'vmsnapshotid');
  const vm = call.world.get(text(row, 'virtualmachineid'));
  if (!vm) throw badValue('The virtual machine of the snapshot no longer exists');
  const [state, type] = [text(vm, 'state'), text(row, 'type')];
  return work(vm, () => {
    if (state === 'Running' && type === 'Disk')
      throw badValue(
        'VM Snapshot revert not allowed. This will result in VM state change. You can revert running VM to disk and memory type snapshot and stopped VM to disk type snapshot',
      );
    if (state === 'Stopped' && type === 'DiskAndMemory')
      throw badValue(
        'VM Snapshot revert not allowed. This will result in VM state change. You can revert running VM to disk and memory type snapshot and stopped VM to disk type snapshot',
      );
    for (const other of [...call.world.where('VMSnapshot', 'virtualmachineid', vm.id)])
      call.world.update(other, { current: other === row });
    return object(vm);
  });
};

/** Volume and VM snapshots. */
export const snapshot: Behaviours = {
  createSnapshot: create,
  revertSnapshot: revert,
  copySnapshot: copy,
  createSnapshotPolicy: createPolicy,
  createVMSnapshot: createVmSnapshot,
  revertToVMSnapshot: revertVm,
  archiveSnapshot: (call) => {
    const snapshot = needRow(call, 'id');
    return work(snapshot, () => {
      call.world.update(snapshot, { locationtype: 'SECONDARY' });
      return success();
    });
  },
  createSnapshotFromVMSnapshot: (call) => {
    const volume = needRow(call, 'volumeid');
    const from = needRow(call, 'vmsnapshotid');
    const vm = call.world.get(text(from, 'virtualmachineid'));
    if (vm && !volumesOf(call.world, vm).includes(volume))
      throw badValue('The volume does not belong to the virtual machine of the snapshot');
    const snapshot = make(call, volume);
    return work(snapshot, () => {
      call.world.update(snapshot, { state: 'BackedUp' });
      return object(snapshot);
    });
  },
  deleteSnapshot: (call) => {
    const snapshot = needRow(call, 'id');
    return work(snapshot, () => {
      if (text(snapshot, 'state') === 'BackingUp')
        throw failure(`Can't delete snapshotshot ${snapshot.id} due to it is in BackingUp Status`);
      call.world.remove(snapshot);
      return success();
    });
  },
  deleteSnapshotPolicies: (call) => {
    const rows = targetsOf(call, 'SnapshotPolicy');
    if (rows.length === 0) throw badValue('Either id or ids must be given');
    for (const row of rows) call.world.remove(row);
    return success();
  },
  updateSnapshotPolicy: (call) => {
    const row = rowArg(call, 'id');
    if (!row) throw badValue('The policy id is required');
    return work(row, () => {
      call.world.update(row, { fordisplay: flagArg(call, 'fordisplay') });
      return object(row);
    });
  },
  extractSnapshot: extractResource,
};
