import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** What came of one kind of operation. */
export interface Operation {
  /** Microseconds. */
  durations: RecordableHistogram;
  /** How often it ended otherwise than well, by kind. */
  errors: Map<string, number>;
}

/** What came of everything that users did. */
export interface Tally {
  operations: ReadonlyMap<string, Operation>;
  /** `duration` in milliseconds; `kind` is `ok` or what went wrong. */
  add(operation: string, duration: number, kind: string): void;
}

/** Percentiles in milliseconds. */
export interface Figures {
  count: number;
  p50: number;
  p95: number;
  p99: number;
}

/** A tally of nothing yet. */
export const createTally = (): Tally => {
  const operations = new Map<string, Operation>();
  return {
    operations,
    add: (operation, duration, kind) => {
      let known = operations.get(operation);
      if (!known) operations.set(operation, (known = { durations: createHistogram(), errors: new Map() }));
      known.durations.record(Math.max(1, Math.round(duration * 1000)));
      if (kind !== 'ok') known.errors.set(kind, (known.errors.get(kind) ?? 0) + 1);
    },
  };
};

/** Percentiles of some operations together. */
export const figuresOf = (operations: Iterable<Operation>): Figures => {
  const all = createHistogram();
  for (const { durations } of operations) all.add(durations);
  const within = (percentile: number): number => (all.count ? Math.round(all.percentile(percentile) / 100) / 10 : 0);
  return { count: all.count, p50: within(50), p95: within(95), p99: within(99) };
};

/** All errors by kind, with how often each came. */
export const errorsOf = ({ operations }: Tally, of: (name: string) => boolean = () => true): Record<string, number> => {
  const sums: Record<string, number> = {};
  for (const [name, { errors }] of operations)
    for (const [kind, count] of of(name) ? errors : []) sums[kind] = (sums[kind] ?? 0) + count;
  return sums;
};

/** How many errors there are in all. */
export const countErrors = (tally: Tally): number =>
  Object.values(errorsOf(tally)).reduce((sum, count) => sum + count, 0);
