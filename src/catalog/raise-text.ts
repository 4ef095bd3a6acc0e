import type { Condition, Raise } from './risk.ts';

const or = (texts: readonly string[]): string => texts.join(' or ');

const conditionText = (name: string, { is, not, below, world, keys, absent }: Condition): string => {
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
export const whenText = ({ when }: Raise): string =>
  Object.entries(when)
    .map(([name, condition]) => conditionText(name, condition))
    .join(' and ');

/** Raises in a few lines: which arguments, and the worst they do; those with one sentence share a line. */
export const raisesText = (raises: readonly Raise[]): string[] => {
  const byWorst = new Map<string, string[]>();
  for (const raise of raises) {
    const output = raise.effect === 'opens-to-world' ? raise.parameter : whenText(raise);
    const known = byWorst.get(raise.worst) ?? [];
    if (!known.includes(output)) byWorst.set(raise.worst, [...known, output]);
  }
  return [...byWorst].map(([worst, names]) => `${names.join(', ')}: ${worst}`);
};
