import type { Action, RuleMatch } from '../config/policy.ts';
import { fits } from '../catalog/patterns.ts';
import type { Tool } from '../catalog/tool.ts';
import type { Caller } from '../types.ts';
import type { Row } from '../rows.ts';
import type { OpenPlace } from './places.ts';
import type { Policy } from './policy.ts';

/** What a policy decides about: the command, who asks, and, once they are known, the resources and places concerned. */
export interface Subject {
  tool: Tool;
  caller: Caller;
  role: string;
  /** Rows of the resource acted on, and of the zone, domain and project named. Undefined: not read yet. */
  places?: readonly Row[] | undefined;
  /** The resource could not be read (true), or does not tell these places: rules about them can be neither matched nor ruled out. */
  unsure?: true | readonly OpenPlace[] | undefined;
}

/** What a policy says of a call, and which of its lines says so. */
export interface Verdict {
  action: Action;
  rule: string;
}

/** Resources give the path of a domain as `/sub/`, domains and accounts as `ROOT/sub`. */
const text = (value: unknown): string => {
  if (typeof value !== 'string') return '';
  return value.startsWith('/') ? `ROOT${value}`.replace(/\/$/, '') : value;
};

const placeFields = {
  zone: ['zoneid', 'zonename'],
  domain: ['domainid', 'domain', 'domainpath'],
  project: ['projectid', 'project'],
  account: ['account'],
} as const;

interface Tag {
  key?: string;
  value?: string;
}

const same = (a: string | undefined, b: string): boolean => a?.trim().toLowerCase() === b.trim().toLowerCase();

/** Whether a row carries a tag; letter case does not matter, as in CloudStack's own searches. */
export const hasTag = (row: Row, key: string, value: string): boolean =>
  Array.isArray(row['tags']) && (row['tags'] as Tag[]).some((tag) => same(tag.key, key) && same(tag.value, value));

const placeMatches = (match: RuleMatch, places: readonly Row[]): boolean => {
  const byField = Object.entries(placeFields).every(([name, fields]) => {
    const wanted = match[name as keyof typeof placeFields];
    return (
      !wanted ||
      places.some((row) => fields.some((field) => row[field] !== undefined && fits(wanted, text(row[field]))))
    );
  });
  const tags = Object.entries(match.tag ?? {});
  return byField && (tags.length === 0 || places.some((row) => tags.every(([key, value]) => hasTag(row, key, value))));
};

/** Whether a match is about the subject; undefined while that depends on places that were not read yet. */
export const matches = (match: RuleMatch, { tool, caller, role, places }: Subject): boolean | undefined => {
  const { command, toolset, risk, severity, principal, profile } = match;
  const fitting =
    (!command || fits(command, tool.command.name) || fits(command, tool.name)) &&
    (!toolset || fits(toolset, tool.toolset)) &&
    (!risk || risk.includes(tool.risk.risk)) &&
    (!severity || severity.includes(tool.risk.severity)) &&
    (!principal || fits(principal, caller.principal)) &&
    (!profile || fits(profile, caller.profile)) &&
    (!match.role || fits(match.role, role));
  if (!fitting) return false;
  const aboutPlaces = match.tag !== undefined || Object.keys(placeFields).some((name) => name in match);
  if (!aboutPlaces) return true;
  return places === undefined ? undefined : placeMatches(match, places);
};

/** What a policy says of a call, the strictest last. */
export const order: readonly Action[] = ['allow', 'confirm', 'approve', 'block'];

/** The strictest of several verdicts. */
export const strictest = (verdicts: readonly Verdict[]): Verdict | undefined =>
  [...verdicts].sort((a, b) => order.indexOf(b.action) - order.indexOf(a.action))[0];

/** Whether a rule that does not match would, if the resource told what it does not. */
const mightMatch = (match: RuleMatch, subject: Subject): boolean => {
  const { unsure } = subject;
  if (unsure === true) return matches(match, { ...subject, places: undefined }) === undefined;
  const open = unsure?.filter((place) => match[place] !== undefined) ?? [];
  if (!open.length) return false;
  const rest = Object.fromEntries(Object.entries(match).filter(([name]) => !open.includes(name as OpenPlace)));
  return matches(rest, subject) === true;
};

/** The arguments that made a command worse, a few of them. */
const becauseOf = ({ raises = [] }: Tool): string => {
  if (!raises.length) return '';
  const reasons = [...new Set(raises.map(({ parameter, effect }) => `${parameter} ${effect}`))];
  return ` (${reasons.slice(0, 3).join(', ')})`;
};

/** What the first rule that matches says, else the table. */
const decideByRules = (policy: Policy, subject: Subject): Verdict | undefined => {
  const { risk, severity } = subject.tool.risk;
  const doubtful: Verdict[] = [];
  for (const { name, match, action } of policy.rules) {
    const hit = matches(match, subject);
    if (hit === undefined) return undefined;
    const verdict = { action, rule: `rule "${name}" → ${action}` };
    if (hit) return strictest([verdict, ...doubtful]);
    // Had the resource been read, this rule might have matched: what is stricter counts.
    if (mightMatch(match, subject)) doubtful.push(verdict);
  }
  const action = policy.actions[risk]?.[severity] ?? 'block';
  const verdict = { action, rule: `${policy.name}: ${risk}/${severity}${becauseOf(subject.tool)} → ${action}` };
  return doubtful.length ? strictest([verdict, ...doubtful]) : verdict;
};

/**
 * What a policy says of a call; `undefined` while it depends on places not read yet. No host and no terminal takes a passkey: what wants
 * one waits for an approval.
 */
export const decide = (policy: Policy, subject: Subject): Verdict | undefined => {
  const verdict = decideByRules(policy, subject);
  return verdict?.action === 'confirm' && policy.passkey.includes(subject.tool.risk.severity)
    ? { action: 'approve', rule: `${verdict.rule}, with a passkey` }
    : verdict;
};
