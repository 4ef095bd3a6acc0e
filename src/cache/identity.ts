import { createHash, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import type { Secret } from '../cloudstack/credential.ts';

const stretch = promisify(scrypt) as (secret: string, salt: string, length: number) => Promise<Buffer>;

/**
 * A name for an endpoint and a credential, without telling the credential: the same wherever both are the same. Passwords
 * are short enough to be guessed from a plain hash.
 */
export const identityOf = async (endpoint: string, secret: Secret): Promise<string> => {
  const text = JSON.stringify([endpoint, ...Object.entries(secret).sort()]);
  const hash = 'apiKey' in secret ? createHash('sha256').update(text).digest() : await stretch(text, endpoint, 32);
  return hash.subarray(0, 20).toString('base64url');
};
