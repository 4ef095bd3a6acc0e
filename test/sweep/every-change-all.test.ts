import { test } from 'vitest';
import { sweepChanges } from './every-change.ts';

test('over the whole catalog, with all that it takes: what a change makes another is no longer kept', () =>
  sweepChanges(() => true));
