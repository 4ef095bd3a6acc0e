import { CallError } from '../errors.ts';
import { programName } from '../program-name.ts';
import { AwaitingReply, type Question, type Reply } from '../consent.ts';
import type { Severity } from '../catalog/risk.ts';
import type { Tool } from '../catalog/tool.ts';
import { cutText, isId, toLabel, toQuoted } from '../text.ts';
import type { Caller, CallRequest, Confirmation, Decision, Target } from '../types.ts';
import { maxReason, type AboutWaiting, type Approvals, type WaitingCall } from './approvals.ts';
import type { OpenQuestions } from './open-questions.ts';
import { judgeReply, type ReplyVerdict } from './reply.ts';

/** What the guard needs to ask well, and to believe a reply once; made once for a server. */
export interface ConfirmDependencies {
  /** True the first time a key is seen, false ever after. */
  setIfAbsent: (key: string) => Promise<boolean>;
  approvals: Approvals;
  questions: OpenQuestions;
  /** Called when a call begins to wait under a code. */
  onWaiting: (call: { code: string; title: string; caller: Caller }) => void;
  /** Called with what became of a question. */
  onConfirmation: (result: 'asked' | 'accepted' | 'declined' | 'sent-to-terminal') => void;
}

/** What a question is about: a call, or a plan. */
export interface AskedAbout {
  /** As messages name it: the command, or the plan. */
  title: string;
  /** What it would run. */
  tools: readonly Tool[];
  /** The policy requires someone other than the one who asks, where it requires an approval. */
  fourEyes: boolean;
  /** The severities for which it wants a passkey. */
  passkey: readonly Severity[];
  decision: Decision;
  request: Pick<CallRequest, 'consent' | 'lead' | 'caller'>;
  /** Host and port of the cloud, or `the embedded simulator`. */
  endpoint: string;
  /** What it names and no one finds. */
  unseen?: Target | undefined;
}

/** What one question needs. */
export interface ConfirmOptions {
  /** Called with the digest of the question before it is asked. */
  onQuestion: (digest: string) => void;
  /** Whether what the question showed is still so. */
  isUnchanged: () => Promise<boolean>;
}

/** A person said no: who, when and how, as a yes is told, and why. */
export class RefusedByPerson extends CallError {
  readonly given: Confirmation;
  readonly reason: string | undefined;

  constructor(given: Confirmation, message: string, hint: string, reason?: string) {
    super('unconfirmed', `${message} Nothing was sent.`, hint);
    this.given = given;
    this.reason = reason;
  }
}

const unconfirmed = (message: string, hint: string): CallError =>
  new CallError('unconfirmed', `${message} Nothing was sent.`, hint);

const again = 'Make the same call again to be asked again.';

const reasons: Readonly<Record<Exclude<ReplyVerdict, 'yes' | 'not-accepted'>, string>> = {
  'other-question': 'The confirmation was for another call, or what it acts on has changed since.',
  'wrong-phrase': 'The typed text is not the text in double quotes.',
  'not-confirmed': 'The user did not confirm.',
};

const timeOf = (milliseconds: number = Date.now()): string => new Date(milliseconds).toISOString();

/** Characters of a question that the log holds; its digest stands for all of it. */
const maxAbout = 4000;
const toAbout = (message: string): string => cutText(message, maxAbout);

const checkReply = async (
  question: Question,
  reply: Reply,
  { setIfAbsent }: Pick<ConfirmDependencies, 'setIfAbsent'>,
  who: string,
): Promise<void> => {
  const verdict = judgeReply(question, reply);
  if (verdict === 'not-accepted') {
    const words = [`The user did not agree (${reply.action}).`, 'Ask them before trying again.'] as const;
    if (reply.action !== 'decline') throw unconfirmed(...words);
    throw new RefusedByPerson({ by: reply.by, who, at: timeOf(), about: toAbout(question.message) }, ...words);
  }
  if (verdict !== 'yes') throw unconfirmed(reasons[verdict], again);
  if (!(await setIfAbsent(`reply:${reply.nonce}`))) throw unconfirmed('This confirmation was already used.', again);
};

/** What is saved of what waits, to judge who may approve it. */
const inQuestion = ({ tools, fourEyes, decision, endpoint }: AskedAbout): AboutWaiting => ({
  fourEyes: fourEyes && decision.action === 'approve',
  endpoint,
  calls: tools.map(({ command, name, toolset, risk: { risk, severity } }) => ({
    command: command.name,
    tool: name,
    toolset,
    risk,
    severity,
  })),
});

/**
 * The approval where the person was led to it, else the approval code and where to use it. What no one finds takes no place from
 * what waits for a person.
 */
