import { textArg, rowArg } from './args.ts';
import { projectsOf } from '../rules/access.ts';
import { badValue, forbidden } from '../world/errors.ts';
import { checkDomain, findAccount } from '../rules/scope.ts';
import type { Call, Resource } from '../world/types.ts';

/** The account that a new resource will belong to: the project's, the one named, or the caller's. */
export const ownerOf = (call: Call): Resource => {
  const { world, caller } = call;
  const project = rowArg(call, 'projectid');
  const name = textArg(call, 'account');
  if (project) {
    if (name !== undefined) throw badValue("Account and projectId can't be specified together");
    const account = world.all('Account').find(({ hidden }) => hidden['projectid'] === project.id);
    if (!account || !(caller.root || projectsOf(world, caller).has(project.id)))
      throw forbidden(`Account ${caller.account.fields['name']} can't access project id=${project.id}`);
    return account;
  }
  const domain = rowArg(call, 'domainid');
  if (name === undefined) return caller.account;
  if (domain) checkDomain(world, caller, domain.id);
  const account = findAccount(world, name, domain?.id ?? caller.domain.id);
  if (!account) throw badValue(`Unable to find account ${name} in domain ${domain?.id ?? caller.domain.id}`);
  if (caller.role === 'User' && account.id !== caller.account.id) throw forbidden();
  return account;
};
