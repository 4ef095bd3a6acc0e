import { badValue, forbidden } from '../world/errors.ts';
import type { Resource } from '../world/types.ts';
import { projectsOf } from './access.ts';
import { rowArg, text, textArg } from './args.ts';
import type { Call } from './call.ts';
import { accountOfProject } from './projects.ts';
import { checkDomain, findAccount } from './scope.ts';

/** The account that a new resource will belong to: the project's, the one named, or the caller's. */
export const ownerOf = (call: Call): Resource => {
  const { world, caller } = call;
  const project = rowArg(call, 'projectid');
  const name = textArg(call, 'account');
  if (project) {
    if (name !== undefined) throw badValue("Account and projectId can't be specified together");
    const account = accountOfProject(world, project.id);
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

/** The call's owner's resource of a kind and name; the call's own name when none is given. */
export const ownedNamed = (call: Call, kind: string, name = textArg(call, 'name') ?? ''): Resource | undefined => {
  const owner = ownerOf(call);
  return [...call.world.ownedBy(kind, owner.id)].find((row) => text(row, 'name') === name);
};
