import { setTimeout as sleep } from 'node:timers/promises';

/** Lines of a run, and whether everything in it was as it must be. */
export interface Checks {
  /** Prints a line: what must hold, and the figures that say so. */
  check(what: string, holds: boolean, figures?: string): void;
  print(line: string): void;
  failed(): number;
  passed(): number;
}

/** Checks that are told on a stream. */
export const createChecks = (out: { write(text: string): unknown }): Checks => {
  let [passed, failed] = [0, 0];
  const report = (line: string): void => void out.write(`${line}\n`);
  return {
    print: report,
    check: (what, holds, figures = '') => {
      if (holds) passed++;
      else failed++;
      report(`${holds ? 'ok    ' : 'FAILED'}  ${what}${figures ? `: ${figures}` : ''}`);
    },
    passed: () => passed,
    failed: () => failed,
  };
};

/** Tries until something holds; gives the milliseconds it took, or undefined when it did not within `limit`. */
export const until = async (holds: () => boolean | Promise<boolean>, limit: number): Promise<number | undefined> => {
  const begun = performance.now();
  const left = (): number => limit - (performance.now() - begun);
  while (left() > 0) {
    const late = new AbortController();
    const tried = Promise.resolve()
      .then(holds)
      .catch(() => false);
    const holding = await Promise.race([tried, sleep(left(), false, { signal: late.signal }).catch(() => false)]);
    late.abort();
    if (holding) return Math.round(performance.now() - begun);
    await sleep(Math.min(50, Math.max(0, left())));
  }
  return undefined;
};

/**
 * The best of up to ten figures, in the unit of `limit`; measured until one is within it: other programs run on the machine and
 * make any single figure worse, never better.
 */
export const bestWithin = async (limit: number, measure: () => Promise<number>): Promise<number> => {
  let best = Infinity;
  for (let round = 0; round < 10 && best > limit; round++) best = Math.min(best, await measure());
  return best;
};
