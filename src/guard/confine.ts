import { kindOfParameter } from '../catalog/kinds.ts';
import { settleScope, type RoleType } from '../catalog/list-scope.ts';
import type { Tool } from '../catalog/tool.ts';
import type { Parameter } from '../catalog/types.ts';
import { CallError } from '../errors.ts';
import { itemOf, rowsOf, type Row } from '../rows.ts';
import type {
  Answer,
  ApprovedCall,
  CheckedCall,
  ConfinedCall,
  NamedCall,
  Params,
  ResolvedCall,
  Resources,
  Target,
} from '../types.ts';
import { isForAll, isInside, narrowings, seenRow, showsOwner, type Bounds } from './bounds.ts';

/** What confining a call needs to know of the cloud, as the role may see it. */
export interface ConfineDependencies extends Pick<Resources, 'named' | 'hasProject'> {
  /** Whether the caller began that job itself. */
  hasBegun: (job: string) => Promise<boolean>;
  /** The type of the account's role, where that is known. */
  roleType: () => Promise<RoleType | undefined>;
}

/** The same words as for what does not exist: who may not see a thing learns nothing of it. */
const unseen = (what: string): CallError =>
  new CallError('not-found', `${what} does not exist, or is outside of what this role may see.`, 'Nothing was sent.');

const refused = (message: string, hint: string): CallError =>
  new CallError('refused', message, `${hint} Nothing was sent.`.trim());

/** Whether a call only looks. Lists that give out credentials look, too. */
const looksOnly = ({ command, risk }: Tool): boolean =>
  risk.risk === 'read' || (risk.risk === 'sensitive' && command.result === 'list');

const isForAdministrators = ({ command }: Tool): boolean =>
  !command.roles?.some((role) => role === 'DomainAdmin' || role === 'User');

/** Parameters that say in which domain, or in which ones: a list, or ids joined by commas. */
const domainParameters = ({ command }: Tool): Parameter[] =>
  command.params.filter((parameter) => kindOfParameter(command, parameter)?.name === 'Domain');

/** Parameters that take one domain, in which the command then works. */
const oneDomain = (tool: Tool): string[] =>
  domainParameters(tool)
    .filter(({ type }) => type === 'uuid')
    .map(({ name }) => name);

/** Parameters of root administrators: CloudStack ignores them of tenants, not of the key behind this role. */
const isParameterOfAdministrators = ({ admin, roles }: Parameter): boolean =>
  admin === true || (roles !== undefined && !roles.some((role) => role === 'DomainAdmin' || role === 'User'));

const checkPowers = (call: CheckedCall): void => {
  const { command, raises = [] } = call.tool;
  const given = command.params.find((one) => call.params[one.name] !== undefined && isParameterOfAdministrators(one));
  if (given)
    throw refused(`${given.name} is for administrators of the whole cloud; this role is tied to a part of it.`, '');
  const tooMuch = raises.find(({ tenants }) => tenants === 'refused');
  if (tooMuch) throw refused(`${tooMuch.parameter}: this role is limited to a part of the cloud. ${tooMuch.worst}`, '');
};

const checkPlaces = async (bounds: Bounds, call: CheckedCall, { hasProject }: ConfineDependencies): Promise<void> => {
  const { params, tool } = call;
  for (const { name } of domainParameters(tool))
    for (const id of params[name] === undefined ? [] : String(params[name]).split(','))
      if (!bounds.domains.has(id.trim())) throw unseen(`${name}: the domain ${id}`);
  const project = params['projectid'];
  if (project === undefined) return;
  const all = project === '-1' && looksOnly(tool) && showsOwner(tool.command.response);
  if (!all && !bounds.projects.has(String(project)) && !(await hasProject(String(project))))
    throw unseen(`projectid: the project ${String(project)}`);
};

/** Whether something named belongs to someone within the bounds, and may be changed. */
const isTenants = (bounds: Bounds, { kind, row }: Target): boolean =>
  row !== undefined && kind !== undefined && (isInside(bounds, kind, row) || !(showsOwner(kind) || isForAll(kind)));

/** Types of CloudStack's roles that reach no further than a domain. */
const tenantRoles: ReadonlySet<string> = new Set(['User', 'DomainAdmin']);

