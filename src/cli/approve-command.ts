import { userInfo } from 'node:os';
import { openAudit } from '../app/audit.ts';
import { openApprovals } from '../app/guard.ts';
import { recordRefusal } from '../app/record-refusal.ts';
import type { Config } from '../config/config.ts';
import { openConfig } from './open-config.ts';
import { CallError } from '../errors.ts';
import { approvalMinutes, findWaiting, type Approvals, type WaitingCall } from '../guard/approvals.ts';
import { checkFourEyes, wantsPasskey } from '../guard/approver.ts';
import { judgeReply } from '../guard/reply.ts';
import { programName } from '../program-name.ts';
import { openStore } from '../store/open.ts';
import { exit, printText, type Io } from './io.ts';
import { toTable } from './table.ts';
import { createTerminalConsent } from './terminal.ts';

const list = async (waiting: readonly WaitingCall[], io: Io): Promise<number> => {
  if (!waiting.length) {
    await printText(io.stdout, 'No call waits for approval.');
    return exit.done;
  }
  const rows = waiting.map(({ code, message, caller, asked }) => ({
    code,
    asked: `${Math.round((Date.now() - asked) / 1000)} s ago`,
    by: `${caller.principal} (${caller.host})`,
    what: message.split('\n', 1)[0],
  }));
  const room = io.stdout.isTTY ? (io.stdout.columns ?? 80) : undefined;
  await printText(io.stdout, toTable(rows, ['code', 'asked', 'by', 'what'], room));
  return exit.done;
};

const answerCall = async (
  approvals: Approvals,
  code: string | undefined,
  { principal, policy }: Pick<Config, 'principal' | 'policy'>,
  noteRefusal: (call: WaitingCall) => Promise<void>,
  io: Io,
): Promise<number> => {
  const waiting = await approvals.waiting();
  if (code === undefined) return list(waiting, io);
  const call = findWaiting(waiting, code);
  if (wantsPasskey({ passkey: policy?.passkey ?? [] }, call))
    throw new CallError(
      'refused',
      'The policy requires a passkey for this call, which a terminal cannot use.',
      'Approve it on the web page of this server.',
    );
  if (!io.stdin.isTTY)
    throw new CallError(
      'unconfirmed',
      'Only a person at a terminal can approve.',
      'Run it in an interactive terminal.',
    );
  const { username } = userInfo();
  checkFourEyes(call, principal, username);
  const reply = await createTerminalConsent(io)(call);
  if (reply?.action === 'decline') {
    await noteRefusal(await approvals.refuse(call.code, username, '', 'terminal'));
    throw new CallError(
      'unconfirmed',
      'Refused: the call no longer waits. The next same call gets this refusal, once.',
      `${programName} receipt show ${call.code} gives a receipt.`,
    );
  }
  if (!reply || judgeReply(call, reply) !== 'yes')
    throw new CallError(
      'unconfirmed',
      'Not approved; the call still waits.',
      `${programName} approve ${call.code} asks again. A no, or an empty line where text is to be typed, refuses it.`,
    );
  await approvals.approve(call.code, username);
  await printText(
    io.stdout,
    `Approved. The next identical call goes through once, within ${approvalMinutes} minutes; then ${programName} receipt show ${call.code} gives a receipt.`,
  );
  return exit.done;
};

/** `approve [CODE]`: shows a waiting call to a person at a terminal and takes their yes; never without a terminal. */
export const approveCall = async (
  code: string | undefined,
  settings: Record<string, unknown>,
  io: Io,
): Promise<number> => {
  const config = await openConfig(settings, io);
  const report = (message: string): void => void printText(io.stderr, message);
  const store = openStore(config, { report });
  const noteRefusal = async (call: WaitingCall): Promise<void> => {
    const audit = openAudit(config, () => Promise.resolve(false), { report, stderr: io.stderr });
    await recordRefusal(audit, call);
    await audit.close();
  };
  try {
    return await answerCall(openApprovals(config, store), code, config, noteRefusal, io);
  } finally {
    await store.close();
  }
};
