import { CallError } from '../errors.ts';
import type { Row } from '../rows.ts';
import type { CheckedCall, ForeseenCall } from '../types.ts';
import type { Count } from './counts.ts';
import { matches } from './decide.ts';
import type { Policy } from './policy.ts';

/**
 * Refuses the change that would be one too many for its principal; with `use`, it is the one that is counted. Reads are not.
 * Looked at before a human is asked, so that no one agrees to what is refused then; refused calls do not use up the limit.
 */
export const checkLimits = async (
  { limits }: Policy,
  count: Count,
  call: CheckedCall,
  places: readonly Row[],
  use: boolean,
): Promise<void> => {
  const { tool, request } = call;
  if (tool.risk.risk === 'read') return;
  const { principal } = request.caller;
  for (const { name, match, changes, per } of limits) {
    if (!matches(match, { tool, caller: request.caller, role: call.roleName, places })) continue;
    const so = (await count(`limit:${name}:${principal}`, per, use)) + (use ? 0 : 1);
    if (so > changes)
      throw new CallError(
        'refused',
        `${principal} may make ${changes} such changes in ${per} s (limit "${name}"); this would be number ${so}. Nothing was sent.`,
        'Wait, or ask the operator of this server.',
      );
  }
};

/** Refuses a plan whose changes would together be more than a limit leaves to their principal. Counts none of them. */
export const checkLimitsOfPlan = async (
  { limits }: Policy,
  count: Count,
  steps: readonly ForeseenCall[],
): Promise<void> => {
  for (const { name, match, changes, per } of limits) {
    const limited = steps.filter(({ tool, request, roleName, judgedBy }) =>
      matches(match, { tool, caller: request.caller, role: roleName, places: judgedBy }),
    );
    if (!limited.length) continue;
    const { principal } = limited[0]!.request.caller;
    const so = await count(`limit:${name}:${principal}`, per, false);
    if (so + limited.length > changes)
      throw new CallError(
        'refused',
        `${principal} may make ${changes} such changes in ${per} s (limit "${name}"); the plan has ${limited.length} of them, after ${so}. Nothing was sent.`,
        'Plan fewer steps, or ask the operator of this server.',
      );
  }
};
