import { statedFields } from '../../engine/generic.ts';
import { mayUse } from '../../rules/access.ts';
import { needRow, textArg } from '../../rules/args.ts';
import type { Behaviour, Behaviours } from '../../rules/call.ts';
import { ownedNamed, ownerOf } from '../../rules/owner.ts';
import { object, success, work } from '../../rules/results.ts';
import { badValue, forbidden } from '../../world/errors.ts';
import { insertKind } from '../../world/insert.ts';

const uniqueGroup: Behaviour = (call) => {
  if (ownedNamed(call, 'InstanceGroup'))
    throw badValue(`Unable to create vm group, a group with name ${textArg(call, 'name')} already exists for account`);
  return object(insertKind(call.world, 'InstanceGroup', { name: textArg(call, 'name') }, { owner: ownerOf(call).id }));
};

const actions: Record<string, readonly string[]> = {
  VirtualMachine: ['START', 'STOP', 'REBOOT', 'FORCE_STOP', 'FORCE_REBOOT'],
  AutoScaleVmGroup: ['UPDATE'],
};

const schedule: Behaviour = (call) => {
  const { world } = call;
  const kind = Object.keys(actions).find((one) => one.toLowerCase() === textArg(call, 'resourcetype')?.toLowerCase());
  if (kind === undefined) throw badValue(`Invalid resource type: ${textArg(call, 'resourcetype')}`);
  const action = textArg(call, 'action')?.toUpperCase() ?? '';
  if (!actions[kind]!.includes(action)) throw badValue(`Invalid action: ${action} for resource type: ${kind}`);
  const on = world.find(kind === 'VirtualMachine' ? 'UserVm' : kind, textArg(call, 'resourceid') ?? '');
  if (!on || on.removed !== undefined) throw badValue(`Unable to find the ${kind} ${textArg(call, 'resourceid')}`);
  if (!mayUse(world, call.caller, on)) throw forbidden();
  if (textArg(call, 'schedule')?.trim().split(/\s+/).length !== 5)
    throw badValue(`Invalid format for schedule: ${textArg(call, 'schedule')}`);
  const { fields } = statedFields(call, 'ResourceSchedule');
  return object(
    insertKind(
      world,
      'ResourceSchedule',
      { startdate: world.now(), ...fields, action, resourcetype: kind, resourceid: on.id },
      { owner: on.owner },
    ),
  );
};

/** Instance groups, and schedules of virtual machines. */
export const groupsAndSchedules: Behaviours = {
  purgeExpungedResources: () => work(undefined, () => object({ success: true })),
  createInstanceGroup: uniqueGroup,
  createResourceSchedule: schedule,
  deleteInstanceGroup: (call) => {
    const row = needRow(call, 'id');
    for (const vm of [...call.world.where('UserVm', 'groupid', row.id)]) call.world.update(vm, { groupid: undefined });
    call.world.remove(row);
    return success();
  },
};
