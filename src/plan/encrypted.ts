import { CallError } from '../errors.ts';
import { decryptValue, encryptValue } from '../secrets/encrypted-value.ts';
import type { Plans, SavedPlan } from './plans.ts';

/** What is encrypted of a plan: the arguments of its calls, which may be secret. */
type Encrypted = Pick<SavedPlan, 'calls' | 'reads'>;

const encryptCalls = (secret: string, { id, calls, reads }: SavedPlan): string =>
  encryptValue(secret, 'plan', id, { calls, reads } satisfies Encrypted);

const decryptCalls = (secret: string, { id, encrypted = '' }: SavedPlan): Encrypted => {
  try {
    return decryptValue(secret, 'plan', id, encrypted) as Encrypted;
  } catch (error) {
    throw new CallError(
      'conflict',
      `The plan ${id} was made with another credential of its profile, so it cannot be read.`,
      'Make it again. Nothing was sent.',
      { cause: error },
    );
  }
};

/**
 * Plans whose calls lie encrypted where they are saved, with a key of the credential of their profile. A list shows no calls.
 * `secretOf`: what proves who calls, by profile.
 */
export const encryptPlans = (plans: Plans, secretOf: (profile: string) => string): Plans => {
  const encrypt = (plan: SavedPlan): SavedPlan => {
    const { reads: _reads, ...rest } = plan;
    return { ...rest, calls: [], encrypted: encryptCalls(secretOf(plan.profile), plan) };
  };
  return {
    save: (plan) => plans.save(encrypt(plan)),
    replace: (from, plan) => plans.replace(from, encrypt(plan)),
    list: () => plans.list(),
    find: async (id) => {
      const plan = await plans.find(id);
      return plan && { ...plan, ...decryptCalls(secretOf(plan.profile), plan), encrypted: undefined };
    },
  };
};
