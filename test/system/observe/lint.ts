import type { Family, Sample } from './exposition.ts';

const types = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];
/** Units that are not the base ones, as https://prometheus.io/docs/practices/naming/ has them. */
const otherUnits =
  /_(milliseconds|microseconds|nanoseconds|ms|us|ns|minutes|hours|days|kilobytes|megabytes|gigabytes|kb|mb|kib|mib|bits|percent|celcius)(_|$)/;

const seriesOf = ({ name, labels }: Sample): string =>
  `${name}{${Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .sort()
    .join(',')}}`;

const lintNames = ({ name, type, help, samples }: Family): string[] => {
  const problems: string[] = [];
  if (!help?.trim()) problems.push('has no HELP');
  if (!type || !types.includes(type)) problems.push(`has the TYPE ${type ?? 'none'}`);
  if (!/^[a-z][a-z0-9_]*$/.test(name)) problems.push('is not in snake_case, or has a colon');
  if (otherUnits.test(name)) problems.push('is not in base units');
  if (type === 'counter' && !name.endsWith('_total')) problems.push('is a counter without _total');
  if (type !== 'counter' && name.endsWith('_total')) problems.push(`is a ${type} with _total`);
  if (type === 'gauge' && /_(sum|count|bucket)$/.test(name)) problems.push('ends as a part of a histogram does');
  if (/(counter|gauge|histogram|summary)/.test(name)) problems.push('has its type in its name');
  for (const label of new Set(samples.flatMap(({ labels }) => Object.keys(labels)))) {
    if (!/^[a-z][a-z0-9_]*$/.test(label)) problems.push(`has the label ${label}`);
    if (label === 'le' && type !== 'histogram') problems.push('has the label le, which is for histograms');
    if (label === 'quantile' && type !== 'summary') problems.push('has the label quantile, which is for summaries');
  }
  return problems;
};

const lintValues = ({ name, type, samples }: Family): string[] => {
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const sample of samples) {
    const series = seriesOf(sample);
    if (seen.has(series)) problems.push(`has ${series} twice`);
    seen.add(series);
    const isTotal = type === 'counter' || sample.name === `${name}_bucket` || sample.name === `${name}_count`;
    if (isTotal && !(sample.value >= 0)) problems.push(`counts ${sample.value} at ${series}`);
  }
  return problems;
};

/** The buckets of each series of a histogram: rising, ending with +Inf, which is the count. */
const lintBuckets = ({ name, type, samples }: Family): string[] => {
  if (type !== 'histogram') return [];
  const groups = new Map<string, { buckets: [number, number][]; count?: number; sum?: number }>();
  for (const sample of samples) {
    const { le, ...labels } = sample.labels;
    const key = seriesOf({ ...sample, name, labels });
    const group = groups.get(key) ?? { buckets: [] };
    groups.set(key, group);
    if (sample.name === `${name}_bucket`)
      group.buckets.push([le === '+Inf' ? Infinity : Number(le ?? NaN), sample.value]);
    else group[sample.name === `${name}_count` ? 'count' : 'sum'] = sample.value;
  }
  return [...groups].flatMap(([key, { buckets, count, sum }]) => {
    const problems: string[] = [];
    if (count === undefined || sum === undefined) problems.push(`has no sum or count at ${key}`);
    if (buckets.at(-1)?.[0] !== Infinity) problems.push(`has no last bucket +Inf at ${key}`);
    if (buckets.at(-1)?.[1] !== count) problems.push(`counts something else than its last bucket at ${key}`);
    buckets.forEach(([le, value], at) => {
      const [before = -Infinity, fewer = 0] = buckets[at - 1] ?? [];
      if (!(le > before) || value < fewer) problems.push(`has buckets that do not rise at ${key}`);
    });
    return problems;
  });
};

/** What is wrong with metrics by Prometheus's conventions, one line a problem: what promtool checks, and the values. */
export const lint = (families: readonly Family[]): string[] => {
  const names = families.map(({ name }) => name);
  const clashes = families.flatMap(({ name, type }) =>
    type === 'histogram' || type === 'summary'
      ? ['_bucket', '_sum', '_count'].filter((end) => names.includes(name + end)).map((end) => `${name}${end} clashes`)
      : [],
  );
  return [
    ...clashes,
    ...families.flatMap((family) =>
      [...lintNames(family), ...lintValues(family), ...lintBuckets(family)].map(
        (problem) => `${family.name} ${problem}`,
      ),
    ),
  ];
};
