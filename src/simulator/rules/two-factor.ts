import { createHmac } from 'node:crypto';
import type { Random } from '../world/random.ts';
import type { Resource } from '../world/types.ts';

const base32Alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** A secret for an authenticator application, or the digits of a fixed pin. */
export const createSecret = (random: Random, provider: string): string =>
  provider === 'staticpin'
    ? String(Math.floor(random.next() * 900_000) + 100_000)
    : Array.from({ length: 32 }, () => base32Alphabet[Math.floor(random.next() * 32)]).join('');

const decode = (secret: string): Buffer => {
  const bits = Array.from(secret, (letter) => base32Alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
};

/** The six digits that an authenticator shows for a secret at a moment (RFC 6238). */
export const codeAt = (secret: string, ms: number): string => {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(ms / 30_000)));
  const digest = createHmac('sha1', decode(secret)).update(counter).digest();
  const at = (digest.at(-1) ?? 0) & 15;
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
};

/** Whether a code is the user's second factor now; an authenticator's clock may be half a minute off. */
export const isCode = (user: Resource, code: string, ms: number): boolean => {
  const secret = user.hidden['2fa'];
  if (typeof secret !== 'string') return false;
  if (user.hidden['2faprovider'] === 'staticpin') return code === secret;
  return [-30_000, 0, 30_000].some((off) => codeAt(secret, ms + off) === code);
};

/** What a session may still call before the second factor is given. */
export const beforeSecondFactor: ReadonlySet<string> = new Set([
  'listApis',
  'listIdps',
  'listUserTwoFactorAuthenticatorProviders',
  'setupUserTwoFactorAuthentication',
  'validateUserTwoFactorAuthenticationCode',
]);
