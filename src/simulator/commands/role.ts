import { listKind } from '../engine/list.ts';
import { entriesArg, needRow, rowArg, rowsArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../rules/call.ts';
import { rulesOf } from '../rules/permit.ts';
import { list, object, success } from '../rules/results.ts';
import { ApiError, badParameter, badValue, forbidden } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Resource } from '../world/types.ts';

const roleTypes = ['Admin', 'ResourceAdmin', 'DomainAdmin', 'User'];

const needOwn = (role: Resource, text: string): void => {
  if (role.fields['isdefault'] === true) throw forbidden(text);
};

const addRule = (call: Call, role: Resource, rule: string, permission: string, description?: string): Resource => {
  if (!/^[A-Za-z0-9*]+$/.test(rule)) throw badValue(`Rule contains invalid characters: ${rule}`);
  if (!/^(allow|deny)$/i.test(permission))
    throw badParameter('Values for permission parameter should be: allow or deny');
  if (rulesOf(call.world, role.id).some((other) => text(other, 'rule') === rule))
    throw badValue(`Rule ${rule} is already present`);
  const row = insertKind(call.world, 'RolePermission', {
    roleid: role.id,
    rule,
    permission: permission.toLowerCase(),
    description,
  });
  call.world.hide(row, { order: row.no });
  return row;
};

const make = (call: Call, type: string): Resource => {
  const name = textArg(call, 'name') ?? '';
  if (!roleTypes.includes(type)) throw badParameter(`Invalid role type provided: ${type}`);
  if (call.world.all('Role').some((role) => text(role, 'name') === name))
    throw new ApiError(530, `Role ${name} already exists`, 9999);
  return insertKind(call.world, 'Role', {
    name,
    type,
    description: textArg(call, 'description'),
    ispublic: call.args['ispublic'] !== false,
    isdefault: false,
    state: 'enabled',
  });
};

const create: Behaviour = (call) => {
  const from = rowArg(call, 'roleid');
  const type = textArg(call, 'type');
  if ((from === undefined) === (type === undefined))
    throw badParameter('Either type or an existing role ID should be provided to create a role');
  const role = make(call, from ? text(from, 'type') : (type ?? ''));
  if (from)
    for (const rule of rulesOf(call.world, from.id))
      addRule(call, role, text(rule, 'rule'), text(rule, 'permission'), text(rule, 'description'));
  return object(role);
};

const importRole: Behaviour = (call) => {
  const name = textArg(call, 'name') ?? '';
  const present = call.world.all('Role').find((role) => text(role, 'name') === name);
  if (present && call.args['forced'] !== true) throw badValue(`Role ${name} already exists`);
  if (present) for (const rule of rulesOf(call.world, present.id)) call.world.remove(rule);
  const role = present ?? make(call, textArg(call, 'type') ?? 'User');
  for (const { rule = '', permission = '', description } of entriesArg(call, 'rules'))
    addRule(call, role, rule, permission, description);
  return object(role);
};

const remove: Behaviour = (call) => {
  const role = needRow(call, 'id');
  needOwn(role, 'Default roles cannot be deleted');
  if (call.world.all('Account').some(({ fields }) => fields['roleid'] === role.id))
    throw forbidden("Found accounts that have role in use, won't allow to delete role");
  for (const rule of rulesOf(call.world, role.id)) call.world.remove(rule);
  call.world.remove(role);
  return success();
};

const updateRule: Behaviour = (call) => {
  const role = needRow(call, 'roleid');
  needOwn(role, 'Role permission cannot be updated for Default roles');
  const order = rowsArg(call, 'ruleorder');
  const rule = rowArg(call, 'ruleid');
  const permission = textArg(call, 'permission');
  if (order.length === 0 && !(rule && permission))
    throw badParameter('Parameters permission and ruleid must be provided, or ruleorder');
  order.forEach((row, i) => call.world.hide(row, { order: i }));
  if (rule && permission) call.world.update(rule, { permission: permission.toLowerCase() });
  return success();
};

const switchRole =
  (state: string): Behaviour =>
  (call) => {
    const role = needRow(call, 'id');
    needOwn(role, `Default roles cannot be ${state}`);
    call.world.update(role, { state });
    return success();
  };

/** Roles and permissions. */
export const role: Behaviours = {
  createRole: create,
  importRole,
  deleteRole: remove,
  enableRole: switchRole('enabled'),
  disableRole: switchRole('disabled'),
  updateRole: (call) => {
    const role = needRow(call, 'id');
    needOwn(role, 'Default roles cannot be updated');
    const { id: _, ...fields } = call.args;
    call.world.update(role, fields);
    return object(role);
  },
  listRoles: (call) =>
    listKind(
      call,
      'Role',
      call.caller.root ? [] : [({ fields }) => fields['type'] !== 'Admin' && fields['ispublic'] !== false],
    ),
  createRolePermission: (call) => {
    const role = needRow(call, 'roleid');
    needOwn(role, 'Role permission cannot be added for Default roles');
    return object(
      addRule(call, role, textArg(call, 'rule') ?? '', textArg(call, 'permission') ?? '', textArg(call, 'description')),
    );
  },
  deleteRolePermission: (call) => {
    const rule = needRow(call, 'id');
    const role = call.world.get(text(rule, 'roleid'));
    if (role) needOwn(role, 'Role permission cannot be deleted for Default roles');
    call.world.remove(rule);
    return success();
  },
  updateRolePermission: updateRule,
  listRolePermissions: (call) => {
    const role = rowArg(call, 'roleid');
    return list(role ? rulesOf(call.world, role.id) : [...call.world.all('RolePermission')]);
  },
};
