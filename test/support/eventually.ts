import { vi } from 'vitest';

/**
 * Milliseconds in which what does not wait for a time-out has ended, on a busy machine, too. No measure of speed: that is
 * for the bench.
 */
export const promptMs = 25_000;

/**
 * Waits until a check holds, and fails with what it said last. Only a check that never holds waits long: a minute is
 * for machines that do much else at the same time, and measures nothing.
 */
export const eventually = <T>(check: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(check, { timeout: 60_000, interval: 10 });
