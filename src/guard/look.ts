import type { TargetsLook } from '../consent.ts';
import type { CheckedCall, Resources, Target, WhichDependents } from '../types.ts';
import { digestOf, type AskedCloud } from './question.ts';

/** Milliseconds for which what hangs on a target, and what it belongs to, are believed to be as they were read. */
const believedMs = 60_000;

/** Targets as one request for each shows them. */
const readAlone = (targets: readonly Target[]): Target[] =>
  targets
    .filter(({ isHolder }) => !isHolder)
    .map(({ dependents = [], ...target }) => ({ ...target, dependents: dependents.filter(({ isHeld }) => isHeld) }));

/** The look at a call's targets that began at `at`; none where it showed nothing of the targets themselves. */
export const toLook = (
  call: CheckedCall,
  targets: readonly Target[],
  cloud: AskedCloud,
  at: number,
): TargetsLook | undefined => {
  const alone = readAlone(targets);
  return alone.some(({ row }) => row) ? { digest: digestOf(call, alone, cloud), at } : undefined;
};

/** Whether a look is so recent that only the targets themselves need another one. */
export const isRecent = ({ at }: TargetsLook): boolean => Math.abs(Date.now() - at) <= believedMs;

/** The targets of a call as they are now, without what they belong to and what other lists show to hang on them. */
export const lookAgain = async (
  resources: Pick<Resources, 'targetsOf' | 'withDependents'>,
  call: CheckedCall,
  which: WhichDependents,
): Promise<readonly Target[]> => resources.withDependents(await resources.targetsOf(call), { ...which, held: true });
