import type { CloudStack } from '../cloudstack/cloudstack.ts';
import type { Observe } from '../observe.ts';
import type { SharedCache } from '../store/store.ts';
import { createCachedClient, type CachedCloudStack, type Drop } from './cached-client.ts';
import { createInFlightRequests } from './in-flight.ts';
import { createMemory } from './memory.ts';
import { endpointKey, type CacheScope } from './scope.ts';
import { createSharedVersions, createVersions } from './versions.ts';
import type { CacheSettings } from '../config/cache.ts';

/** The cached answers of one server, of all its clouds and credentials. */
export interface Cache {
  createClient(cloudstack: CloudStack, scope: CacheScope): CachedCloudStack;
  close(): void;
}

/** Caches answers in this process and, with `shared`, in a store that replicas share. */
export const createCache = (
  { cacheLists, cacheInfrastructure, cacheConfiguration, cacheSize, cacheFollow }: CacheSettings,
  { shared, observe }: { shared?: SharedCache | undefined; observe?: Observe | undefined },
): Cache => {
  const memory = createMemory(
    cacheSize,
    () => Date.now(),
    (entries) => observe?.({ type: 'cache-entries', entries }),
  );
  const requests = createInFlightRequests();
  const endpoints = new Set<string>();
  const everything = (): string[] => [...endpoints].map(endpointKey);
  const localVersions = createVersions();
  const sharedVersions = shared && createSharedVersions(shared, everything);
  const closing: (() => void)[] = [];
  const drop: Drop = (keys, cause) => {
    const entries = memory.drop(keys);
    if (entries) observe?.({ type: 'invalidation', cause, entries });
  };
  if (shared)
    closing.push(
      shared.onInvalidate((keys) => drop(keys.includes('*') ? everything() : keys, 'replica')),
      () => sharedVersions?.close(),
    );
  const maxAgeMs = {
    lists: cacheLists * 1000,
    infrastructure: cacheInfrastructure * 1000,
    configuration: cacheConfiguration * 1000,
  };
  return {
    createClient: (cloudstack, scope) => {
      endpoints.add(scope.endpoint);
      const store = scope.isShared ? shared : undefined;
      const versions = (store && sharedVersions) ?? localVersions;
      const state = { memory, requests, versions, store, observe, pollIntervalMs: cacheFollow * 1000 };
      const client = createCachedClient(cloudstack, scope, state, { drop, maxAgeMs });
      closing.push(client.close);
      return client;
    },
    close: () => {
      for (const close of closing) close();
    },
  };
};
