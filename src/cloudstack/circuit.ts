import { CallError } from '../errors.ts';
import { NotSent } from './not-sent.ts';
import { createShares } from './shares.ts';
import { waitForPromise, type WaitLimit } from './wait.ts';

/** When an endpoint counts as down, and how soon it is probed. */
export interface CircuitOptions {
  /** Such as `cloud.example.com`, for messages. */
  host: string;
  /** So many failures in a row open the circuit; 0: never. */
  breakerFailures: number;
  /** Milliseconds before an open circuit is probed; doubled with each probe that fails, to six times. */
  breakerPause: number;
  /** So many may wait for the answer to a probe. */
  maxWaiting: number;
  onState?: ((state: 'closed' | 'half-open' | 'open') => void) | undefined;
  /** Milliseconds. */
  now?: (() => number) | undefined;
}

/**
 * The circuit breaker of an endpoint. Closed until `breakerFailures` requests in a row got no answer; then nothing is sent
 * until one read, the probe, is answered.
 *
 * Not cockatiel's: there an unexpected error or a cancellation during the probe closes the circuit, a request that waits for
 * the probe cannot be cancelled, a change may be the probe, no early probe is possible, and a closed circuit costs promises.
 */
export interface Circuit {
  isOpen(): boolean;
  /** Waits for a probe where one is due (`early`: in any case), and starts it if none is running. Throws a NotSent while it is open. */
  pass(limit: WaitLimit, probe: () => Promise<unknown>, early?: boolean): Promise<void>;
  /** The error for a request that was not sent, with the time of the next probe. */
  refusal(command: string): NotSent;
  /** A sequence number for a request that is about to be sent, for `failed`. */
  begin(): number;
  /** The endpoint answered, if only with an error of its own. */
  answered(): void;
  /** The endpoint did not answer the request with the sequence number `begun`; `late`: a time-out, otherwise the connection broke. */
  failed(begun: number, late: boolean): void;
}

/** The circuit of one endpoint, shared by all its clients. */
export const createCircuit = ({
  host,
  breakerFailures,
  breakerPause,
  maxWaiting,
  onState,
  now = Date.now,
}: CircuitOptions): Circuit => {
  let openUntil: number | undefined;
  let pause = breakerPause;
  let failures = 0;
  let probing: Promise<void> | undefined;
  const places = createShares(maxWaiting);
  // A sequence number instead of a time: only the order of answers and failures matters.
  let sequence = 0;
  let lastAnswer = 0;
  let lastFailure = 0;

  const refusal = (command: string): NotSent => {
    const seconds = Math.max(1, Math.ceil(((openUntil ?? 0) - now()) / 1000));
    return new NotSent(
      'unavailable',
      `${command}: ${host} has not answered ${failures} times in a row; nothing was sent`,
      `The next probe is in ${seconds} s. Is the management server up and reachable from here?`,
    );
  };
  const probeWith = async (probe: () => Promise<unknown>): Promise<void> => {
    const isDue = now() >= openUntil!;
    onState?.('half-open');
    try {
      await probe();
      openUntil = undefined;
      pause = breakerPause;
      failures = 0;
      onState?.('closed');
    } catch (error) {
      failures++;
      if (isDue) {
        pause = Math.min(pause * 2, breakerPause * 6);
        openUntil = now() + pause;
      }
      onState?.('open');
      // A CallError means that it is still down; anything else is a bug in the probe and must look like one.
      if (!(error instanceof CallError)) throw error;
    } finally {
      probing = undefined;
    }
  };

  onState?.('closed');
  return {
    isOpen: () => openUntil !== undefined,
    pass: async (limit, probe, early = false) => {
      if (openUntil === undefined) return;
      // The request that starts the probe does not count as waiting: one may pass even where maxWaiting is 0.
      if (!probing && !early && now() < openUntil) throw refusal(limit.command);
      const leave = places.take(limit.principal);
      if (probing && !leave) throw refusal(limit.command);
      try {
        await waitForPromise(
          limit,
          (probing ??= probeWith(probe)),
          `${host} has not answered ${failures} times in a row, and its probe takes too long`,
        );
      } finally {
        leave?.();
      }
      if (openUntil !== undefined) throw refusal(limit.command);
    },
    refusal,
    begin: () => sequence,
    answered: () => {
      lastAnswer = ++sequence;
      if (openUntil === undefined) failures = 0;
    },
    failed: (begun, late) => {
      // An endpoint that has answered other requests meanwhile is not down.
      if (openUntil !== undefined || breakerFailures === 0 || lastAnswer > begun) return;
      // Connections that break together, as when a proxy restarts, are one failure; each time-out is a failure of its own.
      if (!late && lastFailure > begun) return;
      lastFailure = ++sequence;
      if (++failures < breakerFailures) return;
      openUntil = now() + pause;
      onState?.('open');
    },
  };
};
