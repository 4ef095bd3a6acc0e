import { defineConfig } from 'vitest/config';
import shared, { covering } from './vitest.config.ts';

const { projects: _projects, ...test } = shared.test!;

/**
 * Every test whose lines count, in one project: each project would transform and load the sources for itself, and have its part
 * of the coverage worked out for itself.
 */
export default defineConfig({
  test: {
    ...test,
    include: ['test/!(sweep)/**/*.test.ts', ...covering],
    // As long as the longest of them may take.
    testTimeout: 900_000,
    coverage: { ...test.coverage, enabled: true },
  },
});
