import { expect, test } from 'vitest';
import { createCloud, keysOf } from './cloud.ts';
import { createTestClock } from './clock.ts';
import { send } from './sign.ts';

test('primary storage goes into maintenance with its machines, comes back, and goes when it is empty', async () => {
  const { one, all, id, did, refused } = createCloud();
  const zoneid = await id('listZones', 'Frankfurt');
  const clusterid = await id('listClusters', 'fra-c1');
  const fresh = { zoneid, clusterid, name: 'fast', url: 'nfs://172.16.15.11/fast', tags: 'ssd,fast' };
  expect(await refused('createStoragePool', { ...fresh, url: 'nowhere' })).toBe('nowhere is not a valid uri');
  const pool = await did('createStoragePool', fresh);
  expect(pool).toMatchObject({ state: 'Up', scope: 'CLUSTER', type: 'NetworkFilesystem', path: '/fast' });
  expect(await refused('createStoragePool', fresh)).toContain('with path /fast, already exists');
  expect((await all('listStorageTags')).map(({ name }) => name)).toEqual(expect.arrayContaining(['ssd', 'fast']));
  expect(await refused('deleteStoragePool', { id: pool['id'] })).toContain('it is not in Maintenance state');
  const volumeid = await id('listVolumes', 'metrics');
  expect(await refused('migrateVolume', { volumeid, storageid: pool['id'] })).toContain('livemigrate must be true');
  const diskofferingid = await id('listDiskOfferings', 'Large');
  await did('migrateVolume', {
    volumeid,
    storageid: pool['id'],
    livemigrate: 'true',
    newdiskofferingid: diskofferingid,
  });
  expect(await one('listVolumes', { id: volumeid })).toMatchObject({
    storage: 'fast',
    state: 'Ready',
    diskofferingname: 'Large',
  });
  const target = await one('findStoragePoolsForMigration', { id: volumeid });
  expect(target).toMatchObject({ suitableformigration: true });
  expect(target['name']).not.toBe('fast');
  await did('enableStorageMaintenance', { id: pool['id'] });
  expect(await one('listVirtualMachines', { name: 'monitoring' })).toMatchObject({ state: 'Stopped' });
  expect((await all('listStoragePools', { status: 'Maintenance' })).map(({ name }) => name)).toEqual(['fast']);
  expect(await refused('enableStorageMaintenance', { id: pool['id'] })).toContain('is in state Maintenance');
  expect(await refused('deleteStoragePool', { id: pool['id'] })).toBe(
    'Cannot delete pool fast as there are associated vols for this pool',
  );
  await did('cancelStorageMaintenance', { id: pool['id'] });
  expect(await one('listStoragePools', { id: pool['id'] })).toMatchObject({ state: 'Up' });
  const scope = { id: pool['id'], scope: 'ZONE' };
  expect(await refused('changeStoragePoolScope', { ...scope, scope: 'HOST' })).toContain('Invalid scope HOST');
  expect(await refused('changeStoragePoolScope', scope)).toContain('it is not in the Disabled state');
  await did('updateStoragePool', { id: pool['id'], enabled: 'false' });
  expect(await refused('changeStoragePoolScope', { ...scope, scope: 'CLUSTER' })).toBe(
    'Clusterid is required to change the scope to CLUSTER',
  );
  await did('changeStoragePoolScope', scope);
  expect(await one('listStoragePools', { id: pool['id'] })).not.toHaveProperty('clusterid');
  const nuremberg = await id('listHosts', 'nue-c1-host1.sim');
  expect((await all('listStoragePools', { hostid: nuremberg })).map(({ name }) => name)).toEqual(
    expect.arrayContaining(['nue-c1-primary']),
  );
  await did('enableStorageMaintenance', { id: pool['id'] });
  await did('deleteStoragePool', { id: pool['id'], forced: 'true' });
  expect(await all('listStoragePools', { name: 'fast' })).toEqual([]);
  expect(await one('listVolumes', { id: volumeid })).toEqual({});
});

