import { call } from '../call/call.ts';
import type { Composition } from '../call/composition.ts';
import { digestOfValue, versionOf } from '../guard/seen-row.ts';
import type { Row } from '../rows.ts';
import type { CallRequest } from '../types.ts';
import type { SavedPlan } from './plans.ts';
import { createRecorder, recordCalls, type RecordedStep } from './record.ts';

/** The recording of calls, and the digest of what they do to what. */
export const lookAtAll = async (
  composition: Composition,
  request: CallRequest,
  { calls, seed }: Pick<SavedPlan, 'calls' | 'seed'>,
): Promise<{ steps: readonly RecordedStep[]; digest: string }> => {
  const recorder = createRecorder(composition, request, seed);
  await recordCalls(recorder, calls);
  return { steps: recorder.steps, digest: await digestOf(composition, request, recorder.steps) };
};

/** The digest of what steps do to what, for who asks which cloud. */
export const digestOf = async (
  { clouds, guard }: Composition,
  request: CallRequest,
  steps: readonly RecordedStep[],
): Promise<string> => {
  const { origin } = await clouds.open(request.caller.profile);
  return guard.digestOfPlan(
    steps.map(({ foreseen }) => foreseen),
    { request, origin },
  );
};

/** The version of rows, whatever their order. */
export const versionOfRows = (rows: readonly Row[]): string => digestOfValue(rows.map(versionOf).sort());

/** Whether everything that a script read for its plan is as it was. */
export const isAsRead = async (
  composition: Composition,
  request: CallRequest,
  { reads = [] }: Pick<SavedPlan, 'reads'>,
): Promise<boolean> => {
  const { asked: _asked, progress: _progress, ...rest } = request;
  const own: CallRequest = { ...rest, deadline: undefined, riskTool: undefined };
  for (const { tool, arguments: args, view, version } of reads) {
    // An answer that is cached tells nothing of what has changed since.
    const outcome = await call(composition, { ...own, tool, args, view: { ...view, fresh: true } });
    if (versionOfRows(outcome.rows()) !== version) return false;
  }
  return true;
};
