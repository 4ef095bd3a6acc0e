import { listKind } from '../../engine/list.ts';
import { isWithin } from '../../rules/access.ts';
import { flagArg, needRow, rowArg, text, textArg } from '../../rules/args.ts';
import type { Behaviour, Behaviours } from '../../rules/call.ts';
import { addKeyPair, userOfKey } from '../../rules/key-pairs.ts';
import { checkPassword, hashPassword } from '../../rules/password.ts';
import { object, success, work } from '../../rules/results.ts';
import { findAccount } from '../../rules/scope.ts';
import { addUser, apiKeyAccess, usersNamed } from '../../rules/users.ts';
import { badValue, failure } from '../../world/errors.ts';

const updateUser: Behaviour = (call) => {
  const user = needRow(call, 'id');
  const { world, caller } = call;
  const password = textArg(call, 'password');
  if (password !== undefined) {
    if (password === '') throw badValue('Empty passwords are not allowed');
    const current = textArg(call, 'currentpassword');
    if (!caller.root && (current === undefined || user.hidden['password'] !== hashPassword(current)))
      throw badValue('To set a new password the current password must be provided.');
    checkPassword(world, text(world.get(text(user, 'accountid')), 'domainid'), text(user, 'username'), password);
    world.hide(user, { password: hashPassword(password) });
  }
  const { apikey, secret } = { apikey: textArg(call, 'userapikey'), secret: textArg(call, 'usersecretkey') };
  if ((apikey === undefined) !== (secret === undefined))
    throw badValue('Please provide a userApiKey/userSecretKey pair');
  for (const field of ['username', 'firstname', 'lastname', 'email'])
    if (textArg(call, field)?.trim() === '') throw badValue(`${field} can not be empty`);
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
    ...(access === undefined ? {} : { apikeyaccess: access }),
    ...(call.args['mandate2fa'] === undefined ? {} : { is2famandated: flagArg(call, 'mandate2fa') }),
  });
  if (apikey !== undefined && secret !== undefined) addKeyPair(world, user, { apiKey: apikey, secretKey: secret });
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

/** Users. */
export const users: Behaviours = {
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
    call.world.give(user, account.id);
    call.world.update(user, { accountid: account.id });
    return success();
  },
  getUser: (call) => {
    const user = userOfKey(call.world, textArg(call, 'userapikey') ?? '');
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
  listUsers: (call) =>
    listKind(call, 'User', [({ fields }) => fields['username'] !== 'system' || fields['isdefault'] !== true]),
};