test('a disk is refused a wrong size, machine, zone or state', async () => {
  const { one, id, did, refused } = createCloud();
  const zoneid = await id('listZones', 'Frankfurt');
  const edge = await id('listZones', 'Nuremberg Edge');
  const custom = await id('listDiskOfferings', 'Custom');
  const small = await id('listDiskOfferings', 'Small');
  expect(await refused('createVolume', { name: 'v', zoneid, diskofferingid: custom, size: '9999' })).toContain(
    'Volume size: 9999 GB is out of allowed range',
  );
  const web = await id('listVirtualMachines', 'jump-host');
  const old = await id('listVirtualMachines', 'old-test');
  const away = await did('createVolume', { name: 'away', zoneid: edge, diskofferingid: small });
  expect(await refused('attachVolume', { id: away['id'], virtualmachineid: web })).toBe(
    'Please specify a VM that is in the same zone as the volume.',
  );
  const here = await did('createVolume', { name: 'here', zoneid, diskofferingid: small });
  expect(await refused('attachVolume', { id: here['id'], virtualmachineid: old })).toBe(
    'Please specify a VM that is either running or stopped.',
  );
  await did('updateConfiguration', { name: 'max.data.volumes.limit', value: '1' });
  const more = await did('createVolume', { name: 'more', zoneid, diskofferingid: small });
  await did('attachVolume', { id: here['id'], virtualmachineid: web });
  expect(await refused('attachVolume', { id: more['id'], virtualmachineid: web })).toContain(
    'already has the maximum number of data disks (1)',
  );
  expect(await refused('destroyVolume', { id: here['id'] })).toContain('not attached to any VM');
  await did('detachVolume', { virtualmachineid: web, deviceid: '1' });
  expect(await one('listVolumes', { id: here['id'] })).not.toHaveProperty('virtualmachineid');
  const root = await one('listVolumes', { virtualmachineid: web, type: 'ROOT' });
  expect(await refused('resizeVolume', { id: root['id'], size: '500' })).toContain('Cannot resize the root volume');
  expect(await refused('destroyVolume', { id: more['id'] })).toContain('can only be expunged not destroyed');
  await did('updateVolume', { id: here['id'], deleteprotection: 'true' });
  expect(await refused('deleteVolume', { id: here['id'] })).toContain('has delete protection enabled');
  await did('updateVolume', { id: here['id'], deleteprotection: 'false' });
  await did('destroyVolume', { id: here['id'] });
  expect(await one('listVolumes', { id: here['id'] })).toMatchObject({ state: 'Destroy' });
  expect(await refused('attachVolume', { id: here['id'], virtualmachineid: web })).toBe(
    'Volume state must be in Allocated, Ready or in Uploaded state',
  );
  expect(await refused('resizeVolume', { id: here['id'], size: '500' })).toContain('is in state Destroy');
  await did('recoverVolume', { id: here['id'] });
  expect(await one('listVolumes', { id: here['id'] })).toMatchObject({ state: 'Ready' });
  expect(await refused('recoverVolume', { id: here['id'] })).toBe('Please specify a volume in Destroy state.');
  const spare = await id('listVolumes', 'spare');
  await did('updateConfiguration', { name: 'allow.user.expunge.recover.volume', value: 'false' });
  expect(await refused('destroyVolume', { id: spare, expunge: 'true' }, keysOf('bob'))).toContain(
    'Expunging a volume can only be done by an Admin',
  );
  await did('destroyVolume', { id: spare, expunge: 'true' });
  expect(await one('listVolumes', { id: spare })).toEqual({});
  const domainid = await id('listDomains', 'engineering');
  const accountid = (await one('listAccounts', { name: 'bob', domainid }))['id'];
  await did('assignVolume', { volumeid: here['id'], accountid });
  expect(await one('listVolumes', { id: here['id'] })).toMatchObject({ account: 'bob' });
  const projectid = await id('listProjects', 'webshop');
  await did('assignVolume', { volumeid: here['id'], projectid });
  expect(await one('listVolumes', { id: here['id'], projectid })).toMatchObject({ project: 'webshop' });
  expect(await refused('assignVolume', { volumeid: here['id'] })).toContain('accountid or projectid');
  await did('unmanageVolume', { id: here['id'] });
  expect(await one('listVolumes', { id: here['id'], projectid })).toEqual({});
});

