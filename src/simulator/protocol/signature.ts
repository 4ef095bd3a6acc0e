import { createHmac } from 'node:crypto';

// Written from CloudStack's rule alone, not shared with the client, so that a mistake there cannot agree with itself.
const encode = (value: string, tilde: string): string =>
  encodeURIComponent(value)
    .replace(/[!'()]/g, (character) => `%${character.charCodeAt(0).toString(16)}`)
    .replaceAll('~', tilde);

const textToSign = (raw: ReadonlyMap<string, string>, tilde: string): string => {
  const names = [...raw.keys()].filter((name) => name.toLowerCase() !== 'signature');
  names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return names
    .map((name) => `${name}=${encode(raw.get(name) ?? '', tilde)}`)
    .join('&')
    .toLowerCase();
};

/** Base64 of the HMAC-SHA1 that a request with these parameters must carry. */
export const signatureOf = (raw: ReadonlyMap<string, string>, secret: string, tilde = '%7E'): string =>
  createHmac('sha1', secret).update(textToSign(raw, tilde)).digest('base64');

/** Whether a request is signed with the secret; like a friendly server, also takes clients that leave `~` as it is. */
export const isSigned = (raw: ReadonlyMap<string, string>, secret: string, signature: string): boolean =>
  signatureOf(raw, secret) === signature || signatureOf(raw, secret, '~') === signature;
