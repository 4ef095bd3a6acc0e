import { statedFields } from '../engine/generic.ts';
import { listKind, listRows } from '../engine/list.ts';
import { cloneOffering } from '../engine/offerings.ts';
import { flagArg, needRow, rowArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../rules/call.ts';
import { deploy } from '../rules/deployment.ts';
import { checkLimit } from '../rules/limits.ts';
import { addVolume, volumesOf } from '../rules/machines.ts';
import { list, object, success, work } from '../rules/results.ts';
import { intervalOf } from '../rules/schedules.ts';
import { badValue, failure } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Resource } from '../world/types.ts';

const needOffering = (vm: Resource): string => {
  const id = text(vm, 'backupofferingid');
  if (id === '')
    throw failure(
      'VM has not backup offering configured, cannot create backup before assigning it to a backup offering',
    );
  return id;
};

const sizeOf = (call: Call, vm: Resource): number =>
  volumesOf(call.world, vm).reduce((sum, { fields }) => sum + Number(fields['size'] ?? 0), 0);

const create: Behaviour = (call) => {
  const { world } = call;
  const vm = needRow(call, 'virtualmachineid');
  const offering = needOffering(vm);
  checkLimit(world, world.get(vm.owner ?? '') ?? call.caller.account, 'backup');
  const size = sizeOf(call, vm);
  const row = insertKind(
    world,
    'Backup',
    {
      name: textArg(call, 'name') ?? `${text(vm, 'name')}-${world.now()}`,
      description: textArg(call, 'description'),
      virtualmachineid: vm.id,
      virtualmachinename: vm.fields['name'],
      vmname: vm.fields['name'],
      backupofferingid: offering,
      zoneid: vm.fields['zoneid'],
      type: 'FULL',
      size: Math.round(size / 3),
      virtualsize: size,
      status: 'BackingUp',
      created: world.now(),
      intervaltype: 'MANUAL',
    },
    {
      owner: vm.owner,
      hidden: {
        volumes: volumesOf(world, vm).map(({ id, fields }) => ({
          id,
          name: fields['name'],
          size: fields['size'],
          type: fields['type'],
        })),
      },
    },
  );
  return work(row, () => {
    world.update(row, { status: 'BackedUp' });
    return success();
  });
};

const remove: Behaviour = (call) => {
  const row = needRow(call, 'id');
  return work(row, () => {
    call.world.remove(row);
    return success();
  });
};

const restore: Behaviour = (call) => {
  const row = needRow(call, 'id');
  const vm = call.world.get(text(row, 'virtualmachineid'));
  return work(row, () => {
    if (!vm || vm.removed !== undefined) throw failure("Couldn't find the VM of the backup");
    if (text(vm, 'state') !== 'Stopped' && text(vm, 'state') !== 'Destroyed')
      throw failure('Existing VM should be stopped before being restored from backup');
    call.world.update(vm, { state: 'Stopped', lastupdated: call.world.now() });
    for (const volume of volumesOf(call.world, vm)) call.world.update(volume, { path: call.world.random.uuid() });
    return success();
  });
};

const restoreVolume: Behaviour = (call) => {
  const backup = needRow(call, 'backupid');
  const vm = needRow(call, 'virtualmachineid');
  const saved = (Array.isArray(backup.hidden['volumes']) ? backup.hidden['volumes'] : []) as {
    id: string;
    size: number;
  }[];
  const found = saved.find(({ id }) => id === textArg(call, 'volumeid'));
  return work(vm, () => {
    if (!found) throw badValue(`Volume ${textArg(call, 'volumeid')} is not in the backup ${backup.id}`);
    const volume = addVolume(call.world, vm, { type: 'DATADISK', size: Number(found.size) });
    call.world.update(volume, { state: 'Ready' });
    return success();
  });
};