const checkNamed = async (
  bounds: Bounds,
  call: CheckedCall,
  named: readonly Target[],
  { hasBegun }: ConfineDependencies,
): Promise<void> => {
  const looks = looksOnly(call.tool);
  for (const target of named) {
    const { parameter, id, row, title, kind, isReadable, isOwn } = target;
    if (kind === 'Domain' && bounds.domains.has(id)) continue;
    if (kind === 'AsyncJob' && (await hasBegun(id))) continue;
    if (kind === 'Role' && !looks && !tenantRoles.has(String(row?.['type'])))
      throw refused(`${parameter}: this role is limited to a part of the cloud and cannot give a role for more.`, '');
    // What cannot be read cannot be judged: answers that tell their owner are looked at later, all else is refused.
    if (!row && (isReadable || !looks || !showsOwner(call.tool.command.response)))
      throw unseen(`${parameter}: the ${title} ${id}`);
    if (row && !looks && isOwn && !isTenants(bounds, target))
      throw refused(`The ${title} ${id} belongs to the whole cloud; this role is tied to a part of it.`, '');
  }
};

const toOwner = (call: CheckedCall): CallError =>
  refused(`${call.tool.command.name}: this role is limited to a domain; name the owner.`, 'Give account and domainid.');

/** Where a change lands: with the owner it names, else with the owner of what it is made from, else nowhere. */
const settleChange = (bounds: Bounds, call: CheckedCall, named: readonly Target[]): Params => {
  const { params, tool } = call;
  const has = new Set(tool.command.params.map(({ name }) => name));
  const [root, ...roots] = bounds.roots;
  const [project, ...projects] = bounds.projects;
  const onlyDomain = roots.length ? undefined : root;
  const theirs = named.filter((target) => isTenants(bounds, target));
  if (params['projectid'] !== undefined || theirs.some(({ isOwn }) => isOwn)) return params;
  if (has.has('account') && has.has('domainid')) {
    const isAboutDomain = tool.command.params.some(({ name, required }) => name === 'domainid' && required);
    if (params['domainid'] !== undefined && (isAboutDomain || params['account'] !== undefined)) return params;
    if (params['account'] !== undefined && onlyDomain !== undefined) return { ...params, domainid: onlyDomain };
    const owner = theirs.find(({ row }) => row?.['projectid'] !== undefined || row?.['account'] !== undefined)?.row;
    if (owner && owner['projectid'] !== undefined && has.has('projectid'))
      return { ...params, projectid: String(owner['projectid']) };
    if (owner && owner['projectid'] === undefined && owner['domainid'] !== undefined)
      return { ...params, account: String(owner['account']), domainid: String(owner['domainid']) };
    if (project !== undefined && !projects.length && root === undefined && has.has('projectid'))
      return { ...params, projectid: project };
    throw toOwner(call);
  }
  const missing = oneDomain(tool).filter((name) => params[name] === undefined);
  if (missing.length && onlyDomain !== undefined)
    return { ...params, ...Object.fromEntries(missing.map((name) => [name, onlyDomain])) };
  if (missing.length) throw toOwner(call);
  if (theirs.length || oneDomain(tool).length) return params;
  if (named.some(({ kind }) => kind === 'Domain')) return params;
  throw refused(`${tool.command.name} names nothing that belongs to this role's part of the cloud.`, '');
};

/** Where a list looks. Answers that do not tell whose they are must be asked for within the bounds. */
const settleLook = (bounds: Bounds, call: CheckedCall, named: readonly Target[]): Params => {
  const { params, tool } = call;
  const { response } = tool.command;
  if (isForAll(response) || response === 'Domain') return params;
  const isById = 'id' in params || 'ids' in params;
  const places = narrowings(bounds, tool, params);
  if (showsOwner(response)) return isById || places.length !== 1 ? params : places[0]!;
  const [place, ...others] = places;
  if (place !== undefined && !others.length) return place;
  if (place === undefined && named.some((target) => isTenants(bounds, target))) return params;
  if (place === undefined && params['projectid'] !== undefined) return params;
  throw refused(
    `${tool.command.name} does not say who owns its rows, and this role is limited to a part of the cloud.`,
    place === undefined ? 'Name a resource of yours, where the command takes one.' : 'Give domainid or projectid.',
  );
};

