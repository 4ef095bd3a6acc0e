import { createHmac } from 'node:crypto';

const isRaw = /^[\w.*-]*$/;

// Left raw: A-Z a-z 0-9 . - _ * — encodeURIComponent leaves ! ' ( ) ~ raw too, which CloudStack does not.
const encode = (text: string): string =>
  isRaw.test(text)
    ? text
    : encodeURIComponent(text.toWellFormed()).replace(
        /[!'()~]/g,
        (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
      );

/** Parameters in the order given, their values encoded: once for the signature and the query. */
type Encoded = readonly (readonly [name: string, value: string])[];

const encodeValues = (params: Readonly<Record<string, string>>): Encoded =>
  Object.entries(params).map(([name, value]) => [name, encode(value)]);

const joinQuery = (entries: Encoded): string => entries.map(([name, value]) => `${encode(name)}=${value}`).join('&');

/** A query string or form body as it goes over the wire, in the order given. */
export const toQuery = (params: Readonly<Record<string, string>>): string => joinQuery(encodeValues(params));

const byBytes = ([a]: Encoded[number], [b]: Encoded[number]): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
/** Code units give the order of bytes unless one of the names has a character beyond them. */
const byUnits = ([a]: Encoded[number], [b]: Encoded[number]): number => (a < b ? -1 : 1);

/** How a signature is made; HmacSHA512 came with CloudStack 4.23. */
export type Algorithm = 'sha1' | 'sha512';

const signatureOf = (entries: Encoded, secretKey: string, algorithm: Algorithm): string => {
  const order = entries.some(([name]) => /[\ud800-\udfff]/.test(name)) ? byBytes : byUnits;
  const text = [...entries]
    .sort(order)
    .map(([name, value]) => `${name.toWellFormed()}=${value}`)
    .join('&')
    .toLowerCase();
  return createHmac(algorithm, secretKey).update(text).digest('base64');
};

/**
 * CloudStack's signature over all parameters: sorted by name, names as they are, values encoded, all in lower case, HMAC
 * with the secret key, Base64.
 */
export const sign = (
  params: Readonly<Record<string, string>>,
  secretKey: string,
  algorithm: Algorithm = 'sha1',
): string => signatureOf(encodeValues(params), secretKey, algorithm);

/** The query string with its signature as the last parameter. */
export const toSignedQuery = (
  params: Readonly<Record<string, string>>,
  secretKey: string,
  algorithm: Algorithm,
): string => {
  const entries = encodeValues(params);
  return `${joinQuery(entries)}&signature=${encode(signatureOf(entries, secretKey, algorithm))}`;
};

/** The moment until which a signed request is valid, in CloudStack's form of ISO 8601. */
export const expiresAt = (now: number, lifetime: number): string =>
  `${new Date(now + lifetime).toISOString().slice(0, 19)}+0000`;
