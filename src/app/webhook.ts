import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import { codeMinutes } from '../guard/approvals.ts';
import type { Caller } from '../types.ts';

/** A call that begins to wait: nothing of its arguments. */
export interface WaitingNotice {
  code: string;
  /** The command, or the plan. */
  title: string;
  caller: Caller;
}

/** Milliseconds before each further attempt, and for one. */
const retryIntervalsMs = [1000, 5000, 30_000];
const attemptMs = 5000;
/** Messages that may be on their way at once; more are dropped, and said to the operator. */
const maxMessages = 20;

/**
 * Tells a URL of each call that begins to wait, signed as `t=SECONDS,v1=HMAC-SHA256(secret, "SECONDS.BODY")` in the header
 * `x-cloudstack-mcp-signature`. `linkOf`: where it is approved.
 */
export const createWebhook = (
  { approvalWebhook: url, approvalWebhookSecret: secret }: Pick<Config, 'approvalWebhook' | 'approvalWebhookSecret'>,
  linkOf: (code: string) => string | undefined,
  report: (message: string) => void,
): ((notice: WaitingNotice) => void) => {
  let messages = 0;
  const attempt = async (body: string): Promise<boolean> => {
    const seconds = Math.floor(Date.now() / 1000);
    const mac = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
    const headers = {
      'content-type': 'application/json',
      ...(secret ? { 'x-cloudstack-mcp-signature': `t=${seconds},v1=${mac}` } : {}),
    };
    const signal = AbortSignal.timeout(attemptMs);
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'error', signal });
    await response.body?.cancel();
    // What it does not take, it will not take again; what it cannot take now, it may.
    return response.status < 500 && response.status !== 429;
  };
  const deliver = async (body: string): Promise<boolean> => {
    for (const wait of [0, ...retryIntervalsMs]) {
      await sleep(wait, undefined, { ref: false });
      if (await attempt(body).catch(() => false)) return true;
    }
    return false;
  };
  return ({ code, title, caller }) => {
    if (!url) return;
    if (messages >= maxMessages) return report('The approval webhook is too slow: a message was dropped.');
    const link = linkOf(code);
    const until = new Date(Date.now() + codeMinutes * 60_000).toISOString();
    const text = `${title} of ${caller.principal} waits for an approval until ${until}, code ${code}${link === undefined ? '' : `: ${link}`}`;
    const { principal, profile, host } = caller;
    const body = JSON.stringify({ type: 'approval.waiting', text, code, title, principal, profile, host, until, link });
    messages++;
    void deliver(body).then((isDelivered) => {
      messages--;
      if (!isDelivered) report('The approval webhook did not take a message.');
    });
  };
};
