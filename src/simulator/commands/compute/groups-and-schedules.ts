import { statedFields } from '../../engine/generic.ts';
import { mayUse } from '../../rules/access.ts';
import { flagArg, needRow, textArg } from '../../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../../rules/call.ts';
import { ownedNamed, ownerOf } from '../../rules/owner.ts';
import { object, success, work } from '../../rules/results.ts';
import { zoneOf } from '../../rules/schedules.ts';
import { parseDate } from '../../world/clock.ts';
import { badValue, forbidden } from '../../world/errors.ts';
import { insertKind } from '../../world/insert.ts';
import type { Value } from '../../world/types.ts';

const uniqueGroup: Behaviour = (call) => {
  if (ownedNamed(call, 'InstanceGroup'))
    throw badValue(`Unable to create vm group, a group with name ${textArg(call, 'name')} already exists for account`);
  return object(insertKind(call.world, 'InstanceGroup', { name: textArg(call, 'name') }, { owner: ownerOf(call).id }));
};

const actions: Record<string, readonly string[]> = {
  VirtualMachine: ['START', 'STOP', 'REBOOT', 'FORCE_STOP', 'FORCE_REBOOT'],
  AutoScaleVmGroup: ['UPDATE'],
};

const bounds = [60, 24, 32, 13, 8];

/** Refuses what is no cron expression, as Spring does for VMScheduleManagerImpl, which counts a field for seconds, too. */
const checkCron = (call: Call): void => {
  const given = textArg(call, 'schedule');
  if (given === undefined) return;
  const parts = given.trim().split(/\s+/);
  if (parts.length !== 5)
    throw badValue(
      `Invalid cron format: Cron expression must consist of 6 fields (found ${parts.length + 1} in "0 ${given}")`,
    );
  const wrong = parts.find((part, i) => (part.match(/\d+/g) ?? []).some((number) => Number(number) >= bounds[i]!));
  if (wrong !== undefined)
    throw badValue(`Invalid cron format: ${wrong} of cron expression "0 ${given}" is out of range`);
};

/** Refuses a schedule that begins in the past or ends before it begins; an unknown time zone is GMT (VMScheduleManagerImpl). */
const checkSpan = (call: Call, begins?: Value): void => {
  const [start, end] = [textArg(call, 'startdate'), textArg(call, 'enddate')].map((one) => parseDate(one ?? ''));
  const now = call.world.clock.now();
  if (begins === undefined && start !== undefined && start < now)
    throw badValue("Invalid value for start date. start can't be less than current datetime");
  const first = start ?? parseDate(String(begins ?? '')) ?? now;
  if (end !== undefined && first > end)
    throw badValue("Invalid value for end date. End date can't be less than start date. ");
};

const createVmSchedule: Behaviour = (call) => {
  const vm = needRow(call, 'virtualmachineid');
  checkSpan(call);
  checkCron(call);
  const { fields } = statedFields(call, 'VMSchedule');
  return object(
    insertKind(
      call.world,
      'VMSchedule',
      {
        startdate: call.world.now(),
        ...fields,
        action: textArg(call, 'action')?.toUpperCase(),
        timezone: zoneOf(String(fields['timezone'])),
        virtualmachineid: vm.id,
        enabled: flagArg(call, 'enabled'),
      },
      { owner: vm.owner },
    ),
  );
};

const updateVmSchedule: Behaviour = (call) => {
  const row = needRow(call, 'id');
  checkCron(call);
  checkSpan(call, row.fields['startdate']);
  const { id: _, ...fields } = statedFields(call, 'VMSchedule').fields;
  call.world.update(row, {
    ...fields,
    ...(fields['timezone'] === undefined ? {} : { timezone: zoneOf(String(fields['timezone'])) }),
  });
  return object(row);
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
  createVMSchedule: createVmSchedule,
  updateVMSchedule: updateVmSchedule,
  deleteInstanceGroup: (call) => {
    const row = needRow(call, 'id');
    for (const vm of [...call.world.where('UserVm', 'groupid', row.id)]) call.world.update(vm, { groupid: undefined });
    call.world.remove(row);
    return success();
  },
};
