import { loadData } from '../data.ts';
import { takes } from './given.ts';
import type { Command } from './types.ts';

/** Whose things a list shows: the caller's own, or all that it may see. */
export type ListScope = 'own' | 'all';

/** Types of CloudStack's roles, as far as lists differ for them. */
export type RoleType = 'Admin' | 'DomainAdmin' | 'User';

/** One rule of data/list-scopes.json, with its words for people. */
interface ScopeRule {
  /** `along`: projectid=-1 adds what projects own; `apart`: for domain administrators it leaves their domains out. */
  projects: 'along' | 'apart' | 'none';
  own: string;
  all: Readonly<Partial<Record<RoleType | 'unknown', string>>>;
  /** Where one request cannot show all. */
  withoutProjects: string;
}

interface ListScopes {
  rules: Record<string, ScopeRule>;
  /** Command → rule. */
  commands: Record<string, string>;
  /** Command → the parameter that says whose things it shows, and what CloudStack takes where it is not given. */
  filters: Record<string, { parameter: string; default?: string }>;
  /** Commands whose `listall` is not about owners, with the reason. */
  unowned: Record<string, string>;
}

/** Parameters of a list as they are asked for. */
type Asked<T> = Readonly<Record<string, T>>;

/** What a list is asked for so that its scope is the one that was meant, and that scope in words. */
export interface SettledScope<T> {
  params: Asked<T>;
  /** A second request, of what the first cannot show: a domain administrator's projects. */
  also?: Asked<T> | undefined;
  /** Such as `all accounts and projects`; undefined where it makes no difference. */
  words?: string | undefined;
  /** The words without the second request. */
  partWords?: string | undefined;
}

type ScopeParams = Readonly<Record<string, string | boolean>>;

const data = (): ListScopes => loadData<ListScopes>('list-scopes.json');

const ruleOf = (command: Command): ScopeRule | undefined => {
  const { commands, rules } = data();
  const rule = Object.hasOwn(commands, command.name) ? commands[command.name] : undefined;
  return rule !== undefined && takes(command, 'listall') ? rules[rule] : undefined;
};

/** Whether a list can be asked for the caller's own things, or for all that it may see. */
export const takesScope = (command: Command): boolean => ruleOf(command) !== undefined;

/** Whether the caller's role decides how the list is asked for all. */
const dependsOnRole = (command: Command): boolean =>
  ruleOf(command)?.projects === 'apart' && takes(command, 'projectid');

/** What is wrong with a scope that was asked of a command that has none, or undefined. */
export const problemWithScope = (command: Command, scope: ListScope | undefined): string | undefined => {
  if (scope !== 'own' || takesScope(command)) return undefined;
  const { filters, unowned } = data();
  const filter = filters[command.name]?.parameter;
  const reason = filter === undefined ? unowned[command.name] : `${filter} selects whose are shown`;
  return `${command.name} takes no scope${reason === undefined ? '' : `: ${reason}`}`;
};

/**
 * The parameters with which a list shows all that the caller may see; two sets, without doubles, where one request cannot.
 * CloudStack narrows both parameters to what the caller may see, but projectid=-1 leaves a domain administrator with its
 * own account and its projects (AccountManagerImpl.buildACLSearchParameters).
 */
const everywhere = (command: Command, { projects }: ScopeRule, role: RoleType | undefined): readonly ScopeParams[] => {
  if (projects === 'none' || !takes(command, 'projectid')) return [{ listall: true }];
  return projects === 'along' || role === 'Admin' || role === 'User'
    ? [{ listall: true, projectid: '-1' }]
    : [{ listall: true }, { projectid: '-1' }];
};

const explicit = ['account', 'domainid', 'projectid', 'listall', 'isrecursive'] as const;

/** The scope that a caller's own parameters make, in words. */
const explicitWords = <T>({ own, all }: ScopeRule, params: Asked<T>): string => {
  const { account, domainid, projectid, listall, isrecursive } = params;
  if (projectid !== undefined)
    return String(projectid) !== '-1'
      ? `project ${String(projectid)}`
      : listall === true
        ? (all.unknown ?? own)
        : 'projects only';
  if (account !== undefined)
    return `account ${String(account)}${domainid === undefined ? '' : ` of domain ${String(domainid)}`}`;
  if (domainid !== undefined)
    return `domain ${String(domainid)}${isrecursive === true ? ' and below' : ''}, projects left out`;
  return listall === true ? 'all accounts, projects left out' : own;
};

/**
 * Settles whose things a list shows. What the caller gave itself (account, domainid, projectid, listall, isrecursive) wins,
 * and a thing that is named by its id is found wherever it is. `once`: only one request can be sent.
 */
export const settleScope = async <T>(
  command: Command,
  params: Asked<T>,
  {
    scope = 'all',
    once,
    role,
  }: { scope?: ListScope | undefined; once: boolean; role: () => Promise<RoleType | undefined> },
): Promise<SettledScope<T | string | boolean>> => {
  const rule = ruleOf(command);
  const filter = data().filters[command.name];
  if (filter && takes(command, filter.parameter)) {
    const given = params[filter.parameter] ?? filter.default;
    return { params, words: `${filter.parameter}=${String(given)}` };
  }
  if (!rule || params['id'] !== undefined) return { params };
  if (explicit.some((name) => params[name] !== undefined)) return { params, words: explicitWords(rule, params) };
  if (scope === 'own') return { params, words: rule.own };
  const caller = dependsOnRole(command) ? await role() : undefined;
  const [first, second] = everywhere(command, rule, caller);
  const words = (caller && rule.all[caller]) ?? rule.all.unknown ?? rule.own;
  const settled = { params: { ...params, ...first } };
  if (!second) return { ...settled, words };
  if (once) return { ...settled, words: rule.withoutProjects };
  return { ...settled, also: { ...params, ...second }, words, partWords: rule.withoutProjects };
};

/**
 * The sets of parameters with which the server's own look-ups see all that the caller may see: names, what hangs on a
 * resource, counts and events are looked for in exactly the places where ids are.
 */
export const lookEverywhere = async <T>(
  command: Command,
  params: Asked<T>,
  role: () => Promise<RoleType | undefined>,
): Promise<readonly Asked<T | string | boolean>[]> => {
  const rule = ruleOf(command);
  const { id, account, domainid, projectid, listall } = params;
  if (!rule || id !== undefined || account !== undefined || projectid !== undefined || listall === false)
    return [params];
  const caller = dependsOnRole(command) ? await role() : undefined;
  const places = everywhere(command, rule, caller);
  // Only a root administrator's projectid=-1 keeps to the domain.
  if (domainid !== undefined && caller !== 'Admin') return [params];
  return places.map((place) => ({ ...params, ...place }));
};
