import { distance } from 'fastest-levenshtein';
import { agreementOf, likenessesOf, type Agreement } from './agreement.ts';
import { factors } from './factors.ts';
import { featuresOf, type Features } from './features.ts';
import { likelihoods } from './intent.ts';
import { countVerbs, isPart, looking, meaningsOf, termsOf } from './language.ts';
import type { OpenIndex } from './open-index.ts';
import { readOccurrences, type Candidate, type Fit, type QueryWord } from './occurrences.ts';
import { isNoise, isPlural, stem, toWords } from './words.ts';

/** How much a term tells. */
const weightOf = (index: OpenIndex, term: number): number => index.weights[term]! / 1000;

/** A command that fits, the phrase of it that fits best, and how well from 0 on; about 1 is a good fit. */
export interface Ranked {
  command: string;
  /** Its number in the index. */
  number: number;
  score: number;
  /** What the score is multiplied with for how rare the command is. */
  commonness: number;
  /** Gives the terms of this phrase; undefined where none has a word of the query. */
  phrase: (() => string[]) | undefined;
  /** The parameter that this phrase means to give: `state=Stopped`, `name`. */
  set: string | undefined;
  similarity: number;
  whole: number;
  /** What it takes from the score how unlikely it is, from all that was learned, that the words mean the command. */
  intent: number;
}

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

