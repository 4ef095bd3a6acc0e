import type { Command } from '../../catalog/types.ts';
import type { Resource } from '../world/types.ts';
import { findSetting, isOn } from '../world/settings.ts';
import type { World } from '../world/world.ts';
import type { CallingUser } from './call.ts';

/** Whether a command's name fits a pattern in which `*` stands for any letters. */
export const matches = (rule: string, name: string): boolean =>
  new RegExp(`^${rule.replaceAll('*', '\\w*')}$`, 'i').test(name);

const byOrder = (a: Resource, b: Resource): number =>
  Number(a.hidden['order'] ?? a.no) - Number(b.hidden['order'] ?? b.no);

/** Rules of a role in the order in which they are tried. */
export const rulesOf = (world: World, roleId: string): Resource[] =>
  [...world.where('RolePermission', 'roleid', roleId)].sort(byOrder);

/** Whether the settings that switch a command's plug-in on are on; CloudStack reads them when it starts, the simulator at once. */
export const isOffered = (world: World, { enabledBy = [] }: Command): boolean =>
  enabledBy.every((name) => findSetting(world, name) === undefined || isOn(world, name));

/** Whether the caller's role allows a command: the first rule that fits, else the role types the command was made for. */
export const isPermitted = (world: World, caller: CallingUser, command: Command): boolean => {
  const role = world.get(String(caller.account.fields['roleid']));
  if (role?.fields['name'] === 'Root Admin') return true;
  const rule = rulesOf(world, role?.id ?? '').find(({ fields }) => matches(String(fields['rule']), command.name));
  if (rule) return rule.fields['permission'] === 'allow';
  return command.roles?.includes(caller.role) ?? command.auth === true;
};
