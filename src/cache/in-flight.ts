import { CallError } from '../errors.ts';
import type { Answer } from '../types.ts';

interface InFlight {
  version: string;
  answer: Promise<Answer>;
  waiting: number;
  stop: AbortController;
}

/** Requests in flight; equal ones are coalesced. */
export interface InFlightRequests {
  /**
   * The answer of an equal request that was sent at the same version, else of a new one. A caller that gives up does not
   * end the request for the others; it is aborted when no caller waits for it any more. `alone`: never shared.
   */
  coalesce(
    key: string,
    version: string,
    options: { signal: AbortSignal; alone?: boolean | undefined },
    send: (signal: AbortSignal) => Promise<Answer>,
  ): { joined: boolean; answer: Promise<Answer> };
}

const cancelled = (): CallError => new CallError('cancelled', 'The read was cancelled.', 'Nothing was changed.');

const wait = (request: InFlight, signal: AbortSignal): Promise<Answer> => {
  request.waiting++;
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      if (--request.waiting === 0) request.stop.abort();
    };
    const giveUp = (): void => {
      leave();
      reject(cancelled());
    };
    if (signal.aborted) return giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    request.answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
};

/** Coalesces requests; none is in flight at first. */
export const createInFlightRequests = (): InFlightRequests => {
  const inFlight = new Map<string, InFlight>();
  return {
    coalesce: (key, version, { signal, alone = false }, send) => {
      // No one else waits for it: it ends with its caller.
      if (alone) return { joined: false, answer: send(signal) };
      const known = inFlight.get(key);
      if (known?.version === version && known.waiting > 0) return { joined: true, answer: wait(known, signal) };
      const stop = new AbortController();
      const request: InFlight = { version, answer: send(stop.signal), waiting: 0, stop };
      inFlight.set(key, request);
      const remove = (): void => {
        if (inFlight.get(key) === request) inFlight.delete(key);
      };
      request.answer.then(remove, remove);
      return { joined: false, answer: wait(request, signal) };
    },
  };
};
