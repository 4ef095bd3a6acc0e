import { distance } from 'fastest-levenshtein';
import { likeness, meaningsOf, toTerms, verbOf } from './language.ts';
import type { SearchIndex } from './search-index.ts';

/** What counts how much; found by trial over the phrasings, each asked of an index that lacks it. */
export const factors = {
  /** A word of the query that stands nowhere. */
  unknown: 0.8,
  /** Words of the query that the phrase lacks; words of the phrase that the query lacks. */
  missing: 0.8,
  surplus: 0.35,
  /** The second and the third best phrase of the same command. */
  second: 0.25,
  third: 0.12,
  /** All that is said of the command, taken together, and how often a word must stand there to count half. */
  whole: 1,
  half: 2,
  /** A word with a typing error; the beginning of a word; a part of a compound. */
  typo: 0.85,
  beginning: 0.75,
  part: 0.8,
  /** The phrase asks for something else to be done, or for nothing in particular; the command does something else. */
  otherVerb: 0.75,
  noVerb: 0.85,
  otherDeed: 0.85,
};

/** An index that is open for queries. */
export interface OpenIndex extends SearchIndex {
  numbers: ReadonlyMap<string, number>;
  /** By term: the verb that it is, or -1. */
  verbs: number[];
}

/** Opens an index. */
export const openIndex = (index: SearchIndex): OpenIndex => ({
  ...index,
  numbers: new Map(index.terms.map((term, number) => [term, number])),
  verbs: index.terms.map(verbOf),
});

/** A term of the index for a word of the query, with how sure it is that it is meant, from 0 to 1. */
export interface Candidate {
  term: number;
  sureness: number;
}

/** A command that fits, the phrase of it that fits best, and how well from 0 on; about 1 is a good fit. */
export interface Ranked {
  command: string;
  score: number;
  /** The number of the phrase among those of the command; undefined where none has a word of the query. */
  phrase: number | undefined;
  /** The parameter that this phrase means to give: `state=Stopped`, `name`. */
  set: string | undefined;
  similarity: number;
  whole: number;
}

const isTypo = (word: string, meant: string): boolean => {
  if (Math.abs(word.length - meant.length) > 2 || meant.length < 4) return false;
  const far = distance(word, meant);
  return far < 2 || (far === 2 && (word.length > 6 || [...word].sort().join('') === [...meant].sort().join('')));
};

/** The longest word that may have a typing error: the distance takes time by the product of both lengths. */
const maxTypoLength = 30;

