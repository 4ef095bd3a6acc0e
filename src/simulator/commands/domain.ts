import { listRows, type Test, testsOf } from '../engine/list.ts';
import { isWithin } from '../rules/access.ts';
import { deleteAccount } from '../rules/accounts.ts';
import { flagArg, needRow, rowArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours } from '../rules/call.ts';
import { object, success, work } from '../rules/results.ts';
import { checkDomain } from '../rules/scope.ts';
import { badValue, failure, forbidden } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';

const place = (world: World, domain: Resource, parent: Resource | undefined): void => {
  const raw = parent ? `${String(parent.hidden['path'])}${text(domain, 'name')}/` : '/';
  world.hide(domain, { path: raw });
  world.update(domain, {
    path: parent ? `${text(parent, 'path')}/${text(domain, 'name')}` : 'ROOT',
    level: parent ? Number(parent.fields['level']) + 1 : 0,
  });
  for (const child of [...world.where('Domain', 'parentdomainid', domain.id)]) place(world, child, domain);
};

const checkName = (world: World, name: string, parent: Resource, except?: Resource): void => {
  if (name.includes('/')) throw badValue("Domain name can't contain '/'");
  if (
    [...world.where('Domain', 'parentdomainid', parent.id)].some((row) => row !== except && text(row, 'name') === name)
  )
    throw badValue(`Domain with name ${name} already exists for the parent id=${parent.no}`);
};

const create: Behaviour = (call) => {
  const { world, caller } = call;
  const parent = rowArg(call, 'parentdomainid') ?? caller.domain;
  checkDomain(world, caller, parent.id);
  const name = textArg(call, 'name') ?? '';
  checkName(world, name, parent);
  const given = textArg(call, 'domainid');
  const domain = insertKind(
    world,
    'Domain',
    {
      name,
      parentdomainid: parent.id,
      networkdomain: textArg(call, 'networkdomain'),
      haschild: false,
      state: 'Active',
    },
    given === undefined ? {} : { id: given },
  );
  place(world, domain, parent);
  return object(domain);
};

const below = (world: World, domain: Resource): Resource[] =>
  world
    .all('Domain')
    .filter((row) => isWithin(world, row.id, domain.id))
    .reverse();

const remove: Behaviour = (call) => {
  const { world } = call;
  const domain = needRow(call, 'id');
  return work(domain, () => {
    if (domain.no === 1) throw forbidden("Can't delete ROOT domain");
    const accounts = world
      .all('Account')
      .filter(({ fields }) => isWithin(world, String(fields['domainid']), domain.id));
    const holds = accounts.length > 0 || [...world.where('Domain', 'parentdomainid', domain.id)].length > 0;
    if (holds && !flagArg(call, 'cleanup'))
      throw failure(`Can't delete the domain yet because it has ${accounts.length} accounts that need to cleanup`);
    for (const account of accounts) deleteAccount(world, account);
    for (const row of below(world, domain)) world.remove(row);
    return success();
  });
};

const visible = (call: Parameters<Behaviour>[0]): Test => {
  const { world, caller } = call;
  if (caller.root) return () => true;
  if (flagArg(call, 'listall') || call.args['id'] !== undefined)
    return (row) =>
      isWithin(world, row.id, caller.domain.id) && (caller.role !== 'User' || row.id === caller.domain.id);
  return (row) => row.id === caller.domain.id;
};

/** Domains. */
export const domain: Behaviours = {
  createDomain: create,
  deleteDomain: remove,
  listDomains: (call) => {
    const named = call.rows.get('id');
    return listRows(call, 'Domain', named ?? call.world.all('Domain'), [visible(call), ...testsOf(call, 'Domain')]);
  },
  listDomainChildren: (call) => {
    const parent = rowArg(call, 'id') ?? call.caller.domain;
    checkDomain(call.world, call.caller, parent.id);
    const inside: Test = flagArg(call, 'isrecursive')
      ? (row) => row !== parent && isWithin(call.world, row.id, parent.id)
      : (row) => row.fields['parentdomainid'] === parent.id;
    const { id: _, ...args } = call.args;
    return listRows(call, 'Domain', call.world.all('Domain'), [inside, ...testsOf({ ...call, args }, 'Domain')]);
  },
  updateDomain: (call) => {
    const domain = needRow(call, 'id');
    const parent = call.world.get(text(domain, 'parentdomainid'));
    const name = textArg(call, 'name');
    if (domain.no === 1 && name !== undefined) throw forbidden('ROOT domain can not be edited with a new name');
    if (name !== undefined && parent) checkName(call.world, name, parent, domain);
    call.world.update(domain, {
      ...(name === undefined ? {} : { name }),
      ...(call.args['networkdomain'] === undefined ? {} : { networkdomain: textArg(call, 'networkdomain') }),
    });
    if (parent) place(call.world, domain, parent);
    return object(domain);
  },
  moveDomain: (call) => {
    const domain = needRow(call, 'domainid');
    const parent = needRow(call, 'parentdomainid');
    if (domain.no === 1) throw badValue('Cannot move ROOT domain.');
    if (isWithin(call.world, parent.id, domain.id))
      throw badValue(`Domain [${domain.id}] cannot be moved to its own child domain [${parent.id}].`);
    checkName(call.world, text(domain, 'name'), parent, domain);
    call.world.update(domain, { parentdomainid: parent.id });
    place(call.world, domain, parent);
    return object(domain);
  },
};
