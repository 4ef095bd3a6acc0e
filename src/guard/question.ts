import { createHash } from 'node:crypto';
import { describeSchedule } from '../catalog/schedule.ts';
import type { Tool } from '../catalog/tool.ts';
import { CallError } from '../errors.ts';
import type { Row } from '../rows.ts';
import { maskSecrets } from '../secrets/mask.ts';
import { maskText, quoteName } from '../secrets/text.ts';
import { toLabel, toLine, toQuoted } from '../text.ts';
import type { CheckedCall, Target } from '../types.ts';
import type { Question } from '../consent.ts';
import { describeTarget, fingerprint } from './targets.ts';

/** The cloud that a question is about. */
export interface AskedCloud {
  host: string;
  /** Of endpoint and credential: another cloud's yes is none. */
  identity: string;
}

/** A value with the fields of its objects in one order. */
export const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, canonical(inner)]),
  );
};

/**
 * Binds a yes to one call: the command, its arguments with ids for names, who asks, of which cloud with which credential, and the state
 * in which its targets were when it was asked.
 */
export const digestOf = (
  { tool, params, request }: CheckedCall,
  targets: readonly Target[],
  { identity }: AskedCloud,
): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        tool.command.name,
        canonical(params),
        request.caller.principal,
        request.caller.profile,
        identity,
        fingerprint(targets),
      ]),
    )
    .digest('hex');

/** Targets that a dialog shows; more are read at a terminal. */
export const maxDialogTargets = 8;
/** Characters of arguments that a dialog shows; more are read at a terminal. */
export const maxDialogArguments = 1200;
/** Characters of the longest question; no one reads more before a yes. */
export const maxQuestion = 30_000;

/** What is given beside the targets and the place, whole: what is left out may be what matters. */
const describeArguments = (call: CheckedCall, targets: readonly Target[], place: Row): string => {
  const isShown = (value: unknown): boolean => targets.some(({ id }) => id === value);
  return Object.entries(maskSecrets(call.params))
    .filter(([name, value]) => !(name in place) && ![value].flat().every(isShown))
    .map(([name, value]) => `${toLabel(name)}=${toQuoted(typeof value === 'string' ? value : JSON.stringify(value))}`)
    .join(' ');
};

const placeFields: readonly (readonly [title: string, id: string, name: string])[] = [
  ['zone', 'zoneid', 'zonename'],
  ['project', 'projectid', 'project'],
  ['domain', 'domainid', 'domainpath'],
];

/** The zone, project, domain and account that a call names, by id and name. */
const describePlace = (place: Row): string[] => {
  const parts = placeFields.flatMap(([title, id, name]) =>
    place[id] === undefined
      ? []
      : [`${title} id ${toLabel(String(place[id]))}${place[name] ? ` ${quoteName(String(place[name]))}` : ''}`],
  );
  const { account } = place;
  const all = account === undefined ? parts : [...parts, `account ${quoteName(String(account))}`];
  return all.length ? [`In ${all.join(', ')}`] : [];
};

/**
 * The text to type for a critical call: the name of the one thing it is about. A name that cannot be typed as it is seen,
 * or is as short as a yes, is replaced by the command's phrase and the end of the id.
 */
export const phraseOf = ({ tool }: CheckedCall, targets: readonly Target[]): string => {
  const own = targets.filter(({ isOwn }) => isOwn);
  const [only, ...others] = own.length ? own : targets;
  const general = tool.risk.phrase ?? tool.command.name;
  if (only?.name === undefined || others.length) return general;
  const name = toLabel(maskText(only.name));
  return /^[ -~]{4,}$/.test(name) ? name : `${general} ${only.id.slice(-8)}`;
};

/** Why these arguments are asked about: the sentences of data/parameter-risks.json. */
const because = ({ raises = [] }: Tool): string => {
  const sentences = new Map(raises.map(({ parameter, worst }) => [worst, parameter]));
  const all = [...sentences].map(([worst, parameter]) => `${parameter}: ${worst}`);
  return all.length ? ` ${toLine(all.join(' '))}` : '';
};

/** What a call would do and to what, a line for each target, place and the arguments; `args`: the characters of those. */
export const describeCall = (
  call: CheckedCall,
  targets: readonly Target[],
  place: Row,
): { lines: string[]; args: number } => {
  const { tool } = call;
  const args = describeArguments(call, targets, place);
  const runs = describeSchedule(tool.command, call.params);
  const lines = [
    `${tool.command.name}: ${toLabel(tool.summary, 120)}`,
    ...targets.map(describeTarget),
    ...describePlace(place),
    ...(args ? [`With ${args}`] : []),
    ...(runs === undefined ? [] : [`Runs ${runs}`]),
  ];
  return { lines, args: args.length };
};

/**
 * What the human is asked: who, what, where, what hangs on it, whether it can be undone. All targets and all values stand
 * in it; what is more than a dialog shows is read at a terminal. The only text in double quotes is the phrase to type,
 * for critical commands; words of others stand in ‹quotes› of their own. `place`: the zone, project, domain and account
 * that the call names. Throws a CallError for more than a person can be shown.
 */
export const askAbout = (
  call: CheckedCall,
  targets: readonly Target[],
  cloud: AskedCloud,
  place: Row = {},
): Question => {
  const { tool, request } = call;
  const phrase = tool.risk.severity === 'critical' ? phraseOf(call, targets) : undefined;
  const { lines, args } = describeCall(call, targets, place);
  const { principal, host, profile } = request.caller;
  const [what, ...details] = lines;
  const message = [
    what,
    ...(targets.length > 1 ? [`${targets.length} targets:`] : []),
    ...details,
    `Asked by ${toQuoted(principal, 60)} through ${toQuoted(host, 60)}, profile ${toQuoted(profile, 60)}, on ${toLabel(cloud.host, 100)}.`,
    `Affects ${tool.risk.impactScope}; ${tool.risk.reversible ? 'can be undone' : 'cannot be undone'}. ${toLabel(tool.risk.warning, 200)}${because(tool)}`,
    phrase === undefined ? 'Do it?' : `Type "${phrase}" to do it.`,
  ].join('\n');
  if (message.length > maxQuestion)
    throw new CallError(
      'invalid',
      `${tool.command.name} needs a confirmation by a person, and what it would do fills ${message.length} characters; at most ${maxQuestion} are shown. Nothing was sent.`,
      'Make several calls with fewer targets or shorter values.',
    );
  const isLong = targets.length > maxDialogTargets || args > maxDialogArguments;
  return { message, phrase, isLong, digest: digestOf(call, targets, cloud) };
};
