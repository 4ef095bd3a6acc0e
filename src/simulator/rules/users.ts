import { badValue } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { text, textArg } from './args.ts';
import type { Call } from './call.ts';
import { checkPassword, hashPassword } from './password.ts';

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
  checkPassword(world, domain, name, textArg(call, 'password') ?? '');
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
