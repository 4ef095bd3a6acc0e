import { sleep } from '../cloudstack/wait.ts';
import { CallError } from '../errors.ts';
import type { CallRequest, Outcome } from '../types.ts';
import { call } from './call.ts';
import type { Composition } from './composition.ts';
import { recorded } from './run.ts';

/** Milliseconds between two looks at first, and at most. */
const firstPause = 1000;
const maxPause = 5000;

const isFitting = ({ structured: { items } }: Outcome): boolean => Array.isArray(items) && items.length > 0;

const withNote = (outcome: Outcome, note: string): Outcome => {
  const { notes } = outcome.structured;
  return {
    ...outcome,
    text: `${outcome.text}\n${note}`,
    structured: { ...outcome.structured, notes: [...(Array.isArray(notes) ? (notes as unknown[]) : []), note] },
  };
};

/**
 * Reads a list until a row of it fits `where`, for what has no job: a template that downloads, a router that comes up. Each look
 * is a call of its own and sees the cloud as it is. After `view.await` milliseconds the answer says that none fits yet.
 */
export const waitForRows = async (composition: Composition, request: CallRequest): Promise<Outcome> => {
  const { await: milliseconds = 0, ...view } = request.view;
  if (view.where === undefined)
    return recorded(composition, request, () =>
      Promise.reject(
        new CallError(
          'invalid',
          'A read with wait needs where: the row to wait for.',
          'Such as where "state = Running". Nothing was sent.',
        ),
      ),
    );
  const began = Date.now();
  for (let pause = firstPause; ; pause = Math.min(2 * pause, maxPause)) {
    const outcome = await call(composition, { ...request, view: { ...view, fresh: true } });
    const elapsed = (Date.now() - began) / 1000;
    const waited = `after ${Math.round(elapsed)} s`;
    if (isFitting(outcome)) return elapsed < 1 ? outcome : withNote(outcome, `A row matches ${waited}.`);
    const left = milliseconds - (Date.now() - began);
    if (left <= 0) return withNote(outcome, `No row matches yet, ${waited}. Make the same call to wait longer.`);
    request.progress?.({ elapsed, message: 'no row matches yet' });
    await sleep(request.tool, Math.min(pause, left), request.signal);
  }
};
