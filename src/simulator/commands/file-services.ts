import { list, object, success, work } from '../engine/results.ts';
import { flagArg, needRow, numberArg, rowArg, text, textArg } from '../engine/args.ts';
import { insertKind } from '../world/insert.ts';
import { badValue, failure, inUse } from '../world/errors.ts';
import { statedFields } from '../engine/generic.ts';
import { checkLimit } from '../rules/limits.ts';
import { ownerOf } from '../engine/owner.ts';
import { numberSetting } from '../world/settings.ts';
import type { Behaviour, Call, Resource } from '../world/types.ts';
import { implementNetwork } from '../rules/networks.ts';

const state = (row: Resource): string => text(row, 'state');

const shareOf = (call: Call): Resource => needRow(call, 'id');

const createShare: Behaviour = (call) => {
  const owner = ownerOf(call);
  const network = needRow(call, 'networkid');
  const name = textArg(call, 'name');
  if (!/^(ext4|xfs)$/i.test(textArg(call, 'filesystem') ?? ''))
    throw badValue('Invalid File system format specified. Supported formats are EXT4 and XFS');
  const disk = needRow(call, 'diskofferingid');
  const size = numberArg(call, 'size') ?? Number(disk.fields['disksize'] ?? 1);
  const row = insertKind(
    call.world,
    'SharedFS',
    {
      ...statedFields(call, 'SharedFS').fields,
      name,
      filesystem: (textArg(call, 'filesystem') ?? '').toUpperCase(),
      provider: textArg(call, 'provider') ?? 'SHAREDFSVM',
      networkid: network.id,
      size: size * 2 ** 30,
      sizegb: `${size.toFixed(2)} GB`,
      state: 'Allocated',
      path: '/export',
    },
    { owner: owner.id },
  );
  return work(row, () => {
    implementNetwork(call.world, network);
    call.world.update(row, { state: 'Ready' });
    return object(row);
  });
};

const moveShare =
  (to: string, by: string, from: string[]): Behaviour =>
  (call) => {
    const row = shareOf(call);
    if (!from.includes(state(row)))
      throw badValue(
        `Shared FileSystem can be ${to === 'Ready' ? 'started' : 'stopped'} only when it is in ${from.join(' or ')} state`,
      );
    call.world.update(row, { state: by });
    return work(row, () => {
      call.world.update(row, { state: to });
      return object(row);
    });
  };

const destroyShare: Behaviour = (call) => {
  const row = shareOf(call);
  if (state(row) === 'Ready' && !flagArg(call, 'forced'))
    throw badValue(`Shared FileSystem cannot be destroyed in the state Ready unless forced`);
  const now = flagArg(call, 'expunge');
  return work(row, () => {
    call.world.update(row, { state: 'Destroyed' });
    if (now) call.world.remove(row);
    else
      call.world.queue.later(numberSetting(call.world, 'expunge.delay', 86_400) * 1000, () => {
        if (state(row) === 'Destroyed') call.world.remove(row);
      });
    return success();
  });
};

const change = (call: Call, field: 'diskofferingid' | 'serviceofferingid'): ReturnType<Behaviour> => {
  const row = shareOf(call);
  if (state(row) !== 'Stopped' && field === 'serviceofferingid')
    throw badValue('The Service Offering of the Shared FileSystem can be changed only if it is in Stopped state');
  return work(row, () => {
    const size = numberArg(call, 'size') ?? Number(rowArg(call, 'diskofferingid')?.fields['disksize'] ?? 0);
    call.world.update(row, {
      ...(rowArg(call, field) ? { [field]: rowArg(call, field)?.id } : {}),
      ...(size > 0 ? { size: size * 2 ** 30, sizegb: `${size.toFixed(2)} GB` } : {}),
    });
    return object(row);
  });
};

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

const deliver = (call: Call, webhook: Resource | undefined, from: Resource | undefined): Resource =>
  insertKind(
    call.world,
    'WebhookDelivery',
    {
      webhookid: webhook?.id ?? from?.fields['webhookid'],
      eventtype: from?.fields['eventtype'] ?? 'TEST.WEBHOOK',
      payload: textArg(call, 'payload') ?? from?.fields['payload'] ?? 'TEST WEBHOOK DELIVERY',
      headers: 'content-type: application/json',
      response: '200 OK',
      success: true,
      startdate: call.world.now(),
      enddate: call.world.now(),
      managementserverid: call.world.all('ManagementServer')[0]?.id,
    },
    { owner: webhook?.owner },
  );

/** Shared file systems, object storage and webhooks. */
export const fileServices: Record<string, Behaviour> = {
  createSharedFileSystem: createShare,
  startSharedFileSystem: moveShare('Ready', 'Starting', ['Stopped']),
  stopSharedFileSystem: moveShare('Stopped', 'Stopping', ['Ready']),
  restartSharedFileSystem: moveShare('Ready', 'Starting', ['Ready', 'Stopped']),
  destroySharedFileSystem: destroyShare,
  recoverSharedFileSystem: (call) => {
    const row = shareOf(call);
    if (state(row) !== 'Destroyed')
      throw badValue('Shared FileSystem should be in the Destroyed state to be recovered');
    call.world.update(row, { state: 'Stopped' });
    return success();
  },
  expungeSharedFileSystem: (call) => {
    const row = shareOf(call);
    if (state(row) !== 'Destroyed') throw badValue('Shared FileSystem should be in the Destroyed state to be expunged');
    return work(row, () => {
      call.world.remove(row);
      return success();
    });
  },
  changeSharedFileSystemDiskOffering: (call) => change(call, 'diskofferingid'),
  changeSharedFileSystemServiceOffering: (call) => change(call, 'serviceofferingid'),
  listSharedFileSystemProviders: () => list([{ name: 'SHAREDFSVM' }]),
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
  executeWebhookDelivery: (call) => {
    const from = rowArg(call, 'id');
    const webhook = rowArg(call, 'webhookid') ?? call.world.get(text(from, 'webhookid'));
    if (!webhook && textArg(call, 'payloadurl') === undefined)
      throw badValue('One of id, webhookid and payloadurl must be given');
    return object(deliver(call, webhook, from));
  },
  deleteWebhook: (call) => {
    const row = needRow(call, 'id');
    for (const delivery of [...call.world.where('WebhookDelivery', 'webhookid', row.id)]) call.world.remove(delivery);
    call.world.remove(row);
    return success();
  },
  updateWebhook: (call) => {
    const row = needRow(call, 'id');
    const { id: _, ...fields } = statedFields(call, 'Webhook').fields;
    call.world.update(row, fields);
    return object(row);
  },
};
