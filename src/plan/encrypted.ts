import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { CallError } from '../errors.ts';
import type { Plans, SavedPlan } from './plans.ts';

/** What is encrypted of a plan: the arguments of its calls, which may be secret. */
type Encrypted = Pick<SavedPlan, 'calls' | 'reads'>;

const algorithm = 'aes-256-gcm';

const keyOf = (secret: string): Buffer => Buffer.from(hkdfSync('sha256', secret, '', 'cloudstack-mcp plan', 32));

const encryptCalls = (secret: string, plan: SavedPlan): string => {
  const nonce = randomBytes(12);
  const cipher = createCipheriv(algorithm, keyOf(secret), nonce);
  // Bound to its plan: what is encrypted of one opens in no other.
  cipher.setAAD(Buffer.from(plan.id));
  const { calls, reads }: Encrypted = plan;
  const body = Buffer.concat([cipher.update(JSON.stringify({ calls, reads })), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64');
};

const decryptCalls = (secret: string, { id, encrypted = '' }: SavedPlan): Encrypted => {
  const bytes = Buffer.from(encrypted, 'base64');
  try {
    const decipher = createDecipheriv(algorithm, keyOf(secret), bytes.subarray(0, 12), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(id)).setAuthTag(bytes.subarray(12, 28));
    const body = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]);
    return JSON.parse(body.toString()) as Encrypted;
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
