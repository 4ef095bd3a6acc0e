import { setTimeout as sleep } from 'node:timers/promises';
import { CallError } from '../errors.ts';

/** How often and how soon to try again. */
export interface RetryOptions {
  /** Further attempts after the first. */
  retries: number;
  /** Milliseconds before the first retry; doubled each time, with jitter. */
  delay: number;
}

const retriable = new Set([429, 502, 503, 504]);

/** Whether a failed read may be tried again: the connection or a server on the way failed, not the request. */
export const isPassing = (error: unknown): boolean =>
  error instanceof CallError &&
  (error.kind === 'timeout' ||
    (error.kind === 'unavailable' && (error.code === undefined || retriable.has(error.code))) ||
    (error.kind === 'rate-limit' && error.code === 429));

/** Runs `attempt` up to `1 + retries` times while it fails in passing. Only for what may be sent twice. */
export const withRetries = async <T>(
  { retries, delay }: RetryOptions,
  signal: AbortSignal,
  attempt: () => Promise<T>,
): Promise<T> => {
  for (let tried = 0; ; tried++) {
    try {
      return await attempt();
    } catch (error) {
      if (tried >= retries || signal.aborted || !isPassing(error)) throw error;
      // Full jitter over the upper half keeps clients that failed together from returning together.
      await sleep(delay * 2 ** tried * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {
        throw error;
      });
    }
  }
};
