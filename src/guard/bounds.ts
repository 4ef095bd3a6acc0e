import type { Tool } from '../catalog/tool.ts';
import type { ResponseType } from '../catalog/types.ts';
import type { Role } from '../config/policy.ts';
import { loadData } from '../data.ts';
import { CallError } from '../errors.ts';
import type { Row } from '../rows.ts';
import type { ListRows, Params } from '../types.ts';

/** Where a role may look: ids of domains (with all below them) and of projects. */
export interface Bounds {
  domains: ReadonlySet<string>;
  /** The domains that the role names itself. */
  roots: readonly string[];
  /** The domains above them: what is shared there may be used. */
  above: ReadonlySet<string>;
  projects: ReadonlySet<string>;
}

/** Reads all domains that the credential sees: id and path. */
export type ReadDomains = () => Promise<readonly Row[]>;

const clean = (path: unknown): string =>
  String(path)
    .replace(/^\/|\/$/g, '')
    .toLowerCase();

/** Turns a role's domains (ids or paths) into ids, those below included. Throws when one does not exist. */
export const boundsOf = async ({ domains, projects }: Role, read: ReadDomains): Promise<Bounds | undefined> => {
  if (!domains && !projects) return undefined;
  const rows = domains ? await read() : [];
  const named = (domains ?? []).map((wanted) => {
    const found = rows.find(({ id, path }) => id === wanted || clean(path) === clean(wanted));
    if (!found)
      throw new CallError(
        'configuration',
        `The role is limited to the domain ${wanted}, which does not exist.`,
        'Give an id, or a path such as ROOT/customers.',
      );
    return found;
  });
  const isBelow = (low: Row, high: Row): boolean =>
    clean(low['path']) === clean(high['path']) || clean(low['path']).startsWith(`${clean(high['path'])}/`);
  const ids = (test: (row: Row) => boolean): Set<string> => new Set(rows.filter(test).map(({ id }) => String(id)));
  return {
    domains: ids((row) => named.some((root) => isBelow(row, root))),
    roots: named.map(({ id }) => String(id)),
    above: ids((row) => named.some((root) => isBelow(root, row) && row !== root)),
    projects: new Set(projects),
  };
};

/** What data/references.json tells of answers: types whose rows belong to everybody where they name no owner. */
const isShared = (response: string): boolean =>
  loadData<{ shared: string[] }>('references.json').shared.includes(response);

let owned: ReadonlySet<string> | undefined;

/** Whether rows of this type say to which domain they belong. */
export const showsOwner = (response: string): boolean => {
  owned ??= new Set(
    loadData<ResponseType[]>('responses.json')
      .filter(({ fields }) => fields.some(({ name }) => name === 'domainid'))
      .map(({ name }) => name),
  );
  return owned.has(response) || response === 'Domain';
};

/** Whether rows of this type may be seen by all where they name no owner. */
export const isForAll = isShared;

const idsIn = (value: unknown): string[] => (value === undefined || value === null ? [] : String(value).split(','));

/** Whether a row belongs to someone within the bounds. */
export const isInside = ({ domains, projects }: Bounds, response: string, row: Row): boolean => {
  // A domain that was made since the bounds were read lies below one that is known.
  if (response === 'Domain') return domains.has(String(row['id'])) || domains.has(String(row['parentdomainid']));
  if (projects.has(String(response === 'Project' ? row['id'] : row['projectid']))) return true;
  return idsIn(row['domainid']).some((id) => domains.has(id));
};

/** Things made for everybody: templates and offerings may be used, not changed. */
const isPublic = (row: Row): boolean => row['ispublic'] === true || row['isfeatured'] === true;

const hasOwner = (row: Row): boolean => row['domainid'] !== undefined || row['projectid'] !== undefined;

const ownerFields = ['account', 'accountid', 'domain', 'domainid', 'domainpath', 'project', 'projectid'];

/**
 * A row as it may be seen: undefined where it lies outside; without its owner where it is made for everybody.
 * `narrowed`: the cloud was asked for rows within the bounds only, so that those without an owner lie inside.
 */
export const seenRow = (bounds: Bounds, response: string, row: Row, narrowed: boolean): Row | undefined => {
  if (isInside(bounds, response, row)) return row;
  if (response === 'Domain') return undefined;
  if (!hasOwner(row)) return narrowed || isShared(response) ? row : undefined;
  const isFromAbove = isShared(response) && idsIn(row['domainid']).some((id) => bounds.above.has(id));
  if (!isPublic(row) && !isFromAbove) return undefined;
  return Object.fromEntries(Object.entries(row).filter(([name]) => !ownerFields.includes(name)));
};

/**
 * The parameters of a list with the place it is to look in: one set for each domain or project of the role; none where the
 * command cannot be told where to look.
 */
export const narrowings = ({ domains, roots, projects }: Bounds, { command }: Tool, params: Params): Params[] => {
  const has = new Set(command.params.map(({ name }) => name));
  const recursive = has.has('isrecursive') ? { isrecursive: true } : {};
  const everything = has.has('listall') ? { listall: true } : {};
  if (params['projectid'] !== undefined && params['projectid'] !== '-1') return [params];
  if (params['domainid'] !== undefined) return [{ ...params, ...everything }];
  const inDomains = has.has('domainid') && domains.size ? roots : [];
  const inProjects = has.has('projectid') ? [...projects] : [];
  return [
    ...inDomains.map((domainid) => ({ ...params, domainid, ...recursive, ...everything })),
    ...inProjects.map((projectid) => ({ ...params, projectid, ...everything })),
  ];
};

/** Whether a role is limited to a part of the cloud. */
export const isBounded = ({ domains, projects }: Role): boolean => domains !== undefined || projects !== undefined;

/** A look-up within the bounds: the cloud is asked for what lies inside, and rows that lie outside are left out. */
export const lookWithin =
  (bounds: Bounds, list: ListRows): ListRows =>
  async (tool, params) => {
    const { response } = tool.command;
    const places = isForAll(response) ? [] : narrowings(bounds, tool, params);
    const found = await Promise.all((places.length ? places : [params]).map((place) => list(tool, place)));
    return found
      .flat()
      .map((row) => seenRow(bounds, response, row, places.length > 0))
      .filter((row) => row !== undefined);
  };
