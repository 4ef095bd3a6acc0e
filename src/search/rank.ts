import { distance } from 'fastest-levenshtein';
import { factors } from './factors.ts';
import { cuesIn, likelihoods, toStems, type Evidence } from './intent.ts';
import { likeness, meaningsOf, toTerms } from './language.ts';
import type { OpenIndex } from './open-index.ts';
import { readObjects, readOccurrences, type Candidate, type Fit, type QueryWord } from './occurrences.ts';
import { isPlural, toWords } from './words.ts';

/** How much a term tells. */
const weightOf = (index: OpenIndex, term: number): number => index.informative[term]!;

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
  /** What it adds to the score, or takes away, that the words are heard where this is done, and where it is done to this. */
  action: number;
  object: number;
}

const isTypo = (word: string, meant: string): boolean => {
  if (Math.abs(word.length - meant.length) > 2 || meant.length < 4) return false;
  const far = distance(word, meant);
  return far < 2 || (far === 2 && (word.length > 6 || [...word].sort().join('') === [...meant].sort().join('')));
};

/** The longest word that may have a typing error: the distance takes time by the product of both lengths. */
const maxTypoLength = 30;

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
  if (word.length < 4 || word.length > maxTypoLength || /\d/.test(word)) return [];
  const lettersOfTerms = letters.get(index) ?? Int32Array.from(index.terms, lettersOf);
  letters.set(index, lettersOfTerms);
  const own = lettersOf(word);
  const guessed: [string, number][] = [];
  lettersOfTerms.forEach((others, term) => {
    // Two errors, or other letters only.
    if (own & ~others && bitsIn(own ^ others) > 4) return;
    const name = index.terms[term]!;
    if (isTypo(word, name)) guessed.push([name, factors.typo]);
    else if (name.startsWith(word)) guessed.push([name, factors.beginning]);
  });
  if (guessed.length) return guessed;
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

/** What is asked: its words, and the cues in it for what is to be done. */
export interface SearchQuery {
  words: QueryWord[];
  cues: Evidence[];
  /** Things are named, several of a kind, and nothing is to be done to them: "public addresses of the zone". */
  namesMany: boolean;
}

const readWords = (index: OpenIndex, text: string): QueryWord[] =>
  [...new Set(toTerms(text))].map((word) => {
    const candidates = candidatesOf(index, word);
    const own = index.numbers.get(word);
    const weights = candidates.map(({ term, sureness }) => weightOf(index, term) * sureness);
    return {
      word,
      candidates,
      weight: own === undefined ? Math.max(factors.unknown, ...weights) : weightOf(index, own),
    };
  });

/** A text as the index knows it. */
export const readQuery = (index: OpenIndex, text: string): SearchQuery => {
  const words = readWords(index, text);
  const meant = new Map(words.map(({ word, candidates: [first] }) => [word, first && index.terms[first.term]!]));
  const known = (stem: string): string => (index.cueNumbers.has(stem) ? stem : (meant.get(stem) ?? stem));
  const cues = cuesIn(toStems(text).map(known)).flatMap((cue): Evidence[] => {
    const number = index.cueNumbers.get(cue);
    if (number === undefined) return [];
    const start = index.cueStarts[number]!;
    const counts = Array.prototype.slice.call(index.counts, start, start + 2 * index.cueSizes[number]!) as number[];
    return [{ sureness: 1, counts }];
  });
  const namesMany = !hasVerb(index, words) && toWords(text).some(isPlural);
  return { words, cues, namesMany };
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

/** By verb that is asked for, and by set of verbs: how far doing the nearest of them is doing it. */
const likenesses = new WeakMap<OpenIndex, Map<number, Float64Array>>();

const likenessesOf = (index: OpenIndex, asked: number): Float64Array => {
  const known = likenesses.get(index) ?? new Map<number, Float64Array>();
  likenesses.set(index, known);
  const found =
    known.get(asked) ??
    Float64Array.from(index.verbSets, (verbs) => Math.max(0, ...verbs.map((other) => likeness(asked, other))));
  known.set(asked, found);
  return found;
};

/**
 * By set of verbs: what the fit of something that asks for these is multiplied with, because it asks for what the query asks
 * for (1), for something else, or for nothing.
 */
const agreementsOf = (index: OpenIndex, asked: readonly number[], other: number, none: number): Float64Array => {
  const agreements = new Float64Array(index.verbSets.length);
  if (!asked.length) return agreements.fill(1);
  for (const verb of asked) {
    const alike = likenessesOf(index, verb);
    for (let set = 0; set < alike.length; set++) agreements[set]! += alike[set]!;
  }
  for (let set = 0; set < agreements.length; set++)
    agreements[set] = index.verbSets[set]!.length ? other + (1 - other) * (agreements[set]! / asked.length) : none;
  return agreements;
};

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
  { words: query, cues, namesMany }: SearchQuery,
  { commonness, least }: RankOptions,
): Ranked[] => {
  const asked = verbsOf(index, query);
  const { maxFitOf, fitOf, whole } = readOccurrences(index, query);
  const actions = likelihoods(index.ofAction, cues, factors.actionSmoothing);
  const objects = likelihoods(index.ofObject, readObjects(index, query), factors.objectSmoothing);
  const inPhrases = agreementsOf(index, asked, factors.otherVerb, factors.noVerb);
  // A command of which nothing is said that is done does not do something else.
  const inDeeds = agreementsOf(index, asked, factors.otherDeed, 1);
  const list = namesMany ? index.actions.indexOf('list') : -1;
  const actionOf = (command: number): number => {
    const action = index.actionOf[command]!;
    return factors.action * actions[action]! + (action === list ? factors.many : 0);
  };
  const objectOf = (command: number): number => factors.object * objects[index.objectOf[command]!]!;
  const scoreOf = (command: number, similarity: number): number => {
    const sum = similarity + factors.whole * whole[command]!;
    return sum * inDeeds[index.verbsOfDeeds[command]!]! + actionOf(command) + objectOf(command);
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
        action: actionOf(number),
        object: objectOf(number),
      };
    });
};