const sendToTerminal = async (
  dependencies: ConfirmDependencies,
  about: AskedAbout,
  question: Question,
  why: string,
): Promise<WaitingCall> => {
  const { title, decision, request, unseen, tools, passkey } = about;
  if (unseen)
    throw new CallError(
      'not-found',
      `${title}: there is no ${unseen.title} ${isId(unseen.id) ? 'with the id' : 'called'} "${toLabel(unseen.id)}" that this account can see. Nothing was sent.`,
      'The call needs a confirmation, and no approval code is issued for a resource that is not found. Check the id, or the name and its domain. It may belong to another account: [[whoami]] shows which one this is.',
    );
  const code = await dependencies.approvals.open(question, request.caller, inQuestion(about));
  dependencies.onConfirmation('sent-to-terminal');
  if (await dependencies.setIfAbsent(`waiting:${code}`))
    dependencies.onWaiting({ code, title, caller: request.caller });
  const { approvals } = dependencies;
  const isAnswered = async (): Promise<boolean> => !(await approvals.waiting()).some((call) => call.code === code);
  const led = await request.lead?.(question, code, isAnswered);
  const approval = led ? await approvals.take(question.digest) : undefined;
  if (approval) return approval;
  throw unconfirmed(
    `${title} needs a confirmation by a person (${decision.rule}), and ${why}. Approval code: ${code}.`,
    tools.some(({ risk }) => passkey.includes(risk.severity))
      ? 'A person approves it on the web page of this server, with a passkey; then make exactly the same call again.'
      : `A person can approve it at a terminal: ${programName} approve ${code} — then make exactly the same call again.`,
  );
};

/**
 * The human's reply. Some hosts say that they can ask and never show the question: it is put once, and while no one has
 * answered it, the same call is sent to the terminal instead.
 */
const awaitReply = async (
  dependencies: ConfirmDependencies,
  about: AskedAbout,
  question: Question,
): Promise<Reply | WaitingCall> => {
  const { questions } = dependencies;
  const { principal } = about.request.caller;
  const reply = await about.request.consent(question).catch(async (error: unknown): Promise<WaitingCall> => {
    if (!(error instanceof AwaitingReply) || error.isUnasked) throw error;
    if (await questions.isOpen(question.digest))
      return sendToTerminal(dependencies, about, question, 'no one has answered the question that this host was given');
    await questions.open(question.digest, principal);
    dependencies.onConfirmation('asked');
    throw error;
  });
  if (!reply) {
    const why = question.isLong ? 'it acts on more than a dialog shows' : 'this host has no way to ask';
    return sendToTerminal(dependencies, about, question, why);
  }
  if (!('code' in reply)) await questions.close(reply.digest, principal);
  return reply;
};

const answerTo = ({ by: who = 'unknown', code, means, answered, message }: WaitingCall): Confirmation => ({
  by: 'approval',
  who,
  at: timeOf(answered),
  code,
  means,
  about: toAbout(message),
});

/** The no that was said to a waiting call, with who said it and why. */
export const refusalOf = (call: WaitingCall): RefusedByPerson | undefined => {
  const { by: who = 'unknown', refused } = call;
  if (refused === undefined) return undefined;
  return new RefusedByPerson(
    answerTo(call),
    `${toQuoted(who, 60)} refused it${refused ? `: ${toQuoted(refused, maxReason)}` : ''}.`,
    'Do not make this call again before you have talked to that person.',
    refused,
  );
};

/** The answer that was given to a waiting call. Throws a CallError for a no, with who said it and why. */
const byApproval = ({ onConfirmation }: ConfirmDependencies, call: WaitingCall): Confirmation => {
  const refusal = refusalOf(call);
  onConfirmation(refusal ? 'declined' : 'accepted');
  if (refusal) throw refusal;
  return answerTo(call);
};

/** Asks the question, unless it was approved already, and believes the reply once. Throws a CallError for everything but a yes. */
export const confirm = async (
  dependencies: ConfirmDependencies,
  about: AskedAbout,
  question: Question,
  { onQuestion, isUnchanged }: ConfirmOptions,
): Promise<Confirmation> => {
  onQuestion(question.digest);
  const approval = await dependencies.approvals.take(question.digest);
  if (approval) return byApproval(dependencies, approval);
  const reply =
    about.decision.action === 'approve'
      ? await sendToTerminal(dependencies, about, question, 'the policy requires an approval outside of this host')
      : await awaitReply(dependencies, about, question);
  if ('code' in reply) {
    const given = byApproval(dependencies, reply);
    if (await isUnchanged()) return given;
    throw unconfirmed('What it acts on has changed since the user was asked.', again);
  }
  try {
    await checkReply(question, reply, dependencies, about.request.caller.principal);
  } catch (error) {
    dependencies.onConfirmation('declined');
    // A yes that is used already or was for something else is no answer of a person who is tired of questions.
    if (reply.action === 'decline' || (reply.action === 'accept' && reply.confirm === false))
      await dependencies.questions.decline(about.request.caller.principal);
    throw error;
  }
  if (!reply.withCall && !(await isUnchanged()))
    throw unconfirmed('What it acts on has changed since the user was asked.', again);
  dependencies.onConfirmation('accepted');
  return { by: reply.by, who: about.request.caller.principal, at: timeOf(), about: toAbout(question.message) };
};
