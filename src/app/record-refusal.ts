import { randomUUID } from 'node:crypto';
import type { Audit } from '../audit/audit.ts';
import type { WaitingCall } from '../guard/approvals.ts';
import { refusalOf } from '../guard/confirm.ts';

/** Notes that a person refused a waiting call: the one who asked may never make it again, and a receipt is there all the same. */
export const recordRefusal = async ({ record }: Pick<Audit, 'record'>, call: WaitingCall): Promise<void> => {
  const refusal = refusalOf(call);
  if (!refusal) return;
  const { digest, caller, asked, answered = asked, about } = call;
  const { principal, host, profile } = caller;
  const [only, ...others] = about?.calls ?? [];
  const isOne = only !== undefined && !others.length;
  await record({
    time: new Date(asked).toISOString(),
    call: randomUUID(),
    principal,
    host,
    profile,
    tool: isOne ? only.tool : 'plan',
    ...(about?.endpoint === undefined ? {} : { endpoint: about.endpoint }),
    ...(isOne ? { command: only.command, risk: only.risk, severity: only.severity } : {}),
    question: digest,
    refusal: { ...refusal.given, reason: refusal.reason },
    params: {},
    result: 'refused',
    error: { kind: refusal.kind, message: refusal.message },
    duration: answered - asked,
  });
};
