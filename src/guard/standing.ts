import { loadCatalog } from '../catalog/catalog.ts';
import { CallError } from '../errors.ts';
import { toLabel, toQuoted } from '../text.ts';
import type { CallRequest, CloudOrigin, Confirmation, StandingUse } from '../types.ts';
import { newCode } from './approvals.ts';
import type { Count } from './counts.ts';
import { decidingTagOf } from './deciding-tags.ts';
import { isUnseen, type JudgedCall } from './judge.ts';
import type { Policy } from './policy.ts';
import { digestOfValue } from './seen-row.ts';
import { judgeReply } from './reply.ts';
import type { StandingApproval, StandingApprovals } from './standing-approvals.ts';

/** What standing approvals need beside the policy. */
export interface StandingDependencies {
  standing: StandingApprovals;
  count: Count;
  setIfAbsent: (key: string) => Promise<boolean>;
}

/** Which version of which stored script is about to run, and where. */
export interface ScriptAsked {
  name: string;
  /** Digest of its text. */
  script: string;
  origin: CloudOrigin;
}

/** What a person at a terminal is asked to give. Times in milliseconds. */
export interface StandingAsked extends ScriptAsked, Pick<StandingApproval, 'principals' | 'times' | 'per' | 'until'> {
  /** The commands that the script names. */
  named: readonly string[];
  /** What the caller chooses, in words. */
  inputs: readonly string[];
  /** The user of the terminal. */
  user: string;
}

/** Days for which one may be given. */
export const maxStandingDays = 90;
const maxStanding = 100;
const maxTimes = 10_000;
const maxPrincipals = 20;

interface UseState extends ScriptAsked {
  caller: CallRequest['caller'];
  /** This run as it counts, by the id of the approval. */
  counted: Map<string, Promise<boolean>>;
}

// Only what stands in it counts, whatever looks like a use.
const states = new WeakMap<StandingUse, UseState>();

/** One run of a stored script: what it may be confirmed by beforehand. Looks nothing up before it asks. */
export const openStandingUse = ({ caller }: CallRequest, script: ScriptAsked): StandingUse => {
  const use = Object.freeze({}) as unknown as StandingUse;
  states.set(use, { ...script, caller, counted: new Map() });
  return use;
};

const isAnother = ({ caller }: CallRequest, { caller: own }: UseState): boolean =>
  caller.principal !== own.principal || caller.profile !== own.profile;

/** Why no one can confirm it beforehand; undefined where one can. */
const obstacleTo = (policy: Policy, { call, targets }: JudgedCall): string | undefined => {
  if (call.tool.risk.severity === 'critical') return 'it is critical';
  if (policy.passkey.includes(call.tool.risk.severity)) return 'the policy requires a passkey';
  if (targets.some(isUnseen)) return 'what it names was not found';
  const tag = decidingTagOf(policy, call);
  return tag === undefined ? undefined : `the policy decides by the tag ${tag}`;
};

const keyOf = ({ id }: StandingApproval): string => `standing:${id}`;
const secondsOf = ({ per, given, until }: StandingApproval): number => Math.ceil((per ?? until - given) / 1000) + 1;

/** Whether one more run fits; of several at the same moment, those that do are as many as there is room for. */
const countRun = async (count: Count, approval: StandingApproval): Promise<boolean> => {
  const { times } = approval;
  const [key, seconds] = [keyOf(approval), secondsOf(approval)];
  return (await count(key, seconds, false)) < times && (await count(key, seconds, true)) <= times;
};

/** Whether an approval is for this run, now, under this policy; who gave it is someone else where the policy wants that. */
const isFor = (
  { fourEyes }: Policy,
  approval: StandingApproval,
  { name, script, caller: { principal, profile } }: UseState,
  cloud: string,
): boolean =>
  approval.name === name &&
  approval.script === script &&
  approval.cloud === cloud &&
  approval.profile === profile &&
  approval.principals.includes(principal) &&
  !(fourEyes && approval.by.includes(principal));

/**
 * The confirmation that was given beforehand; undefined where there is none, so that a person is asked. A run is counted once, when it
 * first needs one; what was revoked or is over meanwhile does not count.
 */
export const standingConfirmation = async (
  { standing, count }: Pick<StandingDependencies, 'standing' | 'count'>,
  policy: Policy,
  judged: JudgedCall,
): Promise<Confirmation | undefined> => {
  const { tool, request, decision } = judged.call;
  const state = request.standing && states.get(request.standing);
  if (!state || decision.action === 'allow' || isAnother(request, state)) return undefined;
  if (obstacleTo(policy, judged) !== undefined) return undefined;
  const cloud = await state.origin.identity();
  for (const approval of await standing.list()) {
    if (!isFor(policy, approval, state, cloud) || !approval.commands.includes(tool.command.name)) continue;
    const { id, by, given } = approval;
    const counts = state.counted.get(id) ?? countRun(count, approval);
    state.counted.set(id, counts);
    if (await counts) return { by: 'standing approval', who: by[0]!, at: new Date(given).toISOString(), standing: id };
  }
  return undefined;
};

