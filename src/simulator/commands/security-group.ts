import { listKind } from '../engine/list.ts';
import { entriesArg, listArg, needRow, numberArg, rowArg, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../rules/call.ts';
import { ownerOf } from '../rules/owner.ts';
import { object, success, work } from '../rules/results.ts';
import { bySecurityGroup, defaultSecurityGroup, securityGroupNamed, showRule } from '../rules/security-groups.ts';
import { badValue, inUse } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Fields, Resource } from '../world/types.ts';

const groupOf = (call: Call, id: string, name: string): Resource => {
  const wanted = textArg(call, name);
  const group =
    rowArg(call, id) ?? (wanted === undefined ? undefined : securityGroupNamed(call.world, ownerOf(call), wanted));
  if (!group) throw badValue(`Unable to find security group ${wanted ?? 'by id'}`);
  return group;
};

const create: Behaviour = (call) => {
  const owner = ownerOf(call);
  const name = textArg(call, 'name') ?? '';
  defaultSecurityGroup(call.world, owner);
  if (securityGroupNamed(call.world, owner, name))
    throw badValue(`Unable to create security group, a group with name ${name} already exists.`);
  return object(
    insertKind(call.world, 'SecurityGroup', { name, description: textArg(call, 'description') }, { owner: owner.id }),
  );
};

const remove: Behaviour = (call) => {
  const group = groupOf(call, 'id', 'name');
  if (group.fields['name'] === 'default') throw badValue('The network group default is reserved');
  const used = [...call.world.indexed('UserVm', bySecurityGroup, group.id)];
  if (used.length > 0) throw inUse("Cannot delete group when it's in use by virtual machines");
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
    const [icmptype, icmpcode] = [numberArg(call, 'icmptype') ?? -1, numberArg(call, 'icmpcode') ?? -1];
    if (protocol === 'icmp' && [icmptype, icmpcode].some((number) => number < -1 || number > 255))
      throw badValue('Invalid icmp type/code ');
    const ports: Fields = protocol === 'icmp' ? { icmptype, icmpcode } : { startport: start, endport: end ?? start };
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
      const made = sources.map((source) =>
        call.world.insert(
          'SecurityGroupRule',
          { securitygroupid: group.id, direction, protocol, ...ports, ...source },
          { owner: group.owner },
        ),
      );
      // The answer has the new rules only (ApiResponseHelper.createSecurityGroupResponseFromSecurityGroupRule).
      const extra = { ingressrule: [], egressrule: [], [`${direction}rule`]: made.map(showRule) };
      return { form: 'object', item: group, extra };
    });
  };

const revoke: Behaviour = (call) => {
  const rule = needRow(call, 'id');
  return work(rule, () => {
    call.world.remove(rule);
    return success();
  });
};

/** Security groups. */
export const securityGroup: Behaviours = {
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
  listSecurityGroups: (call) => {
    const name = textArg(call, 'securitygroupname');
    const groups = rowArg(call, 'virtualmachineid')?.hidden['securitygroupids'];
    return listKind(call, 'SecurityGroup', [
      ({ id, fields }) =>
        (name === undefined || fields['name'] === name) &&
        (groups === undefined || (Array.isArray(groups) && groups.includes(id))),
    ]);
  },
};
