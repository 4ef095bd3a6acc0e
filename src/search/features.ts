import { groupOf, nearOf, termsOf, verbOf } from './language.ts';
import { isNoise } from './words.ts';

/** What a text has that may tell which command is meant, by name, with how much it counts. */
export type Features = ReadonlyMap<string, number>;

/** A word that is often meant by another counts half. */
const nearness = 0.5;

/** How long a text is tells a little. */
const lengthCounts = 0.5;
const maxLength = 6;

/**
 * The features of a text, given by its stems: its terms, the groups of words that they belong to, the words that hold it
 * together, whether it asks for something to be done, or names several things.
 */
export const featuresOf = (stems: readonly string[], namesMany: boolean): Features => {
  const features = new Map<string, number>();
  const add = (name: string, counts = 1): void => {
    if ((features.get(name) ?? 0) < counts) features.set(name, counts);
  };
  const terms = termsOf(stems);
  for (const term of terms) {
    add(term);
    const group = groupOf(term);
    if (group !== undefined) add(`=${group}`);
    for (const near of nearOf(term)) add(groupOf(near) === undefined ? near : `=${near}`, nearness);
  }
  for (const word of stems) if (isNoise(word)) add(`-${word}`);
  if (namesMany) add('!many');
  else if (!terms.some((term) => verbOf(term) >= 0)) add('!no verb');
  add(`!${Math.min(stems.length, maxLength)}`, lengthCounts);
  return features;
};

/** What the counts of features are divided by, so that the sum of their squares is 1: a long text counts as much as a short one. */
export const lengthOf = (features: Iterable<readonly [of: unknown, counts: number]>): number => {
  let sum = 0;
  for (const [, counts] of features) sum += counts * counts;
  return Math.sqrt(sum) || 1;
};
