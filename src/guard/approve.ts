import { CallError } from '../errors.ts';
import type { Row } from '../rows.ts';
import type { ApprovedCall, Question, Reply, ResolvedCall } from '../types.ts';
import { decide, hasTag } from './decide.ts';
import type { Approvals } from './approvals.ts';
import { checkLimits, type Count } from './limits.ts';
import { blocked } from './permit.ts';
import type { Policy } from './policy.ts';
import { askAbout } from './question.ts';
import type { Target } from './targets.ts';

/** What the guard needs to decide about resources, to ask well, and to believe an answer once. */
export interface GuardDeps {
  policy: Policy;
  /** Reads what a call acts on, for the human with what hangs on it. */
  targets: (call: ResolvedCall, options: { dependents: boolean }) => Promise<readonly Target[]>;
  /** Rows of the zone, domain and project that a call names. */
  places: (call: ResolvedCall) => Promise<readonly Row[]>;
  /** True the first time a key is seen, false ever after. */
  once: (key: string) => Promise<boolean>;
  count: Count;
  approvals: Approvals;
  /** Told the digest of the question before it is asked. */
  noteQuestion: (digest: string) => void;
}

const unconfirmed = (message: string, hint: string): CallError =>
  new CallError('unconfirmed', `${message} Nothing was sent.`, hint);

const again = 'Make the same call again to be asked again.';

const checkReply = async ({ digest, phrase }: Question, reply: Reply, once: GuardDeps['once']): Promise<void> => {
  if (reply.action !== 'accept')
    throw unconfirmed(`The human did not agree (${reply.action}).`, 'Ask them before trying again.');
  if (reply.digest !== digest)
    throw unconfirmed('The yes was given to another call, or what it acts on has changed since.', again);
  if (phrase !== undefined && reply.phrase !== phrase)
    throw unconfirmed('What was typed is not what the message showed in double quotes.', again);
  if (phrase === undefined && reply.confirm !== true) throw unconfirmed('The human did not say yes.', again);
  if (!(await once(`reply:${reply.nonce}`))) throw unconfirmed('This yes was used already.', again);
};

const approved = (call: ResolvedCall, confirmation?: string): ApprovedCall =>
  ({ ...call, confirmation }) as ApprovedCall;

/** The approval code and where to use it. */
const sendToTerminal = async (deps: GuardDeps, call: ResolvedCall, question: Question, why: string): Promise<never> => {
  const code = await deps.approvals.open(question, call.request.caller);
  throw unconfirmed(
    `${call.tool.command.name} needs a human's yes (${call.decision?.rule ?? 'policy'}), and ${why}. Approval code: ${code}.`,
    `A person can approve it at a terminal: cloudstack-mcp approve ${code} — then make exactly the same call again.`,
  );
};

const ask = async (deps: GuardDeps, call: ResolvedCall): Promise<string> => {
  const read = () => deps.targets(call, { dependents: true });
  const question = askAbout(call, await read());
  deps.noteQuestion(question.digest);
  const approval = await deps.approvals.take(question.digest);
  if (approval) return `approval by ${approval.by}`;
  if (call.decision?.action === 'approve')
    return sendToTerminal(deps, call, question, 'the policy wants it outside of this host');
  const reply = await call.request.consent(question);
  if (!reply) return sendToTerminal(deps, call, question, 'this host has no way to ask');
  await checkReply(question, reply, deps.once);
  // A person may have taken minutes; what is about to be destroyed must still be what they were shown.
  if (askAbout(call, await read()).digest !== question.digest)
    throw unconfirmed('What it acts on has changed since the human was asked.', again);
  return reply.by;
};

/** Decides with the resources known. What is protected is out of reach of every rule. */
const decideWithPlaces = async (deps: GuardDeps, call: ResolvedCall): Promise<ResolvedCall> => {
  const { policy } = deps;
  const { tool, request } = call;
  const isRead = tool.risk.risk === 'read';
  const targets = isRead ? [] : await deps.targets(call, { dependents: false });
  const { protect } = policy;
  const kept = protect && targets.find(({ row }) => row && hasTag(row, protect.key, protect.value));
  if (kept && protect) {
    const rule = `protected: tag ${protect.key}=${protect.value} on ${kept.title} ${kept.id}`;
    throw blocked(tool.command.name, policy, rule);
  }
  if (call.decision) return call;
  const rows = targets.flatMap(({ row }) => (row ? [row] : []));
  const places = [...rows, ...(await deps.places(call))];
  const decision = decide(policy, { tool, caller: request.caller, role: call.roleName, places });
  if (!decision || decision.action === 'block') throw blocked(tool.command.name, policy, decision?.rule ?? 'undecided');
  return { ...call, decision: { action: decision.action, rule: decision.rule } };
};

/** Lets a call leave, after a human's yes where the policy wants one. Every doubt is a no. */
export const approve = async (deps: GuardDeps, resolved: ResolvedCall): Promise<ApprovedCall> => {
  if (resolved.tool.risk.risk === 'read' && resolved.decision?.action === 'allow') return approved(resolved);
  const call = await decideWithPlaces(deps, resolved);
  const confirmation = call.decision?.action === 'allow' ? undefined : await ask(deps, call);
  await checkLimits(deps.policy, deps.count, call);
  return approved(call, confirmation);
};
