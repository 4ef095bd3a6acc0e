import type { SharedCache } from '../store/store.ts';

/** Versions of cache keys: an answer is valid as long as the versions of its keys have not changed. */
export interface Versions {
  /** The current versions of some keys; undefined while a scope on one of them is open, or while they are unknown. */
  current(keys: readonly string[]): Promise<string | undefined>;
  /** Gives the keys new versions: every answer requested before is stale. */
  invalidate(keys: readonly string[]): Promise<void>;
  /** Opens an invalidation scope: invalidates the keys now and when it is closed, and `current` is undefined meanwhile. Closing it twice does nothing. */
  openScope(keys: readonly string[]): Promise<() => Promise<void>>;
  close(): void;
}

/** Milliseconds between repeated invalidations while a scope is open, because other replicas do not know of the scope. */
const retryIntervalMs = 5000;

/** Versions of this process alone. */
export const createVersions = (): Versions => {
  const versions = new Map<string, number>();
  const openScopes = new Map<string, number>();
  const invalidate = (keys: readonly string[]): void => {
    for (const key of keys) versions.set(key, (versions.get(key) ?? 0) + 1);
  };
  return {
    current: (keys) =>
      Promise.resolve(
        keys.some((key) => openScopes.has(key)) ? undefined : keys.map((key) => versions.get(key) ?? 0).join(),
      ),
    invalidate: (keys) => Promise.resolve(invalidate(keys)),
    openScope: (keys) => {
      invalidate(keys);
      for (const key of keys) openScopes.set(key, (openScopes.get(key) ?? 0) + 1);
      let ended = false;
      return Promise.resolve(() => {
        if (ended) return Promise.resolve();
        ended = true;
        for (const key of keys) {
          const left = openScopes.get(key)! - 1;
          if (left) openScopes.set(key, left);
          else openScopes.delete(key);
        }
        invalidate(keys);
        return Promise.resolve();
      });
    },
    close: () => undefined,
  };
};

/**
 * Versions that replicas share through a store. While the store cannot be reached they are unknown; when it is back,
 * everything from before is stale on every replica: invalidations may have been missed.
 */
export const createSharedVersions = (shared: SharedCache, everything: () => readonly string[]): Versions => {
  const local = createVersions();
  const timers = new Set<NodeJS.Timeout>();
  let losses = 0;
  let recovered = 0;
  let recovery: NodeJS.Timeout | undefined;
  const onLoss = (): undefined => {
    losses++;
    // Other replicas must be notified of the loss even if this one has no reads.
    recovery ??= setInterval(() => void isInSync().catch(onLoss), retryIntervalMs).unref();
    return undefined;
  };
  const invalidate = async (keys: readonly string[]): Promise<void> => {
    await local.invalidate(keys);
    if (shared.isReachable()) await shared.invalidate(keys).catch(onLoss);
    else onLoss();
  };
  const isInSync = async (): Promise<boolean> => {
    if (!shared.isReachable()) {
      onLoss();
      return false;
    }
    if (losses === recovered) return true;
    // A loss during the invalidation below is not recovered by it.
    const known = losses;
    await shared.invalidate(everything());
    recovered = Math.max(recovered, known);
    if (losses === recovered) {
      clearInterval(recovery);
      recovery = undefined;
    }
    return true;
  };
  const stop = shared.onInvalidate((keys) => {
    if (keys.includes('*')) onLoss();
  });
  return {
    current: async (keys) => {
      const own = await local.current(keys);
      if (own === undefined) return undefined;
      try {
        return (await isInSync()) ? (await shared.versions(keys)).join() : undefined;
      } catch {
        return onLoss();
      }
    },
    invalidate,
    openScope: async (keys) => {
      if (!keys.length) return () => Promise.resolve();
      const end = await local.openScope(keys);
      const timer = setInterval(() => void invalidate(keys), retryIntervalMs).unref();
      timers.add(timer);
      await invalidate(keys);
      return async () => {
        clearInterval(timer);
        timers.delete(timer);
        await end();
        await invalidate(keys);
      };
    },
    close: () => {
      stop();
      clearInterval(recovery);
      for (const timer of timers) clearInterval(timer);
    },
  };
};