/** Terms of the index that an unknown word may be: one with a typing error, one that begins so, or two in one. */
const guess = (index: OpenIndex, word: string): [string, number][] => {
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

/** What a word of the query may stand for in the index, the surest first. */
const candidatesOf = (index: OpenIndex, word: string): Candidate[] => {
  const found = new Map<number, number>();
  const add = (name: string, sureness: number): void => {
    const term = index.numbers.get(name);
    if (term !== undefined && (found.get(term) ?? 0) < sureness) found.set(term, sureness);
  };
  const mean = (name: string, sureness: number): void => {
    add(name, sureness);
    for (const [meant, factor] of meaningsOf(name)) add(meant, sureness * factor);
  };
  mean(word, 1);
  if (!found.size) for (const [name, sureness] of guess(index, word)) mean(name, sureness);
  return [...found].map(([term, sureness]) => ({ term, sureness })).sort((a, b) => b.sureness - a.sureness);
};

/** What is asked: its words, and what tells which command is meant. */
export interface SearchQuery {
  words: QueryWord[];
  /** Things are named, several of a kind, and nothing is to be done to them: "public addresses of the zone". */
  namesMany: boolean;
  features: Features;
  /** How many words were taken for a word with a typing error. */
  guessed: number;
}

const readWord = (index: OpenIndex, word: string): QueryWord => {
  const candidates = candidatesOf(index, word);
  const own = index.numbers.get(word);
  const weights = candidates.map(({ term, sureness }) => weightOf(index, term) * sureness);
  return {
    word,
    candidates,
    weight: own === undefined ? Math.max(factors.unknown, ...weights) : weightOf(index, own),
  };
};

/** A text as the index knows it. */
export const readQuery = (index: OpenIndex, text: string): SearchQuery => {
  const isKnown = (term: string): boolean => isNoise(term) || index.numbers.has(term) || isPart(term);
  const given = new Map<string, string>();
  // What a word with a typing error is meant to be.
  const stems = toWords(text).map((word) => {
    const own = isNoise(word) ? word : stem(word);
    if (isKnown(own)) return own;
    // "extned" loses its end as if it were "ed".
    const tried = own === word ? [own] : [own, word];
    const guesses = tried.flatMap((one) =>
      guess(index, one)
        .slice(0, 1)
        .map(([name, sureness]) => ({ one, name, sureness })),
    );
    const [first] = guesses.sort((a, b) => b.sureness - a.sureness);
    if (!first) return own;
    given.set(first.name, first.one);
    return first.name;
  });
  const words = [...new Set(termsOf(stems))].map((term) => readWord(index, given.get(term) ?? term));
  const namesMany = !hasVerb(index, words) && toWords(text).some(isPlural);
  return { words, namesMany, features: featuresOf(stems, namesMany), guessed: given.size };
};

/** A word with a typing error asks for what the word that is meant asks for. */
const verbsOf = (index: OpenIndex, words: readonly QueryWord[]): number[] => [
  ...new Set(
    words.map(({ candidates: [first] }) => (first ? index.verbs[first.term]! : -1)).filter((verb) => verb >= 0),
  ),
];

/** Whether words ask for something to be done. */
export const hasVerb = (index: OpenIndex, words: readonly QueryWord[]): boolean => verbsOf(index, words).length > 0;

/** The words that name things. */
export const nounsOf = (index: OpenIndex, words: readonly QueryWord[]): string[] =>
  words.flatMap(({ word, candidates: [first] }) => (first && index.verbs[first.term]! < 0 ? [word] : []));

/** The words that ask for something to be done. */
export const verbsIn = (index: OpenIndex, words: readonly QueryWord[]): string[] =>
  words.flatMap(({ word, candidates: [first] }) => (first && index.verbs[first.term]! >= 0 ? [word] : []));

/** A phrase that fits less does not say which parameter is meant. */
const plain = 0.5;

const readPhrase = ({ terms, words, wordStarts }: OpenIndex, phrase: number): string[] =>
  Array.from(
    { length: wordStarts[phrase + 1]! - wordStarts[phrase]! },
    (_, at) => terms[words[wordStarts[phrase]! + at]!]!,
  );

/** What a search wants of the commands that fit. */
export interface RankOptions {
  /** By command: what its score is multiplied with; 0 leaves it out. */
  commonness: Float64Array;
  /** The least score of interest, given the best one; the best command is given in any case. */
  least: (best: number) => number;
}

/** So much may rounding take from a bound of a score. */
const slack = 1e-9;

/** The commands that fit a query at all and are wanted, the best first. */
export const rank = (
  index: OpenIndex,
  { words: query, namesMany, features }: SearchQuery,
  { commonness, least }: RankOptions,
): Ranked[] => {
  // Who names several things wants to see them.
  const asked = namesMany ? [looking] : verbsOf(index, query);
  const { maxFitOf, fitOf, whole } = readOccurrences(index, query);
  const likely = likelihoods(index, features);
  const { verbs, deeds, deedStarts } = index;
  const alike = likenessesOf(asked, countVerbs());
  const inPhrases: Agreement = { alike, other: factors.otherVerb, none: namesMany ? 1 : factors.noVerb };
  // A command of which nothing is said that is done does not do something else.
  const inDeeds: Agreement = { alike, other: factors.otherDeed, none: 1 };
  const intentOf = (command: number): number => factors.intent * likely[command]!;
  const scoreOf = (command: number, similarity: number): number => {
    const sum = similarity + factors.whole * whole[command]!;
    return sum * agreementOf(inDeeds, verbs, deeds, deedStarts[command]!, deedStarts[command + 1]!) + intentOf(command);
  };
  const scores: { command: number; score: number; plainly: number; fit: Fit }[] = [];
  let best = -Infinity;
  let bound = -Infinity;
  const judge = (command: number): void => {
    const fit = fitOf(command, inPhrases);
    const plainly = scoreOf(command, fit.first + factors.second * fit.second + factors.third * fit.third);
    const score = plainly * commonness[command]!;
    if (score <= best && score < bound) return;
    if (score > best) bound = least((best = score));
    scores.push({ command, score, plainly, fit });
  };
  // Its phrases fit no better than if they had no other words; most commands are too weak even so, beside one that is strong.
  const three = 1 + factors.second + factors.third;
  const bounds = new Float64Array(commonness.length).fill(-Infinity);
  let strongest = -1;
  for (let command = 0; command < bounds.length; command++) {
    if (!whole[command] || !commonness[command]) continue;
    bounds[command] = scoreOf(command, three * maxFitOf(command)) * commonness[command]! + slack;
    if (strongest < 0 || bounds[command]! > bounds[strongest]!) strongest = command;
  }
  if (strongest >= 0) judge(strongest);
  for (let command = 0; command < bounds.length; command++)
    if (command !== strongest && bounds[command]! > -Infinity && (bounds[command]! > best || bounds[command]! >= bound))
      judge(command);
  scores.sort((a, b) => b.score - a.score || b.plainly - a.plainly || a.command - b.command);
  return scores
    .filter(({ score }, place) => !place || score >= bound)
    .map(({ command: number, score, fit: { first, phrase } }): Ranked => {
      const command = index.commands[number]!;
      return {
        number,
        command,
        score,
        commonness: commonness[number]!,
        phrase: first ? () => readPhrase(index, phrase) : undefined,
        set: first < plain ? undefined : index.settings[command]?.[phrase - index.firstPhrase[number]!],
        similarity: first,
        whole: whole[number]!,
        intent: intentOf(number),
      };
    });
};
