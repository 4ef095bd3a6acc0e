import { statedFields } from '../engine/generic.ts';
import { listKind, listRows } from '../engine/list.ts';
import { withMetrics } from '../engine/metrics.ts';
import { flagArg, listArg, mapArg, needRow, numberArg, rowArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours } from '../rules/call.ts';
import { tib } from '../rules/figures.ts';
import { powerOff } from '../rules/machines.ts';
import { poolMetrics } from '../rules/metrics.ts';
import { list, object, success, work } from '../rules/results.ts';
import { storagePoolFiles, volumesOn } from '../rules/storage-pools.ts';
import { ApiError, badValue, failure, inUse } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';

/** What CloudStackPrimaryDataStoreLifeCycleImpl makes pools of. */
const poolSchemes = [
  'nfs',
  'rbd',
  'iscsi',
  'file',
  'clvm',
  'sharedmountpoint',
  'vmfs',
  'presetup',
  'ocfs2',
  'gluster',
  'cifs',
  'iso',
  'datastorecluster',
  'custom',
];

const createPool: Behaviour = (call) => {
  const { world } = call;
  const zone = needRow(call, 'zoneid');
  const cluster = rowArg(call, 'clusterid');
  const pod = rowArg(call, 'podid') ?? world.get(text(cluster, 'podid'));
  const url = textArg(call, 'url') ?? '';
  // Who logs in is kept apart from the address, and is not shown (StoragePoolVO.userInfo).
  const match = /^(\w+):\/\/(?:(.*)@)?([^/@]*?):?(\/.*)?$/.exec(url);
  if (!match) throw new ApiError(530, `${url} is not a valid uri`, 9999);
  const [, scheme = '', userInfo = null, address = '', given = '/'] = match;
  const path = given.replace(/\/{2,}/g, '/').replace(/^\//, /^rbd$/i.test(scheme) ? '' : '/');
  // A pool is a cluster's unless the call says otherwise (StorageManagerImpl.createPool).
  const scope = (textArg(call, 'scope') ?? 'CLUSTER').toUpperCase();
  if (scope === 'CLUSTER' && !cluster) throw badValue("cluster id can't be null, if scope is cluster");
  if (/^nfs$/i.test(scheme) && (address === '' || match[4] === undefined || match[4] === '/'))
    throw badValue('host or path is null, should be nfs://hostname/path');
  if (!poolSchemes.includes(scheme.toLowerCase()))
    throw failure(`Failed to add data store: Unable to figure out the scheme for URL: ${scheme}`);
  if (
    world
      .all('StoragePool')
      .some(({ fields }) => fields['ipaddress'] === address && fields['path'] === path && fields['zoneid'] === zone.id)
  )
    throw inUse(`Storage pool for host in pod ${pod?.id}, with path ${path}, already exists`);
  const pool = insertKind(world, 'StoragePool', {
    ...statedFields(call, 'StoragePool').fields,
    type: /^nfs$/i.test(scheme) ? 'NetworkFilesystem' : /^rbd$/i.test(scheme) ? 'RBD' : 'SharedMountPoint',
    ipaddress: address,
    path,
    scope,
    state: 'Up',
    zoneid: zone.id,
    podid: pod?.id,
    clusterid: cluster?.id,
    tags: textArg(call, 'tags'),
    hypervisor: textArg(call, 'hypervisor') ?? cluster?.fields['hypervisortype'] ?? 'Simulator',
    provider: textArg(call, 'provider') ?? 'DefaultPrimary',
    disksizetotal: numberArg(call, 'capacitybytes') ?? tib,
    overprovisionfactor: '2.0',
    managed: flagArg(call, 'managed'),
    istagarule: flagArg(call, 'istagarule'),
    storagecapabilities: { VOLUME_SNAPSHOT_QUIESCEVM: 'false' },
    url: undefined,
  });
  world.hide(pool, { userInfo });
  return object(pool);
};

const removePool: Behaviour = (call) => {
  const pool = needRow(call, 'id');
  if (text(pool, 'state') !== 'Maintenance')
    throw badValue(`Unable to delete storage due to it is not in Maintenance state, pool: ${pool.id}`);
  if (volumesOn(call.world, pool).length > 0 && !flagArg(call, 'forced'))
    throw failure(`Cannot delete pool ${text(pool, 'name')} as there are associated vols for this pool`);
  for (const volume of volumesOn(call.world, pool)) call.world.remove(volume);
  call.world.remove(pool);
  return success();
};

const maintain: Behaviour = (call) => {
  const pool = needRow(call, 'id');
  if (!['Up', 'Disabled', 'ErrorInMaintenance'].includes(text(pool, 'state')))
    throw badValue(`Primary storage ${pool.id} is in state ${text(pool, 'state')} and cannot go into maintenance`);
  call.world.update(pool, { state: 'PrepareForMaintenance' });
  return work(pool, () => {
    for (const volume of volumesOn(call.world, pool)) {
      const vm = call.world.get(text(volume, 'virtualmachineid'));
      if (vm && text(vm, 'state') === 'Running') powerOff(call.world, vm);
    }
    call.world.update(pool, { state: 'Maintenance' });
    return object(pool);
  });
};

const unmaintain: Behaviour = (call) => {
  const pool = needRow(call, 'id');
  if (
    !['Maintenance', 'PrepareForMaintenance', 'ErrorInMaintenance', 'CancelMaintenance'].includes(text(pool, 'state'))
  )
    throw badValue(`StoragePool with id: ${pool.id} is not in maintenance, it is ${text(pool, 'state')}`);
  return work(pool, () => {
    call.world.update(pool, { state: 'Up' });
    return object(pool);
  });
};

const updatePool: Behaviour = (call) => {
  const pool = needRow(call, 'id');
  const { id: _, enabled, tags, details, capacitybytes, ...fields } = statedFields(call, 'StoragePool').fields;
  call.world.update(pool, {
    ...fields,
    ...(tags === undefined ? {} : { tags: listArg(call, 'tags').join(',') }),
    ...(details === undefined ? {} : { details: mapArg(call, 'details') }),
    ...(capacitybytes === undefined ? {} : { disksizetotal: capacitybytes }),
    ...(enabled === undefined ? {} : { state: enabled === true ? 'Up' : 'Disabled' }),
  });
  return object(pool);
};

const forMigration: Behaviour = (call) => {
  const volume = needRow(call, 'id');
  const rows = [...call.world.where('StoragePool', 'zoneid', text(volume, 'zoneid'))].filter(
    ({ id }) => id !== volume.fields['storageid'],
  );
  const result = listRows(call, 'StoragePool', rows, []);
  return result.form === 'list'
    ? { ...result, pick: (fields) => ({ ...fields, suitableformigration: fields['state'] === 'Up' }) }
    : result;
};

const changeScope: Behaviour = (call) => {
  const pool = needRow(call, 'id');
  const scope = (textArg(call, 'scope') ?? '').toUpperCase();
  if (text(pool, 'state') !== 'Disabled')
    throw badValue(
      `Scope of the Primary storage with id ${pool.id} cannot be changed, as it is not in the Disabled state`,
    );
  const cluster = rowArg(call, 'clusterid');
  if (scope === 'CLUSTER' && !cluster) throw badValue('Clusterid is required to change the scope to CLUSTER');
  return work(pool, () => {
    call.world.update(pool, {
      scope,
      clusterid: scope === 'CLUSTER' ? cluster?.id : undefined,
      podid: scope === 'CLUSTER' ? cluster?.fields['podid'] : undefined,
    });
    return success();
  });
};

/** Primary storage pools. */
export const primaryStorage: Behaviours = {
  createStoragePool: createPool,
  deleteStoragePool: removePool,
  enableStorageMaintenance: maintain,
  cancelStorageMaintenance: unmaintain,
  updateStoragePool: updatePool,
  changeStoragePoolScope: changeScope,
  findStoragePoolsForMigration: forMigration,
  syncStoragePool: (call) => {
    const pool = needRow(call, 'id');
    return work(pool, () => {
      call.world.update(pool, { synced: call.world.now() });
      return object(pool);
    });
  },
  updateStorageCapabilities: (call) => {
    const pool = needRow(call, 'id');
    call.world.update(pool, { storagecapabilities: { VOLUME_SNAPSHOT_QUIESCEVM: 'false' } });
    return list([pool]);
  },
  listStorageProviders: (call) => {
    const type = (textArg(call, 'type') ?? '').toLowerCase();
    const names =
      type === 'primary'
        ? ['DefaultPrimary', 'SolidFire', 'PowerFlex']
        : type === 'image'
          ? ['NFS', 'S3', 'Swift', 'CloudStack ImageStore Provider']
          : ['Simulator', 'MinIO', 'Ceph'];
    return list(names.map((name) => ({ name, type: type.toUpperCase() })));
  },
  configureStorageAccess: (call) => {
    const [row] = ['hostid', 'storageid', 'clusterid', 'podid', 'zoneid'].flatMap((name) => call.rows.get(name) ?? []);
    if (!row) throw badValue('Specify one of zoneid, podid, clusterid, hostid and storageid');
    return work(row, () => {
      call.world.update(row, { storageaccessgroups: listArg(call, 'storageaccessgroups').join(',') });
      return success();
    });
  },
  listStorageAccessGroups: (call) => {
    const names = new Set(
      ['Zone', 'Pod', 'Cluster', 'Host', 'StoragePool'].flatMap((kind) =>
        call.world.all(kind).flatMap(({ fields }) =>
          String(fields['storageaccessgroups'] ?? '')
            .split(',')
            .filter(Boolean),
        ),
      ),
    );
    return list([...names].map((name) => ({ name })));
  },
  listStorageTags: (call) => {
    const tags = call.world.all('StoragePool').flatMap((pool) =>
      text(pool, 'tags')
        .split(',')
        .filter(Boolean)
        .map((name) => ({ id: pool.id, name, poolid: pool.no })),
    );
    return list(tags);
  },
  listAffectedVmsForStorageScopeChange: (call) => listKind(call, 'UserVm'),
  listStoragePoolsMetrics: withMetrics('StoragePool', poolMetrics),
  listStoragePoolObjects: (call) => list(storagePoolFiles(call.world, needRow(call, 'id'), textArg(call, 'path'))),
};
