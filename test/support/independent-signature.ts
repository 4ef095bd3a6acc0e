import { createHmac } from 'node:crypto';

// An implementation of its own, written from cloudstack-behaviour.md §1.2 and from nothing in src/.

const utf8 = new TextEncoder();
const unreserved = new Set(utf8.encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_*'));

const percentEncode = (text: string): string => {
  let out = '';
  for (const byte of utf8.encode(text))
    out += unreserved.has(byte) ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`;
  return out;
};

const byBytes = (a: string, b: string): number => {
  const [left, right] = [utf8.encode(a), utf8.encode(b)];
  for (let at = 0; at < Math.min(left.length, right.length); at++)
    if (left[at] !== right[at]) return left[at]! - right[at]!;
  return left.length - right.length;
};

/** The text as it is on the wire: half a surrogate pair becomes U+FFFD, and a byte order mark stays. */
export const wellFormed = (text: string): string =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(utf8.encode(text));

/** What is signed, as text. */
export const stringToSign = (params: readonly (readonly [string, string])[]): string =>
  params
    .filter(([name]) => name !== 'signature')
    .sort(([a], [b]) => byBytes(a, b))
    .map(([name, value]) => `${wellFormed(name)}=${percentEncode(value)}`)
    .join('&')
    .toLowerCase();

/** The signature of parameters. */
export const signIndependently = (params: Record<string, string>, secret: string): string =>
  createHmac('sha1', secret)
    .update(stringToSign(Object.entries(params)), 'utf8')
    .digest('base64');
