import { createHash, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import type { Secret } from '../cloudstack/credential.ts';
import type { CloudEvent } from './event-poller.ts';

/** One endpoint as one credential sees it. */
export interface CacheScope {
  endpoint: string;
  /** Stands for endpoint and credential without revealing them: part of the key of every answer. */
  identity: string;
  /** False where the endpoint is of this process alone. */
  isShared: boolean;
  /** A page of the events that the credential sees, newest first. */
  events(page: number, size: number): Promise<readonly CloudEvent[]>;
  /** Whether an error means that the credential may not see events at all. */
  isForbidden(error: unknown): boolean;
}

/** The key on which every answer of an endpoint depends. */
export const endpointKey = (endpoint: string): string => `${endpoint} *`;

/** The key on which every answer of a scope depends. */
export const scopeKey = ({ endpoint, identity }: CacheScope): string => `${endpoint} of ${identity}`;

/** The key on which the answers depend that show resources of a kind. */
export const kindKey = (endpoint: string, kind: string): string => `${endpoint} ${kind}`;

const stretch = promisify(scrypt) as (secret: string, salt: string, length: number) => Promise<Buffer>;

/**
 * A name for an endpoint and a credential that does not reveal the credential: the same wherever both are the same.
 * Passwords are stretched: they are short enough to be guessed from a plain hash.
 */
export const identityOf = async (endpoint: string, secret: Secret): Promise<string> => {
  const text = JSON.stringify([endpoint, ...Object.entries(secret).sort()]);
  const hash = 'apiKey' in secret ? createHash('sha256').update(text).digest() : await stretch(text, endpoint, 32);
  return hash.subarray(0, 20).toString('base64url');
};
