import { CallError } from '../errors.ts';
import { toLabel } from '../text.ts';
import type { Caller } from '../types.ts';
import { codeMinutes, findWaiting, maxReason, type Approvals, type WaitingCall } from './approvals.ts';
import { isBounded } from './bounds.ts';
import { judgeReply } from './reply.ts';
import { checkRole, roleOf, type Access } from './roles.ts';

/** A person who looks at the calls that wait. */
export interface Approver extends Pick<Caller, 'principal' | 'isLocal'> {
  /** Signed in with something that a program may hold as well, so that its own calls are not for it to approve. */
  mayBeProgram?: boolean | undefined;
}

/** A waiting call as one approver sees it. */
export interface SeenCall extends WaitingCall {
  /** Milliseconds since 1970 until which it waits. */
  until: number;
  isOwn: boolean;
  /** Why this approver may not approve it; undefined where they may. */
  obstacle?: string | undefined;
}

/** What an approver says to a waiting call. */
export type ApproverReply =
  { action: 'accept'; confirm?: unknown; phrase?: unknown } | { action: 'decline'; reason: string };

/** Refuses the one who asked where someone else has to approve. Throws a CallError. */
export const checkFourEyes = ({ about, caller }: WaitingCall, ...names: readonly string[]): void => {
  if (about?.fourEyes && names.includes(caller.principal))
    throw new CallError(
      'refused',
      'The policy wants someone else than the one who asked to approve this call.',
      'Ask a colleague whose role reaches this command.',
    );
};

/** Throws a CallError for an approver who could not make this call themself. */
const checkReach = (access: Access, approver: Approver, { about, caller }: WaitingCall): void => {
  const { name, role } = roleOf(access, { ...approver, profile: caller.profile });
  if (!about) throw new CallError('refused', 'An older release of this server asked for it.', 'Make the call again.');
  for (const { command, tool, toolset, risk } of about.calls)
    checkRole(name, role, { command: { name: command }, name: tool, toolset, risk: { risk } });
  if (isBounded(role))
    throw new CallError(
      'refused',
      `The role "${name}" sees a part of the cloud; whether this call stays within it is not known here.`,
      'Someone whose role sees the whole cloud can approve it.',
    );
};

const checkOwn = (approver: Approver, call: WaitingCall): void => {
  checkFourEyes(call, approver.principal);
  if (approver.mayBeProgram && call.caller.principal === approver.principal)
    throw new CallError(
      'refused',
      'You signed in with a token, which the program that asked may hold as well.',
      'Someone else can approve it, or you at a terminal.',
    );
};

const problemOf = (check: () => void): string | undefined => {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof CallError) return error.message;
    throw error;
  }
};

const see = (access: Access, approver: Approver, call: WaitingCall): SeenCall | undefined => {
  const isOwn = call.caller.principal === approver.principal;
  const beyond = problemOf(() => checkReach(access, approver, call));
  if (beyond !== undefined && !isOwn) return undefined;
  const obstacle = beyond ?? problemOf(() => checkOwn(approver, call));
  return { ...call, until: call.asked + codeMinutes * 60_000, isOwn, obstacle };
};

/** The waiting calls that an approver may approve, and their own, oldest first. */
export const listSeen = async (access: Access, approvals: Approvals, approver: Approver): Promise<SeenCall[]> =>
  (await approvals.waiting()).flatMap((call) => see(access, approver, call) ?? []);

/** Takes an approver's reply to a waiting call. Throws a CallError for one that is no yes and no no, or not theirs to give. */
export const replyTo = async (
  access: Access,
  approvals: Approvals,
  approver: Approver,
  { code, reply }: { code: string; reply: ApproverReply },
): Promise<void> => {
  const call = findWaiting(await listSeen(access, approvals, approver), code);
  const { principal } = approver;
  if (reply.action === 'decline') {
    await approvals.refuse(call.code, principal, toLabel(reply.reason, maxReason));
    return;
  }
  if (call.obstacle !== undefined) throw new CallError('refused', call.obstacle, 'Nothing was approved.');
  const verdict = judgeReply(call, { ...reply, digest: call.digest, nonce: call.code, by: 'approval' });
  if (verdict !== 'yes')
    throw new CallError(
      'unconfirmed',
      verdict === 'wrong-phrase'
        ? 'What was typed is not what the message shows in double quotes.'
        : 'It was not confirmed.',
      'The call still waits.',
    );
  await approvals.approve(call.code, principal, 'page');
};
