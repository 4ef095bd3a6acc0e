import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

/** What a test may make otherwise than an authenticator and a browser do. */
export interface Otherwise {
  origin?: string;
  site?: string;
  type?: string;
  flags?: number;
  counter?: number;
  client?: object;
  id?: string;
  key?: KeyObject;
}

const sha256 = (text: string | Buffer): Buffer => createHash('sha256').update(text).digest();
const text = (bytes: Buffer): string => bytes.toString('base64url');

const kinds = {
  ES256: () => ({ algorithm: -7, ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) }),
  EdDSA: () => ({ algorithm: -8, ...generateKeyPairSync('ed25519') }),
  RS256: () => ({ algorithm: -257, ...generateKeyPairSync('rsa', { modulusLength: 2048 }) }),
};

/** An authenticator with one passkey for a page, and the browser around it: https://www.w3.org/TR/webauthn-3/. */
export const createAuthenticator = (origin: string, kind: keyof typeof kinds = 'ES256') => {
  const { algorithm, publicKey, privateKey } = kinds[kind]();
  const id = randomBytes(32);
  let counter = 0;
  const clientOf = (type: string, challenge: string, { origin: from = origin, client = {} }: Otherwise): Buffer =>
    Buffer.from(JSON.stringify({ type, challenge, origin: from, crossOrigin: false, ...client }));
  const dataOf = (
    more: Buffer,
    flags: number,
    { site = new URL(origin).hostname, flags: own = flags, counter: count }: Otherwise,
  ): Buffer => {
    const uses = Buffer.alloc(4);
    uses.writeUInt32BE(count ?? ++counter);
    return Buffer.concat([sha256(site), Buffer.from([own]), uses, more]);
  };
  return {
    id: text(id),
    /** What the browser gives of a new passkey. */
    create: (challenge: string, otherwise: Otherwise = {}) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(id.length);
      return {
        id: otherwise.id ?? text(id),
        clientData: text(clientOf(otherwise.type ?? 'webauthn.create', challenge, otherwise)),
        authenticatorData: text(dataOf(Buffer.concat([Buffer.alloc(16), length, id]), 0x45, otherwise)),
        publicKey: text(publicKey.export({ format: 'der', type: 'spki' })),
        algorithm,
      };
    },
    /** What the browser gives of a question that the passkey signed. */
    sign: (challenge: string, otherwise: Otherwise = {}) => {
      const client = clientOf(otherwise.type ?? 'webauthn.get', challenge, otherwise);
      const data = dataOf(Buffer.alloc(0), 0x05, otherwise);
      const signed = Buffer.concat([data, sha256(client)]);
      const signature = sign(kind === 'EdDSA' ? null : 'sha256', signed, otherwise.key ?? privateKey);
      return {
        id: otherwise.id ?? text(id),
        clientData: text(client),
        authenticatorData: text(data),
        signature: text(signature),
      };
    },
  };
};
