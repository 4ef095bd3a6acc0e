import { createHash, randomBytes } from 'node:crypto';
import type { Auth } from '../config/auth.ts';

/** What the configuration keeps of a token. */
export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex');

/** A new token of 256 random bits. */
export const createToken = (): string => `csmcp_${randomBytes(32).toString('base64url')}`;

/** Finds the name of a static token. By its hash: how long that takes says nothing about the token. */
export const createTokens = (tokens: Auth['tokens'] = {}): ((token: string) => string | undefined) => {
  const names = new Map(Object.entries(tokens).flatMap(([name, hashes]) => hashes.map((hash) => [hash, name])));
  return (token) => names.get(hashToken(token));
};
