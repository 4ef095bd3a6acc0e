import { badValue, forbidden } from '../world/errors.ts';
import type { Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { isWithin, projectsOf } from './access.ts';
import type { Call, CallingUser } from './call.ts';
import { accountOfProject, isProjectAccount } from './projects.ts';

/** The account of that name in a domain; project accounts are not found by name. */
export const findAccount = (world: World, name: string, domainId: string): Resource | undefined =>
  [...world.where('Account', 'domainid', domainId)].find(
    (account) => String(account.fields['name']).toLowerCase() === name.toLowerCase() && !isProjectAccount(account),
  );

const accountsWhere = (world: World, test: (account: Resource) => boolean): Set<string> =>
  new Set(
    world
      .all('Account')
      .filter(test)
      .map(({ id }) => id),
  );

const inDomain = (world: World, account: Resource, domainId: string, recursive: boolean): boolean => {
  const own = String(account.fields['domainid']);
  return recursive ? isWithin(world, own, domainId) : own === domainId;
};

/** Refuses a domain outside the caller's. */
export const checkDomain = (world: World, caller: CallingUser, domainId: string): void => {
  const allowed = caller.role === 'User' ? domainId === caller.domain.id : isWithin(world, domainId, caller.domain.id);
  if (!caller.root && !allowed)
    throw forbidden(
      `Account ${caller.account.fields['name']} does not have permission to operate within domain id=${domainId}`,
    );
};

const projectAccounts = (call: Call): Set<string> => {
  const { world, caller, args, command } = call;
  const mine = projectsOf(world, caller);
  const sees = (account: Resource): boolean =>
    isProjectAccount(account) && (caller.root || mine.has(String(account.hidden['projectid'])));
  if (args['projectid'] === '-1') {
    const all = args['listall'] === true;
    const domainId = typeof args['domainid'] === 'string' ? args['domainid'] : undefined;
    if (domainId !== undefined) checkDomain(world, caller, domainId);
    const isThere = (account: Resource): boolean =>
      domainId === undefined || inDomain(world, account, domainId, args['isrecursive'] === true);
    if (caller.root) return accountsWhere(world, (account) => (all || isProjectAccount(account)) && isThere(account));
    // Of networks alone an administrator gets those of projects beside those of its domains (searchForNetworks).
    if (command.response === 'Network' && caller.role !== 'User')
      return accountsWhere(world, (account) => inDomain(world, account, domainId ?? caller.domain.id, all));
    // A domain administrator, too, gets its own account and its projects only, not its domains.
    return new Set([...accountsWhere(world, sees), ...(all ? [caller.account.id] : [])]);
  }
  const project = call.rows.get('projectid')?.[0];
  const account = project && accountOfProject(world, project.id);
  if (!project || !account || !(sees(account) || caller.role === 'DomainAdmin'))
    throw forbidden(`Account ${caller.account.fields['name']} can't access project id=${project?.id}`);
  return new Set([account.id]);
};

const ordinaryAccounts = ({ world, caller, args }: Call): Set<string> | undefined => {
  const domainId = typeof args['domainid'] === 'string' ? args['domainid'] : undefined;
  if (domainId !== undefined) checkDomain(world, caller, domainId);
  const name = args['account'];
  if (typeof name === 'string' && caller.role !== 'User') {
    const account = findAccount(world, name, domainId ?? caller.domain.id);
    if (!account) throw badValue(`could not find account ${name} in domain ${domainId ?? caller.domain.id}`);
    return new Set([account.id]);
  }
  if (caller.role === 'User') return new Set([caller.account.id]);
  if (domainId !== undefined)
    return accountsWhere(
      world,
      (account) => !isProjectAccount(account) && inDomain(world, account, domainId, args['isrecursive'] === true),
    );
  if (args['listall'] === true)
    return accountsWhere(
      world,
      (account) => !isProjectAccount(account) && inDomain(world, account, caller.domain.id, true),
    );
  return undefined;
};

/** Ids of the accounts whose resources a list call shows; undefined when it shows whatever the caller may see. */
export const scopeOf = (call: Call): ReadonlySet<string> | undefined => {
  const { world, caller, args, command } = call;
  if (args['projectid'] !== undefined) {
    if (args['account'] !== undefined) throw badValue("Account and projectId can't be specified together");
    return projectAccounts(call);
  }
  const scoped = command.params.some(({ name }) => name === 'listall' || name === 'account');
  const chosen = scoped ? ordinaryAccounts(call) : undefined;
  if (chosen && !(args['id'] !== undefined && caller.role === 'User')) return chosen;
  const byId = args['id'] !== undefined || args['ids'] !== undefined;
  if (scoped && !byId) return new Set([caller.account.id]);
  if (caller.root) return undefined;
  const mine = projectsOf(world, caller);
  return accountsWhere(world, (account) => {
    if (isProjectAccount(account)) return mine.has(String(account.hidden['projectid']));
    return caller.role === 'User' ? account.id === caller.account.id : inDomain(world, account, caller.domain.id, true);
  });
};
