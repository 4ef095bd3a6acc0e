import { CallError } from '../errors.ts';
import { minTimeMs, NotSent } from './not-sent.ts';
import { sleep } from './wait.ts';

/** How often and how soon to try again. */
export interface RetryOptions {
  /** Further attempts after the first. */
  retries: number;
  /** Milliseconds before the first retry; doubled each time, with jitter. */
  delay: number;
  /** Milliseconds since 1970 when the call's time is up. */
  deadline?: number | undefined;
  /** Whether trying again still makes sense. */
  isWorth?: (() => boolean) | undefined;
  /** Called before each further attempt. */
  onRetry?: (() => void) | undefined;
}

const retriable = new Set([429, 502, 503, 504]);

/** Whether a failed read may be tried again: the connection or a server on the way failed, not the request. */
export const isTransient = (error: unknown): error is CallError =>
  error instanceof CallError &&
  !(error instanceof NotSent) &&
  (error.kind === 'timeout' ||
    (error.kind === 'unavailable' && (error.code === undefined || retriable.has(error.code))) ||
    (error.kind === 'rate-limit' && error.code === 429));

/**
 * Runs `attempt` up to `1 + retries` times while its failures are transient, no sooner than `Retry-After` allows and only
 * before the deadline. Only for requests that may be sent twice.
 */
export const withRetries = async <T>(
  { retries, delay, deadline = Infinity, isWorth, onRetry }: RetryOptions,
  signal: AbortSignal,
  attempt: () => Promise<T>,
): Promise<T> => {
  let last: unknown;
  for (let tried = 0; ; tried++) {
    try {
      return await attempt();
    } catch (error) {
      // A NotSent claims that nothing was sent, which is not true after a first attempt; the earlier error says more.
      if (tried && error instanceof NotSent && error.kind !== 'cancelled') throw last;
      if (tried >= retries || signal.aborted || !isTransient(error) || isWorth?.() === false) throw error;
      last = error;
      // Jitter over the upper half keeps clients that failed together from returning together.
      const pause = Math.max(error.retryAfter ?? 0, delay * 2 ** tried * (0.5 + Math.random() / 2));
      if (Date.now() + pause + minTimeMs > deadline) throw error;
      await sleep('', pause, signal).catch(() => {
        throw error;
      });
      onRetry?.();
    }
  }
};
