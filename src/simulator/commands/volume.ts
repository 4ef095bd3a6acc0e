import { statedFields } from '../engine/generic.ts';
import { usageHistory, withMetrics } from '../engine/metrics.ts';
import { extractResource, uploadParameters } from '../engine/transfers.ts';
import { flagArg, needRow, numberArg, rowArg, stateOf, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../rules/call.ts';
import { gib } from '../rules/figures.ts';
import { checkLimit } from '../rules/limits.ts';
import { detach, nameOf, readyVolume, volumesOf } from '../rules/machines.ts';
import { ownerOf } from '../rules/owner.ts';
import { accountOfProject } from '../rules/projects.ts';
import { volumeMetrics } from '../rules/metrics.ts';
import { list, object, success, work } from '../rules/results.ts';
import { findAccount } from '../rules/scope.ts';
import { checkDownloadUrl, checkFileFormat } from '../rules/urls.ts';
import { ApiError, badValue, failure, forbidden } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import { isOn, numberSetting } from '../world/settings.ts';
import type { Fields, Resource } from '../world/types.ts';

const machineOf = (call: Call, volume: Resource): Resource | undefined =>
  call.world.get(text(volume, 'virtualmachineid'));

const sizeFor = (call: Call, offering: Resource | undefined, snapshot: Resource | undefined): number => {
  const asked = numberArg(call, 'size');
  const [min, max] = [
    numberSetting(call.world, 'custom.diskoffering.size.min', 1),
    numberSetting(call.world, 'custom.diskoffering.size.max', 1024),
  ];
  if (offering?.fields['iscustomized'] === true) {
    if (asked === undefined && !snapshot) throw badValue('This disk offering requires a custom size specified');
    if (asked !== undefined && (asked < min || asked > max))
      throw badValue(`Volume size: ${asked} GB is out of allowed range. Min: ${min}. Max: ${max}`);
  }
  if (offering && asked !== undefined) {
    if (offering.fields['iscustomized'] !== true) throw badValue('This disk offering does not allow custom size');
    return asked * gib;
  }
  if (snapshot) return Number(snapshot.fields['virtualsize'] ?? gib);
  return Number(offering?.fields['disksize'] ?? 1) * gib;
};

/** Refuses IOPS that do not go together where the offering lets them be chosen (VolumeApiServiceImpl.allocVolume). */
const checkIops = (call: Call, offering: Resource | undefined): void => {
  const [min, max] = [numberArg(call, 'miniops'), numberArg(call, 'maxiops')];
  if (offering?.fields['iscustomizediops'] !== true || (min === undefined && max === undefined)) return;
  if (min === undefined || min <= 0) throw badValue('The min IOPS must be greater than 0.');
  if (min > (max ?? 0)) throw badValue('The min IOPS must be less than or equal to the max IOPS.');
};

const create: Behaviour = (call) => {
  const { world } = call;
  const offering = rowArg(call, 'diskofferingid');
  const snapshot = rowArg(call, 'snapshotid');
  if (offering && snapshot && text(world.get(text(snapshot, 'volumeid')), 'type') === 'DATADISK')
    throw badValue(
      'Disk Offering ID cannot be passed whilst creating volume from snapshot other than ROOT disk snapshots',
    );
  checkIops(call, offering);
  if (!offering && !snapshot)
    throw badValue('At least one of disk Offering ID or snapshot ID must be passed whilst creating volume');
  const owner = ownerOf(call);
  const zone = rowArg(call, 'zoneid') ?? world.get(text(snapshot, 'zoneid'));
  if (!zone) throw badValue('Please specify a valid zone.');
  const size = sizeFor(call, offering, snapshot);
  // Only what comes from a snapshot goes to a machine at once (VolumeApiServiceImpl.createVolume).
  const vm = snapshot && rowArg(call, 'virtualmachineid');
  if (vm && !['Running', 'Stopped'].includes(stateOf(vm)))
    throw badValue('Please specify a VM that is either running or stopped.');
  checkLimit(world, owner, 'volume');
  checkLimit(world, owner, 'primary_storage', size / gib);
  const number = world.count('data');
  const volume = insertKind(
    world,
    'Volume',
    {
      name: textArg(call, 'name') ?? `DATA-${number}`,
      type: 'DATADISK',
      state: 'Allocated',
      size,
      zoneid: zone.id,
      diskofferingid: offering?.id ?? world.get(text(snapshot, 'volumeid'))?.fields['diskofferingid'],
      snapshotid: snapshot?.id,
      provisioningtype: 'thin',
      storagetype: 'shared',
      isextractable: true,
      displayvolume: true,
      destroyed: false,
      hypervisor: 'None',
    },
    { owner: owner.id, ...(textArg(call, 'customid') === undefined ? {} : { id: textArg(call, 'customid') ?? '' }) },
  );
  return work(volume, () => {
    const pool = rowArg(call, 'storageid');
    if (pool) world.update(volume, { storageid: pool.id });
    if (snapshot || pool) readyVolume(world, volume);
    if (vm) attachTo(call, volume, vm);
    return object(volume);
  });
};

const attachTo = (call: Call, volume: Resource, vm: Resource, wanted?: number): void => {
  const { world } = call;
  const taken = new Set(volumesOf(world, vm).map(({ fields }) => Number(fields['deviceid'])));
  const last = numberSetting(world, 'max.data.volumes.limit', 6) + 1;
  if (wanted !== undefined && (wanted < 0 || wanted > last || wanted === 3))
    throw failure(`deviceId should be 0,1,2,4-${last}`);
  let device = wanted ?? 1;
  if (wanted !== undefined && taken.has(wanted)) throw failure(`deviceId ${wanted} is used by vm ${vm.id}`);
  while (taken.has(device) || device === 3) device += 1;
  if (stateOf(volume) !== 'Ready') readyVolume(world, volume, vm.fields['hostid']);
  world.update(volume, {
    virtualmachineid: vm.id,
    deviceid: device,
    attached: world.now(),
    hypervisor: vm.fields['hypervisor'],
  });
};

const attach: Behaviour = (call) => {
  const volume = needRow(call, 'id');
  const vm = needRow(call, 'virtualmachineid');
  const { world } = call;
  if (volume.fields['virtualmachineid'] !== undefined)
    throw badValue('Please specify a volume that is not attached to any VM.');
  if (!['Allocated', 'Ready', 'Uploaded'].includes(stateOf(volume)))
    throw badValue('Volume state must be in Allocated, Ready or in Uploaded state');
  if (!['Running', 'Stopped'].includes(stateOf(vm)))
    throw badValue('Please specify a VM that is either running or stopped.');
  if (volume.fields['zoneid'] !== vm.fields['zoneid'])
    throw badValue('Please specify a VM that is in the same zone as the volume.');
  // Device 0 is the root volume's (VolumeApiServiceImpl.attachVolumeToVM).
  if (numberArg(call, 'deviceid') === 0) {
    if (stateOf(vm) !== 'Stopped')
      throw badValue('Root volume detach can happen only when vm is in states: Stopped or Destroyed');
    if (volumesOf(world, vm).some(({ fields }) => Number(fields['deviceid']) === 0))
      throw badValue('Vm already has root volume attached to it');
  }
  const max = numberSetting(world, 'max.data.volumes.limit', 6);
  if (volumesOf(world, vm).filter(({ fields }) => fields['type'] === 'DATADISK').length >= max)
    throw badValue(
      `The specified VM already has the maximum number of data disks (${max}) attached. Please specify another VM.`,
    );
  return work(volume, () => {
    attachTo(call, volume, vm, numberArg(call, 'deviceid'));
    return object(volume);
  });
};

const detachVolume: Behaviour = (call) => {
  const { world } = call;
  const holder = rowArg(call, 'virtualmachineid');
  const device = numberArg(call, 'deviceid');
  const volume =
    rowArg(call, 'id') ?? (holder && volumesOf(world, holder).find(({ fields }) => fields['deviceid'] === device));
  if (!volume) throw badValue('Please provide either a volume id, or a tuple(device id, instance id)');
  const vm = machineOf(call, volume);
  if (!vm) throw badValue('The specified volume is not attached to a VM.');
  if (volume.fields['type'] === 'ROOT' && stateOf(vm) !== 'Stopped')
    throw badValue('Please specify a data volume, or stop the virtual machine of the root volume first.');
  if (!['Running', 'Stopped', 'Destroyed'].includes(stateOf(vm)))
    throw badValue('Please specify a VM that is either running or stopped.');
  return work(volume, () => {
    detach(world, volume);
    return object(volume);
  });
};

const resize: Behaviour = (call) => {
  const volume = needRow(call, 'id');
  const { world } = call;
  if (!['Ready', 'Allocated'].includes(stateOf(volume)))
    throw badValue(
      `Volume should be in ready or allocated state before attempting a resize. Volume ${volume.id} is in state ${stateOf(volume)}.`,
    );
  const offering = rowArg(call, 'diskofferingid');
  const asked = numberArg(call, 'size');
  const size =
    asked !== undefined ? asked * gib : offering ? Number(offering.fields['disksize'] ?? 0) * gib : undefined;
  if (size === undefined) throw badValue('Either a new disk offering or a size must be given');
  if (size < Number(volume.fields['size']) && !flagArg(call, 'shrinkok'))
    throw badValue(
      `Going from existing size of ${String(volume.fields['size'])} to size of ${size} would shrink the volume.Need to sign off by supplying the shrinkok parameter with value of true.`,
    );
  const vm = machineOf(call, volume);
  if (volume.fields['type'] === 'ROOT' && vm && stateOf(vm) !== 'Stopped')
    throw badValue(`Cannot resize the root volume of ${nameOf(vm)} while it is ${stateOf(vm)}`);
  checkLimit(
    world,
    world.get(volume.owner ?? '') ?? call.caller.account,
    'primary_storage',
    Math.max(0, (size - Number(volume.fields['size'])) / gib),
  );
  return work(volume, () => {
    world.update(volume, { size, ...(offering ? { diskofferingid: offering.id } : {}) });
    return object(volume);
  });
};

const migrate: Behaviour = (call) => {
  const volume = needRow(call, 'volumeid');
  const pool = needRow(call, 'storageid');
  const vm = machineOf(call, volume);
  if (stateOf(volume) !== 'Ready') throw badValue('Volume must be in ready state');
  if (vm && stateOf(vm) === 'Running' && !flagArg(call, 'livemigrate'))
    throw badValue(
      `Volume ${volume.id} is attached to the running VM ${nameOf(vm)}; to move it now, livemigrate must be true`,
    );
  if (pool.fields['state'] !== 'Up') throw badValue(`Destination storage pool ${pool.id} is not Up`);
  call.world.update(volume, { state: 'Migrating' });
  return work(volume, () => {
    const offering = rowArg(call, 'newdiskofferingid');
    call.world.update(volume, {
      state: 'Ready',
      storageid: pool.id,
      ...(offering ? { diskofferingid: offering.id } : {}),
    });
    return object(volume);
  });
};

const checkDetached = (volume: Resource): void => {
  if (volume.fields['deleteprotection'] === true)
    throw badValue(`Volume [id = ${volume.id}] has delete protection enabled and cannot be deleted.`);
  if (volume.fields['virtualmachineid'] !== undefined)
    throw badValue(`Please specify a volume that is not attached to any VM.`);
};

const remove: Behaviour = (call) => {
  const volume = needRow(call, 'id');
  checkDetached(volume);
  if (['Migrating', 'Snapshotting', 'Copying'].includes(stateOf(volume)))
    throw badValue(`Volume ${volume.id} is in state ${stateOf(volume)} and cannot be deleted`);
  dropVolume(call, volume);
  return success();
};

const dropVolume = (call: Call, volume: Resource): void => {
  for (const policy of [...call.world.where('SnapshotPolicy', 'volumeid', volume.id)]) call.world.remove(policy);
  call.world.remove(volume);
};

const destroy: Behaviour = (call) => {
  const volume = needRow(call, 'id');
  const now = flagArg(call, 'expunge');
  if (now && call.caller.role === 'User' && !isOn(call.world, 'allow.user.expunge.recover.volume'))
    throw forbidden(
      'Expunging a volume can only be done by an Admin. Or when the allow.user.expunge.recover.volume key is set.',
    );
  checkDetached(volume);
  if (!now && ['Allocated', 'Uploaded'].includes(stateOf(volume)))
    throw badValue(`The volume in state ${stateOf(volume)} can only be expunged not destroyed`);
  return work(volume, () => {
    if (now) dropVolume(call, volume);
    else call.world.update(volume, { state: 'Destroy' });
    return object(volume);
  });
};

const recover: Behaviour = (call) => {
  const volume = needRow(call, 'id');
  if (stateOf(volume) !== 'Destroy') throw badValue('Please specify a volume in Destroy state.');
  call.world.update(volume, { state: 'Ready' });
  return object(volume);
};

const upload: Behaviour = (call) => {
  const zone = needRow(call, 'zoneid');
  const [url, format] = [textArg(call, 'url') ?? '', textArg(call, 'format') ?? ''];
  checkDownloadUrl(url, (text) => new ApiError(530, text));
  checkFileFormat(url, format, (text) => new ApiError(530, text));
  const offering = rowArg(call, 'diskofferingid');
  if (offering && offering.fields['iscustomized'] !== true)
    throw badValue('Please specify a custom sized disk offering.');
  const fields: Fields = {
    name: textArg(call, 'name'),
    type: 'DATADISK',
    state: 'UploadOp',
    zoneid: zone.id,
    size: 10 * gib,
    diskofferingid: offering?.id,
    provisioningtype: 'thin',
    displayvolume: true,
    destroyed: false,
  };
  const volume = insertKind(call.world, 'Volume', fields, { owner: ownerOf(call).id });
  return work(volume, () => {
    call.world.update(volume, { state: 'Uploaded', status: 'Download Complete' });
    return object(volume);
  });
};

const importVolume: Behaviour = (call) => {
  const pool = needRow(call, 'storageid');
  const zone = call.world.get(text(pool, 'zoneid'));
  const name = textArg(call, 'name') ?? textArg(call, 'path');
  const volume = insertKind(
    call.world,
    'Volume',
    {
      name,
      path: textArg(call, 'path'),
      type: 'DATADISK',
      state: 'Ready',
      zoneid: zone?.id,
      storageid: pool.id,
      size: 10 * gib,
      diskofferingid: rowArg(call, 'diskofferingid')?.id,
    },
    { owner: ownerOf(call).id },
  );
  return work(volume, () => object(volume));
};

/** Volumes. */
export const volume: Behaviours = {
  createVolume: create,
  attachVolume: attach,
  detachVolume,
  resizeVolume: resize,
  migrateVolume: migrate,
  updateVolume: (call) => {
    const volume = rowArg(call, 'id');
    if (!volume) throw badValue('The volume id is required');
    return work(volume, () => {
      const { id: _, ...fields } = statedFields(call, 'Volume').fields;
      call.world.update(volume, fields);
      return object(volume);
    });
  },
  changeOfferingForVolume: (call) => {
    const volume = needRow(call, 'id');
    const offering = needRow(call, 'diskofferingid');
    const asked = numberArg(call, 'size');
    if (offering.fields['iscustomized'] === true && asked === undefined)
      throw badValue('The new disk offering requires that a size be specified.');
    return work(volume, () => {
      const size = asked ?? Number(offering.fields['disksize']);
      call.world.update(volume, { diskofferingid: offering.id, ...(size ? { size: size * gib } : {}) });
      return object(volume);
    });
  },
  checkVolume: (call) => {
    const volume = needRow(call, 'id');
    return work(volume, () => object(volume));
  },
  listVolumesForImport: (call) => {
    const pool = needRow(call, 'storageid');
    const path = textArg(call, 'path');
    const keyword = textArg(call, 'keyword')?.trim() ?? '';
    return list(
      [
        {
          name: 'orphan.qcow2',
          path: 'orphan.qcow2',
          fullpath: `${text(pool, 'path')}/orphan.qcow2`,
          format: 'QCOW2',
          size: gib,
          virtualsize: 10 * gib,
          storageid: pool.id,
          storage: pool.fields['name'],
          storagetype: pool.fields['type'],
        },
      ].filter((volume) => (path ?? volume.path) === volume.path && volume.path.includes(keyword)),
    );
  },
  listVolumesUsageHistory: usageHistory('Volume', false),
  listVolumesMetrics: withMetrics('Volume', volumeMetrics),
  extractVolume: extractResource,
  getUploadParamsForVolume: uploadParameters('Volume', 'volume'),
  deleteVolume: remove,
  destroyVolume: destroy,
  recoverVolume: recover,
  unmanageVolume: (call) => {
    const volume = needRow(call, 'id');
    checkDetached(volume);
    return work(volume, () => {
      dropVolume(call, volume);
      return success();
    });
  },
  uploadVolume: upload,
  importVolume,
  assignVolume: (call) => {
    const volume = needRow(call, 'volumeid');
    if (volume.fields['virtualmachineid'] !== undefined)
      throw badValue('Please specify a volume that is not attached to any VM.');
    const project = rowArg(call, 'projectid');
    const account =
      rowArg(call, 'accountid') ??
      accountOfProject(call.world, project?.id) ??
      findAccount(call.world, textArg(call, 'account') ?? '', call.caller.domain.id);
    if (!account) throw badValue('Either accountid or projectid must be given');
    call.world.give(volume, account.id);
    return object(volume);
  },
};
