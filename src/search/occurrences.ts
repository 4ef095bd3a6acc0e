import { agreementOf, type Agreement } from './agreement.ts';
import { factors } from './factors.ts';
import { phraseWeight, type OpenIndex, type Postings } from './open-index.ts';

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
  /** How the phrases of a command fit. */
  fitOf: (command: number, agreement: Agreement) => Fit;
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

/** Counts in each phrase that has a term of a word of the query, by its number from 1, how much of the query it has. */
const countTerm = (
  phrases: Uint16Array,
  commandOf: Uint32Array,
  { have, counted, maxShare }: Sheet,
  word: number,
  weight: number,
): void => {
  for (let at = 0; at < phrases.length; at++) {
    const phrase = phrases[at]!;
    if (counted[phrase] === word) continue;
    counted[phrase] = word;
    const has = have[phrase]! + weight;
    have[phrase] = has;
    const command = commandOf[phrase]!;
    if (has > maxShare[command]!) maxShare[command] = has;
  }
};

/** Counts in each phrase how much of the query it has. */
const countInPhrases = ({ phrasesWith, commandOf }: OpenIndex, sheet: Sheet, query: readonly QueryWord[]): void => {
  for (const [word, { weight, candidates }] of query.entries())
    // The surest first: what comes later for the same word adds nothing.
    for (const { term, sureness } of candidates)
      countTerm(phrasesWith(term), commandOf, sheet, word + 1, weight * sureness);
};

/** How often a term is said of commands, if that is more than what is known of its word. */
const countTimes = ({ numbers, halves }: Postings, sureness: number, times: Float64Array): void => {
  for (let at = 0; at < numbers.length; at++) {
    const often = (sureness * halves[at]!) / phraseWeight;
    if (often > times[numbers[at]!]!) times[numbers[at]!] = often;
  }
};

/** Takes what was counted of a word, as much of it as the commands with a term have. */
const takeTimes = ({ numbers }: Postings, weight: number, { times, whole }: Sheet): void => {
  for (let at = 0; at < numbers.length; at++) {
    const command = numbers[at]!;
    const often = times[command]!;
    if (!often) continue;
    whole[command]! += (weight * often) / (often + factors.half);
    times[command] = 0;
  }
};

const divide = (numbers: Float64Array, by: number): void => {
  for (let at = 0; at < numbers.length; at++) numbers[at]! /= by;
};

/** Counts how much of the query stands in all that is said of each command. */
const countInAll = ({ commandsWith }: OpenIndex, sheet: Sheet, query: readonly QueryWord[], mass: number): void => {
  for (const { weight, candidates } of query) {
    for (const { term, sureness } of candidates) countTimes(commandsWith(term), sureness, sheet.times);
    for (const { term } of candidates) takeTimes(commandsWith(term), weight, sheet);
  }
  divide(sheet.whole, mass);
};

/** Reads where the words of a query are said. */
export const readOccurrences = (index: OpenIndex, query: readonly QueryWord[]): Occurrences => {
  const { words, wordStarts, weights, firstPhrase, verbs } = index;
  const sheet = takeSheet(index);
  const { sureness, have, counted, maxShare, whole } = sheet;
  const mass = query.reduce((sum, { weight }) => sum + weight, 0);
  const { missing, surplus } = factors;
  for (const { candidates } of query)
    for (const { term, sureness: sure } of candidates) if (sure > sureness[term]!) sureness[term] = sure;
  countInPhrases(index, sheet, query);
  countInAll(index, sheet, query, mass);

  const fitOf = (command: number, agreement: Agreement): Fit => {
    let [first, second, third, best] = [0, 0, 0, -1];
    for (let phrase = firstPhrase[command]!; phrase < firstPhrase[command + 1]!; phrase++) {
      if (!counted[phrase]) continue;
      const [start, end] = [wordStarts[phrase]!, wordStarts[phrase + 1]!];
      let unasked = 0;
      for (let at = start; at < end; at++) unasked += weights[words[at]!]! * (1 - sureness[words[at]!]!);
      const has = have[phrase]!;
      const similarity =
        (has / (has + missing * (mass - has) + (surplus / 1000) * unasked)) *
        agreementOf(agreement, verbs, words, start, end);
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
