import { object, work } from '../engine/results.ts';
import { needRow, rowArg, text, textArg } from '../engine/args.ts';
import { insertKind } from '../world/insert.ts';
import { gigabytes } from '../rules/machines.ts';
import { badValue } from '../world/errors.ts';
import { ownerOf } from '../engine/owner.ts';
import { findAccount } from '../rules/scope.ts';
import type { Behaviour, Fields } from '../world/types.ts';

const upload: Behaviour = (call) => {
  const zone = needRow(call, 'zoneid');
  const fields: Fields = {
    name: textArg(call, 'name'),
    type: 'DATADISK',
    state: 'UploadOp',
    zoneid: zone.id,
    size: gigabytes(10),
    diskofferingid: rowArg(call, 'diskofferingid')?.id,
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
      size: gigabytes(10),
      diskofferingid: rowArg(call, 'diskofferingid')?.id,
    },
    { owner: ownerOf(call).id },
  );
  return work(volume, () => object(volume));
};

/** Disks that come from elsewhere or change hands. */
export const volumeIntake: Record<string, Behaviour> = {
  uploadVolume: upload,
  importVolume,
  assignVolume: (call) => {
    const volume = needRow(call, 'volumeid');
    if (volume.fields['virtualmachineid'] !== undefined)
      throw badValue('Please specify a volume that is not attached to any VM.');
    const project = rowArg(call, 'projectid');
    const account =
      rowArg(call, 'accountid') ??
      call.world.all('Account').find(({ hidden }) => project && hidden['projectid'] === project.id) ??
      findAccount(call.world, textArg(call, 'account') ?? '', call.caller.domain.id);
    if (!account) throw badValue('Either accountid or projectid must be given');
    volume.owner = account.id;
    call.world.touch();
    return object(volume);
  },
};
