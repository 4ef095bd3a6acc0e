import { CallError } from '../errors.ts';
import type { ResolvedCall } from '../types.ts';
import { matches } from './decide.ts';
import type { Policy } from './policy.ts';

/** Counts one more event under a key and gives how many there were within the last `seconds`, this one included. */
export type Count = (key: string, seconds: number) => Promise<number>;

/** Refuses the change that would be one too many for its principal. Reads are not counted. */
export const checkLimits = async ({ limits }: Policy, count: Count, call: ResolvedCall): Promise<void> => {
  const { tool, request } = call;
  if (tool.risk.risk === 'read') return;
  const { principal } = request.caller;
  for (const { name, match, changes, per } of limits) {
    if (!matches(match, { tool, caller: request.caller, role: call.roleName, places: [] })) continue;
    const so = await count(`limit:${name}:${principal}`, per);
    if (so > changes)
      throw new CallError(
        'refused',
        `${principal} may make ${changes} such changes in ${per} s (limit "${name}"); this would be number ${so}. Nothing was sent.`,
        'Wait, or ask someone who operates this server.',
      );
  }
};
