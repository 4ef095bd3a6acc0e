/** How much one principal may ask for. */
export interface Limits {
  /** Takes so many requests off a principal's minute; gives the seconds to wait where there are not so many left. */
  take(principal: string, requests: number): number | undefined;
  /** Whether a principal has as many requests running as it may. */
  isFull(principal: string): boolean;
  /** Counts an exchange until the given function is called; a `lasting` one takes a place, but nobody waits for its end. */
  enter(principal: string, lasting?: boolean): () => void;
  /** Counts a call until it has ended: it goes on even if its client has gone. */
  run<T>(principal: string, call: () => Promise<T>): Promise<T>;
  /** What runs at the moment, in all. */
  running(): number;
  /** Resolves when nothing runs any more. */
  idle(): Promise<void>;
}

interface Bucket {
  left: number;
  at: number;
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

/** Limits in this process: a bucket that fills evenly over a minute, and a number of requests at once. */
export const createLimits = (
  { rateLimit, maxInFlight }: { rateLimit: number; maxInFlight: number },
  now: () => number = Date.now,
): Limits => {
  const perMillisecond = rateLimit / 60_000;
  const buckets = new Map<string, Bucket>();
  const exchanges = createCounter();
  const calls = createCounter();
  const lastings = createCounter();
  let waiting: (() => void)[] = [];

  const fill = ({ left, at }: Bucket): number => Math.min(rateLimit, left + (now() - at) * perMillisecond);
  /** Whoever has a full bucket again need not be remembered. */
  const forget = (): void => {
    for (const [principal, bucket] of buckets) if (fill(bucket) >= rateLimit) buckets.delete(principal);
  };
  const running = (): number => Math.max(exchanges.sum(), calls.sum());
  const left = (): void => {
    if (running()) return;
    for (const resolve of waiting) resolve();
    waiting = [];
  };
  return {
    take: (principal, requests) => {
      if (buckets.size > 1000) forget();
      const bucket = buckets.get(principal);
      const available = bucket ? fill(bucket) : rateLimit;
      // A batch larger than the whole bucket could never be paid: a full one is enough.
      const price = Math.min(requests, rateLimit);
      if (available < price) return Math.max(1, Math.ceil((price - available) / perMillisecond / 1000));
      buckets.set(principal, { left: available - price, at: now() });
      return undefined;
    },
    isFull: (principal) =>
      Math.max(exchanges.of(principal), calls.of(principal)) + lastings.of(principal) >= maxInFlight,
    enter: (principal, lasting = false) => {
      const counter = lasting ? lastings : exchanges;
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
