import { CallError } from '../errors.ts';
import type { Answer } from '../types.ts';

interface Flight {
  stamp: string;
  answer: Promise<Answer>;
  waiting: number;
  stop: AbortController;
}

/** Requests in flight: equal ones share one. */
export interface Flights {
  /**
   * The answer of an equal request that was sent in the same generations, else of a new one. A caller that gives up leaves
   * the others their answer; the request ends when nobody waits for it any more. `alone`: share nobody's, let nobody share.
   */
  fly(
    key: string,
    stamp: string,
    options: { signal: AbortSignal; alone?: boolean | undefined },
    send: (signal: AbortSignal) => Promise<Answer>,
  ): { joined: boolean; answer: Promise<Answer> };
}

const cancelled = (): CallError => new CallError('cancelled', 'The read was cancelled.', 'Nothing was changed.');

const wait = (flight: Flight, signal: AbortSignal): Promise<Answer> => {
  flight.waiting++;
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      if (--flight.waiting === 0) flight.stop.abort();
    };
    const giveUp = (): void => {
      leave();
      reject(cancelled());
    };
    if (signal.aborted) return giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    flight.answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
};

/** No request is in flight at first. */
export const createFlights = (): Flights => {
  const flights = new Map<string, Flight>();
  return {
    fly: (key, stamp, { signal, alone = false }, send) => {
      const known = alone ? undefined : flights.get(key);
      if (known?.stamp === stamp && known.waiting > 0) return { joined: true, answer: wait(known, signal) };
      const stop = new AbortController();
      const flight: Flight = { stamp, answer: send(stop.signal), waiting: 0, stop };
      if (!alone) flights.set(key, flight);
      const land = (): void => {
        if (flights.get(key) === flight) flights.delete(key);
      };
      flight.answer.then(land, land);
      return { joined: false, answer: wait(flight, signal) };
    },
  };
};
