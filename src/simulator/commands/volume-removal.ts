import { object, success, work } from '../engine/results.ts';
import { flagArg, needRow } from '../engine/args.ts';
import { badValue, forbidden } from '../world/errors.ts';
import { isOn } from '../world/settings.ts';
import type { Behaviour, Call, Resource } from '../world/types.ts';
import { stateOf } from './volumes.ts';

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
  for (const tag of [...call.world.where('ResourceTag', 'resourceid', volume.id)]) call.world.remove(tag);
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

/** How disks go, and come back. */
export const volumeRemoval: Record<string, Behaviour> = {
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
};
