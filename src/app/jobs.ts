import type { Jobs } from '../call/composition.ts';
import { createMemoryStore } from '../store/memory.ts';
import type { Store } from '../store/store.ts';
import type { Caller } from '../types.ts';

const day = 86_400_000;
/** Milliseconds until it is saved again in a store that could not be reached. */
const retryIntervalMs = 5000;

const keyOf = ({ profile, principal }: Caller, job: string): string => `job:${profile}:${principal}:${job}`;

/** Jobs whose secrets are remembered, the latest ones. */
const maxJobs = 1000;

/**
 * Who began which job, and with which secrets: those in the memory of this process only. A job that CloudStack has accepted cannot fail for want of the store: it is kept here until the
 * store takes it, so that for a while only this replica may know of it.
 */
export const createJobs = (store: Pick<Store, 'get' | 'set'>): Jobs => {
  const own = createMemoryStore();
  const secretsByJob = new Map<string, readonly string[]>();
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
    addSecrets: (job, secrets) => {
      if (secrets.length) secretsByJob.set(job, secrets);
      const [oldest] = secretsByJob.keys();
      if (oldest !== undefined && secretsByJob.size > maxJobs) secretsByJob.delete(oldest);
    },
    secretsOf: (job) => secretsByJob.get(job) ?? [],
  };
};