const schedule: Behaviour = (call) => {
  const vm = needRow(call, 'virtualmachineid');
  needOffering(vm);
  intervalOf(call);
  const fields = {
    intervaltype: (textArg(call, 'intervaltype') ?? '').toUpperCase(),
    schedule: textArg(call, 'schedule'),
    timezone: textArg(call, 'timezone'),
    maxbackups: call.args['maxbackups'],
    quiescevm: flagArg(call, 'quiescevm'),
  };
  const present = [...call.world.where('BackupSchedule', 'virtualmachineid', vm.id)].find(
    (row) => row.fields['intervaltype'] === fields.intervaltype,
  );
  if (present) call.world.update(present, fields);
  return object(
    present ??
      insertKind(
        call.world,
        'BackupSchedule',
        { ...fields, virtualmachineid: vm.id, virtualmachinename: vm.fields['name'] },
        { owner: vm.owner },
      ),
  );
};

/** Begins a backup that a backup tool reads itself: the disks are held at a checkpoint until it is finished. */
const startExport: Behaviour = (call) => {
  const { world } = call;
  const vm = needRow(call, 'virtualmachineid');
  if (text(vm, 'state') !== 'Running' && text(vm, 'state') !== 'Stopped')
    throw badValue(`VM ${vm.id} must be running or stopped to be backed up`);
  const size = sizeOf(call, vm);
  const checkpoints = [...world.where('Checkpoint', 'virtualmachineid', vm.id)];
  const row = insertKind(
    world,
    'Backup',
    {
      name: textArg(call, 'name') ?? `${text(vm, 'name')}-${world.now()}`,
      description: textArg(call, 'description'),
      virtualmachineid: vm.id,
      virtualmachinename: vm.fields['name'],
      zoneid: vm.fields['zoneid'],
      hostid: vm.fields['hostid'],
      type: checkpoints.length === 0 ? 'FULL' : 'INCREMENTAL',
      fromcheckpointid: checkpoints.at(-1)?.id,
      size,
      virtualsize: size,
      status: 'Queued',
      created: world.now(),
    },
    { owner: vm.owner },
  );
  return work(row, () => {
    const checkpoint = insertKind(
      world,
      'Checkpoint',
      { virtualmachineid: vm.id, isactive: true },
      { owner: vm.owner },
    );
    for (const former of checkpoints) world.update(former, { isactive: false });
    world.update(row, { status: 'ReadyForImageTransfer', tocheckpointid: checkpoint.id });
    return object(row);
  });
};

const finishExport: Behaviour = (call) => {
  const { world } = call;
  const backup = needRow(call, 'id');
  return work(backup, () => {
    if (text(backup, 'status') !== 'ReadyForImageTransfer')
      throw badValue(`Backup ${backup.id} is not ready for image transfer`);
    for (const transfer of [...world.where('ImageTransfer', 'backupid', backup.id)])
      if (text(transfer, 'phase') === 'transferring') throw badValue(`Image transfer ${transfer.id} is not finalized`);
    world.update(backup, { status: 'BackedUp' });
    return object(backup);
  });
};

const startTransfer: Behaviour = (call) => {
  const volume = needRow(call, 'volumeid');
  const backup = rowArg(call, 'backupid');
  const direction = textArg(call, 'direction')?.toLowerCase() ?? '';
  if (!['upload', 'download'].includes(direction)) throw badValue(`Invalid direction: ${direction}`);
  return object(
    insertKind(
      call.world,
      'ImageTransfer',
      {
        backupid: backup?.id,
        volumeid: volume.id,
        vmid: volume.fields['virtualmachineid'],
        devicename: 'vda',
        direction,
        phase: 'transferring',
        transferurl: `https://host.example.com:54322/images/${call.world.random.uuid()}`,
      },
      { owner: volume.owner },
    ),
  );
};

const finishTransfer: Behaviour = (call) => {
  call.world.update(needRow(call, 'id'), { phase: 'finished', transferurl: undefined });
  return success();
};

const checkpointsOf = (call: Call): Resource[] => [
  ...call.world.where('Checkpoint', 'virtualmachineid', needRow(call, 'virtualmachineid').id),
];

const backupProviders = ['dummy', 'nas', 'networker', 'veeam'];

const fromBackup: Behaviour = (call) => {
  const backup = needRow(call, 'backupid');
  const source = call.world.get(text(backup, 'virtualmachineid'));
  const template = rowArg(call, 'templateid') ?? call.world.get(text(source, 'templateid'));
  const offering = rowArg(call, 'serviceofferingid') ?? call.world.get(text(source, 'serviceofferingid'));
  if (!template || !offering) throw badValue(`The virtual machine of backup ${backup.id} is no longer known`);
  return deploy({
    ...call,
    rows: new Map([...call.rows, ['templateid', [template]], ['serviceofferingid', [offering]]]),
  });
};

