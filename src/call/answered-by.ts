import { CallError, labelOf, type AnsweredBy, type ErrorKind } from '../errors.ts';
import { toLabel } from '../text.ts';
import type { CallRequest, Outcome } from '../types.ts';
import type { Composition } from './composition.ts';

/** Errors of a cloud that is not asked further: it does not answer, or does not know the credential. */
const unasked: ReadonlySet<ErrorKind> = new Set([
  'authentication',
  'cancelled',
  'configuration',
  'protocol',
  'rate-limit',
  'timeout',
  'unavailable',
  'unknown-outcome',
]);

/**
 * Which cloud a profile leads to and whose credential it has, after a call of it that ended so. The account is read once
 * for each cloud.
 */
export const describeCloud = async (
  { clouds, guard }: Pick<Composition, 'clouds' | 'guard'>,
  caller: CallRequest['caller'],
  error?: unknown,
): Promise<AnsweredBy> => {
  const { profile } = caller;
  const host = clouds.hostOf(profile) ?? '';
  const isKnownOnly = error !== undefined && !(error instanceof CallError && !unasked.has(error.kind));
  try {
    guard.admit(caller);
    const account = await (await clouds.open(profile)).account({ isKnownOnly });
    const { name = account?.roleName, domain } = account ?? {};
    if (name === undefined) return { profile, host };
    return { profile, host, account: toLabel(domain === undefined ? name : `${name} of ${domain}`, 120) };
  } catch {
    // The call itself said what is wrong.
    return { profile, host };
  }
};

/** Runs a call whose answer, also an error, begins with the cloud that gave it: its caller has several. */
export const labelled = async (
  composition: Composition,
  { caller }: CallRequest,
  run: () => Promise<Outcome>,
): Promise<Outcome> => {
  try {
    const outcome = await run();
    const cloud = await describeCloud(composition, caller);
    return {
      ...outcome,
      text: `${labelOf(cloud)}\n${outcome.text}`,
      structured: { cloud, ...outcome.structured },
    };
  } catch (error) {
    if (error instanceof CallError) error.cloud = await describeCloud(composition, caller, error);
    throw error;
  }
};