const wrong = (message: string, hint: string): CallError =>
  new CallError('invalid', `${message} Nothing was approved.`, hint);

/** Throws a CallError for bounds that are none. */
const checkBounds = ({ principals, times, per, until }: StandingAsked, now: number): void => {
  if (!principals.length || principals.length > maxPrincipals)
    throw wrong('A standing approval is for principals by name.', `Name one to ${maxPrincipals} of them.`);
  if (!Number.isInteger(times) || times < 1 || times > maxTimes)
    throw wrong('A standing approval is for a number of runs.', `Give 1 to ${maxTimes}.`);
  if (!(until > now && until <= now + maxStandingDays * 86_400_000))
    throw wrong('A standing approval has an end.', `Give a time within ${maxStandingDays} days, such as 30d.`);
  if (per !== undefined && !(per >= 1000 && per <= until - now))
    throw wrong(
      'The period in which the runs are counted is too short, or longer than the approval.',
      'Give a period such as 1d.',
    );
};

const iso = (time: number): string => `${new Date(time).toISOString().slice(0, 16)}Z`;

/** How often, for whom and until when, in words. */
export const standingBounds = ({ principals, times, per, until }: Omit<StandingApproval, 'id' | 'by'>): string =>
  `${times} ${times === 1 ? 'run' : 'runs'}${per === undefined ? '' : ` in ${per / 1000} s`} by ${principals.map((one) => toQuoted(one, 60)).join(', ')}, until ${iso(until)}`;

/**
 * Asks a person at a terminal for a standing approval, with a phrase to type, and saves it. What is critical is covered by none, whatever
 * was asked for. Throws a CallError for everything but a yes.
 */
export const giveStanding = async (
  { standing, setIfAbsent }: StandingDependencies,
  policy: Policy,
  asked: StandingAsked,
  { request, onQuestion }: { request: CallRequest; onQuestion: (digest: string) => void },
): Promise<{ approval: StandingApproval; confirmation: Confirmation }> => {
  const given = Date.now();
  checkBounds(asked, given);
  const { name, script, principals, times, per, until, origin, user, named, inputs } = asked;
  const { principal, profile } = request.caller;
  const by = [principal, user];
  if (policy.fourEyes && principals.some((one) => by.includes(one)))
    throw new CallError(
      'refused',
      'The policy requires someone other than the one who runs the script to approve it.',
      'Ask a colleague. Nothing was approved.',
    );
  const tools = named.flatMap((one) => loadCatalog().find(one) ?? []).filter(({ risk }) => risk.risk !== 'read');
  const covered = tools.filter(({ risk }) => risk.severity !== 'critical');
  if (!covered.length)
    throw wrong(`${name} names no command that can be approved beforehand.`, 'Critical ones never can be.');
  if ((await standing.list()).length >= maxStanding)
    throw new CallError('unavailable', `There are ${maxStanding} standing approvals already.`, 'Revoke one.');
  const commands = covered.map(({ command }) => command.name);
  const cloud = await origin.identity();
  const core = { name, script, commands, principals, profile, cloud, times, per, given, until };
  const digest = digestOfValue([core, by]);
  const phrase = `${name} ${script.slice(0, 6)}`;
  const grades = (list: typeof tools): string =>
    list.map(({ command, risk }) => `${command.name} (${risk.risk}/${risk.severity})`).join(', ');
  const others = tools.filter((tool) => !covered.includes(tool));
  const message = [
    `A standing approval: the stored script ${name}, version ${script.slice(0, 12)}, makes these calls without a question:`,
    `${grades(covered)}.`,
    ...(others.length ? [`Asked about all the same: ${grades(others)}.`] : []),
    `For ${standingBounds(core)}, on ${toLabel(origin.host, 100)}, profile ${toQuoted(profile, 60)}.`,
    `The caller chooses: ${inputs.join(', ') || 'nothing'}.`,
    `Type "${phrase}" to give it.`,
  ].join('\n');
  onQuestion(digest);
  const reply = await request.consent({ message, phrase, digest });
  // No host gives one: it is a person's at a terminal.
  if (reply?.by !== 'terminal' || judgeReply({ message, phrase, digest }, reply) !== 'yes')
    throw new CallError('unconfirmed', 'The standing approval was not given.', 'Run it in an interactive terminal.');
  if (!(await setIfAbsent(`reply:${reply.nonce}`)))
    throw new CallError('unconfirmed', 'This confirmation was already used.', 'Ask again.');
  const approval: StandingApproval = { id: newCode(), ...core, by };
  await standing.save(approval);
  return { approval, confirmation: { by: 'terminal', who: principal, at: new Date().toISOString(), about: message } };
};

/** The standing approvals for a caller's profile and cloud, each with the runs that it counts now. */
export const listStanding = async (
  { standing, count }: StandingDependencies,
  { caller }: CallRequest,
  origin: CloudOrigin,
): Promise<(StandingApproval & { used: number })[]> => {
  const cloud = await origin.identity();
  const own = (await standing.list()).filter((one) => one.profile === caller.profile && one.cloud === cloud);
  return Promise.all(own.map(async (one) => ({ ...one, used: await count(keyOf(one), secondsOf(one), false) })));
};
