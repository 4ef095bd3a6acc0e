import { describe } from 'vitest';
import { findStoreProgram } from './store-server.ts';

/** A group of tests that need a real store; skipped, and its name says so, where there is none. */
export const describeWithServer = findStoreProgram()
  ? describe
  : (name: string, tests: () => void) =>
      describe.skip(`${name} (skipped: neither valkey-server nor redis-server is on the PATH)`, tests);
