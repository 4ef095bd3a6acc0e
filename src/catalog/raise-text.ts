import type { Condition, Raise } from './risk.ts';

const or = (texts: readonly string[]): string => texts.join(' or ');

const sayCondition = (name: string, { is, not, below, world, keys, absent }: Condition): string => {
  const words = [
    is ? `${name}=${or(is)}` : '',
    not ? `${name} other than ${or(not)}` : '',
    below === undefined ? '' : `${name} below ${below}`,
    world ? `${name} for the whole internet` : '',
    keys ? `${name} with a key like ${or(keys)}` : '',
  ].filter(Boolean);
  return `${words.length ? words.join(', ') : name}${absent ? ' (or left out)' : ''}`;
};

/** The arguments that a raise is about, such as `enabled=false` or `scope other than local`. */
export const sayWhen = ({ when }: Raise): string =>
  Object.entries(when)
    .map(([name, condition]) => sayCondition(name, condition))
    .join(' and ');

/** Raises in a few lines: which arguments, and the worst they do; those with one sentence share a line. */
export const sayRaises = (raises: readonly Raise[]): string[] => {
  const byWorst = new Map<string, string[]>();
  for (const raise of raises) {
    const said = raise.effect === 'opens-to-world' ? raise.parameter : sayWhen(raise);
    const known = byWorst.get(raise.worst) ?? [];
    if (!known.includes(said)) byWorst.set(raise.worst, [...known, said]);
  }
  return [...byWorst].map(([worst, names]) => `${names.join(', ')}: ${worst}`);
};
