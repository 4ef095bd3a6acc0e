import { statedFields } from '../engine/generic.ts';
import { flagArg, needRow, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours } from '../rules/call.ts';
import { checkLimit } from '../rules/limits.ts';
import { ownerOf } from '../rules/owner.ts';
import { object, success, work } from '../rules/results.ts';
import { badValue, failure, inUse } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';

const createBucket: Behaviour = (call) => {
  const owner = ownerOf(call);
  const store = needRow(call, 'objectstorageid');
  const name = textArg(call, 'name') ?? '';
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) throw badValue(`Invalid bucket name: ${name}`);
  if (call.world.all('Bucket').some(({ fields }) => fields['name'] === name && fields['objectstorageid'] === store.id))
    throw failure(`Bucket with name ${name} already exists`);
  checkLimit(call.world, owner, 'bucket');
  const row = insertKind(
    call.world,
    'Bucket',
    {
      ...statedFields(call, 'Bucket').fields,
      objectstorageid: store.id,
      objectstore: store.fields['name'],
      provider: store.fields['providername'],
      state: 'Allocated',
      size: 0,
      policy: textArg(call, 'policy') ?? 'private',
      url: `${text(store, 'url')}/${name}`,
      accesskey: call.world.random.key(20),
      usersecretkey: call.world.random.key(40),
      encryption: flagArg(call, 'encryption'),
      versioning: flagArg(call, 'versioning'),
      objectlocking: flagArg(call, 'objectlocking'),
    },
    { owner: owner.id },
  );
  return work(row, () => {
    call.world.update(row, { state: 'Created' });
    return object(row);
  });
};

/** Object stores and buckets. */
export const objectStorage: Behaviours = {
  cloudianIsEnabled: () => object({ enabled: false, url: '' }),
  createBucket,
  updateBucket: (call) => {
    const row = needRow(call, 'id');
    const { id: _, ...fields } = statedFields(call, 'Bucket').fields;
    call.world.update(row, fields);
    return success();
  },
  deleteObjectStoragePool: (call) => {
    const row = needRow(call, 'id');
    if ([...call.world.where('Bucket', 'objectstorageid', row.id)].length > 0)
      throw inUse('Cannot delete object store with buckets');
    call.world.remove(row);
    return success();
  },
};