test('snapshots go back only to disks and machines that are there and stopped', async () => {
  const { one, all, id, did, refused } = createCloud();
  const snapshot = await id('listSnapshots', 'db-data weekly');
  const volume = await one('listVolumes', { name: 'db-data' });
  expect(await refused('revertSnapshot', { id: snapshot })).toContain('is not in the shutdown state');
  await did('stopVirtualMachine', { id: volume['virtualmachineid'] });
  await did('resizeVolume', { id: volume['id'], size: '90' });
  await did('revertSnapshot', { id: snapshot });
  expect(await one('listVolumes', { id: volume['id'] })).toMatchObject({ size: 60 * 2 ** 30 });
  const policy = { volumeid: volume['id'], intervaltype: 'DAILY', schedule: '00:02', timezone: 'UTC' };
  expect(await refused('createSnapshotPolicy', { ...policy, maxsnaps: '99' })).toContain('for interval type: DAILY');
  const template = { name: 't', displaytext: 't', ostypeid: await id('listOsTypes', 'Ubuntu 24.04 LTS') };
  const root = await one('listVolumes', { name: 'ROOT-17' });
  expect(await refused('createTemplate', { ...template, volumeid: root['id'] })).toContain('is not stopped');
  expect(await refused('createTemplate', template)).toContain('neither volume ID nor snapshot ID were specified');
  await did('createTemplate', { ...template, snapshotid: snapshot });
  expect(await one('listTemplates', { templatefilter: 'self', name: 't' })).toMatchObject({
    isready: true,
    status: 'Download Complete',
    format: 'QCOW2',
  });
  await did('detachVolume', { id: volume['id'] });
  await did('deleteVolume', { id: volume['id'] });
  expect(await refused('revertSnapshot', { id: snapshot })).toContain('no longer exists');
  const vm = await id('listVirtualMachines', 'jump-host');
  const take = { virtualmachineid: vm, snapshotmemory: 'true' };
  const first = await did('createVMSnapshot', { ...take, name: 'first' });
  const second = await did('createVMSnapshot', { ...take, name: 'second' });
  expect(second).toMatchObject({ type: 'DiskAndMemory', current: true, parentName: first['name'] });
  await did('revertToVMSnapshot', { vmsnapshotid: first['id'] });
  expect(await one('listVMSnapshot', { vmsnapshotid: first['id'] })).toMatchObject({ current: true });
  expect((await all('listVMSnapshot', { vmsnapshotids: second['id'] })).map(({ current }) => current)).toEqual([false]);
  const disk = await one('listVolumes', { virtualmachineid: vm });
  const part = { volumeid: disk['id'], vmsnapshotid: first['id'], name: 'part' };
  await did('createSnapshotFromVMSnapshot', part);
  expect(await one('listSnapshots', { volumeid: disk['id'] })).toMatchObject({ state: 'BackedUp' });
  expect(await refused('createSnapshotFromVMSnapshot', { ...part, volumeid: root['id'] })).toContain(
    'does not belong to the virtual machine of the snapshot',
  );
  await did('stopVirtualMachine', { id: vm });
  expect(await refused('revertToVMSnapshot', { vmsnapshotid: first['id'] })).toContain(
    'VM Snapshot revert not allowed',
  );
  expect(await refused('createVMSnapshot', take)).toContain('Can not snapshot memory');
  const old = await id('listVirtualMachines', 'old-test');
  expect(await refused('createVMSnapshot', { virtualmachineid: old })).toContain('not in the running or Stopped state');
});

