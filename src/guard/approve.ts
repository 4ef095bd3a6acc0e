import { CallError } from '../errors.ts';
import type { ApprovedCall, Question, Reply, ResolvedCall } from '../types.ts';
import { askAbout, type Target } from './question.ts';

/** What the guard needs to ask well and to believe an answer once. */
export interface GuardDeps {
  /** Reads what a call acts on, so that the human sees names. */
  describe: (call: ResolvedCall) => Promise<readonly Target[]>;
  /** True the first time a key is seen, false ever after. */
  once: (key: string) => Promise<boolean>;
  /** Told the digest of the question before it is asked. */
  noteQuestion: (digest: string) => void;
}

const unconfirmed = (message: string, hint: string): CallError =>
  new CallError('unconfirmed', `${message} Nothing was sent.`, hint);

const checkReply = async ({ digest, phrase }: Question, reply: Reply, once: GuardDeps['once']): Promise<void> => {
  const again = 'Make the same call again to be asked again.';
  if (reply.action !== 'accept')
    throw unconfirmed(`The human did not agree (${reply.action}).`, 'Ask them before trying again.');
  if (reply.digest !== digest) throw unconfirmed('The yes was given to another call.', again);
  if (phrase !== undefined && reply.phrase !== phrase)
    throw unconfirmed('What was typed is not what the message showed in double quotes.', again);
  if (phrase === undefined && reply.confirm !== true) throw unconfirmed('The human did not say yes.', again);
  if (!(await once(`reply:${reply.nonce}`))) throw unconfirmed('This yes was used already.', again);
};

const approved = (call: ResolvedCall, confirmation?: string): ApprovedCall =>
  ({ ...call, confirmation }) as ApprovedCall;

/** Lets a call leave, after a human's yes where the policy wants one. Every doubt is a no. */
export const approve = async (deps: GuardDeps, call: ResolvedCall): Promise<ApprovedCall> => {
  if (call.decision.action === 'allow') return approved(call);
  const question = askAbout(call, await deps.describe(call));
  deps.noteQuestion(question.digest);
  const reply = await call.request.consent(question);
  if (!reply)
    throw unconfirmed(
      `${call.tool.command.name} needs a human's yes (${call.decision.rule}), and this host has no way to ask.`,
      `A person can run it at a terminal: cloudstack-mcp call ${call.tool.name}`,
    );
  await checkReply(question, reply, deps.once);
  return approved(call, reply.by);
};
