import { givenUp, outOfTime } from './not-sent.ts';

/** How long a caller waits for something before its request leaves. */
export interface Patience {
  command: string;
  signal: AbortSignal;
  /** Milliseconds since 1970; Infinity waits as long as the signal lets it. */
  until: number;
}

/**
 * Waits until `begin` says go or stop, no longer than the caller's patience. `begin` gives the function that ends the
 * waiting, called once however it ends. Throws a NotSent when the patience ends first.
 */
export const waitFor = <T>(
  { command, signal, until }: Patience,
  begin: (go: (value: T) => void, stop: (error: Error) => void) => () => void,
  late?: string,
): Promise<T> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(givenUp(command));
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', drop);
      end();
    };
    const stop = (error: Error): void => {
      finish();
      reject(error);
    };
    const drop = (): void => stop(givenUp(command));
    const left = until === Infinity ? undefined : Math.max(0, until - Date.now());
    const timer = left === undefined ? undefined : setTimeout(() => stop(outOfTime(command, late)), left);
    signal.addEventListener('abort', drop, { once: true });
    const end = begin((value) => {
      finish();
      resolve(value);
    }, stop);
  });

/** Waits for a promise that others may wait for too, no longer than the caller's patience. */
export const waitForPromise = <T>(patience: Patience, promise: Promise<T>, late?: string): Promise<T> => {
  // Whoever has given up leaves nobody to hear of its failure.
  promise.catch(() => undefined);
  return waitFor(
    patience,
    (go, stop) => {
      let over = false;
      promise.then(
        (value) => over || go(value),
        (error: unknown) => over || stop(error as Error),
      );
      return () => {
        over = true;
      };
    },
    late,
  );
};

/** Does nothing for so many milliseconds. Throws a NotSent when the signal ends it. */
export const rest = (command: string, milliseconds: number, signal: AbortSignal): Promise<void> =>
  waitFor({ command, signal, until: Infinity }, (go) => {
    const timer = setTimeout(go, milliseconds);
    return () => clearTimeout(timer);
  });
