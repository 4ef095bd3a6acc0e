import { recorded } from '../call/run.ts';
import type { LoggedEntry } from '../audit/tail.ts';
import { CallError } from '../errors.ts';
import { loadCatalog } from '../catalog/catalog.ts';
import { toLabel } from '../text.ts';
import type { CallRequest, Outcome } from '../types.ts';
import { savePlan, type PlanComposition } from './saved.ts';
import { toPlanId } from './plans.ts';
import type { PlannedCall } from './record.ts';

/** A change that does not come back, or not whole. */
interface Lost {
  command: string;
  why: string;
}

const toLost = ({ command = '', undo }: LoggedEntry): Lost[] => {
  if (undo?.why !== undefined) return [{ command, why: undo.why }];
  return undo?.lost ? [{ command, why: `What ${undo.lost.join(', ')} was before is not known.` }] : [];
};

const lines = (lost: readonly Lost[]): string[] => [
  ...new Set(lost.map(({ command, why }) => `Does not come back: ${command}: ${toLabel(why, 300)}`)),
];

/** The changes of one call, plan or script in the audit log, the newest first. Throws a CallError where there are none. */
const findChanges = async (
  { clouds, plans, readEntries }: PlanComposition,
  { caller }: CallRequest,
  asked: string,
): Promise<LoggedEntry[]> => {
  const isLast = asked === 'last';
  const plan = await plans.find(toPlanId(asked));
  const id = isLast ? undefined : (plan?.digest ?? asked.toLowerCase());
  if (id !== undefined && !/^[0-9a-f-]{8,64}$/.test(id))
    throw new CallError(
      'invalid',
      `"${toLabel(asked)}" is not the id of a call, a plan or a script.`,
      'Give at least eight characters of one in the audit log, or last. Nothing was sent.',
    );
  // Servers of several clouds may share a log, and each calls its own by the same profile.
  const host = clouds.hostOf(caller.profile);
  const entries = readEntries({ principal: caller.principal, id }).filter(
    ({ command, endpoint, undo, profile }) =>
      command !== undefined && undo !== undefined && profile === caller.profile && endpoint === host,
  );
  const found = isLast ? entries.slice(-1) : entries;
  if (!found.length)
    throw new CallError(
      'not-found',
      `The audit log has no change of ${toLabel(asked)} by ${toLabel(caller.principal)}.`,
      'Only changes that were made since are found, in an audit log that is a file. Nothing was sent.',
    );
  return found.reverse();
};

/** Makes a plan of the calls that take changes back, the latest first; says before what does not come back. */
export const undo = (composition: PlanComposition, request: CallRequest, asked: string): Promise<Outcome> =>
  recorded(composition, request, async (run) => {
    const entries = await findChanges(composition, run.request, asked);
    const calls = entries.flatMap(({ undo: inverse }): PlannedCall[] =>
      inverse?.command === undefined ? [] : [{ tool: inverse.command, arguments: inverse.arguments ?? {} }],
    );
    const lost = entries.flatMap(toLost);
    if (!calls.length)
      throw new CallError('invalid', `None of it can be undone. ${lines(lost).join(' ')}`, 'Nothing was sent.');
    const { find } = loadCatalog();
    const riskTool = calls.some(({ tool }) => find(tool)?.risk.risk === 'destroy') ? 'destroy' : 'change';
    const outcome = await savePlan(composition, run, { calls, riskTool });
    return {
      ...outcome,
      text: [...lines(lost), outcome.text].join('\n'),
      structured: { ...outcome.structured, ...(lost.length ? { lost } : {}) },
    };
  });
