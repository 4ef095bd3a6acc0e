import type { Catalog } from '../catalog/catalog.ts';
import { CallError } from '../errors.ts';
import type { Row } from '../rows.ts';

/** What a new key pair may do and for how long, as the flags of `keys register` say. */
export interface KeyBounds {
  name?: string;
  /** Commands, or patterns with `*`. */
  allow?: readonly string[];
  deny?: readonly string[];
  onlyReads?: boolean;
  /** Moment, as CloudStack takes it. */
  until?: string;
}

const verbOf = (command: string): string => /^[a-z]+/.exec(command)?.[0] ?? command;

/** Rules that allow what only reads: each verb by a pattern, behind denials of what the verb has beside reads. */
const readRules = ({ tools }: Catalog): { deny: string[]; allow: string[] } => {
  const reads = tools.filter(({ risk }) => risk.risk === 'read').map(({ command }) => command.name);
  const verbs = ['list', 'find', 'get', 'query'];
  const isMatched = (name: string): boolean => verbs.includes(verbOf(name));
  return {
    deny: tools
      .filter(({ risk, command }) => risk.risk !== 'read' && isMatched(command.name))
      .map(({ command }) => command.name),
    allow: [...verbs.map((verb) => `${verb}*`), ...reads.filter((name) => !isMatched(name))],
  };
};

/** Whether flags ask for more than a pair that may do all that its user may. */
export const isBounded = ({ name, allow, deny, onlyReads, until }: KeyBounds): boolean =>
  [name, allow, deny, until].some((given) => given !== undefined) || onlyReads === true;

/** The arguments of registerUserKeys for bounds. Throws a CallError for an end that is no date or over. */
export const toBounds = (bounds: KeyBounds, catalog: Catalog): Record<string, unknown> => {
  const { name, until, onlyReads, deny = [], allow = [] } = bounds;
  const reads = onlyReads ? readRules(catalog) : { deny: [], allow: [] };
  const rules = [
    ...[...deny, ...reads.deny].map((rule) => ({ rule, permission: 'deny' })),
    ...[...allow, ...reads.allow].map((rule) => ({ rule, permission: 'allow' })),
    // A pair that is only denied something may do the rest.
    ...(deny.length > 0 && allow.length === 0 && !onlyReads ? [{ rule: '*', permission: 'allow' }] : []),
  ];
  if (until !== undefined && !(Date.parse(until) > Date.now()))
    throw new CallError(
      'invalid',
      `The end of a key pair must be a time in the future, not ${until}.`,
      'Give a date such as 2030-12-31, or "2030-12-31 18:00:00" in UTC.',
    );
  return {
    ...(name === undefined ? {} : { name }),
    ...(until === undefined ? {} : { enddate: until }),
    ...(rules.length === 0 ? {} : { rules }),
  };
};

/** Refuses bounds where the cloud's registerUserKeys takes none: it would pass over them, and make a pair without. */
export const checkKeepsBounds = (api: Row): void => {
  const { params } = api;
  if (Array.isArray(params) && params.some((param: Row) => param['name'] === 'rules')) return;
  throw new CallError(
    'refused',
    'This cloud keeps one key pair for each user, without rules and without an end. Nothing was changed.',
    'CloudStack 4.23 and newer keep several pairs with both. Here, limit the assistant by a role: call create-role, or `roles` of the configuration.',
  );
};
