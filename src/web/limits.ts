import type { HttpSettings } from '../config/http.ts';
import { CallError } from '../errors.ts';
import { createMemoryStore } from '../store/memory.ts';
import type { Store } from '../store/store.ts';

/** How much one principal may ask for. */
export interface Limits {
  /**
   * Takes so many requests off a principal's minute, which has `size` of them; gives the seconds to wait where there are not
   * so many left.
   */
  take(principal: string, requests: number, size?: number): Promise<number | undefined>;
  /** Whether a principal has as many requests running as it may. */
  isFull(principal: string): boolean;
  /** Counts a request until the given function is called; a `lasting` one takes a place, but its end is not awaited. */
  enter(principal: string, lasting?: boolean): () => void;
  /** Counts a call until it has ended: it goes on even if its client has gone. */
  run<T>(principal: string, call: () => Promise<T>): Promise<T>;
  /** What runs at the moment, in all. */
  running(): number;
  /** Resolves when nothing runs any more. */
  idle(): Promise<void>;
}

const createCounter = () => {
  const counts = new Map<string, number>();
  return {
    of: (key: string): number => counts.get(key) ?? 0,
    sum: (): number => [...counts.values()].reduce((sum, count) => sum + count, 0),
    add: (key: string, more: 1 | -1): void => {
      const count = (counts.get(key) ?? 0) + more;
      if (count) counts.set(key, count);
      else counts.delete(key);
    },
  };
};

/**
 * A bucket that fills evenly over a minute, in the store, so that all replicas take from it; while the store is lost, each
 * has its own. And a number of requests at once, in this process.
 */
export const createLimits = (
  { rateLimit, maxInFlight }: Pick<HttpSettings, 'rateLimit' | 'maxInFlight'>,
  store: Pick<Store, 'takeTokens'> = createMemoryStore(),
): Limits => {
  const own = createMemoryStore();
  const requests = createCounter();
  const calls = createCounter();
  const lastings = createCounter();
  let waiting: (() => void)[] = [];

  const running = (): number => Math.max(requests.sum(), calls.sum());
  const left = (): void => {
    if (running()) return;
    for (const resolve of waiting) resolve();
    waiting = [];
  };
  return {
    take: async (principal, requests, size = rateLimit) => {
      const bucket = { size, perMillisecond: size / 60_000 };
      // A batch larger than the whole bucket could never be paid: a full one is enough.
      const price = Math.min(requests, size);
      const ask = ({ takeTokens }: Pick<Store, 'takeTokens'>): Promise<number> =>
        takeTokens(`rate:${principal}`, bucket, price);
      const wait = await ask(store).catch((error: unknown) => {
        if (error instanceof CallError) return ask(own);
        throw error;
      });
      return wait ? Math.ceil(wait / 1000) : undefined;
    },
    isFull: (principal) =>
      Math.max(requests.of(principal), calls.of(principal)) + lastings.of(principal) >= maxInFlight,
    enter: (principal, lasting = false) => {
      const counter = lasting ? lastings : requests;
      counter.add(principal, 1);
      let entered = true;
      return () => {
        if (!entered) return;
        entered = false;
        counter.add(principal, -1);
        left();
      };
    },
    run: async (principal, call) => {
      calls.add(principal, 1);
      try {
        return await call();
      } finally {
        calls.add(principal, -1);
        left();
      }
    },
    running,
    idle: () => (running() ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve()),
  };
};
