import { object, success, work } from '../engine/results.ts';
import { entriesArg, listArg, needRow, numberArg, rowArg, text, textArg } from '../engine/args.ts';
import { insertKind } from '../world/insert.ts';
import { badValue, inUse } from '../world/errors.ts';
import { ownerOf } from '../engine/owner.ts';
import type { Behaviour, Call, Fields, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';

const byName = (world: World, owner: Resource, name: string): Resource | undefined =>
  world.all('SecurityGroup').find((group) => group.owner === owner.id && group.fields['name'] === name);

/** The group named default that every account has, made when first needed. */
export const defaultSecurityGroup = (world: World, owner: Resource): Resource =>
  byName(world, owner, 'default') ??
  insertKind(world, 'SecurityGroup', { name: 'default', description: 'Default Security Group' }, { owner: owner.id });

const groupOf = (call: Call, id: string, name: string): Resource => {
  const wanted = textArg(call, name);
  const group = rowArg(call, id) ?? (wanted === undefined ? undefined : byName(call.world, ownerOf(call), wanted));
  if (!group) throw badValue(`Unable to find security group ${wanted ?? 'by id'}`);
  return group;
};

const create: Behaviour = (call) => {
  const owner = ownerOf(call);
  const name = textArg(call, 'name') ?? '';
  defaultSecurityGroup(call.world, owner);
  if (byName(call.world, owner, name))
    throw badValue(`Unable to create security group, a group with name ${name} already exists.`);
  return object(
    insertKind(call.world, 'SecurityGroup', { name, description: textArg(call, 'description') }, { owner: owner.id }),
  );
};

const remove: Behaviour = (call) => {
  const group = groupOf(call, 'id', 'name');
  if (group.fields['name'] === 'default') throw badValue('The network group default is reserved');
  const used = call.world
    .all('UserVm')
    .some(({ hidden }) => Array.isArray(hidden['securitygroupids']) && hidden['securitygroupids'].includes(group.id));
  if (used) throw inUse("Cannot delete group when it's in use by virtual machines");
  for (const rule of [...call.world.where('SecurityGroupRule', 'securitygroupid', group.id)]) call.world.remove(rule);
  call.world.remove(group);
  return success();
};

const sourcesOf = (call: Call): Fields[] => {
  const groups = entriesArg(call, 'usersecuritygrouplist').map(({ account, group }): Fields => ({
    account,
    securitygroupname: group,
  }));
  const cidrs = listArg(call, 'cidrlist').map((cidr): Fields => ({ cidr }));
  if (groups.length + cidrs.length === 0)
    throw badValue('At least one cidr or at least one security group needs to be specified');
  return [...groups, ...cidrs];
};

const authorize =
  (direction: 'ingress' | 'egress'): Behaviour =>
  (call) => {
    const group = groupOf(call, 'securitygroupid', 'securitygroupname');
    const protocol = (textArg(call, 'protocol') ?? 'all').toLowerCase();
    const [start, end] = [numberArg(call, 'startport'), numberArg(call, 'endport')];
    const ports: Fields =
      protocol === 'icmp'
        ? { icmptype: numberArg(call, 'icmptype') ?? -1, icmpcode: numberArg(call, 'icmpcode') ?? -1 }
        : { startport: start, endport: end ?? start };
    if (start !== undefined && end !== undefined && start > end)
      throw badValue("Start port can't be bigger than end port");
    const sources = sourcesOf(call);
    const same = ({ fields }: Resource, source: Fields): boolean =>
      fields['direction'] === direction &&
      fields['protocol'] === protocol &&
      Object.entries({ ...ports, ...source }).every(([name, value]) => fields[name] === value);
    const present = [...call.world.where('SecurityGroupRule', 'securitygroupid', group.id)];
    if (sources.some((source) => present.some((rule) => same(rule, source))))
      throw badValue('The rule already exists in the security group');
    return work(group, () => {
      for (const source of sources)
        call.world.insert(
          'SecurityGroupRule',
          { securitygroupid: group.id, direction, protocol, ...ports, ...source },
          { owner: group.owner },
        );
      return object(group);
    });
  };

const revoke: Behaviour = (call) => {
  const rule = needRow(call, 'id');
  return work(rule, () => {
    call.world.remove(rule);
    return success();
  });
};

/** Security groups and their rules. */
export const securityGroups: Record<string, Behaviour> = {
  createSecurityGroup: create,
  deleteSecurityGroup: remove,
  authorizeSecurityGroupIngress: authorize('ingress'),
  authorizeSecurityGroupEgress: authorize('egress'),
  revokeSecurityGroupIngress: revoke,
  revokeSecurityGroupEgress: revoke,
  updateSecurityGroup: (call) => {
    const group = needRow(call, 'id');
    const name = textArg(call, 'name');
    if (group.fields['name'] === 'default') throw badValue('The default security group cannot be renamed');
    if (name !== undefined) call.world.update(group, { name });
    return object(group);
  },
};

/** Rules of a group in one direction, as the API shows them inside it. */
export const rulesOfGroup = (world: World, group: Resource, direction: string): Fields[] =>
  [...world.where('SecurityGroupRule', 'securitygroupid', group.id)]
    .filter((rule) => text(rule, 'direction') === direction)
    .map(({ id, fields: { securitygroupid: _group, direction: _direction, ...fields } }) => ({
      ruleid: id,
      ...fields,
      tags: [],
    }));
