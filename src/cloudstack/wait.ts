import { cancelledBeforeSending, outOfTime } from './not-sent.ts';

/** How long a caller waits before its request is sent. */
export interface WaitLimit {
  command: string;
  /** Whose share of the places it takes; undefined: the server's own request, which takes any. */
  principal?: string | undefined;
  signal: AbortSignal;
  /** Milliseconds since 1970; Infinity: no deadline, only the signal. */
  deadline: number;
}

/**
 * Waits until `begin` calls proceed or stop, but not past the caller's limit. `begin` returns a clean-up function, called
 * once however the wait ends. Throws a NotSent when the limit is reached first.
 */
export const waitFor = <T>(
  { command, signal, deadline }: WaitLimit,
  begin: (proceed: (value: T) => void, stop: (error: Error) => void) => () => void,
  late?: string,
): Promise<T> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(cancelledBeforeSending(command));
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', drop);
      end();
    };
    const stop = (error: Error): void => {
      finish();
      reject(error);
    };
    const drop = (): void => stop(cancelledBeforeSending(command));
    const left = deadline === Infinity ? undefined : Math.max(0, deadline - Date.now());
    const timer = left === undefined ? undefined : setTimeout(() => stop(outOfTime(command, late)), left);
    signal.addEventListener('abort', drop, { once: true });
    const end = begin((value) => {
      finish();
      resolve(value);
    }, stop);
  });

/** Waits for a promise that others may wait for too, but not past the caller's limit. */
export const waitForPromise = <T>(limit: WaitLimit, promise: Promise<T>, late?: string): Promise<T> => {
  // If every caller has given up, the rejection would be unhandled.
  promise.catch(() => undefined);
  return waitFor(
    limit,
    (proceed, stop) => {
      let over = false;
      promise.then(
        (value) => over || proceed(value),
        (error: unknown) => over || stop(error as Error),
      );
      return () => {
        over = true;
      };
    },
    late,
  );
};

/** Waits for so many milliseconds. Throws a NotSent when the signal is aborted. */
export const sleep = (command: string, milliseconds: number, signal: AbortSignal): Promise<void> =>
  waitFor({ command, signal, deadline: Infinity }, (proceed) => {
    const timer = setTimeout(proceed, milliseconds);
    return () => clearTimeout(timer);
  });
