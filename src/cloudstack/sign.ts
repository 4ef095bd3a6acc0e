import { createHmac } from 'node:crypto';

// Left raw: A-Z a-z 0-9 . - _ * — encodeURIComponent leaves ! ' ( ) ~ raw too, which CloudStack does not.
const encode = (text: string): string =>
  encodeURIComponent(text.toWellFormed()).replace(/[!'()~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** A query string or form body as it goes over the wire, in the order given. */
export const toQuery = (params: Readonly<Record<string, string>>): string =>
  Object.entries(params)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join('&');

/** Byte order. Code units give the same unless one of the names has a character beyond them, which costs more to tell. */
const byBytes = (a: string, b: string): number => {
  if (/[\ud800-\udfff]/.test(a + b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : 1;
};

/** How a signature is made; HmacSHA512 came with CloudStack 4.23. */
export type Algorithm = 'sha1' | 'sha512';

/**
 * CloudStack's signature over all parameters: sorted by name, names as they are, values encoded, all in lower case, HMAC
 * with the secret key, Base64.
 */
export const sign = (
  params: Readonly<Record<string, string>>,
  secretKey: string,
  algorithm: Algorithm = 'sha1',
): string => {
  const text = Object.entries(params)
    .sort(([a], [b]) => byBytes(a, b))
    .map(([name, value]) => `${name.toWellFormed()}=${encode(value)}`)
    .join('&')
    .toLowerCase();
  return createHmac(algorithm, secretKey).update(text).digest('base64');
};

/** The moment until which a signed request is valid, in CloudStack's form of ISO 8601. */
export const expiresAt = (now: number, lifetime: number): string =>
  new Date(now + lifetime).toISOString().replace(/\.\d{3}Z$/, '+0000');
