import { CallError } from '../errors.ts';
import { toLabel } from '../text.ts';
import type { Caller } from '../types.ts';
import { codeMinutes, findWaiting, maxReason, type Approvals, type WaitingCall } from './approvals.ts';
import { isBounded } from './bounds.ts';
import type { Passkeys } from './passkeys.ts';
import type { Policy } from './policy.ts';
import { judgeReply } from './reply.ts';
import { checkRole, roleOf, type Access } from './roles.ts';
import type { PasskeyProof, PasskeySite } from './webauthn.ts';

/** A person who looks at the calls that wait. */
export interface Approver extends Pick<Caller, 'principal' | 'isLocal'> {
  /** Signed in with something that a program may hold as well, so that its own calls are not for it to approve. */
  mayBeProgram?: boolean | undefined;
  /** The page on which they are, where passkeys can be used there. */
  site?: PasskeySite | undefined;
}

/** A waiting call as one approver sees it. */
export interface SeenCall extends WaitingCall {
  /** Milliseconds since 1970 until which it waits. */
  until: number;
  isOwn: boolean;
  /** Why this approver may not approve it; undefined where they may. */
  obstacle?: string | undefined;
  /** It is approved with a passkey. */
  wantsPasskey: boolean;
}

/** What an approver says to a waiting call. */
export type ApproverReply =
  | { action: 'accept'; confirm?: unknown; phrase?: unknown; proof?: PasskeyProof | undefined }
  | { action: 'decline'; reason: string };

/** What judging approvers rests on. */
export interface ApproverRules {
  access: Access;
  policy: Pick<Policy, 'passkey'>;
}

/** Whether the policy requires a passkey for a waiting call: a step of a plan may be what wants it. */
export const wantsPasskey = ({ passkey }: Pick<Policy, 'passkey'>, { about }: WaitingCall): boolean =>
  about?.calls.some(({ severity }) => passkey.includes(severity)) === true;

/** Refuses the one who asked where someone else has to approve. Throws a CallError. */
export const checkFourEyes = ({ about, caller }: WaitingCall, ...names: readonly string[]): void => {
  if (about?.fourEyes && names.includes(caller.principal))
    throw new CallError(
      'refused',
      'The policy requires someone other than the one who asked to approve this call.',
      'Ask a colleague whose role includes this command.',
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

const see = ({ access, policy }: ApproverRules, approver: Approver, call: WaitingCall): SeenCall | undefined => {
  const isOwn = call.caller.principal === approver.principal;
  const beyond = problemOf(() => checkReach(access, approver, call));
  if (beyond !== undefined && !isOwn) return undefined;
  const obstacle = beyond ?? problemOf(() => checkOwn(approver, call));
  return {
    ...call,
    until: call.asked + codeMinutes * 60_000,
    isOwn,
    obstacle,
    wantsPasskey: wantsPasskey(policy, call),
  };
};

/** The waiting calls that an approver may approve, and their own, oldest first. */
export const listSeen = async (rules: ApproverRules, approvals: Approvals, approver: Approver): Promise<SeenCall[]> =>
  (await approvals.waiting()).flatMap((call) => see(rules, approver, call) ?? []);

/** What a passkey signs to approve a call: this one, as it was asked. */
const purposeOf = ({ code, digest }: WaitingCall): string => `approve ${code} ${digest}`;

const noSite = (): CallError =>
  new CallError(
    'refused',
    'Passkeys cannot be used on this page: its address has no host name.',
    'Open it under the public name of this server (https), or as http://localhost.',
  );

/** The page on which an approver is. Throws a CallError where passkeys cannot be used. */
export const siteOf = ({ site }: Approver): PasskeySite => {
  if (!site) throw noSite();
  return site;
};

/** A challenge for a passkey to approve the call under a code. Throws a CallError where it is not the approver's to approve. */
export const askPasskey = async (
  rules: ApproverRules,
  { approvals, passkeys }: { approvals: Approvals; passkeys: Passkeys },
  approver: Approver,
  code: string,
): Promise<string> => {
  const call = findWaiting(await listSeen(rules, approvals, approver), code);
  if (call.obstacle !== undefined) throw new CallError('refused', call.obstacle, 'Nothing was approved.');
  siteOf(approver);
  return passkeys.ask(approver.principal, purposeOf(call));
};

/**
 * Takes an approver's reply to a waiting call; gives the call where it was refused. Throws a CallError for one that is no yes and no
 * no, or not theirs to give.
 */
export const replyTo = async (
  rules: ApproverRules,
  { approvals, passkeys }: { approvals: Approvals; passkeys: Passkeys },
  approver: Approver,
  { code, reply }: { code: string; reply: ApproverReply },
): Promise<WaitingCall | undefined> => {
  const call = findWaiting(await listSeen(rules, approvals, approver), code);
  const { principal } = approver;
  if (reply.action === 'decline') return approvals.refuse(call.code, principal, toLabel(reply.reason, maxReason));
  if (call.obstacle !== undefined) throw new CallError('refused', call.obstacle, 'Nothing was approved.');
  const verdict = judgeReply(call, { ...reply, digest: call.digest, nonce: call.code, by: 'approval' });
  if (verdict !== 'yes')
    throw new CallError(
      'unconfirmed',
      verdict === 'wrong-phrase' ? 'The typed text is not the text in double quotes.' : 'It was not confirmed.',
      'The call still waits.',
    );
  if (call.wantsPasskey) await passkeys.check(principal, siteOf(approver), purposeOf(call), reply.proof);
  await approvals.approve(call.code, principal, call.wantsPasskey ? 'passkey' : 'page');
  return undefined;
};
