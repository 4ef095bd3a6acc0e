import { readStoreUrl } from '../config/store-url.ts';
import { createMemoryStore } from './memory.ts';
import { createRedisStore, type StoreObserver } from './redis.ts';
import type { Store } from './store.ts';

/** The store of the configuration: the server that the setting `redisUrl` names, else this process's memory. */
export const openStore = ({ redisUrl }: { redisUrl: string }, watch: StoreObserver): Store => {
  const address = readStoreUrl(redisUrl);
  return address ? createRedisStore(address, watch) : createMemoryStore();
};
