import type { Resource } from '../world/types.ts';

/** Bytes of a tebibyte. */
export const tib = 2 ** 40;

/** Bytes of a gibibyte. */
export const gib = 2 ** 30;

/** Bytes of a mebibyte. */
export const mib = 2 ** 20;

/** Adds up what a function says of each row. */
export const sum = (rows: Iterable<Resource>, of: (row: Resource) => number): number =>
  Array.from(rows, of).reduce((a, b) => a + b, 0);
