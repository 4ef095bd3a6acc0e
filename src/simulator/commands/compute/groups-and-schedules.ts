import { needRow, textArg } from '../../rules/args.ts';
import type { Behaviour, Behaviours } from '../../rules/call.ts';
import { ownedNamed, ownerOf } from '../../rules/owner.ts';
import { object, success, work } from '../../rules/results.ts';
import { badValue } from '../../world/errors.ts';
import { insertKind } from '../../world/insert.ts';

const uniqueGroup: Behaviour = (call) => {
  if (ownedNamed(call, 'InstanceGroup'))
    throw badValue(`Unable to create vm group, a group with name ${textArg(call, 'name')} already exists for account`);
  return object(insertKind(call.world, 'InstanceGroup', { name: textArg(call, 'name') }, { owner: ownerOf(call).id }));
};

/** Instance groups, and schedules of virtual machines. */
export const groupsAndSchedules: Behaviours = {
  purgeExpungedResources: () => work(undefined, () => object({ success: true })),
  createInstanceGroup: uniqueGroup,
  deleteInstanceGroup: (call) => {
    const row = needRow(call, 'id');
    for (const vm of [...call.world.where('UserVm', 'groupid', row.id)]) call.world.update(vm, { groupid: undefined });
    call.world.remove(row);
    return success();
  },
};
