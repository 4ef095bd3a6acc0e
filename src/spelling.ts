import { distance } from 'fastest-levenshtein';

/** No word that is known is longer; of longer texts the beginning is compared. */
const maxCompared = 100;

/**
 * How many typing errors lie between two texts: letters too many, missing or wrong, and two neighbours that changed
 * places. Compares their first 100 characters.
 */
export const countTypos = (whole: string, known: string): number => {
  const [given, meant] = [whole.slice(0, maxCompared), known.slice(0, maxCompared)];
  let fewest = distance(given, meant);
  // Where more than half is wrong, two letters that changed places do not make it near.
  if (fewest > given.length / 2 + 1) return fewest;
  for (let at = 0; at + 1 < given.length && fewest > 1; at++) {
    const [first, second] = [given[at]!, given[at + 1]!];
    if (first === second || !meant.includes(second + first)) continue;
    const swapped = given.slice(0, at) + second + first + given.slice(at + 2);
    fewest = Math.min(fewest, 1 + distance(swapped, meant));
  }
  return fewest;
};

/** Whether one is the beginning of the other, and long enough to be meant for it. */
const isBegun = (one: string, other: string): boolean => {
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  return short.length >= 3 && long.startsWith(short);
};

/** The most typing errors that are believed, also of a word that was cut short. */
const maxTypos = 2;

/** The word that comes nearest to a text, the first of several; empty where there are no words. */
export const closestWord = (given: string, words: readonly string[]): string => {
  let closest = '';
  let fewest = Infinity;
  for (const word of words) {
    const typos = countTypos(given, word);
    const far = isBegun(given, word) ? Math.min(typos, maxTypos) : typos;
    if (far < fewest) [closest, fewest] = [word, far];
  }
  return closest;
};

/** Whether a word may be meant where another was given: few typing errors lie between them, or one begins with the other. */
export const mayBeMeant = (given: string, word: string): boolean =>
  isBegun(given, word) || countTypos(given, word) <= Math.max(maxTypos, given.length / 3);
