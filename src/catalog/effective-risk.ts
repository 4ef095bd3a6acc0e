import { raisesOf } from './parameter-risks.ts';
import type { Condition, Raise } from './risk.ts';
import { fits } from './patterns.ts';
import type { Risk, RiskRow, Severity } from './risk.ts';
import type { Command } from './types.ts';

/** `FORCE_STOP`, ` force_stop ` and `Force_Stop` are one to CloudStack. */
const normal = (value: unknown): string => String(value).replace(/\s/g, '').toLowerCase();

const textsOf = (value: unknown): string[] =>
  [value]
    .flat()
    .flatMap((one) => normal(typeof one === 'object' ? JSON.stringify(one) : one).split(','))
    .filter((text) => text !== '');

/** The keys of a map, also of one that is written as entries with a name. */
export const keysOf = (value: unknown): string[] =>
  [value].flat().flatMap((entry) => {
    if (typeof entry !== 'object' || entry === null) return [];
    const { name, key } = entry as { name?: unknown; key?: unknown };
    return [...Object.keys(entry), ...[name, key].filter((named) => typeof named === 'string')];
  });

/** The part of all addresses that a range holds; what cannot be read may be all of them, and private IPv6 is no way in from outside. */
const partOf = (range: string): number => {
  const [address = '', prefix] = range.split('/');
  if (prefix === undefined || /^f[cde]/.test(address)) return 0;
  const bits = Number(prefix);
  return Number.isNaN(bits) ? 1 : 2 ** -bits;
};

/** Ranges this wide, one or several together, are no office and no provider. */
const isWorld = (ranges: readonly string[]): boolean => {
  const isNewer = (range: string): boolean => range.includes(':');
  const sum = (some: readonly string[]): number => some.reduce((all, range) => all + partOf(range), 0);
  return sum(ranges.filter((one) => !isNewer(one))) >= 2 ** -7 || sum(ranges.filter(isNewer)) >= 2 ** -16;
};

const holds = ({ is, not, below, world, keys, absent }: Condition, value: unknown): boolean => {
  if (value === undefined || value === null) return absent === true;
  const texts = textsOf(value);
  // An empty value takes the present one away, or stands for everything: it is none of the values named.
  if (!texts.length) return absent === true || !(is ?? below ?? world ?? keys);
  if (keys) return keysOf(value).some((key) => fits(keys, normal(key)));
  if (is && !texts.some((text) => is.includes(text))) return false;
  if (not && texts.every((text) => not.includes(text))) return false;
  if (below !== undefined && texts.every((text) => Number(text) >= below)) return false;
  return !world || isWorld(texts);
};

const risks: readonly Risk[] = ['read', 'sensitive', 'change', 'destroy'];
const severities: readonly Severity[] = ['low', 'medium', 'high', 'critical'];

/** What gives out a credential goes on doing so, whatever else it does: only to destroy is worse. */
const worseRisk = (now: Risk, then: Risk): Risk =>
  now === 'sensitive' && then !== 'destroy' ? now : risks.indexOf(then) > risks.indexOf(now) ? then : now;

/** A risk that something makes worse; what was judged better stays as it is. */
export const worse = (
  { once: _once, ...row }: RiskRow,
  { risk, severity, reversible }: Pick<Raise, 'risk' | 'severity' | 'reversible'>,
): RiskRow => ({
  ...row,
  risk: worseRisk(row.risk, risk),
  severity: severities.indexOf(severity) > severities.indexOf(row.severity) ? severity : row.severity,
  ...(reversible === false ? { reversible } : {}),
});

/** The risk of a command with these arguments, and what of them made it so: some make it worse, none makes it better. */
export const effectiveRisk = (
  command: Command,
  row: RiskRow,
  params: Readonly<Record<string, unknown>>,
): { risk: RiskRow; raises: readonly Raise[] } => {
  const known = raisesOf(command, row);
  if (!known.length) return { risk: row, raises: known };
  const raises = known.filter(({ when }) =>
    Object.entries(when).every(([name, condition]) => holds(condition, params[name])),
  );
  return { risk: raises.reduce(worse, row), raises };
};
