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

/** The key on which the answers depend that were cached on the promise that events are polled. */
export const polledKey = (scope: CacheScope): string => `${scopeKey(scope)}, polled`;

/** The key on which the answers depend that show resources of a kind. */
export const kindKey = (endpoint: string, kind: string): string => `${endpoint} ${kind}`;
