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

/** How a cloud lets requests be signed. */
export type AcceptedAlgorithm = 'sha1' | 'sha512';

/** Base64 of the HMAC that a request with these parameters must carry. */
export const signatureOf = (
  raw: ReadonlyMap<string, string>,
  secret: string,
  tilde = '%7E',
  algorithm: AcceptedAlgorithm = 'sha1',
): string => createHmac(algorithm, secret).update(textToSign(raw, tilde)).digest('base64');

/**
 * Whether a request is signed with the secret, in one of the ways that the cloud takes; like a friendly server, also takes
 * clients that leave `~` as it is.
 */
export const isSigned = (
  raw: ReadonlyMap<string, string>,
  secret: string,
  signature: string,
  algorithms: readonly AcceptedAlgorithm[] = ['sha1', 'sha512'],
): boolean =>
  algorithms.some(
    (algorithm) =>
      signatureOf(raw, secret, undefined, algorithm) === signature ||
      signatureOf(raw, secret, '~', algorithm) === signature,
  );
