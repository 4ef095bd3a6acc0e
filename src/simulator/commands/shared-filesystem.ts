import { statedFields } from '../engine/generic.ts';
import { flagArg, needRow, numberArg, rowArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../rules/call.ts';
import { gib } from '../rules/figures.ts';
import { implementNetwork } from '../rules/networks.ts';
import { ownerOf } from '../rules/owner.ts';
import { list, object, success, work } from '../rules/results.ts';
import { badValue } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import { numberSetting } from '../world/settings.ts';
import type { Resource } from '../world/types.ts';

const state = (row: Resource): string => text(row, 'state');

const shareOf = (call: Call): Resource => needRow(call, 'id');

const createShare: Behaviour = (call) => {
  const owner = ownerOf(call);
  const network = needRow(call, 'networkid');
  const name = textArg(call, 'name');
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
      size: size * gib,
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
      ...(size > 0 ? { size: size * gib, sizegb: `${size.toFixed(2)} GB` } : {}),
    });
    return object(row);
  });
};

/** Shared file systems. */
export const sharedFilesystem: Behaviours = {
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
};
