import { CallError } from '../errors.ts';
import { programName } from '../program-name.ts';
import { AwaitingReply, type Question, type Reply } from '../consent.ts';
import type { Row } from '../rows.ts';
import { isId, toLabel } from '../text.ts';
import type {
  CloudOrigin,
  ApprovedCall,
  ConfinedCall,
  Confirmation,
  NamedCall,
  Resources,
  Target,
  WhichDependents,
} from '../types.ts';
import { markApproved } from '../approved.ts';
import type { Approvals } from './approvals.ts';
import type { Count } from './counts.ts';
import { isBounded } from './bounds.ts';
import { decide, hasTag, strictest } from './decide.ts';
import { decidingTagOf } from './deciding-tags.ts';
import { checkLimits } from './limits.ts';
import { isRecent, lookAgain, toLook } from './look.ts';
import type { OpenQuestions } from './open-questions.ts';
import { blocked } from './permit.ts';
import { unknownPlaces } from './places.ts';
import type { Policy } from './policy.ts';
import { askAbout, digestOf } from './question.ts';
import { judgeReply, type ReplyVerdict } from './reply.ts';

/** What the guard needs to decide about resources, to ask well, and to believe a reply once; made once for a server. */
export interface ApproveDependencies {
  policy: Policy;
  /** True the first time a key is seen, false ever after. */
  setIfAbsent: (key: string) => Promise<boolean>;
  /** What was confirmed for the rest of a session. */
  confirmations: { has(key: string): Promise<boolean>; add(key: string): Promise<void> };
  count: Count;
  approvals: Approvals;
  questions: OpenQuestions;
  /** Called with what became of a question. */
  onConfirmation: (result: 'asked' | 'accepted' | 'declined' | 'sent-to-terminal') => void;
}

/** What approving one call needs. */
export interface ApproveOptions {
  resources: Pick<Resources, 'actedOn' | 'targetsOf' | 'places' | 'withDependents' | 'withPlaces'>;
  /** Which cloud it goes to. */
  origin: CloudOrigin;
  /** Called with the digest of the question before it is asked. */
  onQuestion: (digest: string) => void;
}

const unconfirmed = (message: string, hint: string): CallError =>
  new CallError('unconfirmed', `${message} Nothing was sent.`, hint);

const again = 'Make the same call again to be asked again.';

const reasons: Readonly<Record<Exclude<ReplyVerdict, 'yes' | 'not-accepted'>, string>> = {
  'other-question': 'The yes was given to another call, or what it acts on has changed since.',
  'wrong-phrase': 'What was typed is not what the message showed in double quotes.',
  'not-confirmed': 'The human did not confirm.',
};

const checkReply = async (
  question: Question,
  reply: Reply,
  setIfAbsent: ApproveDependencies['setIfAbsent'],
): Promise<void> => {
  const verdict = judgeReply(question, reply);
  if (verdict === 'not-accepted')
    throw unconfirmed(`The human did not agree (${reply.action}).`, 'Ask them before trying again.');
  if (verdict !== 'yes') throw unconfirmed(reasons[verdict], again);
  if (!(await setIfAbsent(`reply:${reply.nonce}`))) throw unconfirmed('This yes was used already.', again);
};

/** A role that sees a part of the cloud is shown nothing of what was read for the guard: it may lie beyond that part. */
const approved = (call: NamedCall, read?: readonly Target[], confirmation?: Confirmation): ApprovedCall => {
  const { tool, params, request, notes, role, roleName, decision, names, scope } = call;
  const acted = isBounded(role) ? undefined : read;
  const all = { tool, params, request, notes, role, roleName, decision, names, scope, acted, confirmation };
  return markApproved(all as ApprovedCall);
};

/** A question, and what it is about. */
interface AskedQuestion {
  question: Question;
  targets: readonly Target[];
}

/** Can be read in principle, and was not found. */
const isUnseen = ({ row, isReadable }: Target): boolean => !row && isReadable;

/** The approval code and where to use it. What no one finds takes no place from what waits for a person. */
const sendToTerminal = async (
  dependencies: ApproveDependencies,
  call: NamedCall,
  { question, targets }: AskedQuestion,
  why: string,
): Promise<never> => {
  const unseen = targets.find(isUnseen);
  if (unseen)
    throw new CallError(
      'not-found',
      `${call.tool.command.name}: there is no ${unseen.title} ${isId(unseen.id) ? 'with the id' : 'called'} "${toLabel(unseen.id)}" that this account can see. Nothing was sent.`,
      'It needs a confirmation by a human, and no approval code is given for what is not found. Check the id, or the name and the domain beside it.',
    );
  const code = await dependencies.approvals.open(question, call.request.caller);
  dependencies.onConfirmation('sent-to-terminal');
  throw unconfirmed(
    `${call.tool.command.name} needs a confirmation by a human (${call.decision?.rule ?? 'policy'}), and ${why}. Approval code: ${code}.`,
    `A person can approve it at a terminal: ${programName} approve ${code} — then make exactly the same call again.`,
  );
};

