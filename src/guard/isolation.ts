import type { Role } from '../config-policy.ts';
import type { Tool } from '../catalog/tool.ts';
import { CallError } from '../errors.ts';
import { itemOf, rowsOf, type Row } from '../rows.ts';
import type { Answer, Params, ResolvedCall } from '../types.ts';
import type { Target } from './targets.ts';

/** Where a role may look: ids of domains (with all below them) and of projects. Undefined: everywhere. */
export interface Bounds {
  domains: ReadonlySet<string>;
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
  const roots = (domains ?? []).map((wanted) => {
    const found = rows.find(({ id, path }) => id === wanted || clean(path) === clean(wanted));
    if (!found)
      throw new CallError(
        'configuration',
        `The role is tied to the domain ${wanted}, which does not exist.`,
        'Give an id, or a path such as ROOT/customers.',
      );
    return clean(found['path']);
  });
  const inside = rows.filter(({ path }) =>
    roots.some((root) => clean(path) === root || clean(path).startsWith(`${root}/`)),
  );
  return { domains: new Set(inside.map(({ id }) => String(id))), projects: new Set(projects) };
};

/** Things made for everybody: templates and offerings may be used, not changed. */
const isPublic = (row: Row): boolean => row['ispublic'] === true || row['isfeatured'] === true;

const isOwned = (row: Row): boolean => row['domainid'] !== undefined || row['projectid'] !== undefined;

/** Whether a row lies within the bounds. What belongs to nobody (zones, offerings) may be seen by all. */
export const isInside = ({ domains, projects }: Bounds, row: Row): boolean => {
  if (row['projectid'] !== undefined && projects.has(String(row['projectid']))) return true;
  if (row['domainid'] !== undefined) return domains.has(String(row['domainid']));
  return row['projectid'] === undefined;
};

/** Whether a row that a command lists may be seen: it lies inside, belongs to nobody, or is made for everybody. */
export const isSeen = (bounds: Bounds, { command }: Tool, row: Row): boolean =>
  command.response === 'Domain' ? bounds.domains.has(String(row['id'])) : isInside(bounds, row) || isPublic(row);

/** The same words as for what does not exist: who may not see a thing learns nothing of it. */
const unseen = (what: string): CallError =>
  new CallError('not-found', `${what} does not exist, or lies outside of what this role may see.`, 'Nothing was sent.');

const confineOwner = (bounds: Bounds, call: ResolvedCall): Params => {
  const { params, tool } = call;
  const has = new Set(tool.command.params.map(({ name }) => name));
  const { domainid, projectid } = params;
  if (domainid !== undefined && !bounds.domains.has(String(domainid))) throw unseen(`domainid ${String(domainid)}`);
  if (projectid !== undefined && projectid !== '-1' && !bounds.projects.has(String(projectid)) && !bounds.domains.size)
    throw unseen(`projectid ${String(projectid)}`);
  if (domainid !== undefined || projectid !== undefined || 'id' in params || 'ids' in params) return params;
  // Lists that look everywhere and new things that belong to somebody are led into the role's own place.
  const [project] = bounds.projects;
  if (project !== undefined && bounds.domains.size === 0 && has.has('projectid'))
    return { ...params, projectid: project };
  const [domain] = bounds.domains;
  if (domain === undefined || !has.has('domainid')) return params;
  if (has.has('listall'))
    return { ...params, domainid: domain, ...(has.has('isrecursive') ? { isrecursive: true } : {}), listall: true };
  if (
    /^(create|deploy|register|upload|associate|import)/.test(tool.command.name) &&
    has.has('account') &&
    params['account'] === undefined
  )
    throw new CallError(
      'refused',
      `${tool.command.name}: this role is tied to a domain; say for which account and domain.`,
      'Give account and domainid. Nothing was sent.',
    );
  return params['account'] === undefined ? params : { ...params, domainid: domain };
};

const rootOnly = (call: ResolvedCall): boolean => {
  const { roles } = call.tool.command;
  return !roles?.some((role) => role === 'DomainAdmin' || role === 'User');
};

/**
 * Keeps a call within a role's domains and projects, also where the CloudStack key could do more: commands of the
 * infrastructure are refused, what is named must lie inside, and lists are narrowed. `read` gives what the call names.
 */
export const confine = async (
  bounds: Bounds,
  call: ResolvedCall,
  read: (call: ResolvedCall) => Promise<readonly Target[]>,
): Promise<ResolvedCall> => {
  const { command, risk } = call.tool;
  if (rootOnly(call))
    throw new CallError(
      'refused',
      `${command.name} is for administrators of the whole cloud; this role is tied to a part of it.`,
      'Nothing was sent.',
    );
  const named = await read(call);
  for (const { parameter, id, row, title } of named) {
    const isTarget = parameter === 'id' || parameter === 'ids';
    const foreign = row
      ? isOwned(row) && !isInside(bounds, row) && !(isPublic(row) && !(isTarget && risk.risk !== 'read'))
      : false;
    // A kind that cannot be read cannot be judged: it is left to the answer's check for reads, refused for the rest.
    if (foreign || (!row && risk.risk !== 'read')) throw unseen(`${parameter}: the ${title} ${id}`);
  }
  return { ...call, params: confineOwner(bounds, call) };
};

/** Takes out of an answer what lies outside of the bounds: rows are left out, a single foreign object is "not found". */
export const confineAnswer = (bounds: Bounds, call: ResolvedCall, answer: Answer): Answer => {
  const inside = (row: Row): boolean => isSeen(bounds, call.tool, row);
  const rows = rowsOf(answer.body);
  if (!rows.length) {
    const item = itemOf(answer.body);
    if (!inside(item)) throw unseen('What was asked for');
    return answer;
  }
  const kept = rows.filter(inside);
  if (kept.length === rows.length) return answer;
  const key = Object.keys(answer.body).find((name) => Array.isArray(answer.body[name]))!;
  // CloudStack's count tells of what was left out; the count of what is seen does not.
  return {
    ...answer,
    body: { ...answer.body, [key]: kept, ...('count' in answer.body ? { count: kept.length } : {}) },
  };
};
