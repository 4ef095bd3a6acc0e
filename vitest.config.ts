import { defineConfig } from 'vitest/config';

/** Whole-catalog sweeps, processes that are killed, floods of made-up input: minutes, so only `npm run test:all` runs them. */
const sweeps = 'test/sweep/**/*.test.ts';
/** Files that take seconds: they start programs or several servers, or wait until a time is up. `npm run test:all`, too. */
const slow = 'test/slow/**/*.test.ts';
/** Sweeps that reach what the other tests leave out; the others reach no line that is not covered. */
export const covering = ['test/sweep/every-command.test.ts', 'test/sweep/export.test.ts', 'test/sweep/asking.test.ts'];

export default defineConfig({
  test: {
    globalSetup: ['test/support/temporary-folder.ts'],
    setupFiles: ['test/support/warnings.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Every file closes what it opens, so that files can share a process; what a process loads, it loads once.
    isolate: false,
    maxWorkers: 2,
    experimental: { fsModuleCache: true },
    projects: [
      { extends: true, test: { name: 'fast', include: ['test/**/*.test.ts'], exclude: [sweeps, slow] } },
      { extends: true, test: { name: 'slow', include: [slow] } },
      { extends: true, test: { name: 'covering', include: covering, testTimeout: 900_000 } },
      {
        extends: true,
        test: { name: 'sweep', include: [sweeps], exclude: covering, testTimeout: 900_000, hookTimeout: 900_000 },
      },
    ],
    coverage: {
      provider: 'v8',
      include: ['src/**'],
      // Runs in a browser, where `npm run page-check` uses it.
      exclude: ['src/page/**'],
      reporter: ['text', 'json-summary'],
      thresholds: { lines: 95 },
    },
  },
});