/**
 * The human's reply. Some hosts say that they can ask and never show the question: it is put once, and while no one has
 * answered it, the same call is sent to the terminal instead.
 */
const awaitReply = async (dependencies: ApproveDependencies, call: NamedCall, asked: AskedQuestion): Promise<Reply> => {
  const { questions } = dependencies;
  const { question } = asked;
  const { principal } = call.request.caller;
  const reply = await call.request.consent(question).catch(async (error: unknown) => {
    if (!(error instanceof AwaitingReply)) throw error;
    if (await questions.isOpen(question.digest))
      return sendToTerminal(dependencies, call, asked, 'no one has answered the question that this host was given');
    await questions.open(question.digest, principal);
    dependencies.onConfirmation('asked');
    throw error;
  });
  if (!reply) {
    const why = question.isLong ? 'it acts on more than a dialog shows' : 'this host has no way to ask';
    return sendToTerminal(dependencies, call, asked, why);
  }
  await questions.close(reply.digest, principal);
  return reply;
};

/** What a person is shown of what hangs on a target: all that may be lost with it, or what stops with it. */
const dependentsOf = ({ tool, tool: { risk } }: NamedCall): WhichDependents => ({
  tool,
  which: risk.risk === 'destroy' && risk.category !== 'outage' ? 'all' : 'stopped',
});

const isDestroying = ({ tool }: NamedCall): boolean => tool.risk.risk === 'destroy';

const ask = async (
  dependencies: ApproveDependencies,
  call: NamedCall,
  known: { targets: readonly Target[]; places: readonly Row[] | undefined; readAt: number },
  { resources, origin, onQuestion }: ApproveOptions,
): Promise<Confirmation> => {
  const withDependents = (targets: readonly Target[]) => resources.withDependents(targets, dependentsOf(call));
  const targets = isDestroying(call) ? known.targets : await withDependents(known.targets);
  // A question is better asked without one of its details than not at all.
  const places = known.places ?? (await resources.places(call, targets).catch(() => []));
  const cloud = { host: origin.host, identity: await origin.identity() };
  const look = toLook(call, targets, cloud, known.readAt);
  const question = { ...askAbout(call, targets, cloud, Object.assign({}, ...places) as Row), look };
  // A person may have taken minutes; what is about to be destroyed must still be what they were shown.
  const isUnchanged = async (): Promise<boolean> => {
    if (!look || !isRecent(look))
      return digestOf(call, await withDependents(await resources.actedOn(call)), cloud) === question.digest;
    const now = await lookAgain(resources, call, dependentsOf(call));
    refuseProtected(dependencies.policy, call, now);
    return toLook(call, now, cloud, look.at)?.digest === look.digest;
  };
  return confirm(dependencies, call, { question, targets }, { onQuestion, isUnchanged });
};

/** Asks the question, unless it was approved already, and believes the reply once. */
const confirm = async (
  dependencies: ApproveDependencies,
  call: NamedCall,
  asked: AskedQuestion,
  { onQuestion, isUnchanged }: Pick<ApproveOptions, 'onQuestion'> & { isUnchanged: () => Promise<boolean> },
): Promise<Confirmation> => {
  const { question } = asked;
  onQuestion(question.digest);
  const approval = await dependencies.approvals.take(question.digest);
  if (approval) {
    dependencies.onConfirmation('accepted');
    return { by: 'approval', who: approval.by ?? 'unknown' };
  }
  if (call.decision?.action === 'approve')
    return sendToTerminal(dependencies, call, asked, 'the policy wants it outside of this host');
  const reply = await awaitReply(dependencies, call, asked);
  try {
    await checkReply(question, reply, dependencies.setIfAbsent);
  } catch (error) {
    dependencies.onConfirmation('declined');
    // A yes that is used already or was for something else is no answer of a person who is tired of questions.
    if (reply.action === 'decline' || (reply.action === 'accept' && reply.confirm === false))
      await dependencies.questions.decline(call.request.caller.principal);
    throw error;
  }
  if (!reply.withCall && !(await isUnchanged()))
    throw unconfirmed('What it acts on has changed since the human was asked.', again);
  dependencies.onConfirmation('accepted');
  return { by: reply.by, who: call.request.caller.principal };
};

/**
 * Refuses what would change something protected, or what stops it, or what destroys for good what it hangs on; out of reach of
 * every rule.
 */
