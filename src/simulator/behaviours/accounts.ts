import { object, success, work } from '../answers.ts';
import { isWithin } from '../access.ts';
import { flagArg, mapArg, needRow, numberArg, rowArg, text, textArg } from '../args.ts';
import { insertKind } from '../birth.ts';
import { badParameter, badValue, failure, forbidden } from '../errors.ts';
import { statedFields } from '../generic.ts';
import { listKind, type Test } from '../list.ts';
import { destroy } from '../machines.ts';
import { checkDomain, findAccount } from '../scope.ts';
import { hashPassword } from '../session.ts';
import type { Behaviour, Call, Row } from '../types.ts';
import type { World } from '../world.ts';

const ROLE_OF_TYPE: Record<number, string> = { 0: 'User', 1: 'Root Admin', 2: 'Domain Admin', 3: 'Resource Admin' };
const TYPE_OF_ROLE: Record<string, number> = { Admin: 1, ResourceAdmin: 3, DomainAdmin: 2, User: 0 };

const usersNamed = (world: World, name: string, domainId: string): Row[] =>
  [...world.where('User', 'username', name)].filter(
    (user) => text(world.get(text(user, 'accountid')), 'domainid') === domainId,
  );

const addUser = (call: Call, account: Row): Row => {
  const { world } = call;
  const name = textArg(call, 'username') ?? '';
  const domain = text(account, 'domainid');
  if (usersNamed(world, name, domain).length > 0) throw badValue(`The user ${name} already exists in domain ${domain}`);
  if ((textArg(call, 'password') ?? '') === '') throw badValue('Empty passwords are not allowed');
  return insertKind(
    world,
    'User',
    {
      username: name,
      firstname: textArg(call, 'firstname'),
      lastname: textArg(call, 'lastname'),
      email: textArg(call, 'email'),
      timezone: textArg(call, 'timezone'),
      accountid: account.id,
      state: 'enabled',
      usersource: 'native',
      is2faenabled: false,
      is2famandated: false,
      isdefault: false,
      iscallerchilddomain: false,
    },
    {
      owner: account.id,
      hidden: { password: hashPassword(textArg(call, 'password') ?? '') },
      ...(textArg(call, 'userid') === undefined ? {} : { id: textArg(call, 'userid') ?? '' }),
    },
  );
};

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

const isBuiltIn = (account: Row): boolean => account.no <= 2;

const accountOf = (call: Call): Row => {
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
export const deleteAccount = (world: World, account: Row): void => {
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

const setState = (call: Call, account: Row, state: string): Row => {
  if (isBuiltIn(account) && state !== 'enabled')
    throw forbidden(`Account ${text(account, 'name')} cannot be disabled or locked`);
  call.world.update(account, { state });
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
    ...(apikeyaccess === undefined ? {} : { apikeyaccess: String(apikeyaccess).toUpperCase() }),
    ...(accountdetails === undefined ? {} : { accountdetails: mapArg(call, 'accountdetails') }),
  });
  return object(account);
};

const updateUser: Behaviour = (call) => {
  const user = needRow(call, 'id');
  const { world, caller } = call;
  const password = textArg(call, 'password');
  if (password !== undefined) {
    if (password === '') throw badValue('Empty passwords are not allowed');
    const current = textArg(call, 'currentpassword');
    if (!caller.root && (current === undefined || user.hidden['password'] !== hashPassword(current)))
      throw badValue('To set a new password the current password must be provided.');
    user.hidden['password'] = hashPassword(password);
  }
  const { apikey, secret } = { apikey: textArg(call, 'userapikey'), secret: textArg(call, 'usersecretkey') };
  if ((apikey === undefined) !== (secret === undefined))
    throw badValue('Please provide a userApiKey/userSecretKey pair');
  if (secret !== undefined) user.hidden['secretkey'] = secret;
  const name = textArg(call, 'username');
  if (
    name !== undefined &&
    usersNamed(world, name, text(world.get(text(user, 'accountid')), 'domainid')).some((other) => other !== user)
  )
    throw badValue(`The user ${name} already exists`);
  const fields = Object.fromEntries(
    ['username', 'firstname', 'lastname', 'email', 'timezone'].flatMap((field) =>
      call.args[field] === undefined ? [] : [[field, call.args[field]]],
    ),
  );
  const access = textArg(call, 'apikeyaccess');
  world.update(user, {
    ...fields,
    ...(apikey === undefined ? {} : { apikey }),
    ...(access === undefined ? {} : { apikeyaccess: access.toUpperCase() }),
    ...(call.args['mandate2fa'] === undefined ? {} : { is2famandated: flagArg(call, 'mandate2fa') }),
  });
  return object(user);
};