test('templates are shared with accounts and projects, and listed by filter', async () => {
  const { simulator, all, id, did, refused } = createCloud();
  const bob = keysOf('bob');
  const templateid = await id('listTemplates', 'Windows Server 2022', { templatefilter: 'all' });
  const seen = async (templatefilter: string, more: Record<string, string> = {}, keys = bob) => {
    const { body } = await send(simulator, 'listTemplates', { templatefilter, ...more }, keys);
    return new Set(((body['template'] ?? []) as { name: string }[]).map(({ name }) => name));
  };
  await did('updateTemplatePermissions', { id: templateid, ispublic: 'false', isfeatured: 'false' });
  expect(await seen('executable')).not.toContain('Windows Server 2022');
  const deploy = {
    zoneid: await id('listZones', 'Frankfurt'),
    serviceofferingid: await id('listServiceOfferings', 'Small Instance'),
    networkids: await id('listNetworks', 'web-net'),
    templateid,
  };
  expect(await refused('deployVirtualMachine', { ...deploy, name: 'win' }, bob)).toMatch(/permission/);
  expect(await refused('updateTemplatePermissions', { id: templateid, op: 'give', accounts: 'bob' })).toContain(
    'Invalid operation on accounts',
  );
  expect(await refused('updateTemplatePermissions', { id: templateid, op: 'add', accounts: 'nobody' })).toContain(
    'Unable to grant a launch permission to account nobody',
  );
  const projectid = await id('listProjects', 'webshop');
  const mine = await did('createAccount', {
    username: 'dora',
    firstname: 'd',
    lastname: 'd',
    email: 'd@example.com',
    password: 'p',
    accounttype: '0',
  });
  await did('updateTemplatePermissions', { id: templateid, op: 'add', accounts: 'dora' });
  await did('updateTemplatePermissions', { id: templateid, op: 'add', projectids: projectid });
  const keys = await did('registerUserKeys', { id: mine['user'][0].id });
  const dora = { apiKey: String(keys['apikey']), secretKey: String(keys['secretkey']) };
  expect(await seen('shared', {}, dora)).toContain('Windows Server 2022');
  expect(await seen('sharedexecutable', {}, dora)).toContain('Windows Server 2022');
  expect(await did('listTemplatePermissions', { id: templateid })).toMatchObject({
    ispublic: false,
    account: ['dora'],
    projectids: [projectid],
  });
  const net = { ...deploy, name: 'win' } as Record<string, string>;
  delete net['networkids'];
  expect(await did('deployVirtualMachine', net, dora)).toMatchObject({ templatename: 'Windows Server 2022' });
  await did('updateTemplatePermissions', { id: templateid, op: 'remove', accounts: 'dora' });
  expect(await seen('shared', {}, dora)).not.toContain('Windows Server 2022');
  await did('updateTemplatePermissions', { id: templateid, ispublic: 'true' });
  expect(await seen('community')).toContain('Windows Server 2022');
  await did('updateTemplatePermissions', { id: templateid, op: 'reset' });
  expect(await did('listTemplatePermissions', { id: templateid })).toMatchObject({ account: [], ispublic: false });
  expect(await seen('self', { projectid })).toEqual(new Set());
  expect(await refused('listTemplates', { templatefilter: 'all' }, bob)).toBe(
    'Filter all can be specified by admin only',
  );
  expect(await refused('listTemplates', { templatefilter: 'some' })).toContain('Unable to parse template filter some');
  expect(await refused('listTemplates')).toContain('missing parameter templatefilter');
  expect((await all('listTemplates', { templatefilter: 'all', account: 'dora' })).length).toBe(0);
  await did('updateTemplatePermissions', { id: templateid, ispublic: 'true', isextractable: 'false' });
  expect(await refused('extractTemplate', { id: templateid, mode: 'HTTP_DOWNLOAD' }, bob)).toBe(
    `Template ${templateid} is not extractable`,
  );
  expect(
    await refused('extractVolume', {
      id: await id('listVolumes', 'db-data'),
      mode: 'HTTP_DOWNLOAD',
      zoneid: deploy.zoneid,
    }),
  ).toContain('attached to a running virtual machine');
});

test('backups restore stopped machines and single disks', async () => {
  const { one, all, id, did, refused } = createCloud();
  const zoneid = await id('listZones', 'Frankfurt');
  const fresh = { name: 'nightly', description: 'n', zoneid, externalid: 'e', allowuserdrivenbackups: 'true' };
  const offering = await did('importBackupOffering', fresh);
  expect(await refused('importBackupOffering', fresh)).toBe('A backup offering with the name nightly already exists');
  const vm = await id('listVirtualMachines', 'monitoring');
  const assign = { virtualmachineid: vm, backupofferingid: offering['id'] };
  expect(await refused('createBackup', assign)).toContain('VM has not backup offering configured');
  await did('assignVirtualMachineToBackupOffering', assign);
  expect(await refused('assignVirtualMachineToBackupOffering', assign)).toContain('VM already is assigned');
  await did('createBackup', assign);
  const backup = await one('listBackups', { virtualmachineid: vm });
  expect(backup).toMatchObject({ status: 'BackedUp', virtualmachinename: 'monitoring' });
  expect(await refused('restoreBackup', { id: backup['id'] })).toBe(
    'Existing VM should be stopped before being restored from backup',
  );
  await did('stopVirtualMachine', { id: vm });
  const before = (await one('listVolumes', { virtualmachineid: vm }))['path'];
  await did('restoreBackup', { id: backup['id'] });
  expect((await one('listVolumes', { virtualmachineid: vm }))['path']).not.toBe(before);
  const part = { backupid: backup['id'], virtualmachineid: vm, volumeid: await id('listVolumes', 'metrics') };
  await did('restoreVolumeFromBackupAndAttachToVM', part);
  expect(await all('listVolumes', { virtualmachineid: vm })).toHaveLength(3);
  expect(
    await refused('restoreVolumeFromBackupAndAttachToVM', { ...part, volumeid: await id('listVolumes', 'spare') }),
  ).toContain('is not in the backup');
  const plan = { virtualmachineid: vm, intervaltype: 'DAILY', schedule: '00:02', timezone: 'UTC' };
  await did('createBackupSchedule', plan);
  await did('createBackupSchedule', { ...plan, schedule: '30:03' });
  expect((await all('listBackupSchedule', { virtualmachineid: vm })).map((row) => row['schedule'])).toEqual(['30:03']);
  expect(await refused('removeVirtualMachineFromBackupOffering', { virtualmachineid: vm })).toContain('has existing');
  await did('removeVirtualMachineFromBackupOffering', { virtualmachineid: vm, forced: 'true' });
  expect(await all('listBackups', { virtualmachineid: vm })).toEqual([]);
  expect(await one('listVirtualMachines', { id: vm })).not.toHaveProperty('backupofferingid');
});

