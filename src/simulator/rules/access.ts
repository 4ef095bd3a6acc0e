import type { Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';
import type { CallingUser } from './call.ts';

/** Whether a domain is another or lies below it. */
export const isWithin = (world: World, domainId: string, ancestorId: string): boolean => {
  for (let id: string | undefined = domainId; id !== undefined;) {
    if (id === ancestorId) return true;
    const parent: unknown = world.get(id)?.fields['parentdomainid'];
    id = typeof parent === 'string' ? parent : undefined;
  }
  return false;
};

/** Ids of the projects in which the caller's account or user is a member. */
export const projectsOf = (world: World, caller: CallingUser): Set<string> =>
  new Set(
    [...world.where('ProjectAccount', 'accountid', caller.account.id)].map((row) => String(row.fields['projectid'])),
  );

/** Id of the domain that owns a resource, by way of its account. */
const domainIdOf = (world: World, row: Resource): string | undefined => {
  const owner = row.kind === 'Domain' ? undefined : world.get(row.owner ?? '');
  const id = row.kind === 'Domain' ? row.id : owner?.fields['domainid'];
  return typeof id === 'string' ? id : undefined;
};

/** Whether the caller may act on a resource. What has no owner may be named by all. */
export const mayUse = (world: World, caller: CallingUser, row: Resource): boolean => {
  if (caller.root) return true;
  if (row.kind === 'Domain') return isWithin(world, row.id, caller.domain.id);
  if (row.kind === 'Project') return projectsOf(world, caller).has(row.id) || caller.role === 'DomainAdmin';
  if (row.owner === undefined || row.owner === caller.account.id) return true;
  if (row.kind === 'Template' && (row.fields['ispublic'] === true || isShared(row, caller))) return true;
  const owner = world.get(row.owner);
  const project = owner?.hidden['projectid'];
  if (typeof project === 'string' && projectsOf(world, caller).has(project)) return true;
  if (row.kind === 'Network' && (row.fields['acltype'] === 'Domain' || isLent(world, row, caller.account.id)))
    return true;
  const domain = domainIdOf(world, row);
  return caller.role !== 'User' && domain !== undefined && isWithin(world, domain, caller.domain.id);
};

/** Whether the owner of a network lets an account use it. */
export const isLent = (world: World, network: Resource, accountId: string): boolean =>
  [...world.where('NetworkPermissions', 'networkid', network.id)].some(({ owner }) => owner === accountId);

const isShared = (row: Resource, caller: CallingUser): boolean => {
  const shared = row.hidden['accounts'];
  return Array.isArray(shared) && shared.includes(caller.account.id);
};
