import type { Command } from './types.ts';

const numbers = (release: string): number[] => release.split('.').map(Number);

/** The release in what a cloud calls itself: `4.22.0` in `4.22.0.0-SNAPSHOT`; undefined where there is none. */
export const releaseOf = (version: string): string | undefined => /^\d+\.\d+(?:\.\d+)?/.exec(version)?.[0];

/** Orders releases by number. */
export const compareReleases = (a: string, b: string): number => {
  const [left, right] = [numbers(a), numbers(b)];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference) return difference;
  }
  return 0;
};

/** Whether a release lies in ranges such as `4.11.0-4.13.1 4.15.0-4.22.1`. */
export const inReleases = (ranges: string, release: string): boolean =>
  ranges.split(' ').some((range) => {
    const [first = '', last = ''] = range.split('-');
    return compareReleases(first, release) <= 0 && compareReleases(release, last) <= 0;
  });

/** A command as a release had it: of its facts, those that changed since. */
export const asOf = (command: Command, release: string): Command => {
  const earlier = command.earlier?.find(({ releases }) => inReleases(releases, release));
  if (!earlier) return command;
  const { async: _async, ...facts } = command;
  const { async: isAsync = command.async === true, response = command.response } = earlier;
  return { ...facts, ...(isAsync ? { async: true } : {}), response };
};

/** The ranges with one more release; a range grows when the release is its neighbor on the axis. */
export const extend = (ranges: string, release: string, axis: readonly string[]): string => {
  if (inReleases(ranges, release)) return ranges;
  const runs = ranges.split(' ').map((range) => range.split('-') as [string, string]);
  const at = axis.indexOf(release);
  const before = runs.find(([, last]) => axis.indexOf(last) === at - 1);
  if (before) before[1] = release;
  else runs.push([release, release]);
  return runs
    .sort(([a], [b]) => compareReleases(a, b))
    .map((run) => run.join('-'))
    .join(' ');
};
