import type { Parts } from '../call/call.ts';
import { createMemoryStore } from '../store/memory.ts';
import type { Store } from '../store/store.ts';
import type { Caller } from '../types.ts';

const day = 86_400_000;
/** Milliseconds until the store is told again. */
const retryIntervalMs = 5000;

const keyOf = ({ profile, principal }: Caller, job: string): string => `job:${profile}:${principal}:${job}`;

/**
 * Who began which job. A job that CloudStack has accepted cannot fail for want of the store: it is kept here until the
 * store takes it, so that for a while only this replica may know of it.
 */
export const createBegunJobs = (store: Pick<Store, 'get' | 'set'>): Parts['jobs'] => {
  const own = createMemoryStore();
  const save = async (key: string, until: number): Promise<void> => {
    const left = until - Date.now();
    if (left <= 0) return;
    await store.set(key, 'begun', left).catch(() => {
      setTimeout(() => void save(key, until), retryIntervalMs).unref();
    });
  };
  return {
    add: async (caller, job) => {
      const key = keyOf(caller, job);
      await own.set(key, 'begun', day);
      await save(key, Date.now() + day);
    },
    isOf: async (caller, job) => {
      const key = keyOf(caller, job);
      return ((await own.get(key)) ?? (await store.get(key))) !== undefined;
    },
  };
};
