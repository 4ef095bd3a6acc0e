import type { Clock } from '../../src/simulator/index.ts';

/** A clock that stands still until a test moves it. */
export const createTestClock = (start = Date.parse('2026-02-01T12:00:00Z')): Clock & { pass(ms: number): void } => {
  let now = start;
  return {
    now: () => now,
    sleep: (ms) => {
      now += ms;
      return Promise.resolve();
    },
    pass: (ms) => void (now += ms),
  };
};
