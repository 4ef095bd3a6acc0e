import type { Question } from '../consent.ts';
import type { Row } from '../rows.ts';
import type {
  CloudOrigin,
  ApprovedCall,
  ConfinedCall,
  Confirmation,
  Decision,
  NamedCall,
  Resources,
  Target,
} from '../types.ts';
import { markApproved } from '../approved.ts';
import { isBounded } from './bounds.ts';
import { confirm, type AskedAbout, type ConfirmDependencies } from './confirm.ts';
import type { Count } from './counts.ts';
import {
  askInDoubt,
  dependentsOf,
  isDestroying,
  isUnseen,
  judgeCall,
  ownersOf,
  refuseProtected,
  type JudgedCall,
} from './judge.ts';
import { checkLimits } from './limits.ts';
import { isRecent, lookAgain, toLook } from './look.ts';
import { confirmationOf } from './plan.ts';
import type { Policy } from './policy.ts';
import { askAbout, digestOf } from './question.ts';
import { standingConfirmation, type StandingDependencies } from './standing.ts';

/** What the guard needs to decide about resources, to ask well, and to believe a reply once; made once for a server. */
export interface ApproveDependencies extends ConfirmDependencies, Pick<StandingDependencies, 'standing'> {
  policy: Policy;
  /** What was confirmed for the rest of a session. */
  confirmations: { has(key: string): Promise<boolean>; add(key: string): Promise<void> };
  count: Count;
}

/** What approving one call needs. */
export interface ApproveOptions {
  resources: Pick<Resources, 'actedOn' | 'mainTargets' | 'places' | 'withDependents' | 'withPlaces'>;
  /** Which cloud it goes to. */
  origin: CloudOrigin;
  /** Called with the digest of the question before it is asked. */
  onQuestion: (digest: string) => void;
}

/** A role that sees a part of the cloud is shown nothing of what was read for the guard: it may lie beyond that part. */
const approved = (call: NamedCall, read?: readonly Target[], confirmation?: Confirmation): ApprovedCall => {
  const { tool, params, request, notes, role, roleName, decision, names, scope } = call;
  const acted = isBounded(role) ? undefined : read;
  const all = { tool, params, request, notes, role, roleName, decision, names, scope, acted, confirmation };
  return markApproved(all as ApprovedCall);
};

type DecidedCall = NamedCall & { readonly decision: Decision };

const aboutCall = (
  { fourEyes, passkey }: Policy,
  { tool, decision, request }: DecidedCall,
  targets: readonly Target[],
  endpoint: string,
): AskedAbout => ({
  title: tool.command.name,
  tools: [tool],
  fourEyes,
  passkey,
  decision,
  request,
  endpoint,
  unseen: targets.find(isUnseen),
});

const ask = async (
  dependencies: ApproveDependencies,
  { call, targets: known, named, readAt, owners }: JudgedCall,
  { resources, origin, onQuestion }: ApproveOptions,
): Promise<Confirmation> => {
  const withDependents = (targets: readonly Target[]) =>
    resources.withDependents(targets, dependentsOf(dependencies.policy, call));
  const targets = isDestroying(call) ? known : await withDependents(known);
  // A question is better asked without one of its details than not at all.
  const places = named ?? (await resources.places(call, targets).catch(() => []));
  const cloud = { host: origin.host, identity: await origin.identity() };
  const look = toLook(call, targets, cloud, readAt);
  const question = { ...askAbout(call, targets, cloud, Object.assign({}, ...places) as Row), look };
  // A person may have taken minutes; what is about to be destroyed must still be what they were shown.
  const isUnchanged = async (): Promise<boolean> => {
    if (!look || !isRecent(look))
      return digestOf(call, await withDependents(await resources.actedOn(call, owners)), cloud) === question.digest;
    const now = await lookAgain(resources, call, { owners, dependents: dependentsOf(dependencies.policy, call) });
    refuseProtected(dependencies.policy, call, now);
    return toLook(call, now, cloud, look.at)?.digest === look.digest;
  };
  const about = aboutCall(dependencies.policy, call, targets, cloud.host);
  return confirm(dependencies, about, question, { onQuestion, isUnchanged });
};

