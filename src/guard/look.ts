import type { TargetsLook } from '../consent.ts';
import type { CheckedCall, Resources, Target, WhichDependents, WhichOwners } from '../types.ts';
import { digestOf, type AskedCloud } from './question.ts';

/** Milliseconds for which what hangs on a target, and what it belongs to, are believed to be as they were read. */
const believedMs = 60_000;

/** What a call changes first of all, as one request shows it. */
const readAlone = (targets: readonly Target[]): Target[] =>
  targets
    .filter(({ isMain }) => isMain)
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

/** Whether what was read `at` a time is still believed: for a minute, and not because the clock was set back. */
export const isRecent = ({ at }: Pick<TargetsLook, 'at'>): boolean => Math.abs(Date.now() - at) <= believedMs;

/** What a call changes first of all as it is now, without what it belongs to and what other lists show to hang on it. */
export const lookAgain = async (
  resources: Pick<Resources, 'mainTargets' | 'withDependents'>,
  call: CheckedCall,
  { owners, dependents }: { owners: WhichOwners; dependents: WhichDependents },
): Promise<readonly Target[]> =>
  resources.withDependents(await resources.mainTargets(call, owners), { ...dependents, held: true });