/** Terms of the index that an unknown word may be: one with a typing error, one that begins so, or two in one. */
const guess = (index: OpenIndex, word: string): [string, number][] => {
  if (word.length < 4 || word.length > maxTypoLength || /\d/.test(word)) return [];
  const guessed: [string, number][] = [];
  for (const name of index.terms)
    if (isTypo(word, name)) guessed.push([name, factors.typo]);
    else if (name.startsWith(word)) guessed.push([name, factors.beginning]);
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

/** A word of the query: how much it tells, and what it may stand for. */
export interface QueryWord {
  word: string;
  weight: number;
  candidates: Candidate[];
}

/** The words of a text as the index knows them. */
export const readQuery = (index: OpenIndex, text: string): QueryWord[] =>
  [...new Set(toTerms(text))].map((word) => {
    const candidates = candidatesOf(index, word);
    const own = index.numbers.get(word);
    const weights = candidates.map(({ term, sureness }) => index.weights[term]! * sureness);
    return {
      word,
      candidates,
      weight: own === undefined ? Math.max(factors.unknown, ...weights) : index.weights[own]!,
    };
  });

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

/** How far terms ask for the same as the query; undefined when they ask for nothing. */
const agreement = (
  { verbs }: OpenIndex,
  asked: readonly number[],
  terms: readonly number[],
  start = 0,
  end = terms.length,
): number | undefined => {
  let silent = true;
  let sum = 0;
  for (const verb of asked) {
    let surestHere = 0;
    for (let at = start; at < end; at++) {
      const other = verbs[terms[at]!]!;
      if (other < 0) continue;
      silent = false;
      surestHere = Math.max(surestHere, likeness(verb, other));
    }
    sum += surestHere;
  }
  return silent ? undefined : sum / asked.length;
};

/** For each term of the index that the query may mean: the words of the query that it stands for. */
type Meant = ({ word: number; sureness: number }[] | undefined)[];

const readMeant = (index: OpenIndex, words: readonly QueryWord[]): Meant => {
  const meant: Meant = new Array<undefined>(index.terms.length).fill(undefined);
  words.forEach(({ candidates }, word) => {
    for (const { term, sureness } of candidates) (meant[term] ??= []).push({ word, sureness });
  });
  return meant;
};

/** A phrase that fits less does not say which parameter is meant. */
const plain = 0.5;

/** All commands that fit a query at all, the best first. */
export const rank = (index: OpenIndex, query: readonly QueryWord[]): Ranked[] => {
  const mass = query.reduce((sum, { weight }) => sum + weight, 0);
  const asked = verbsOf(index, query);
  const meant = readMeant(index, query);
  const { words, weights } = index;
  const surest = query.map(() => 0);

  /** How well the phrase from one place to another fits. */
  const similarityOf = (start: number, end: number): number => {
    let surplus = 0;
    let hit = false;
    for (let at = start; at < end; at++) {
      const term = words[at]!;
      const stands = meant[term];
      let surestHere = 0;
      if (stands) {
        if (!hit) surest.fill(0);
        hit = true;
        for (const { word, sureness } of stands) {
          surest[word] = Math.max(surest[word]!, sureness);
          surestHere = Math.max(surestHere, sureness);
        }
      }
      surplus += weights[term]! * (1 - surestHere);
    }
    if (!hit) return 0;
    let have = 0;
    for (let word = 0; word < query.length; word++) have += query[word]!.weight * surest[word]!;
    const similarity = have / (have + factors.missing * (mass - have) + factors.surplus * surplus);
    if (!asked.length) return similarity;
    const agreed = agreement(index, asked, words, start, end);
    return similarity * (agreed === undefined ? factors.noVerb : factors.otherVerb + (1 - factors.otherVerb) * agreed);
  };

  /** How much of the query stands in all that is said of a command, from 0 to 1. */
  const wholeOf = (text: readonly number[]): number => {
    surest.fill(0);
    for (let at = 0; at < text.length; at += 2)
      for (const { word, sureness } of meant[text[at]!] ?? [])
        surest[word] = Math.max(surest[word]!, sureness * text[at + 1]!);
    return surest.reduce((sum, count, word) => sum + (query[word]!.weight * count) / (count + factors.half), 0) / mass;
  };

  const ranked: Ranked[] = [];
  let phrase = 0;
  let start = 0;
  index.commands.forEach((command, document) => {
    let [first, second, third] = [0, 0, 0];
    let best: number | undefined;
    for (let number = 0; number < index.phrases[document]!; number++, phrase++) {
      const end = start + index.sizes[phrase]!;
      const similarity = similarityOf(start, end);
      start = end;
      if (similarity > first) {
        [first, second, third] = [similarity, first, second];
        best = number;
      } else if (similarity > second) [second, third] = [similarity, second];
      else if (similarity > third) third = similarity;
    }
    const whole = wholeOf(index.texts[document]!);
    if (!whole) return;
    const sum = first + factors.second * second + factors.third * third + factors.whole * whole;
    const agreed = asked.length ? (agreement(index, asked, index.deeds[document]!) ?? 1) : 1;
    const score = sum * (factors.otherDeed + (1 - factors.otherDeed) * agreed);
    const set = best === undefined || first < plain ? undefined : index.settings[command]?.[best];
    ranked.push({ command, score, phrase: best, set, similarity: first, whole });
  });
  return ranked.sort((a, b) => b.score - a.score);
};
