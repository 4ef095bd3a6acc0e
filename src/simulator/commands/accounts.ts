import { object, success, work } from '../engine/results.ts';
import { flagArg, mapArg, needRow, numberArg, rowArg, text, textArg } from '../engine/args.ts';
import { insertKind } from '../world/insert.ts';
import { badParameter, badValue, forbidden } from '../world/errors.ts';
import { listKind, type Test } from '../engine/list.ts';
import { destroy, powerOff } from '../rules/machines.ts';
import { checkDomain, findAccount } from '../rules/scope.ts';
import type { Behaviour, Call, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { addUser, apiKeyAccess, usersNamed } from './users.ts';

const ROLE_OF_TYPE: Record<number, string> = { 0: 'User', 1: 'Root Admin', 2: 'Domain Admin', 3: 'Resource Admin' };
const TYPE_OF_ROLE: Record<string, number> = { Admin: 1, ResourceAdmin: 3, DomainAdmin: 2, User: 0 };

const create: Behaviour = (call) => {
  const { world, caller } = call;
  const role = rowArg(call, 'roleid');
  const type = numberArg(call, 'accounttype') ?? (role ? TYPE_OF_ROLE[text(role, 'type')] : undefined);
  if (type === undefined) throw badParameter('Neither account type and role ID are not provided');
  const chosen = role ?? world.all('Role').find(({ fields }) => fields['name'] === ROLE_OF_TYPE[type]);
  const domain = rowArg(call, 'domainid') ?? caller.domain;
  checkDomain(world, caller, domain.id);
  if (type === 1 && !caller.root) throw forbidden('Only root admins can make root admins');
  const name = textArg(call, 'account') ?? textArg(call, 'username') ?? '';
  if (findAccount(world, name, domain.id)) throw badValue(`The specified account: ${name} already exists`);
  if (usersNamed(world, textArg(call, 'username') ?? '', domain.id).length > 0)
    throw badValue(`The user ${textArg(call, 'username')} already exists in domain ${domain.id}`);
  if ((textArg(call, 'password') ?? '') === '') throw badValue('Empty passwords are not allowed');
  const given = textArg(call, 'accountid');
  const account = insertKind(
    world,
    'Account',
    {
      name,
      accounttype: type,
      roleid: chosen?.id,
      domainid: domain.id,
      state: 'enabled',
      isdefault: false,
      networkdomain: textArg(call, 'networkdomain'),
      accountdetails: mapArg(call, 'accountdetails'),
    },
    given === undefined ? {} : { id: given },
  );
  account.owner = account.id;
  addUser(call, account);
  return object(account);
};

const isBuiltIn = (account: Resource): boolean => account.no <= 2;

const accountOf = (call: Call): Resource => {
  const account =
    rowArg(call, 'id') ??
    findAccount(call.world, textArg(call, 'account') ?? '', rowArg(call, 'domainid')?.id ?? call.caller.domain.id);
  if (!account) throw badValue(`Unable to find active account by name ${textArg(call, 'account')} in domain`);
  return account;
};

const OWNED =
  'Volume Snapshot VMSnapshot Template Network Vpc IPAddress Firewall EgressFirewall PortForwardingRule LoadBalancer SSHKeyPair UserData SecurityGroup AffinityGroup InstanceGroup User ResourceTag Bucket SharedFS Webhook Backup KubernetesCluster AutoScaleVmGroup'.split(
    ' ',
  );

/** Takes an account and all that belongs to it away. */
export const deleteAccount = (world: World, account: Resource): void => {
  for (const vm of world.all('UserVm').filter(({ owner }) => owner === account.id)) destroy(world, vm, true);
  for (const kind of OWNED) {
    for (const row of world.all(kind).filter(({ owner }) => owner === account.id)) {
      if (row.kind !== 'IPAddress') world.remove(row);
      else {
        delete row.owner;
        world.update(row, {
          state: 'Free',
          associatednetworkid: undefined,
          vpcid: undefined,
          issourcenat: false,
          isstaticnat: false,
        });
      }
    }
  }
  for (const member of world.all('ProjectAccount').filter(({ fields }) => fields['accountid'] === account.id))
    world.remove(member);
  world.remove(account);
};

const remove: Behaviour = (call) => {
  const account = needRow(call, 'id');
  if (isBuiltIn(account))
    throw badValue(`The account is a default account and cannot be deleted: ${text(account, 'name')}`);
  if (account.id === call.caller.account.id) throw badValue('An account cannot delete itself');
  return work(account, () => {
    deleteAccount(call.world, account);
    return success();
  });
};

const setState = (call: Call, account: Resource, state: string): Resource => {
  if (isBuiltIn(account) && state !== 'enabled')
    throw forbidden(`Account ${text(account, 'name')} cannot be disabled or locked`);
  call.world.update(account, { state });
  if (state === 'disabled')
    for (const vm of call.world.all('UserVm'))
      if (vm.owner === account.id && vm.fields['state'] === 'Running') powerOff(call.world, vm);
  return account;
};

const listAccounts: Behaviour = (call) => {
  const tests: Test[] = [(row) => row.fields['accounttype'] !== 5 && row.hidden['system'] !== true];
  if (call.args['details'] === undefined) return listKind(call, 'Account', tests);
  return listKind(call, 'Account', tests);
};

const updateAccount: Behaviour = (call) => {
  const account = accountOf(call);
  const name = textArg(call, 'newname');
  const role = rowArg(call, 'roleid');
  if (name !== undefined && name !== account.fields['name'] && findAccount(call.world, name, text(account, 'domainid')))
    throw badValue(`There already exists an account with name ${name} in the same domain`);
  const { networkdomain, apikeyaccess, accountdetails } = call.args;
  call.world.update(account, {
    ...(name === undefined ? {} : { name }),
    ...(role ? { roleid: role.id, accounttype: TYPE_OF_ROLE[text(role, 'type')] } : {}),
    ...(networkdomain === undefined ? {} : { networkdomain }),
    ...(apikeyaccess === undefined ? {} : { apikeyaccess: apiKeyAccess(call) }),
    ...(accountdetails === undefined ? {} : { accountdetails: mapArg(call, 'accountdetails') }),
  });
  return object(account);
};

/** Accounts and users. */
export const accounts: Record<string, Behaviour> = {
  createAccount: create,
  ldapCreateAccount: (call) =>
    create({
      ...call,
      args: {
        email: `${String(call.args['username'])}@example.com`,
        firstname: call.args['username'],
        lastname: 'ldap',
        password: 'ldap',
        ...call.args,
      },
    }),
  deleteAccount: remove,
  updateAccount,
  listAccounts,
  enableAccount: (call) => object(setState(call, accountOf(call), 'enabled')),
  disableAccount: (call) => {
    const account = accountOf(call);
    return work(account, () => object(setState(call, account, flagArg(call, 'lock') ? 'locked' : 'disabled')));
  },
  lockAccount: (call) => object(setState(call, accountOf(call), 'locked')),
  markDefaultZoneForAccount: (call) => {
    const account = rowArg(call, 'account') ?? accountOf(call);
    return work(account, () => {
      call.world.update(account, { defaultzoneid: needRow(call, 'zoneid').id });
      return object(account);
    });
  },
  isAccountAllowedToCreateOfferingsWithTags: (call) =>
    object({ isallowed: needRow(call, 'id').fields['accounttype'] === 1 }),
};
