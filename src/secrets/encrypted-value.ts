import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const algorithm = 'aes-256-gcm';

const keyOf = (secret: string, what: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, '', `cloudstack-mcp ${what}`, 32));

/** A value encrypted with a key of a secret, bound to what it is and to its id: what is encrypted of one opens as no other. */
export const encryptValue = (secret: string, what: string, id: string, value: unknown): string => {
  const nonce = randomBytes(12);
  const cipher = createCipheriv(algorithm, keyOf(secret, what), nonce);
  cipher.setAAD(Buffer.from(id));
  const body = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64');
};

/** The value again. Throws where it was encrypted with another secret, as something else, or changed since. */
export const decryptValue = (secret: string, what: string, id: string, encrypted: string): unknown => {
  const bytes = Buffer.from(encrypted, 'base64');
  const decipher = createDecipheriv(algorithm, keyOf(secret, what), bytes.subarray(0, 12), { authTagLength: 16 });
  decipher.setAAD(Buffer.from(id)).setAuthTag(bytes.subarray(12, 28));
  const body = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]);
  return JSON.parse(body.toString());
};