test('shared file systems and buckets live and go', async () => {
  const clock = createTestClock();
  const { simulator, one, all, id, did, refused } = createCloud({ clock });
  const share = {
    name: 'files',
    zoneid: await id('listZones', 'Frankfurt'),
    networkid: await id('listNetworks', 'ops-net'),
    diskofferingid: await id('listDiskOfferings', 'Medium'),
    serviceofferingid: await id('listServiceOfferings', 'Small Instance'),
    filesystem: 'xfs',
  };
  expect(await refused('createSharedFileSystem', { ...share, filesystem: 'fat' })).toContain('EXT4 and XFS');
  const made = await did('createSharedFileSystem', share);
  expect(made).toMatchObject({ state: 'Ready', filesystem: 'XFS', sizegb: '20.00 GB' });
  const { id: shareid } = made;
  expect(await refused('destroySharedFileSystem', { id: shareid })).toContain('unless forced');
  expect(
    await refused('changeSharedFileSystemServiceOffering', { id: shareid, serviceofferingid: share.serviceofferingid }),
  ).toContain('only if it is in Stopped state');
  await did('stopSharedFileSystem', { id: shareid });
  expect(await one('listSharedFileSystems', { id: shareid })).toMatchObject({ state: 'Stopped' });
  await did('destroySharedFileSystem', { id: shareid });
  await did('recoverSharedFileSystem', { id: shareid });
  expect(await refused('expungeSharedFileSystem', { id: shareid })).toContain('Destroyed state to be expunged');
  await did('destroySharedFileSystem', { id: shareid });
  await did('expungeSharedFileSystem', { id: shareid });
  expect(await all('listSharedFileSystems')).toEqual([]);
  const brief = await did('createSharedFileSystem', { ...share, name: 'brief' });
  await did('destroySharedFileSystem', { id: brief['id'], forced: 'true' });
  expect(await one('listSharedFileSystems', { id: brief['id'] })).toMatchObject({ state: 'Destroyed' });
  clock.pass(90_000_000);
  expect(await all('listSharedFileSystems', { id: brief['id'] })).toEqual([]);
  const store = await did('addObjectStoragePool', { name: 'minio', provider: 'MinIO', url: 'http://127.0.0.1:9000' });
  expect((await all('listObjectStoragePools', { provider: 'minio' })).map(({ name }) => name)).toEqual(['minio']);
  const bucket = { name: 'photos', objectstorageid: store['id'], quota: '5' };
  const photos = await did('createBucket', bucket);
  expect(photos).toMatchObject({ state: 'Created', url: 'http://127.0.0.1:9000/photos' });
  expect(await refused('createBucket', bucket)).toBe('Bucket with name photos already exists');
  expect(await refused('deleteObjectStoragePool', { id: store['id'] })).toBe('Cannot delete object store with buckets');
  await did('deleteBucket', { id: photos['id'] });
  await did('deleteObjectStoragePool', { id: store['id'] });
  expect(await all('listObjectStoragePools')).toEqual([]);
  expect(simulator.world.all('Bucket')).toEqual([]);
});
