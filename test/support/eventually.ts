import { vi } from 'vitest';

/**
 * Waits until a check holds, and fails with what it said last. Only a check that never holds waits long: half a minute is
 * for machines that do much else at the same time, and measures nothing.
 */
export const eventually = <T>(check: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(check, { timeout: 30_000, interval: 10 });
