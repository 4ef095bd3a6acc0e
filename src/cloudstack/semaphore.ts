import { NotSent } from './not-sent.ts';
import { createShares } from './shares.ts';
import { waitFor, type WaitLimit } from './wait.ts';

/** How many requests may run at once, and how many may wait. */
export interface SemaphoreOptions {
  connections: number;
  maxWaiting: number;
  /** Called whenever one of the numbers changes. */
  onChange?: ((running: number, waiting: number) => void) | undefined;
}

/**
 * Limits the requests to an endpoint that run at once; a bounded number waits in order, each principal's within its share of the
 * places. Further ones are refused at once.
 */
export interface Semaphore {
  /** Undefined if a slot is free, which costs no promise. Throws a NotSent when too many are waiting already. */
  acquire(limit: WaitLimit): Promise<void> | undefined;
  release(): void;
}

/** The semaphore of one endpoint. A request that is cancelled while it waits is removed from the queue and never sent. */
export const createSemaphore = ({ connections, maxWaiting, onChange }: SemaphoreOptions): Semaphore => {
  let running = 0;
  const waiting = new Set<() => void>();
  const places = createShares(maxWaiting);
  return {
    acquire: (limit) => {
      if (running < connections) {
        running++;
        onChange?.(running, waiting.size);
        return undefined;
      }
      const leave = places.take(limit.principal);
      if (!leave)
        throw new NotSent(
          'unavailable',
          `${limit.command}: too many requests are waiting for this CloudStack (${running} running, ${waiting.size} waiting); nothing was sent`,
          'Try again in a few seconds, with fewer calls at once.',
        );
      return waitFor(
        limit,
        (proceed) => {
          waiting.add(proceed);
          onChange?.(running, waiting.size);
          return () => {
            waiting.delete(proceed);
            leave();
            onChange?.(running, waiting.size);
          };
        },
        'no connection was free in time',
      );
    },
    release: () => {
      // The slot passes to the request that has waited longest.
      for (const next of waiting) return next();
      running--;
      onChange?.(running, waiting.size);
    },
  };
};