const confined = (call: NamedCall): ConfinedCall => call as ConfinedCall;

/** Last of all, the scope of a list: what the role was narrowed to counts as given. */
const scoped = async (
  call: NamedCall,
  params: Params,
  { roleType }: ConfineDependencies,
  isBounded: boolean,
): Promise<ConfinedCall> => {
  const { tool, request, notes, role, roleName, decision, names } = call;
  // One page cannot be of two lists, and only plain reads may be repeated.
  const once = params['page'] !== undefined || tool.risk.risk !== 'read';
  const { view } = request;
  const settled = await settleScope(tool.command, params, { scope: view.scope, once, role: roleType });
  const { words, partWords, also } = settled;
  const own = isBounded && words !== undefined ? 'as far as this role may see' : words;
  const scope = words === undefined ? undefined : { words: own, partWords, also };
  return confined({ tool, params: settled.params, request, notes, role, roleName, decision, names, scope });
};

/**
 * Keeps a call within a role's domains and projects, also where the CloudStack key could do more: commands of the
 * infrastructure are refused, what is named must lie inside, lists are narrowed, and what is made has an owner inside.
 * Without bounds every call stays as it is.
 */
export const confine = async (
  bounds: Bounds | undefined,
  call: ResolvedCall,
  cloud: ConfineDependencies,
): Promise<ConfinedCall> => {
  const { tool } = call;
  if (!bounds) return scoped(call, call.params, cloud, false);
  if (isForAdministrators(tool))
    throw refused(
      `${tool.command.name} is for administrators of the whole cloud; this role is tied to a part of it.`,
      '',
    );
  checkPowers(call);
  await checkPlaces(bounds, call, cloud);
  const named = await cloud.named(call);
  await checkNamed(bounds, call, named, cloud);
  const isJob = named.some(({ kind }) => kind === 'AsyncJob');
  if (isJob) return confined(call);
  const params = looksOnly(tool) ? settleLook(bounds, call, named) : settleChange(bounds, call, named);
  return scoped(call, params, cloud, true);
};

/** Whether the cloud was asked for one domain or project of the bounds, and gives nothing of others along with it. */
const isNarrowed = (response: string, { domainid, projectid }: Params): boolean =>
  !isForAll(response) && response !== 'Domain' && (domainid !== undefined || (projectid ?? '-1') !== '-1');

/** Takes out of an answer what lies outside of the bounds: rows are left out, a single foreign object is "not found". */
export const confineAnswer = (bounds: Bounds | undefined, call: ApprovedCall, answer: Answer): Answer => {
  if (!bounds) return answer;
  const { tool, params } = call;
  const { response, result } = tool.command;
  // A job was looked at before it was asked for.
  if (params['jobid'] !== undefined) return answer;
  // Whatever tells no owner was asked for within the bounds, or about something inside.
  const seen = (row: Row): Row | undefined => seenRow(bounds, response, row, !showsOwner(response) || !looksOnly(tool));
  if (result !== 'list') {
    const item = itemOf(answer.body);
    const shown = seen(item);
    if (shown) return shown === item ? answer : { ...answer, body: shown };
    // It was done; what it shows of others is not for this role.
    if (!looksOnly(tool)) return { ...answer, body: { success: true } };
    throw unseen('What was asked for');
  }
  const rows = rowsOf(answer.body);
  const saved = rows.map(seen).filter((row) => row !== undefined);
  const key = Object.keys(answer.body).find((name) => Array.isArray(answer.body[name]));
  // CloudStack's count tells of what was left out, unless it was asked for exactly what may be seen: also beside no rows at all,
  // as beyond the last page or where it only counts.
  const isExact = saved.length === rows.length && isNarrowed(response, params);
  const confined = key === undefined ? answer.body : { ...answer.body, [key]: saved };
  const { count } = answer.body;
  if (isExact || typeof count !== 'number') return { ...answer, body: confined };
  return { ...answer, body: { ...confined, count: saved.length }, served: { rows: rows.length, count } };
};
