import type { Principals, Role, Roles } from '../config/policy.ts';
import type { Tool } from '../catalog/tool.ts';
import { CallError } from '../errors.ts';
import type { Requester } from '../types.ts';
import { fits } from '../catalog/patterns.ts';

/** The roles that are always there; a section of the same name replaces one. */
export const builtinRoles: Roles = {
  viewer: { risks: ['read'] },
  operator: {
    deny: [
      '*Zone',
      '*Domain',
      ...['create', 'update', 'delete', 'import', 'enable', 'disable'].map((verb) => `${verb}Role*`),
      'updateConfiguration',
      'resetConfiguration',
    ],
    risks: ['read', 'sensitive', 'change', 'destroy'],
  },
  admin: {},
};

/** Who may do what here, out of the configuration. Without principals, everybody is an admin: CloudStack's roles decide. */
export interface Access extends Profiles {
  roles: Roles;
}

/** Which profiles there are for whom: the server's own, and what the section `principals` says. */
export interface Profiles {
  principals?: Principals | undefined;
  profile: string;
}

/** Puts the configured roles over the shipped ones. Throws a configuration error for a principal whose role is unknown. */
export const createAccess = (roles: Roles = {}, { principals, profile }: Profiles): Access => {
  const all = { ...builtinRoles, ...roles };
  for (const [name, { role }] of Object.entries(principals ?? {}))
    if (!Object.hasOwn(all, role))
      throw new CallError(
        'configuration',
        `Principal ${name} has the unknown role "${role}".`,
        `Available: ${Object.keys(all).join(', ')}.`,
      );
  return { roles: all, principals, profile };
};

/** What the section `principals` says of a principal, by its name or under `*`; undefined when it says nothing. */
export const entryOf = (principals: Principals = {}, principal: string): Principals[string] | undefined => {
  const name = [principal, '*'].find((key) => Object.hasOwn(principals, key));
  return name === undefined ? undefined : principals[name];
};

/**
 * The profiles that a requester may use, its own first; undefined: any, and the server's own where it names none. Over
 * HTTP only those of the configuration, so that no tenant names the profile of another.
 */
const profilesOf = (
  { principals, profile }: Profiles,
  { principal, isLocal }: Requester,
): readonly [string, ...string[]] | undefined => {
  const { profile: only, profiles: [first, ...others] = [] } = entryOf(principals, principal) ?? {};
  if (only !== undefined) return [only];
  if (first !== undefined) return [first, ...others];
  return isLocal ? undefined : [profile];
};

/** The profiles of the configuration (`all`) that a requester may use, its own first. */
export const usableProfiles = (access: Profiles, requester: Requester, all: readonly string[]): readonly string[] => {
  const own = profileOf(access, { ...requester, profile: undefined });
  const allowed = profilesOf(access, requester) ?? all;
  return [...new Set([own, ...allowed])].filter((name) => all.includes(name));
};

/** The profile of a requester: the one it asks for, else its own. Whether it may use it, `checkProfile` says. */
export const profileOf = (access: Profiles, requester: Requester): string =>
  requester.profile ?? profilesOf(access, requester)?.[0] ?? access.profile;

/** The same, checked. Throws a CallError for a profile that the requester may not use. */
export const checkProfile = (access: Profiles, requester: Requester): string => {
  const profile = profileOf(access, requester);
  const allowed = profilesOf(access, requester);
  if (allowed && !allowed.includes(profile))
    throw new CallError(
      'refused',
      `${requester.principal} uses the profile ${allowed.join(' or ')}, not ${profile}.`,
      'Leave profile out. Nothing was sent.',
    );
  return profile;
};

/** The role and the profile of a requester. Throws a CallError for a principal without a role, or another's profile. */
export const roleOf = (access: Access, requester: Requester): { name: string; role: Role; profile: string } => {
  const { roles, principals } = access;
  const { principal } = requester;
  const profile = checkProfile(access, requester);
  const name = principals ? entryOf(principals, principal)?.role : 'admin';
  const role = name !== undefined && Object.hasOwn(roles, name) ? roles[name] : undefined;
  if (name === undefined || !role)
    throw new CallError(
      'refused',
      `${principal} has no role here.`,
      'The operator of this server can add it under `principals`.',
    );
  return { name, role, profile };
};

/** What a role is judged by. */
export interface JudgedTool extends Pick<Tool, 'name' | 'toolset'> {
  command: Pick<Tool['command'], 'name'>;
  risk: Pick<Tool['risk'], 'risk'>;
}

/** Refuses what a role does not reach. Throws a CallError that names the role. */
export const checkRole = (name: string, role: Role, tool: JudgedTool): void => {
  const { command, toolset, risk } = tool;
  const named = (patterns: readonly string[]): boolean => fits(patterns, command.name) || fits(patterns, tool.name);
  const allowed =
    (!role.risks || role.risks.includes(risk.risk)) &&
    (!role.toolsets || fits(role.toolsets, toolset)) &&
    (!role.commands || named(role.commands)) &&
    !(role.deny && named(role.deny));
  if (!allowed)
    throw new CallError(
      'refused',
      `The role "${name}" does not include ${command.name} (risk ${risk.risk}, toolset ${toolset}).`,
      'The operator of this server can change the role. Nothing was sent.',
    );
};
