import { CallError } from '../errors.ts';
import { NotSent } from './not-sent.ts';
import { waitForPromise, type Patience } from './patience.ts';

/** When an endpoint counts as down, and how soon it is looked at again. */
export interface CircuitOptions {
  /** Such as `cloud.example.com`, for messages. */
  host: string;
  /** So many failures in a row open the circuit; 0: never. */
  breakerFailures: number;
  /** Milliseconds before an open circuit is probed; doubled with each probe that fails, to six times. */
  breakerPause: number;
  /** So many may wait for the answer to a probe. */
  maxWaiting: number;
  tell?: ((state: 'closed' | 'half-open' | 'open') => void) | undefined;
  /** Milliseconds. */
  now?: (() => number) | undefined;
}

/**
 * Whether an endpoint is worth asking. Closed until `breakerFailures` requests in a row found nobody; then nothing leaves
 * until one read, the probe, is answered.
 *
 * Not cockatiel's: there an unexpected error or a cancel during the probe closes the circuit, whoever waits for the probe
 * cannot give up, a change may be the probe, nobody may look before the pause is over, and a closed circuit costs promises.
 */
export interface Circuit {
  isOpen(): boolean;
  /** Waits for a probe where one is due (`early`: in any case), and starts it where nobody has. Throws a NotSent while it is open. */
  pass(patience: Patience, probe: () => Promise<unknown>, early?: boolean): Promise<void>;
  /** Nothing was sent, and when it is tried again. */
  refusal(command: string): NotSent;
  /** Marks the moment when a request leaves, for `failed`. */
  begin(): number;
  /** The endpoint answered, if only with an error of its own. */
  answered(): void;
  /** The endpoint did not answer a request that left at `begun`; `late`: not in time, otherwise the connection broke. */
  failed(begun: number, late: boolean): void;
}

/** The circuit of one endpoint, shared by whoever asks it. */
export const createCircuit = ({
  host,
  breakerFailures,
  breakerPause,
  maxWaiting,
  tell,
  now = Date.now,
}: CircuitOptions): Circuit => {
  let until: number | undefined;
  let pause = breakerPause;
  let failures = 0;
  let probing: Promise<void> | undefined;
  let waiting = 0;
  // Moments are counted, not timed: what matters is only what came first.
  let moment = 0;
  let lastAnswer = 0;
  let lastFailure = 0;

  const refusal = (command: string): NotSent => {
    const seconds = Math.max(1, Math.ceil(((until ?? 0) - now()) / 1000));
    return new NotSent(
      'unavailable',
      `${command}: ${host} has not answered ${failures} times in a row; nothing was sent`,
      `It is looked at again in ${seconds} s. Is the management server up and reachable from here?`,
    );
  };
  const probeWith = async (probe: () => Promise<unknown>): Promise<void> => {
    const isDue = now() >= until!;
    tell?.('half-open');
    try {
      await probe();
      until = undefined;
      pause = breakerPause;
      failures = 0;
      tell?.('closed');
    } catch (error) {
      failures++;
      if (isDue) {
        pause = Math.min(pause * 2, breakerPause * 6);
        until = now() + pause;
      }
      tell?.('open');
      // Those who wait hear that it is still down; a bug in the probe should look like one.
      if (!(error instanceof CallError)) throw error;
    } finally {
      probing = undefined;
    }
  };

  tell?.('closed');
  return {
    isOpen: () => until !== undefined,
    pass: async (patience, probe, early = false) => {
      if (until === undefined) return;
      // Whoever begins the probe does not stand behind others: one is let through even where nobody may wait.
      const isRefused = probing ? waiting >= maxWaiting : !early && now() < until;
      if (isRefused) throw refusal(patience.command);
      waiting++;
      try {
        await waitForPromise(
          patience,
          (probing ??= probeWith(probe)),
          `${host} has not answered ${failures} times in a row, and its probe takes too long`,
        );
      } finally {
        waiting--;
      }
      if (until !== undefined) throw refusal(patience.command);
    },
    refusal,
    begin: () => moment,
    answered: () => {
      lastAnswer = ++moment;
      if (until === undefined) failures = 0;
    },
    failed: (begun, late) => {
      // One that has answered others meanwhile is not down.
      if (until !== undefined || breakerFailures === 0 || lastAnswer > begun) return;
      // Connections that break together, as when a proxy is restarted, are one failure; being late, each has waited for itself.
      if (!late && lastFailure > begun) return;
      lastFailure = ++moment;
      if (++failures < breakerFailures) return;
      until = now() + pause;
      tell?.('open');
    },
  };
};
