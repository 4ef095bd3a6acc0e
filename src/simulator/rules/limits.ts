import { ApiError } from '../world/errors.ts';
import type { Sum } from '../world/table.ts';
import type { Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { isWithin } from './access.ts';
import { gib } from './figures.ts';

/** What resources are counted by: number on the wire, name, default for accounts and for domains. */
export const resourceTypes = [
  { type: 0, name: 'user_vm', stem: 'vm', account: 20, domain: 40 },
  { type: 1, name: 'public_ip', stem: 'ip', account: 20, domain: 40 },
  { type: 2, name: 'volume', stem: 'volume', account: 20, domain: 40 },
  { type: 3, name: 'snapshot', stem: 'snapshot', account: 20, domain: 40 },
  { type: 4, name: 'template', stem: 'template', account: 20, domain: 40 },
  { type: 5, name: 'project', stem: 'project', account: 10, domain: 50 },
  { type: 6, name: 'network', stem: 'network', account: 20, domain: 40 },
  { type: 7, name: 'vpc', stem: 'vpc', account: 20, domain: 40 },
  { type: 8, name: 'cpu', stem: 'cpu', account: 40, domain: 80 },
  { type: 9, name: 'memory', stem: 'memory', account: 40_960, domain: 81_920 },
  { type: 10, name: 'primary_storage', stem: 'primarystorage', account: 200, domain: 400 },
  { type: 11, name: 'secondary_storage', stem: 'secondarystorage', account: 400, domain: 800 },
  { type: 12, name: 'backup', stem: 'backup', account: 20, domain: 40 },
  { type: 13, name: 'backup_storage', stem: 'backupstorage', account: 400, domain: 800 },
  { type: 14, name: 'bucket', stem: 'bucket', account: 20, domain: 40 },
  { type: 15, name: 'object_storage', stem: 'objectstorage', account: 400, domain: 800 },
  { type: 16, name: 'gpu', stem: 'gpu', account: 20, domain: 20 },
] as const;

/** Name of a counted resource. */
export type ResourceName = (typeof resourceTypes)[number]['name'];

const num = (row: Resource, field: string): number => Number(row.fields[field] ?? 0);

/** How each is counted: kind, and what one of it adds (0 for what does not count). */
const countedBy: Record<ResourceName, [kind: string, weight: (row: Resource) => number]> = {
  user_vm: ['UserVm', (row) => Number(alive(row))],
  public_ip: ['IPAddress', (row) => Number(row.fields['state'] === 'Allocated')],
  volume: ['Volume', (row) => Number(row.fields['state'] !== 'Destroy')],
  snapshot: ['Snapshot', () => 1],
  template: ['Template', () => 1],
  project: ['Project', () => 1],
  network: ['Network', (row) => Number(row.fields['issystem'] !== true && row.fields['vpcid'] === undefined)],
  vpc: ['Vpc', () => 1],
  cpu: ['UserVm', (row) => (alive(row) ? num(row, 'cpunumber') : 0)],
  memory: ['UserVm', (row) => (alive(row) ? num(row, 'memory') : 0)],
  primary_storage: ['Volume', (row) => (row.fields['state'] === 'Destroy' ? 0 : num(row, 'size') / gib)],
  secondary_storage: ['Template', (row) => num(row, 'size') / gib],
  backup: ['Backup', () => 1],
  backup_storage: ['Backup', (row) => num(row, 'size') / gib],
  bucket: ['Bucket', () => 1],
  object_storage: ['Bucket', (row) => num(row, 'quota')],
  gpu: ['UserVm', (row) => (alive(row) ? num(row, 'gpucount') : 0)],
};

const alive = ({ fields }: Resource): boolean =>
  fields['state'] !== 'Destroyed' && fields['state'] !== 'Expunging' && fields['state'] !== 'Error';

const sumOf = Object.fromEntries(
  Object.entries(countedBy).map(([name, [, weightOf]]) => [name, { keysOf: ({ owner }: Resource) => owner, weightOf }]),
) as Record<ResourceName, Sum>;

/** How much of a resource some accounts have. */
export const countFor = (world: World, name: ResourceName, owners: ReadonlySet<string>): number => {
  const [kind] = countedBy[name];
  let sum = 0;
  for (const owner of owners) sum += world.sum(kind, sumOf[name], owner);
  return Math.ceil(sum);
};

const limitRow = (world: World, holder: Resource, type: number): Resource | undefined =>
  [...world.where('ResourceLimit', 'holder', holder.id)].find(({ fields }) => fields['resourcetype'] === String(type));

/** The limit that holds for an account or domain; -1 is none. Root administrators never have any. */
export const limitOf = (world: World, holder: Resource, name: ResourceName): number => {
  const known = resourceTypes.find((each) => each.name === name);
  if (!known) return -1;
  const set = limitRow(world, holder, known.type);
  if (holder.kind === 'Account' && holder.fields['accounttype'] === 1) return -1;
  if (holder.kind === 'Domain' && holder.fields['parentdomainid'] === undefined) return -1;
  if (set) return Number(set.fields['max']);
  return holder.kind === 'Account' ? known.account : known.domain;
};

const domainsAbove = (world: World, account: Resource): Resource[] => {
  const above: Resource[] = [];
  for (
    let row = world.get(String(account.fields['domainid']));
    row;
    row = world.get(String(row.fields['parentdomainid']))
  )
    above.push(row);
  return above;
};

const accountsIn = (world: World, domain: Resource): Set<string> =>
  new Set(
    world
      .all('Account')
      .filter(({ fields }) => isWithin(world, String(fields['domainid']), domain.id))
      .map(({ id }) => id),
  );

/** Throws CloudStack's 535 if so much more would be more than an account or a domain above it may have. */
export const checkLimit = (world: World, account: Resource, name: ResourceName, more = 1): void => {
  if (account.fields['accounttype'] === 1) return;
  const show = (amount: number): string =>
    name.endsWith('ary_storage') ? `(${amount.toFixed(2)} GB) ${amount * gib}` : String(amount);
  const refuse = (whose: string, which: string, reserved: string, limit: number, count: number): never => {
    throw new ApiError(
      535,
      `Maximum ${whose} is exceeded: ${which} Resource Limit = ${show(limit)}, Current ${which} Resource Amount = ${show(count)}, ` +
        `${reserved} Resource Reservation = ${show(0)}, Requested Resource Amount = ${show(more)}.`,
      4370,
    );
  };
  const limit = limitOf(world, account, name);
  const count = countFor(world, name, new Set([account.id]));
  const domains = domainsAbove(world, account);
  if (limit >= 0 && count + more > limit) {
    const project = world.get(String(account.hidden['projectid'] ?? ''));
    const holder = project ? `Project Name = ${project.fields['name']}` : `Account Name = ${account.fields['name']}`;
    refuse(
      `amount of resources of Type = '${name}', tag = 'null' for ${holder} in Domain Id = ${domains[0]?.no}`,
      'Account',
      'Current Account',
      limit,
      count,
    );
  }
  for (const domain of domains) {
    const max = limitOf(world, domain, name);
    const sum = max < 0 ? 0 : countFor(world, name, accountsIn(world, domain));
    if (max >= 0 && sum + more > max)
      refuse(`domain resource limits of Type '${name}' for Domain Id = ${domain.id}`, 'Domain', 'Current', max, sum);
  }
};
