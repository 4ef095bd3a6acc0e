import type { Risk } from '../catalog/tool.ts';
import { CallError } from '../errors.ts';
import type { Decision, Door, PermittedCall, ValidCall } from '../types.ts';
import { effectiveRisk, type Policy } from './policy.ts';

const doors: Record<Risk, Door> = { read: 'read', sensitive: 'change', change: 'change', destroy: 'destroy' };

/** The tool of the compact list that runs commands of this risk. */
export const doorFor = (risk: Risk): Door => doors[risk];

/** Decides by policy whether a valid call may go on, without asking anybody. Fails closed. */
export const permit = (policy: Policy, call: ValidCall): PermittedCall => {
  const { tool, params, request } = call;
  const row = effectiveRisk(tool.risk, params);
  const door = doorFor(row.risk);
  if (request.door && request.door !== door)
    throw new CallError(
      'refused',
      `${tool.command.name} is of risk "${row.risk}" with these arguments; ${request.door} does not run it.`,
      `Call ${door} with the same arguments. Nothing was sent.`,
    );
  const action = policy.actions[row.risk]?.[row.severity] ?? 'block';
  const decision = { action, rule: `${policy.name}: ${row.risk}/${row.severity} → ${action}` };
  if (action === 'block')
    throw new CallError(
      'refused',
      `${tool.command.name} is blocked by the policy (${decision.rule}).`,
      policy.name === 'read-only'
        ? 'This server runs read-only. Someone who operates it can start it without --read-only.'
        : 'Someone who operates this server can change its policy.',
    );
  return { ...call, tool: { ...tool, risk: row }, decision: decision as Decision } as PermittedCall;
};