/** Backups. */
export const backup: Behaviours = {
  createBackup: create,
  deleteBackup: remove,
  restoreBackup: restore,
  restoreVolumeFromBackupAndAttachToVM: restoreVolume,
  createBackupSchedule: schedule,
  updateBackupSchedule: schedule,
  deleteBackupSchedule: (call) => {
    const vm = rowArg(call, 'virtualmachineid');
    const rows = rowArg(call, 'id')
      ? [needRow(call, 'id')]
      : vm
        ? [...call.world.where('BackupSchedule', 'virtualmachineid', vm.id)]
        : [];
    if (rows.length === 0) throw badValue('Either instance ID or schedule ID must name an existing backup schedule');
    for (const row of rows) call.world.remove(row);
    return success();
  },
  importBackupOffering: (call) => {
    const { fields } = statedFields(call, 'BackupOffering');
    if (call.world.all('BackupOffering').some((row) => row.fields['name'] === fields['name']))
      throw failure(`A backup offering with the name ${String(fields['name'])} already exists`);
    const row = insertKind(call.world, 'BackupOffering', { ...fields, provider: 'dummy' });
    return work(row, () => object(row));
  },
  deleteBackupOffering: (call) => {
    const row = needRow(call, 'id');
    if ([...call.world.where('UserVm', 'backupofferingid', row.id)].length > 0)
      throw failure('Backup Offering is assigned to VMs, remove the assignment(s) in order to remove the offering.');
    call.world.remove(row);
    return success();
  },
  assignVirtualMachineToBackupOffering: (call) => {
    const vm = needRow(call, 'virtualmachineid');
    const offering = needRow(call, 'backupofferingid');
    return work(vm, () => {
      if (vm.fields['backupofferingid'] !== undefined)
        throw failure('VM already is assigned to a backup offering, please remove the VM from its previous offering');
      call.world.update(vm, { backupofferingid: offering.id });
      return success();
    });
  },
  removeVirtualMachineFromBackupOffering: (call) => {
    const vm = needRow(call, 'virtualmachineid');
    return work(vm, () => {
      needOffering(vm);
      const rows = [...call.world.where('Backup', 'virtualmachineid', vm.id)];
      if (rows.length > 0 && !flagArg(call, 'forced'))
        throw failure(
          'VM has existing backups; please pass forced=true to remove the VM from the offering and delete its backups',
        );
      for (const row of [...rows, ...call.world.where('BackupSchedule', 'virtualmachineid', vm.id)])
        call.world.remove(row);
      call.world.update(vm, { backupofferingid: undefined });
      return success();
    });
  },
  listBackupProviders: (call) =>
    list(
      backupProviders
        .filter((name) => textArg(call, 'name') === undefined || name === textArg(call, 'name'))
        .map((name) => ({
          name,
          description: `${name} backup provider`,
        })),
    ),
  listBackupProviderOfferings: (call) => {
    const zone = needRow(call, 'zoneid');
    return list(
      ['gold', 'silver'].map((name) => ({
        id: name,
        externalid: name,
        name: `${name} policy`,
        description: `${name} policy of the provider`,
        zoneid: zone.id,
        zonename: zone.fields['name'],
      })),
    );
  },
  listBackups: (call) => listKind(call, 'Backup'),
  createVMFromBackup: fromBackup,
  cloneBackupOffering: (call) => {
    const copy = cloneOffering(call, 'BackupOffering');
    return work(copy, () => object(copy));
  },
  startBackup: startExport,
  finalizeBackup: finishExport,
  createImageTransfer: startTransfer,
  finalizeImageTransfer: finishTransfer,
  listVirtualMachineCheckpoints: (call) => listRows(call, 'Checkpoint', checkpointsOf(call), []),
  deleteVirtualMachineCheckpoint: (call) => {
    const found = checkpointsOf(call).find(({ id }) => id === textArg(call, 'checkpointid'));
    if (!found) throw badValue(`Unable to find checkpoint ${textArg(call, 'checkpointid')}`);
    call.world.remove(found);
    return success();
  },
};
