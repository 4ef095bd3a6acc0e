import { insertKind } from '../world/insert.ts';
import type { Index } from '../world/table.ts';
import type { Fields, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { text } from './args.ts';

/** Machines by the security groups that they are in. */
export const bySecurityGroup: Index = { keysOf: ({ hidden }) => hidden['securitygroupids'] };

/** The security group of an owner and a name. */
export const securityGroupNamed = (world: World, owner: Resource, name: string): Resource | undefined =>
  [...world.ownedBy('SecurityGroup', owner.id)].find((group) => group.fields['name'] === name);

/** The group named default that every account has, made when first needed. */
export const defaultSecurityGroup = (world: World, owner: Resource): Resource =>
  securityGroupNamed(world, owner, 'default') ??
  insertKind(world, 'SecurityGroup', { name: 'default', description: 'Default Security Group' }, { owner: owner.id });

/** A rule as the API shows it inside its group. */
export const showRule = ({
  id,
  fields: { securitygroupid: _group, direction: _direction, ...fields },
}: Resource): Fields => ({
  ruleid: id,
  ...fields,
  tags: [],
});

/** Rules of a group in one direction, as the API shows them inside it. */
export const rulesOfGroup = (world: World, group: Resource, direction: string): Fields[] =>
  [...world.where('SecurityGroupRule', 'securitygroupid', group.id)]
    .filter((rule) => text(rule, 'direction') === direction)
    .map(showRule);