const userState =
  (state: string): Behaviour =>
  (call) => {
    const user = needRow(call, 'id');
    if (user.fields['isdefault'] === true && state !== 'enabled')
      throw badValue(`User ${text(user, 'username')} is a default user and cannot be ${state}`);
    const apply = () => {
      call.world.update(user, { state });
      return object(user);
    };
    return call.command.async ? work(user, apply) : apply();
  };

const keys = (call: Call, fresh: boolean): ReturnType<Behaviour> => {
  const user = needRow(call, 'id');
  const { world, caller } = call;
  if (caller.role === 'User' && user.owner !== caller.account.id) throw forbidden();
  if (fresh) {
    world.update(user, { apikey: world.random.key(86) });
    user.hidden['secretkey'] = world.random.key(86);
  }
  const pair = { apikey: user.fields['apikey'], secretkey: user.hidden['secretkey'] };
  if (!fresh && pair.apikey === undefined) return object({ apikeyaccess: true });
  return object(fresh ? pair : { ...pair, apikeyaccess: user.fields['apikeyaccess'] !== 'DISABLED' });
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
  createUser: (call) => {
    const domain = rowArg(call, 'domainid') ?? call.caller.domain;
    const account = findAccount(call.world, textArg(call, 'account') ?? '', domain.id);
    if (!account)
      throw badValue(`Unable to find account ${textArg(call, 'account')} in domain id=${domain.id} to create user`);
    return object(addUser(call, account));
  },
  updateUser,
  deleteUser: (call) => {
    const user = needRow(call, 'id');
    if (user.fields['isdefault'] === true) throw badValue('The user is default and cannot be removed');
    if (user.id === call.caller.user.id) throw badValue('A user cannot delete itself');
    call.world.remove(user);
    return success();
  },
  enableUser: userState('enabled'),
  disableUser: userState('disabled'),
  lockUser: userState('locked'),
  moveUser: (call) => {
    const user = needRow(call, 'id');
    const account =
      rowArg(call, 'accountid') ??
      findAccount(call.world, textArg(call, 'account') ?? '', text(call.world.get(user.owner ?? ''), 'domainid'));
    if (!account) throw badValue('Either account or accountid must name an account in the same domain');
    if (text(account, 'domainid') !== text(call.world.get(user.owner ?? ''), 'domainid'))
      throw failure('moving a user from an account in one domain to an account in annother domain is not supported!');
    user.owner = account.id;
    call.world.update(user, { accountid: account.id });
    return success();
  },
  getUser: (call) => {
    const user = [...call.world.where('User', 'apikey', textArg(call, 'userapikey') ?? '')][0];
    if (
      !user ||
      !(
        call.caller.root ||
        isWithin(call.world, text(call.world.get(user.owner ?? ''), 'domainid'), call.caller.domain.id)
      )
    )
      throw badValue('User does not exist in the system');
    return { form: 'object', item: user, extra: { secretkey: user.hidden['secretkey'] } };
  },
  registerUserKeys: (call) => keys(call, true),
  getUserKeys: (call) => keys(call, false),
  listUsers: (call) =>
    listKind(call, 'User', [({ fields }) => fields['username'] !== 'system' || fields['isdefault'] !== true]),
  setupUserTwoFactorAuthentication: (call) => {
    const user = rowArg(call, 'userid') ?? call.caller.user;
    const on = call.args['enable'] !== false;
    call.world.update(user, { is2faenabled: on });
    user.hidden['2fa'] = on ? call.world.random.key(16) : null;
    return object({
      id: user.id,
      username: user.fields['username'],
      accountid: user.owner,
      ...(on ? { secretcode: user.hidden['2fa'] } : {}),
    });
  },
};
