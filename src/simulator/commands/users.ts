import { object, success, work } from '../engine/results.ts';
import { isWithin } from '../rules/access.ts';
import { flagArg, needRow, rowArg, text, textArg } from '../engine/args.ts';
import { insertKind } from '../world/insert.ts';
import { badValue, failure, forbidden } from '../world/errors.ts';
import { listKind } from '../engine/list.ts';
import { findAccount } from '../rules/scope.ts';
import { hashPassword } from '../rules/password.ts';
import { createSecret } from '../rules/two-factor.ts';
import type { Behaviour, Call, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';

/** Users of that name in a domain. */
export const usersNamed = (world: World, name: string, domainId: string): Resource[] =>
  [...world.where('User', 'username', name)].filter(
    (user) => text(world.get(text(user, 'accountid')), 'domainid') === domainId,
  );

/** Makes a user of an account out of a call. */
export const addUser = (call: Call, account: Resource): Resource => {
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

/** The wanted access by API key; 431 for anything but the three words. */
export const apiKeyAccess = (call: Call): string | undefined => {
  const access = textArg(call, 'apikeyaccess')?.toUpperCase();
  if (access !== undefined && !['ENABLED', 'DISABLED', 'INHERIT'].includes(access))
    throw badValue('ApiKeyAccess value can only be Enabled/Disabled/Inherit');
  return access;
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
  const access = apiKeyAccess(call);
  world.update(user, {
    ...fields,
    ...(apikey === undefined ? {} : { apikey }),
    ...(access === undefined ? {} : { apikeyaccess: access }),
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

/** Users: who they are, their keys and passwords. */
export const users: Record<string, Behaviour> = {
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
    const provider = textArg(call, 'provider') ?? 'totp';
    if (!['totp', 'staticpin'].includes(provider))
      throw badValue(`There is no two factor authentication provider ${provider}`);
    user.hidden['2fa'] = on ? createSecret(call.world.random, provider) : null;
    user.hidden['2faprovider'] = provider;
    return object({
      id: user.id,
      username: user.fields['username'],
      accountid: user.owner,
      ...(on ? { secretcode: user.hidden['2fa'] } : {}),
    });
  },
};
