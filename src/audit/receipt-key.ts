import { createPrivateKey, createPublicKey, randomBytes, type KeyObject } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../folder.ts';
import { CallError } from '../errors.ts';

// RFC 8410: what stands before the 32 bytes of a key of Ed25519, private (PKCS #8) and public (SPKI).
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex');

const seedPattern = /^[\w-]{43}$/;
const keyPattern = /^ed25519:([\w-]{43})$/;

/** The name of the file with the key, in the state folder. */
const fileName = 'receipt-key';

/** The seed of this installation: made where there is none; of those who make one at the same time, the first is taken. */
const readSeed = (state: string): string => {
  const path = join(state, fileName);
  for (let attempt = 1; ; attempt++)
    try {
      return readFileSync(path, 'utf8').trim();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt > 3) throw error;
      makeFolder(state);
      const draft = `${path}.${process.pid}`;
      writeFileSync(draft, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 });
      try {
        linkSync(draft, path);
      } catch {
        // Another process was first.
      }
      rmSync(draft, { force: true });
    }
};

const noKey = (why: string, state: string, cause?: unknown): CallError =>
  new CallError(
    'configuration',
    `The file ${join(state, fileName)} ${why}.`,
    'Put the key of this server back: receipts are verified with its public half.',
    { cause },
  );

/**
 * The key (Ed25519) with which receipts are signed: the configured one, else the one in the state folder. Throws a CallError where
 * there is none.
 */
export const openReceiptKey = ({ state, receiptKey }: { state: string; receiptKey: string }): KeyObject => {
  let seed = receiptKey;
  try {
    seed ||= readSeed(state);
  } catch (cause) {
    throw noKey(`cannot be read: ${(cause as Error).message}`, state, cause);
  }
  if (!seedPattern.test(seed)) throw noKey('holds no key', state);
  const der = Buffer.concat([privatePrefix, Buffer.from(seed, 'base64url')]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
};

/** The public half of a key as people pass it on: `ed25519:…`. */
export const publicKeyOf = (key: KeyObject): string => {
  const der = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return `ed25519:${der.subarray(publicPrefix.length).toString('base64url')}`;
};

/** Reads `ed25519:…`; undefined for what is not a key. */
export const readPublicKey = (text: string): KeyObject | undefined => {
  const [, bytes] = keyPattern.exec(text) ?? [];
  if (bytes === undefined) return undefined;
  const der = Buffer.concat([publicPrefix, Buffer.from(bytes, 'base64url')]);
  return createPublicKey({ key: der, format: 'der', type: 'spki' });
};
