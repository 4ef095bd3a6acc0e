import type { Look } from '../consent.ts';
import type { CheckedCall, Resources, Target, WhichDependents } from '../types.ts';
import { digestOf, type AskedCloud } from './question.ts';

/** Milliseconds for which what hangs on a target, and what it belongs to, are believed to be as they were read. */
const believedMs = 60_000;

/** What one more look at each target by itself shows; at what it belongs to only where nothing else can be read. */
const readAlone = (targets: readonly Target[]): Target[] => {
  const own = targets.filter(({ isHolder }) => !isHolder);
  const seen = own.some(({ row }) => row) ? own : targets;
  return seen.map(({ dependents = [], ...target }) => ({
    ...target,
    dependents: dependents.filter(({ isHeld }) => isHeld),
  }));
};

/** The look at a call's targets that began at `at`. */
export const toLook = (call: CheckedCall, targets: readonly Target[], cloud: AskedCloud, at: number): Look => ({
  digest: digestOf(call, readAlone(targets), cloud),
  at,
});

/** Whether a look is so recent that only the targets themselves need another one. */
export const isRecent = ({ at }: Look): boolean => Math.abs(Date.now() - at) <= believedMs;

/** The targets as they are now, each read by itself: one request for each. */
export const lookAgain = async (
  resources: Pick<Resources, 'reread' | 'withDependents'>,
  targets: readonly Target[],
  { which }: WhichDependents,
): Promise<readonly Target[]> =>
  resources.withDependents(await resources.reread(readAlone(targets)), { which, held: true });
