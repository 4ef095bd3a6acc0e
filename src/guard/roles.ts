import type { Principals, Role, Roles } from '../config/policy.ts';
import type { Tool } from '../catalog/tool.ts';
import { CallError } from '../errors.ts';
import type { Caller } from '../types.ts';
import { fits } from './decide.ts';

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
export interface Access {
  roles: Roles;
  principals: Principals | undefined;
}

/** Puts the configured roles over the shipped ones. Throws a configuration error for a principal whose role is unknown. */
export const createAccess = (roles: Roles = {}, principals?: Principals): Access => {
  const all = { ...builtinRoles, ...roles };
  for (const [name, { role }] of Object.entries(principals ?? {}))
    if (!all[role])
      throw new CallError(
        'configuration',
        `Principal ${name} has the unknown role "${role}".`,
        `There are: ${Object.keys(all).join(', ')}.`,
      );
  return { roles: all, principals };
};

/** The role of a caller. Throws a CallError for a principal that nobody gave a role. */
export const roleOf = ({ roles, principals }: Access, { principal, profile }: Caller): { name: string; role: Role } => {
  const entry = principals?.[principal] ?? principals?.['*'];
  if (entry?.profile !== undefined && entry.profile !== profile)
    throw new CallError(
      'refused',
      `${principal} uses the profile ${entry.profile}, not ${profile}.`,
      'Leave profile out. Nothing was sent.',
    );
  const name = principals ? entry?.role : 'admin';
  const role = name === undefined ? undefined : roles[name];
  if (name === undefined || !role)
    throw new CallError(
      'refused',
      `Nobody gave ${principal} a role here.`,
      'Someone who operates this server can add it under `principals`.',
    );
  return { name, role };
};

/** Refuses what a role does not reach. Throws a CallError that names the role. */
export const checkRole = (name: string, role: Role, tool: Tool): void => {
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
      `The role "${name}" does not reach ${command.name} (risk ${risk.risk}, toolset ${toolset}).`,
      'Someone who operates this server can change the role. Nothing was sent.',
    );
};
