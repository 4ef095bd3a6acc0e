import { defineConfig } from 'vitest/config';

/** Whole-catalog sweeps, processes that are killed, floods of made-up input: minutes, so only `npm run test:all` runs them. */
const sweeps = 'test/sweep/**/*.test.ts';
/** Sweeps that take minutes each and reach no line that the others do not: without coverage, which doubles their time. */
const long = ['test/sweep/every-change-*.test.ts', 'test/sweep/linear.test.ts'];

export default defineConfig({
  test: {
    setupFiles: ['test/support/warnings.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Every file closes what it opens, so that files can share a process; what a process loads, it loads once.
    isolate: false,
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'fast', include: ['test/**/*.test.ts'], exclude: [sweeps] } },
      { extends: true, test: { name: 'sweep', include: [sweeps], exclude: long, testTimeout: 900_000 } },
      { extends: true, test: { name: 'long', include: long, testTimeout: 900_000 } },
    ],
    coverage: {
      provider: 'v8',
      include: ['src/**'],
      reporter: ['text', 'json-summary'],
      thresholds: { lines: 95 },
    },
  },
});
