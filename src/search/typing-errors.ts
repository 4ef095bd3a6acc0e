import { distance } from 'fastest-levenshtein';
import { factors } from './factors.ts';
import type { OpenIndex } from './open-index.ts';

/** Whether two letters that follow each other are swapped, and nothing else differs. */
const areSwapped = (word: string, meant: string): boolean => {
  if (word.length !== meant.length) return false;
  let at = 0;
  while (word[at] === meant[at]) at++;
  return word[at] === meant[at + 1] && word[at + 1] === meant[at] && word.slice(at + 2) === meant.slice(at + 2);
};

/** Swapped letters are likelier than one too many, one too few or a wrong one. */
const swapped = 0.9;

/** How many typing errors a word has if another is meant; undefined where it is too far from it. */
const errorsIn = (word: string, meant: string): number | undefined => {
  if (Math.abs(word.length - meant.length) > 2 || meant.length < 3) return undefined;
  const far = distance(word, meant);
  if (meant.length < 4) return far < 2 && word[0] === meant[0] ? far : undefined;
  if (far === 2 && areSwapped(word, meant)) return swapped;
  if (far < 2) return far;
  return far === 2 && (word.length > 6 || [...word].sort().join('') === [...meant].sort().join('')) ? 2 : undefined;
};

/** The longest word that may have a typing error: the distance takes time by the product of both lengths. */
const maxTypoLength = 30;

/** The beginning of a word is less sure than one with errors. */
const maxErrors = 3;

/** A bit for each letter of a word: a typing error changes two of them at maxShare. */
const lettersOf = (word: string): number => {
  let letters = 0;
  for (let at = 0; at < word.length; at++) letters |= 1 << (word.charCodeAt(at) & 31);
  return letters;
};

const bitsIn = (number: number): number => {
  let left = number;
  let bits = 0;
  for (; left; left &= left - 1) bits++;
  return bits;
};

const letters = new WeakMap<OpenIndex, Int32Array>();

/** Terms of the index that an unknown word may be, the likeliest first, each with how sure it is (1: certain): one with a typing error, one that begins so, or two in one. */
export const guess = (index: OpenIndex, word: string): [string, number][] => {
  if (word.length < 3 || word.length > maxTypoLength || /\d/.test(word)) return [];
  const lettersOfTerms = letters.get(index) ?? Int32Array.from(index.terms, lettersOf);
  letters.set(index, lettersOfTerms);
  const own = lettersOf(word);
  const guessed: [name: string, sureness: number, errors: number][] = [];
  lettersOfTerms.forEach((others, term) => {
    // Two errors, or other letters only.
    if (own & ~others && bitsIn(own ^ others) > 4) return;
    const name = index.terms[term]!;
    // So short a word is another one with two letters swapped, or none.
    const errors = word.length === 3 ? (areSwapped(word, name) ? swapped : undefined) : errorsIn(word, name);
    if (errors !== undefined) guessed.push([name, factors.typo ** errors, errors + (name[0] === word[0] ? 0 : 0.5)]);
    else if (word.length > 3 && name.startsWith(word)) guessed.push([name, factors.beginning, maxErrors]);
  });
  // The fewest errors first, then what is said most often.
  const commonest = (name: string): number => index.weights[index.numbers.get(name)!]!;
  if (guessed.length)
    return guessed
      .sort(([one, , few], [other, , many]) => few - many || commonest(one) - commonest(other))
      .map(([name, sureness]) => [name, sureness]);
  for (let at = 3; at <= word.length - 3; at++) {
    const parts = [word.slice(0, at), word.slice(at)];
    if (parts.every((part) => index.numbers.has(part))) return parts.map((part) => [part, factors.part]);
  }
  return [];
};
