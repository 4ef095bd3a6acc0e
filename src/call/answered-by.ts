import { CallError, labelOf, type AnsweredBy } from '../errors.ts';
import { toLabel } from '../text.ts';
import type { CallRequest, Outcome } from '../types.ts';
import type { Composition } from './composition.ts';

/** Which cloud a profile leads to and whose credential it has: the account is read once for each cloud. */
export const describeCloud = async (
  { clouds, guard }: Pick<Composition, 'clouds' | 'guard'>,
  caller: CallRequest['caller'],
): Promise<AnsweredBy> => {
  const { profile } = caller;
  const host = clouds.hostOf(profile) ?? '';
  try {
    guard.admit(caller);
    const account = await (await clouds.open(profile)).account();
    const { name = account?.roleName, domain } = account ?? {};
    if (name === undefined) return { profile, host };
    return { profile, host, account: toLabel(domain === undefined ? name : `${name} of ${domain}`, 120) };
  } catch {
    // The call itself says what is wrong.
    return { profile, host };
  }
};

/** Runs a call whose answer, also an error, begins with the cloud that gave it: its caller has several. */
export const labelled = async (
  composition: Composition,
  { caller }: CallRequest,
  run: () => Promise<Outcome>,
): Promise<Outcome> => {
  const describing = describeCloud(composition, caller);
  try {
    const outcome = await run();
    const cloud = await describing;
    return {
      ...outcome,
      text: `${labelOf(cloud)}\n${outcome.text}`,
      structured: { cloud, ...outcome.structured },
    };
  } catch (error) {
    if (error instanceof CallError) error.cloud = await describing;
    throw error;
  }
};
