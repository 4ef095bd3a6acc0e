import { listKind, type Test } from '../engine/list.ts';
import { createAccount, deleteAccount, typeOfRole } from '../rules/accounts.ts';
import { flagArg, mapArg, needRow, rowArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../rules/call.ts';
import { powerOff } from '../rules/machines.ts';
import { isProjectAccount } from '../rules/projects.ts';
import { object, success, work } from '../rules/results.ts';
import { findAccount } from '../rules/scope.ts';
import { apiKeyAccess } from '../rules/users.ts';
import { badValue, forbidden } from '../world/errors.ts';
import type { Resource } from '../world/types.ts';

const isBuiltIn = (account: Resource): boolean => account.no <= 2;

const accountOf = (call: Call): Resource => {
  const account =
    rowArg(call, 'id') ??
    findAccount(call.world, textArg(call, 'account') ?? '', rowArg(call, 'domainid')?.id ?? call.caller.domain.id);
  if (!account) throw badValue(`Unable to find active account by name ${textArg(call, 'account')} in domain`);
  return account;
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
  const tests: Test[] = [(row) => !isProjectAccount(row) && row.hidden['system'] !== true];
  if (call.args['details'] === undefined) return listKind(call, 'Account', tests);
  return listKind(call, 'Account', tests);
};

const updateAccount: Behaviour = (call) => {
  const account = accountOf(call);
  const name = textArg(call, 'newname');
  const role = rowArg(call, 'roleid');
  if (name?.trim() === '') throw badValue('The new name of the account is empty');
  if (name !== undefined && name !== account.fields['name'] && findAccount(call.world, name, text(account, 'domainid')))
    throw badValue(`There already exists an account with name ${name} in the same domain`);
  const { networkdomain, apikeyaccess, accountdetails } = call.args;
  call.world.update(account, {
    ...(name === undefined ? {} : { name }),
    ...(role ? { roleid: role.id, accounttype: typeOfRole[text(role, 'type')] } : {}),
    ...(networkdomain === undefined ? {} : { networkdomain }),
    ...(apikeyaccess === undefined ? {} : { apikeyaccess: apiKeyAccess(call) }),
    ...(accountdetails === undefined ? {} : { accountdetails: mapArg(call, 'accountdetails') }),
  });
  return object(account);
};

/** Accounts. */
export const account: Behaviours = {
  createAccount,
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
