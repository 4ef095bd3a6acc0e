/** Durations in buckets, each 2 % wider than the one before: percentiles to 2 % in constant memory. */
export interface Histogram {
  /** Milliseconds. */
  add(duration: number): void;
  count(): number;
  /** The duration (milliseconds) that a share `q` of all stayed within; 0 when there are none. */
  quantile(q: number): number;
  merge(other: Histogram): void;
  readonly counts: Uint32Array;
}

/** Milliseconds at which the first bucket ends, and how much wider each further one is. */
const first = 0.01;
const step = Math.log(1.02);
const buckets = 1000;

/** A histogram without anything in it. */
export const createHistogram = (): Histogram => {
  const counts = new Uint32Array(buckets);
  const count = (): number => counts.reduce((sum, each) => sum + each, 0);
  return {
    counts,
    add: (duration) => {
      const bucket = duration <= first ? 0 : Math.ceil(Math.log(duration / first) / step);
      counts[Math.min(bucket, buckets - 1)]!++;
    },
    count,
    quantile: (q) => {
      let left = Math.ceil(count() * q);
      if (!left) return 0;
      const bucket = counts.findIndex((each) => (left -= each) <= 0);
      return first * Math.exp(bucket * step);
    },
    merge: (other) => other.counts.forEach((each, bucket) => (counts[bucket]! += each)),
  };
};
