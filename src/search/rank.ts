import { agreementOf, likenessesOf, type Agreement } from './agreement.ts';
import { factors } from './factors.ts';
import { featuresOf, type Features } from './features.ts';
import { likelihoods } from './intent.ts';
import { countVerbs, isPart, looking, meaningsOf, termsOf } from './language.ts';
import type { OpenIndex } from './open-index.ts';
import { readOccurrences, type Candidate, type Fit, type QueryWord } from './occurrences.ts';
import { guess } from './typing-errors.ts';
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
  return Array.from(found, ([term, sureness]) => ({ term, sureness })).sort((a, b) => b.sureness - a.sureness);
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
  // Not `map`: see likenessesOf.
  const stems = Array.from(toWords(text), (word) => {
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
  const words = Array.from(new Set(termsOf(stems)), (term) => readWord(index, given.get(term) ?? term));
  const namesMany = !hasVerb(index, words) && toWords(text).some(isPlural);
  return { words, namesMany, features: featuresOf(stems, namesMany), guessed: given.size };
};

/** A word with a typing error asks for what the word that is meant asks for. */
const verbsOf = (index: OpenIndex, words: readonly QueryWord[]): number[] => {
  const asked = new Set<number>();
  for (const { candidates } of words) {
    const verb = candidates.length ? index.verbs[candidates[0]!.term]! : -1;
    if (verb >= 0) asked.add(verb);
  }
  return [...asked];
};

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
