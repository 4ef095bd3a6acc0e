import type { Command } from '../../catalog/types.ts';
import type { Fields, Resource } from '../world/types.ts';
import { findSetting, isOn } from '../world/settings.ts';
import type { Index } from '../world/table.ts';
import type { World } from '../world/world.ts';
import type { CallingUser } from './call.ts';

/** Whether a command's name fits a pattern in which `*` stands for any letters. */
export const matches = (rule: string, name: string): boolean =>
  new RegExp(`^${rule.replaceAll('*', '\\w*')}$`, 'i').test(name);

/** What a key pair may call: the first rule that fits decides; a pair without rules may call what its user may. */
export interface KeyRule extends Fields {
  rule: string;
  permission: string;
  description?: string;
}

/** The rules of a pair; none of one that may call all that its user may. */
export const rulesOfPair = (pair: Resource): KeyRule[] =>
  Array.isArray(pair.hidden['rules']) ? (pair.hidden['rules'] as KeyRule[]) : [];

/** Whether the rules of a pair allow a command. What no rule names is refused. */
export const pairAllows = (pair: Resource, command: string): boolean => {
  const rules = rulesOfPair(pair);
  return rules.length === 0 || rules.find(({ rule }) => matches(rule, command))?.permission === 'allow';
};

const orderOf = ({ hidden, no }: Resource): number => Number(hidden['order'] ?? no);

const byOrder = (a: Resource, b: Resource): number => orderOf(a) - orderOf(b);

/** Rules of a role in the order in which they are tried. */
export const rulesOf = (world: World, roleId: string): Resource[] =>
  [...world.where('RolePermission', 'roleid', roleId)].sort(byOrder);

/** A role's rules by the command that they name; those with `*` together. */
const byName: Index = {
  keysOf: ({ fields: { roleid, rule } }) =>
    `${String(roleid)} ${String(rule).includes('*') ? '*' : String(rule).toLowerCase()}`,
};

/** The first rule of a role that fits a command: default roles have hundreds. */
const ruleFor = (world: World, roleId: string, command: string): Resource | undefined => {
  let first: Resource | undefined;
  for (const key of [command.toLowerCase(), '*'])
    for (const row of world.indexed('RolePermission', byName, `${roleId} ${key}`))
      if ((!first || orderOf(row) < orderOf(first)) && matches(String(row.fields['rule']), command)) first = row;
  return first;
};

/** Whether the settings that switch a command's plug-in on are on; CloudStack reads them when it starts, the simulator at once. */
export const isOffered = (world: World, { enabledBy = [] }: Command): boolean =>
  enabledBy.every((name) => findSetting(world, name) === undefined || isOn(world, name));

/**
 * Whether a call's key pair and its role allow a command. Of the role, the first rule that fits, else the role types the
 * command was made for.
 */
export const isPermitted = (world: World, caller: CallingUser, command: Command): boolean => {
  if (caller.pair && !pairAllows(caller.pair, command.name)) return false;
  const role = world.get(String(caller.account.fields['roleid']));
  if (role?.fields['name'] === 'Root Admin') return true;
  const rule = ruleFor(world, role?.id ?? '', command.name);
  if (rule) return rule.fields['permission'] === 'allow';
  return command.roles?.includes(caller.role) ?? command.auth === true;
};