/**
 * The answer to a question that was asked a moment ago: the targets alone are read again, and what was shown with them is
 * believed. Undefined where there is none, something changed, or rules judge by what only a whole look shows.
 */
const answerOf = async (
  dependencies: ApproveDependencies,
  confined: ConfinedCall,
  { resources, origin, onQuestion }: ApproveOptions,
): Promise<ApprovedCall | undefined> => {
  const { policy } = dependencies;
  const { decision, request } = confined;
  const { asked } = request;
  if (!asked || !isRecent(asked.look) || !decision || policy.limits.length) return undefined;
  const which = { owners: ownersOf(policy, confined), dependents: dependentsOf(policy, confined) };
  const targets = await lookAgain(resources, confined, which);
  const cloud = { host: origin.host, identity: await origin.identity() };
  if (toLook(confined, targets, cloud, asked.look.at)?.digest !== asked.look.digest) return undefined;
  refuseProtected(policy, confined, targets);
  const call = askInDoubt(policy, { ...confined, decision }, targets);
  if (call.decision.action !== 'confirm') return undefined;
  // The text stayed with the person; the log says what it was about.
  const question: Question = { message: askAbout(call, targets, cloud).message, ...asked };
  const isUnchanged = (): Promise<boolean> => Promise.resolve(true);
  const about = aboutCall(dependencies.policy, call, targets, cloud.host);
  const confirmation = await confirm(dependencies, about, question, { onQuestion, isUnchanged });
  const key = sessionKeyOf(call);
  if (key !== undefined) await dependencies.confirmations.add(key);
  return approved(call, targets, confirmation);
};

/** Under what a yes is remembered that counts for more than one call; undefined where each is asked about. */
const sessionKeyOf = ({ tool, request, decision }: NamedCall): string | undefined => {
  const { principal, profile, host } = request.caller;
  return tool.risk.once && decision?.action === 'confirm'
    ? JSON.stringify([principal, profile, host, tool.command.name])
    : undefined;
};

/** The confirmation of a call, if it needs one that was not given for the whole session before. */
const confirmUnlessKnown = async (
  dependencies: ApproveDependencies,
  judged: JudgedCall,
  options: ApproveOptions,
): Promise<Confirmation | undefined> => {
  const { call } = judged;
  if (call.decision.action === 'allow') return undefined;
  const key = sessionKeyOf(call);
  if (key !== undefined && (await dependencies.confirmations.has(key))) return undefined;
  const given = await ask(dependencies, judged, options);
  if (key !== undefined) await dependencies.confirmations.add(key);
  return given;
};

/** Lets a call leave, after a confirmation where the policy requires one. Every doubt is a no. */
export const approve = async (
  dependencies: ApproveDependencies,
  confined: ConfinedCall,
  options: ApproveOptions,
): Promise<ApprovedCall> => {
  const { policy, count } = dependencies;
  const { planned } = confined.request;
  if (confined.tool.risk.risk === 'read' && confined.decision?.action === 'allow') return approved(confined);
  const answered = planned ? undefined : await answerOf(dependencies, confined, options);
  if (answered) return answered;
  const judged = await judgeCall(policy, confined, options.resources);
  const { call, acted, judgedBy } = judged;
  await checkLimits(policy, count, call, judgedBy, false);
  const confirmation = planned
    ? confirmationOf(planned, judged)
    : ((await standingConfirmation(dependencies, policy, judged)) ??
      (await confirmUnlessKnown(dependencies, judged, options)));
  await checkLimits(policy, count, call, judgedBy, true);
  return approved(call, acted, confirmation);
};
