import { NotSent } from './not-sent.ts';
import { waitFor, type Patience } from './patience.ts';

/** How many may be on their way at once, and how many may wait for it. */
export interface GateOptions {
  connections: number;
  maxWaiting: number;
  /** Told whenever one of the numbers changes. */
  tell?: ((running: number, waiting: number) => void) | undefined;
}

/** Lets so many requests to an endpoint run at once; a bounded number waits in order, the rest is sent away at once. */
export interface Gate {
  /** Undefined when the way is free, which costs no promise. Throws a NotSent when too many wait already. */
  enter(patience: Patience): Promise<void> | undefined;
  leave(): void;
}

/** A gate in front of the connections. Whoever gives up while waiting is taken out of the row and never sent. */
export const createGate = ({ connections, maxWaiting, tell }: GateOptions): Gate => {
  let running = 0;
  const waiting = new Set<() => void>();
  return {
    enter: (patience) => {
      if (running < connections) {
        running++;
        tell?.(running, waiting.size);
        return undefined;
      }
      if (waiting.size >= maxWaiting)
        throw new NotSent(
          'unavailable',
          `${patience.command}: too many requests are waiting for this CloudStack (${running} running, ${waiting.size} waiting); nothing was sent`,
          'Try again in a few seconds, with fewer calls at once.',
        );
      return waitFor(
        patience,
        (go) => {
          waiting.add(go);
          tell?.(running, waiting.size);
          return () => {
            waiting.delete(go);
            tell?.(running, waiting.size);
          };
        },
        'no connection was free in time',
      );
    },
    leave: () => {
      // The place is handed on; whoever waits longest gets it.
      for (const next of waiting) return next();
      running--;
      tell?.(running, waiting.size);
    },
  };
};
