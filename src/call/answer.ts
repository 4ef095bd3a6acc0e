import type { CallRequest, Outcome } from '../types.ts';
import { labelled } from './answered-by.ts';
import type { Composition } from './composition.ts';
import { callEvery, everyProfile } from './every-profile.ts';

/**
 * Answers a request with what `run` gives: of one cloud, and where the caller has several, said which; or of all of them.
 * `isRead`: whether it is one where no command of the catalog says so.
 */
export const answer = (
  composition: Composition,
  request: CallRequest,
  run: (composition: Composition, request: CallRequest) => Promise<Outcome>,
  { isRead }: { isRead?: boolean } = {},
): Promise<Outcome> => {
  if (request.caller.profile === everyProfile) return callEvery(composition, request, run, isRead);
  const profiles = composition.guard.profilesFor(request.caller);
  // Of a profile that is not the caller's, nothing is told.
  const isOneOfSeveral = profiles.length > 1 && profiles.includes(request.caller.profile);
  return isOneOfSeveral ? labelled(composition, request, () => run(composition, request)) : run(composition, request);
};
