/** A signal that has an end of its own. */
export interface TimeLimit {
  signal: AbortSignal;
  abort: () => void;
  /** Stops the timer and no longer follows the other signal. */
  end: () => void;
}

/**
 * A signal that is aborted when the given one is, or after so many milliseconds with a `TimeoutError`. Instead of
 * `AbortSignal.any()`, which Node may collect with the timer that only it knows: it then never fires (nodejs/node#57736,
 * #65995).
 */
export const limitTime = (signal: AbortSignal, milliseconds: number): TimeLimit => {
  const limited = new AbortController();
  const follow = (): void => limited.abort(signal.reason);
  const timer = setTimeout(
    () => limited.abort(new DOMException(`Not done within ${milliseconds} ms.`, 'TimeoutError')),
    milliseconds,
  );
  if (signal.aborted) follow();
  else signal.addEventListener('abort', follow, { once: true });
  return {
    signal: limited.signal,
    abort: () => limited.abort(),
    end: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', follow);
    },
  };
};
