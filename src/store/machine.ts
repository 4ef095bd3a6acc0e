import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { CallError } from '../errors.ts';
import { createMemoryStore } from './memory.ts';
import type { SharedCache, Store } from './store.ts';

/** Characters of the answers that the processes of one machine share. */
const maxCached = 32 * 2 ** 20;

/** What is cached, in memory; every version is remembered: there is one for each kind of thing, cloud and credential. */
const createSharedMemory = ({ setIfAbsent }: Pick<Store, 'setIfAbsent'>): SharedCache => {
  const answers = new LRUCache<string, string>({ maxSize: maxCached, sizeCalculation: ({ length }) => length + 100 });
  const versions = new Map<string, string>();
  const listeners = new Set<(keys: readonly string[]) => void>();
  return {
    get: (key) => Promise.resolve(answers.get(key)),
    set: (key, value, ttl) => Promise.resolve(void answers.set(key, value, { ttl: Math.ceil(ttl) })),
    versions: (keys) => Promise.resolve(keys.map((key) => versions.get(key) ?? '')),
    invalidate: (keys) => {
      for (const key of keys) versions.set(key, randomUUID());
      for (const listener of listeners) listener(keys);
      return Promise.resolve();
    },
    onInvalidate: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    claim: (key, ttl) => setIfAbsent(`claim:${key}`, ttl),
    isReachable: () => true,
  };
};

/** The store of several processes on one machine, in the memory of the one that started the others. */
export const createMachineStore = (): Store & { shared: SharedCache } => {
  const memory = createMemoryStore();
  return { ...memory, kind: 'machine', shared: createSharedMemory(memory) };
};

/** Asks the process that has the store: the name of a function, and what it is given. */
export type AskStore = (name: string, args: readonly unknown[]) => Promise<unknown>;

/** What another process asked of a store. Throws for what no store has. */
export const answerFor =
  (store: Store & { shared: SharedCache }): AskStore =>
  (name, args) => {
    const [part, own] = name.startsWith('shared.') ? [store.shared, name.slice(7)] : [store, name];
    const found = Object.hasOwn(part, own) ? (part as unknown as Record<string, unknown>)[own] : undefined;
    if (typeof found !== 'function') throw new TypeError(`a store has no ${name}`);
    return (found as (...given: readonly unknown[]) => Promise<unknown>)(...args);
  };

/** How the process that has the store is reached. */
export interface StoreChannel {
  ask: AskStore;
  /** Called with the keys that any process invalidated. */
  onInvalidate: SharedCache['onInvalidate'];
  isOpen(): boolean;
}

/** The same store as another process of the machine sees it. */
export const connectMachineStore = ({ ask, onInvalidate, isOpen }: StoreChannel): Store => {
  const lost = (): CallError =>
    new CallError('unavailable', 'The process that started this one is gone. Nothing was sent.', 'Try again.');
  /** One cast: what comes back is what the same function of the other process gave. */
  const via =
    <F extends (...args: never[]) => Promise<unknown>>(name: string) =>
    (...args: Parameters<F>): ReturnType<F> =>
      (isOpen() ? ask(name, args) : Promise.reject(lost())) as ReturnType<F>;
  return {
    kind: 'machine',
    setIfAbsent: via<Store['setIfAbsent']>('setIfAbsent'),
    count: via<Store['count']>('count'),
    takeTokens: via<Store['takeTokens']>('takeTokens'),
    set: via<Store['set']>('set'),
    get: via<Store['get']>('get'),
    getOrSet: via<Store['getOrSet']>('getOrSet'),
    hashGetAll: via<Store['hashGetAll']>('hashGetAll'),
    compareAndSet: via<Store['compareAndSet']>('compareAndSet'),
    ping: via<Store['ping']>('ping'),
    close: () => Promise.resolve(),
    shared: {
      get: via<SharedCache['get']>('shared.get'),
      set: via<SharedCache['set']>('shared.set'),
      versions: via<SharedCache['versions']>('shared.versions'),
      invalidate: via<SharedCache['invalidate']>('shared.invalidate'),
      claim: via<SharedCache['claim']>('shared.claim'),
      onInvalidate,
      isReachable: isOpen,
    },
  };
};
