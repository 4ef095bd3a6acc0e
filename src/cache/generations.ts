import type { SharedCache } from '../store/store.ts';

/** Tells whether what a key stands for may have changed since an answer was asked for. */
export interface Generations {
  /** The generations of some keys; undefined while one is held, or while nobody can tell. */
  stamp(keys: readonly string[]): Promise<string | undefined>;
  /** Begins new generations: whatever was asked for before is stale. */
  bump(keys: readonly string[]): Promise<void>;
  /** New generations now, and again when the hold ends; none can be told meanwhile. Ending it twice does nothing. */
  hold(keys: readonly string[]): Promise<() => Promise<void>>;
  close(): void;
}

/** Milliseconds between two bumps of what is held, for replicas that do not know of the hold. */
const again = 5000;

/** Generations of this process alone. */
export const createGenerations = (): Generations => {
  const generations = new Map<string, number>();
  const held = new Map<string, number>();
  const bump = (keys: readonly string[]): void => {
    for (const key of keys) generations.set(key, (generations.get(key) ?? 0) + 1);
  };
  return {
    stamp: (keys) =>
      Promise.resolve(
        keys.some((key) => held.has(key)) ? undefined : keys.map((key) => generations.get(key) ?? 0).join(),
      ),
    bump: (keys) => Promise.resolve(bump(keys)),
    hold: (keys) => {
      bump(keys);
      for (const key of keys) held.set(key, (held.get(key) ?? 0) + 1);
      let ended = false;
      return Promise.resolve(() => {
        if (ended) return Promise.resolve();
        ended = true;
        for (const key of keys) {
          const left = held.get(key)! - 1;
          if (left) held.set(key, left);
          else held.delete(key);
        }
        bump(keys);
        return Promise.resolve();
      });
    },
    close: () => undefined,
  };
};

/**
 * Generations that replicas share through a store. While the store cannot be reached, none can be told; when it is back,
 * everything from before is stale, here and for the others: changes may have gone unheard.
 */
export const createSharedGenerations = (shared: SharedCache, everything: () => readonly string[]): Generations => {
  const local = createGenerations();
  const timers = new Set<NodeJS.Timeout>();
  let losses = 0;
  let healed = 0;
  let healing: NodeJS.Timeout | undefined;
  const lose = (): undefined => {
    losses++;
    // The others learn of it even where nobody reads here.
    healing ??= setInterval(() => void reached().catch(lose), again).unref();
    return undefined;
  };
  const tell = async (keys: readonly string[]): Promise<void> => {
    await local.bump(keys);
    if (shared.isReachable()) await shared.invalidate(keys).catch(lose);
    else lose();
  };
  const reached = async (): Promise<boolean> => {
    if (!shared.isReachable()) {
      lose();
      return false;
    }
    if (losses === healed) return true;
    // What is lost meanwhile is not made good by this.
    const known = losses;
    await shared.invalidate(everything());
    healed = Math.max(healed, known);
    if (losses === healed) {
      clearInterval(healing);
      healing = undefined;
    }
    return true;
  };
  const stop = shared.onInvalidate((keys) => {
    if (keys.includes('*')) lose();
  });
  return {
    stamp: async (keys) => {
      const own = await local.stamp(keys);
      if (own === undefined) return undefined;
      try {
        return (await reached()) ? (await shared.versions(keys)).join() : undefined;
      } catch {
        return lose();
      }
    },
    bump: tell,
    hold: async (keys) => {
      if (!keys.length) return () => Promise.resolve();
      const end = await local.hold(keys);
      const timer = setInterval(() => void tell(keys), again).unref();
      timers.add(timer);
      await tell(keys);
      return async () => {
        clearInterval(timer);
        timers.delete(timer);
        await end();
        await tell(keys);
      };
    },
    close: () => {
      stop();
      clearInterval(healing);
      for (const timer of timers) clearInterval(timer);
    },
  };
};
