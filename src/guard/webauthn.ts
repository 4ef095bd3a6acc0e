import { createHash, createPublicKey, timingSafeEqual, verify, type KeyObject } from 'node:crypto';
import { isRecord } from '../rows.ts';

/** Where a passkey is used: the origin of the page, and its host name (the relying party's id). */
export interface PasskeySite {
  origin: string;
  id: string;
}

/** What a passkey signed, in base64url: an assertion of WebAuthn. */
export interface PasskeyProof {
  id: string;
  clientData: string;
  authenticatorData: string;
  signature: string;
}

/** A passkey that was just made, in base64url; `publicKey` in SPKI, `algorithm` by COSE's number. */
export interface NewPasskey {
  id: string;
  clientData: string;
  authenticatorData: string;
  publicKey: string;
  algorithm: number;
}

/** Algorithms that passkeys may sign with, the preferred one first: ES256, EdDSA, RS256. */
export const passkeyAlgorithms = [-7, -8, -257] as const;

const bytesOf = (text: string): Buffer => Buffer.from(text, 'base64url');
const sha256 = (bytes: Buffer | string): Buffer => createHash('sha256').update(bytes).digest();

/** What the browser says that it was asked. Its challenge is not believed before it is looked up. */
export const readClientData = (clientData: string): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(bytesOf(clientData).toString('utf8'));
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
};

// https://www.w3.org/TR/webauthn-3/#sctn-authenticator-data
const counterAt = 33;
const idLengthAt = 53;
const idAt = 55;
const flags = { present: 0x01, verified: 0x04, attested: 0x40 };

/** Why a browser's answer is none to this question; undefined where it is one. */
const obstacleOf = (clientData: string, data: Buffer, type: string, site: PasskeySite): string | undefined => {
  const client = readClientData(clientData);
  if (client['type'] !== type) return 'it is an answer to another question';
  if (client['origin'] !== site.origin) return 'it was made on another site';
  if (client['crossOrigin'] === true || client['topOrigin'] !== undefined)
    return 'it was made in a frame of another site';
  if (data.length < 37) return 'a part of it is missing';
  if (!timingSafeEqual(data.subarray(0, 32), sha256(site.id))) return 'it is for another site';
  if (!(data[32]! & flags.present)) return 'no one was there';
  if (!(data[32]! & flags.verified)) return 'the person was not verified (by a PIN, a finger, a face)';
  return undefined;
};

const keyOf = (publicKey: string, algorithm: number): KeyObject | undefined => {
  try {
    const key = createPublicKey({ key: bytesOf(publicKey), format: 'der', type: 'spki' });
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
    const fits =
      (algorithm === -7 && type === 'ec' && details?.namedCurve === 'prime256v1') ||
      (algorithm === -8 && type === 'ed25519') ||
      (algorithm === -257 && type === 'rsa' && (details?.modulusLength ?? 0) >= 2048);
    return fits ? key : undefined;
  } catch {
    return undefined;
  }
};

/** The uses that an authenticator has counted; 0 where it counts none. */
const counterOf = (data: Buffer): number => data.readUInt32BE(counterAt);

/** Judges a passkey that was made (https://www.w3.org/TR/webauthn-3/#sctn-registering-a-new-credential): its counter, or why it is none. */
export const judgeNew = (
  { id, clientData, authenticatorData, publicKey, algorithm }: NewPasskey,
  site: PasskeySite,
): { counter: number } | { obstacle: string } => {
  const data = bytesOf(authenticatorData);
  const obstacle = obstacleOf(clientData, data, 'webauthn.create', site);
  if (obstacle !== undefined) return { obstacle };
  if (!(data[32]! & flags.attested) || data.length < idAt) return { obstacle: 'a part of it is missing' };
  const own = data.subarray(idAt, idAt + data.readUInt16BE(idLengthAt));
  if (!own.length || !own.equals(bytesOf(id))) return { obstacle: 'it has another id' };
  if (!keyOf(publicKey, algorithm)) return { obstacle: 'its key is of a kind that is not taken' };
  return { counter: counterOf(data) };
};

/** Judges what a passkey signed (https://www.w3.org/TR/webauthn-3/#sctn-verifying-assertion): its new counter, or why it does not count. */
export const judgeProof = (
  { clientData, authenticatorData, signature }: PasskeyProof,
  { key: publicKey, algorithm, counter }: { key: string; algorithm: number; counter: number },
  site: PasskeySite,
): { counter: number } | { obstacle: string } => {
  const data = bytesOf(authenticatorData);
  const obstacle = obstacleOf(clientData, data, 'webauthn.get', site);
  if (obstacle !== undefined) return { obstacle };
  const key = keyOf(publicKey, algorithm);
  const signed = Buffer.concat([data, sha256(bytesOf(clientData))]);
  if (!key || !verify(algorithm === -8 ? null : 'sha256', signed, key, bytesOf(signature)))
    return { obstacle: 'its signature does not fit' };
  const now = counterOf(data);
  // One that counts goes up with each use: else it is a copy.
  if ((now || counter) && now <= counter) return { obstacle: 'its counter went back: it may be a copy' };
  return { counter: now };
};
