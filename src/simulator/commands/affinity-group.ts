import { listKind } from '../engine/list.ts';
import { listArg, needRow, rowArg, rowsArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours } from '../rules/call.ts';
import { nameOf, needStopped } from '../rules/machines.ts';
import { ownedNamed, ownerOf } from '../rules/owner.ts';
import { byAffinityGroup } from '../rules/placement.ts';
import { object, success, work } from '../rules/results.ts';
import { badValue } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';

const setAffinity: Behaviour = (call) => {
  const vm = needRow(call, 'id');
  needStopped(
    vm,
    `Unable update affinity groups of the virtual machine ${nameOf(vm)}; make sure the virtual machine is stopped and not in an error state before updating.`,
  );
  const names = listArg(call, 'affinitygroupnames');
  const named = call.world
    .all('AffinityGroup')
    .filter((row) => row.owner === vm.owner && names.includes(text(row, 'name')));
  return work(vm, () => {
    call.world.hide(vm, { affinitygroupids: [...rowsArg(call, 'affinitygroupids'), ...named].map(({ id }) => id) });
    return object(vm);
  });
};

const affinityTypes = [
  'host affinity',
  'host anti-affinity',
  'non-strict host affinity',
  'non-strict host anti-affinity',
  'ExplicitDedication',
];

const createAffinity: Behaviour = (call) => {
  const type = textArg(call, 'type') ?? '';
  if (!affinityTypes.includes(type))
    throw badValue(`Unable to create affinity group, no Affinity Group Types configured: ${type}`);
  if (ownedNamed(call, 'AffinityGroup'))
    throw badValue(`Unable to create affinity group, a group with name ${textArg(call, 'name')} already exists.`);
  const row = insertKind(
    call.world,
    'AffinityGroup',
    { name: textArg(call, 'name'), type, description: textArg(call, 'description') },
    { owner: ownerOf(call).id },
  );
  return work(row, () => object(row));
};

const dropAffinity: Behaviour = (call) => {
  const row = rowArg(call, 'id') ?? ownedNamed(call, 'AffinityGroup');
  if (!row) throw badValue('Either the affinity group Id or group name must be specified to delete the group');
  return work(row, () => {
    for (const vm of [...call.world.indexed('UserVm', byAffinityGroup, row.id)]) {
      const groups = vm.hidden['affinitygroupids'];
      if (Array.isArray(groups)) call.world.hide(vm, { affinitygroupids: groups.filter((id) => id !== row.id) });
    }
    call.world.remove(row);
    return success();
  });
};

/** Affinity groups. */
export const affinityGroup: Behaviours = {
  updateVMAffinityGroup: setAffinity,
  createAffinityGroup: createAffinity,
  deleteAffinityGroup: dropAffinity,
  listAffinityGroups: (call) => {
    const vm = rowArg(call, 'virtualmachineid');
    const groups = vm?.hidden['affinitygroupids'];
    return listKind(call, 'AffinityGroup', vm ? [({ id }) => Array.isArray(groups) && groups.includes(id)] : []);
  },
};
