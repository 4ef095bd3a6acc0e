import { randomUUID } from 'node:crypto';
import type { App } from '../app/app.ts';
import type { Consent } from '../consent.ts';
import { CallError } from '../errors.ts';
import type { Row } from '../rows.ts';
import type { DoorRequest } from '../types.ts';

/** A pair of keys that signs requests. */
export interface KeyPair {
  apiKey: string;
  secretKey: string;
}

/** The person agreed before, in the way that `by` says: to have a pair read, or made where there is none. */
const agreed =
  (by: string): Consent =>
  ({ digest, phrase }) =>
    Promise.resolve({
      digest,
      nonce: randomUUID(),
      by,
      action: 'accept',
      ...(phrase === undefined ? { confirm: true } : { phrase }),
    });

const toPair = ({ apikey, secretkey }: Row): KeyPair | undefined =>
  typeof apikey === 'string' && typeof secretkey === 'string' ? { apiKey: apikey, secretKey: secretkey } : undefined;

/**
 * The key pair of the user whom the app logs in as; one is made where there is none, so that no other program loses its
 * own. The person must have agreed to both; the audit log says how (`agreedBy`).
 */
export const fetchKeyPair = async (
  app: App,
  username: string,
  { caller, signal, agreedBy }: Pick<DoorRequest, 'caller' | 'signal'> & { agreedBy: string },
): Promise<{ pair: KeyPair; isNew: boolean }> => {
  const ask = async (tool: string, args: Record<string, unknown>): Promise<Row[]> => {
    const outcome = await app.call({
      tool,
      args,
      view: { secrets: true, whole: true },
      wait: 0,
      caller,
      consent: agreed(agreedBy),
      signal,
    });
    return [...outcome.rows()];
  };
  const users = await ask('listUsers', { username });
  const user = users.find((row) => String(row['username']).toLowerCase() === username.toLowerCase());
  if (!user) throw new CallError('not-found', `The cloud shows no user ${username}.`, 'Give a key pair instead.');
  const args = { id: user['id'] };
  const [present = {}] = await ask('getUserKeys', args);
  const pair = toPair(present);
  if (pair) return { pair, isNew: false };
  const [made = {}] = await ask('registerUserKeys', args);
  const fresh = toPair(made);
  if (fresh) return { pair: fresh, isNew: true };
  throw new CallError(
    'protocol',
    'CloudStack answered without a complete key pair.',
    'Look at the user in its web interface, and give the pair instead.',
  );
};
