import { test } from 'vitest';
import { sweepChanges } from './every-change.ts';

test('over the whole catalog, with as little as it takes: what a change makes another is no longer kept', () =>
  sweepChanges(({ required }) => required === true));