const refuseProtected = (policy: Policy, { tool }: NamedCall, targets: readonly Target[]): void => {
  const { protect } = policy;
  if (!protect) return;
  for (const { row, title, dependents = [] } of targets) {
    const hanging = dependents.filter(({ stops }) => stops || !tool.risk.reversible);
    const saved = [{ title, rows: row ? [row] : [] }, ...hanging].flatMap((group) =>
      group.rows
        .filter((one) => hasTag(one, protect.key, protect.value))
        .map((one) => `${group.title} ${String(one['id'])}`),
    );
    if (saved.length)
      throw blocked(tool.command.name, policy, `protected: tag ${protect.key}=${protect.value} on ${saved[0]}`);
  }
};

/** Each resource is judged by itself; the strictest verdict counts for the call. */
const judge = (policy: Policy, call: NamedCall, targets: readonly Target[], places: readonly Row[]): NamedCall => {
  if (call.decision) return call;
  const { tool, request, roleName } = call;
  const subject = { tool, caller: request.caller, role: roleName };
  const verdicts = (targets.length ? targets : [undefined]).flatMap((target) => {
    const row = target?.row;
    const unsure = target && (row ? unknownPlaces(target, places) : true);
    return decide(policy, { ...subject, places: row ? [row, ...places] : places, unsure }) ?? [];
  });
  const verdict = strictest(verdicts);
  if (!verdict || verdict.action === 'block') throw blocked(tool.command.name, policy, verdict?.rule ?? 'undecided');
  return { ...call, decision: { action: verdict.action, rule: verdict.rule } };
};

/**
 * Whatever a rule allows, some changes are made after a yes only: of what can be read in principle and is not found, since it
 * may be protected, and of tags that decide what the next call may do.
 */
const askInDoubt = (policy: Policy, call: NamedCall, targets: readonly Target[]): NamedCall => {
  if (call.tool.risk.risk === 'read' || call.decision?.action !== 'allow') return call;
  const tag = decidingTagOf(policy, call);
  const doubt = targets.some(isUnseen)
    ? 'but it was not found'
    : tag === undefined
      ? undefined
      : `but the policy decides by the tag ${tag}`;
  return doubt === undefined
    ? call
    : { ...call, decision: { action: 'confirm', rule: `${call.decision.rule}, ${doubt} → confirm` } };
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
  const { asked } = confined.request;
  if (!asked || !isRecent(asked.look) || !confined.decision || policy.limits.length) return undefined;
  const targets = await lookAgain(resources, confined, dependentsOf(confined));
  const cloud = { host: origin.host, identity: await origin.identity() };
  if (toLook(confined, targets, cloud, asked.look.at)?.digest !== asked.look.digest) return undefined;
  refuseProtected(policy, confined, targets);
  const call = askInDoubt(policy, confined, targets);
  if (call.decision?.action !== 'confirm') return undefined;
  const question: Question = { message: '', ...asked };
  const isUnchanged = (): Promise<boolean> => Promise.resolve(true);
  const confirmation = await confirm(dependencies, call, { question, targets }, { onQuestion, isUnchanged });
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
  call: NamedCall,
  known: Parameters<typeof ask>[2],
  options: ApproveOptions,
): Promise<Confirmation | undefined> => {
  if (call.decision?.action === 'allow') return undefined;
  const key = sessionKeyOf(call);
  if (key !== undefined && (await dependencies.confirmations.has(key))) return undefined;
  const given = await ask(dependencies, call, known, options);
  if (key !== undefined) await dependencies.confirmations.add(key);
  return given;
};

/** Lets a call leave, after a confirmation where the policy requires one. Every doubt is a no. */
export const approve = async (
  dependencies: ApproveDependencies,
  confined: ConfinedCall,
  options: ApproveOptions,
): Promise<ApprovedCall> => {
  const { resources } = options;
  const { policy } = dependencies;
  const { risk } = confined.tool.risk;
  if (risk === 'read' && confined.decision?.action === 'allow') return approved(confined);
  const answered = await answerOf(dependencies, confined, options);
  if (answered) return answered;
  const readAt = Date.now();
  const acted = await resources.actedOn(confined);
  // Of what is destroyed or stopped, what hangs on it is judged, too.
  const targets = isDestroying(confined) ? await resources.withDependents(acted, dependentsOf(confined)) : acted;
  if (risk !== 'read') refuseProtected(policy, confined, targets);
  const byPlace = !confined.decision || policy.limits.length > 0;
  const named = byPlace ? await resources.places(confined, targets) : undefined;
  const placed = byPlace ? await resources.withPlaces(targets) : targets;
  const call = askInDoubt(policy, judge(policy, confined, placed, named ?? []), targets);
  const places = [...placed.flatMap(({ row }) => (row ? [row] : [])), ...(named ?? [])];
  await checkLimits(policy, dependencies.count, call, places, false);
  const confirmation = await confirmUnlessKnown(dependencies, call, { targets, places: named, readAt }, options);
  await checkLimits(policy, dependencies.count, call, places, true);
  return approved(call, acted, confirmation);
};
