import { statedFields } from '../engine/generic.ts';
import { createAccount } from '../rules/accounts.ts';
import { flagArg, needRow, rowArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours } from '../rules/call.ts';
import { list, object, success } from '../rules/results.ts';
import { createSecret } from '../rules/two-factor.ts';
import { badValue } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';

const ldapConfig: Behaviour = (call) => {
  const { world } = call;
  const { fields } = statedFields(call, 'LDAPConfig');
  for (const old of [...world.all('LDAPConfig')]) if (!flagArg(call, 'listall')) world.remove(old);
  const configured = world.all('LDAPConfig')[0] ?? insertKind(world, 'LDAPConfig', fields);
  return object(configured);
};

const link =
  (byAccount: boolean): Behaviour =>
  (call) => {
    const domain = needRow(call, 'domainid');
    const { fields } = statedFields(call, 'LinkDomainToLdap');
    const account = byAccount
      ? call.world
          .all('Account')
          .find((row) => text(row, 'name') === textArg(call, 'account') && text(row, 'domainid') === domain.id)
      : undefined;
    if (byAccount && !account) throw badValue(`No account ${textArg(call, 'account')} in domain ${domain.id}`);
    return object(
      insertKind(call.world, 'LinkDomainToLdap', {
        ...fields,
        domainid: domain.id,
        accountid: account?.id,
        name: textArg(call, 'ldapdomain') ?? textArg(call, 'name'),
      }),
    );
  };

const ldapUsers = [
  {
    username: 'dora',
    firstname: 'Dora',
    lastname: 'Lang',
    email: 'dora@example.com',
    principal: 'cn=dora,ou=people,dc=example,dc=com',
    domain: 'example',
  },
];

/** Login, LDAP, SAML, OAuth and second factor. */
export const login: Behaviours = {
  setupUserTwoFactorAuthentication: (call) => {
    const user = rowArg(call, 'userid') ?? call.caller.user;
    const on = call.args['enable'] !== false;
    call.world.update(user, { is2faenabled: on });
    const provider = textArg(call, 'provider') ?? 'totp';
    if (!['totp', 'staticpin'].includes(provider))
      throw badValue(`There is no two factor authentication provider ${provider}`);
    call.world.hide(user, { '2fa': on ? createSecret(call.world.random, provider) : null });
    call.world.hide(user, { '2faprovider': provider });
    return object({
      id: user.id,
      username: user.fields['username'],
      accountid: user.owner,
      ...(on ? { secretcode: user.hidden['2fa'] } : {}),
    });
  },
  ldapCreateAccount: (call) =>
    createAccount({
      ...call,
      args: {
        email: `${String(call.args['username'])}@example.com`,
        firstname: call.args['username'],
        lastname: 'ldap',
        password: 'ldap',
        ...call.args,
      },
    }),
  listUserTwoFactorAuthenticatorProviders: (call) =>
    list(
      ['totp', 'staticpin']
        .filter((name) => name === (textArg(call, 'name') ?? name))
        .map((name) => ({ name, description: `${name} second factor` })),
    ),
  ldapConfig,
  ldapRemove: (call) => {
    for (const row of [...call.world.all('LDAPConfig')]) call.world.remove(row);
    return object({ hostname: '', searchbase: '' });
  },
  linkDomainToLdap: link(false),
  linkAccountToLdap: link(true),
  unlinkDomainFromLdap: (call) => {
    const domain = needRow(call, 'domainid');
    const links = [...call.world.where('LinkDomainToLdap', 'domainid', domain.id)];
    if (links.length === 0) throw badValue(`Domain ${text(domain, 'name')} is not linked to LDAP`);
    for (const link of links) call.world.remove(link);
    return success();
  },
  listLdapUsers: (call) => {
    // Without `userfilter` anything but `all` means those who are not here yet (LdapListUsersCmd).
    const filter =
      textArg(call, 'userfilter') ?? ((textArg(call, 'listtype') ?? 'all') === 'all' ? 'NoFilter' : 'AnyDomain');
    const isHere = ({ username }: { username: string }): boolean =>
      [...call.world.where('User', 'username', username)].some(({ fields }) => fields['usersource'] === 'ldap');
    return list(filter.toLowerCase() === 'nofilter' ? ldapUsers : ldapUsers.filter((user) => !isHere(user)));
  },
  searchLdap: (call) => list(ldapUsers.filter(({ username }) => username.includes(textArg(call, 'query') ?? ''))),
  importLdapUsers: (call) => {
    const users = ldapUsers.filter(({ username }) => ![...call.world.where('User', 'username', username)].length);
    for (const person of users) {
      const account = insertKind(call.world, 'Account', {
        name: person.username,
        accounttype: 0,
        domainid: rowArg(call, 'domainid')?.id ?? call.caller.domain.id,
        roleid: call.world.all('Role').find((role) => text(role, 'name') === 'User')?.id,
        state: 'enabled',
      });
      call.world.give(account, account.id);
      insertKind(
        call.world,
        'User',
        { ...person, domain: undefined, accountid: account.id, state: 'enabled', usersource: 'ldap' },
        { owner: account.id },
      );
    }
    return list(users);
  },
  authorizeSamlSso: (call) => {
    const user = needRow(call, 'userid');
    for (const old of [...call.world.where('SamlAuthorization', 'userid', user.id)]) call.world.remove(old);
    insertKind(call.world, 'SamlAuthorization', {
      userid: user.id,
      status: flagArg(call, 'enable'),
      idpid: textArg(call, 'entityid'),
    });
    return success();
  },
};
