import { factors } from './factors.ts';
import { phraseWeight, type OpenIndex } from './open-index.ts';

/** A term of the index for a word of the query, with how sure it is that it is meant, from 0 to 1. */
export interface Candidate {
  term: number;
  sureness: number;
}

/** A word of the query: how much it tells, and what it may stand for. */
export interface QueryWord {
  word: string;
  weight: number;
  candidates: Candidate[];
}

/** How the three best phrases of a command fit, and which is the best. */
export interface Fit {
  first: number;
  second: number;
  third: number;
  phrase: number;
}

/** How much of a query is said of the commands. It lies in lists that the next query fills anew. */
export interface Occurrences {
  /** By command: how much of the query stands in all that is said of it, from 0 to 1; 0 where nothing does. */
  whole: Float64Array;
  /** No phrase of a command fits better. */
  maxFitOf: (command: number) => number;
  /** How the phrases of a command fit; `agreements` says by set of verbs what the fit is multiplied with, at most 1. */
  fitOf: (command: number, agreements: Float64Array) => Fit;
}

/** The lists: by term, by phrase, and by command. */
interface Sheet {
  /** By term: how surely it is meant. */
  sureness: Float64Array;
  /** By phrase: how much of the query it has; the word that was counted last, from 1. */
  have: Float64Array;
  counted: Uint16Array;
  /** By command: how much of the query the phrase has that has most of it. */
  maxShare: Float64Array;
  /** By command: how often the word that is being counted is said; and what stands in `whole`. */
  times: Float64Array;
  whole: Float64Array;
}

const sheets = new WeakMap<OpenIndex, Sheet>();

/** The lists of an index, empty. */
const takeSheet = (index: OpenIndex): Sheet => {
  const [terms, phrases, commands] = [index.terms.length, index.sizes.length, index.commands.length];
  const known = sheets.get(index);
  if (known) {
    for (const list of Object.values(known) as Float64Array[]) list.fill(0);
    return known;
  }
  const sheet: Sheet = {
    sureness: new Float64Array(terms),
    have: new Float64Array(phrases),
    counted: new Uint16Array(phrases),
    maxShare: new Float64Array(commands),
    times: new Float64Array(commands),
    whole: new Float64Array(commands),
  };
  sheets.set(index, sheet);
  return sheet;
};

/** Counts in each phrase how much of the query it has. */
const countInPhrases = (
  { phrasesWith, commandOf }: OpenIndex,
  { have, counted, maxShare }: Sheet,
  query: readonly QueryWord[],
): void => {
  for (let word = 0; word < query.length; word++) {
    const { weight, candidates } = query[word]!;
    // The surest first: what comes later for the same word adds nothing.
    for (const { term, sureness } of candidates) {
      const phrases = phrasesWith(term);
      for (let at = 0; at < phrases.length; at++) {
        const phrase = phrases[at]!;
        if (counted[phrase] === word + 1) continue;
        counted[phrase] = word + 1;
        const has = have[phrase]! + weight * sureness;
        have[phrase] = has;
        const command = commandOf[phrase]!;
        if (has > maxShare[command]!) maxShare[command] = has;
      }
    }
  }
};

/** Counts how much of the query stands in all that is said of each command. */
const countInAll = (
  { commandsWith }: OpenIndex,
  { times, whole }: Sheet,
  query: readonly QueryWord[],
  mass: number,
): void => {
  for (const { weight, candidates } of query) {
    for (const { term, sureness } of candidates) {
      const { numbers, halves } = commandsWith(term);
      for (let at = 0; at < numbers.length; at++) {
        const often = (sureness * halves[at]!) / phraseWeight;
        if (often > times[numbers[at]!]!) times[numbers[at]!] = often;
      }
    }
    for (const { term } of candidates) {
      const { numbers } = commandsWith(term);
      for (let at = 0; at < numbers.length; at++) {
        const command = numbers[at]!;
        const often = times[command]!;
        if (!often) continue;
        whole[command]! += (weight * often) / (often + factors.half);
        times[command] = 0;
      }
    }
  }
  for (let command = 0; command < whole.length; command++) whole[command]! /= mass;
};

/** Reads where the words of a query are said. */
export const readOccurrences = (index: OpenIndex, query: readonly QueryWord[]): Occurrences => {
  const { words, wordStarts, informative, firstPhrase, verbsOfPhrase } = index;
  const sheet = takeSheet(index);
  const { sureness, have, counted, maxShare, whole } = sheet;
  const mass = query.reduce((sum, { weight }) => sum + weight, 0);
  const { missing, surplus } = factors;
  for (const { candidates } of query)
    for (const { term, sureness: sure } of candidates) if (sure > sureness[term]!) sureness[term] = sure;
  countInPhrases(index, sheet, query);
  countInAll(index, sheet, query, mass);

  const fitOf = (command: number, agreements: Float64Array): Fit => {
    let [first, second, third, best] = [0, 0, 0, -1];
    for (let phrase = firstPhrase[command]!; phrase < firstPhrase[command + 1]!; phrase++) {
      if (!counted[phrase]) continue;
      let unasked = 0;
      for (let at = wordStarts[phrase]!; at < wordStarts[phrase + 1]!; at++)
        unasked += informative[words[at]!]! * (1 - sureness[words[at]!]!);
      const has = have[phrase]!;
      const similarity =
        (has / (has + missing * (mass - has) + surplus * unasked)) * agreements[verbsOfPhrase[phrase]!]!;
      if (similarity > first) {
        third = second;
        second = first;
        first = similarity;
        best = phrase;
      } else if (similarity > second) {
        third = second;
        second = similarity;
      } else if (similarity > third) third = similarity;
    }
    return { first, second, third, phrase: best };
  };

  return {
    whole,
    maxFitOf: (command) => maxShare[command]! / (maxShare[command]! + missing * (mass - maxShare[command]!)) || 0,
    fitOf,
  };
};
