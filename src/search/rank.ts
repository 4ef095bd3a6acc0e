import { distance } from 'fastest-levenshtein';
import { cuesIn, likelihoods, toStems, type Evidence } from './intent.ts';
import { likeness, meaningsOf, toTerms, verbOf } from './language.ts';
import type { Numbers, SearchIndex } from './search-index.ts';

/** What counts how much; found by trial over every second question of test/sweep/questions, and seen to hold for the others. */
export const factors = {
  /** A word of the query that stands nowhere. */
  unknown: 0.8,
  /** Words of the query that the phrase lacks; words of the phrase that the query lacks. */
  missing: 0.5,
  surplus: 0.5,
  /** The second and the third best phrase of the same command. */
  second: 0.19,
  third: 0.12,
  /** All that is said of the command, taken together, and how often a word must stand there to count half. */
  whole: 1,
  half: 1.2,
  /** A word with a typing error; the beginning of a word; a part of a compound. */
  typo: 0.85,
  beginning: 0.75,
  part: 0.8,
  /** The phrase asks for something else to be done, or for nothing in particular; the command does something else. */
  otherVerb: 0.65,
  noVerb: 0.85,
  otherDeed: 0.85,
  /** How much likelier the words are where this is done, and to this; and how many words are added to what is known of each. */
  action: 0.008,
  object: 0.012,
  actionSmoothing: 30,
  objectSmoothing: 25,
};

/** An index that is open for queries. */
export interface OpenIndex extends SearchIndex {
  numbers: ReadonlyMap<string, number>;
  /** By term: how much it tells; the verb that it is, or -1. */
  informative: Float64Array;
  verbs: number[];
  /** By cue: its number, and where its counts begin. */
  cueNumbers: ReadonlyMap<string, number>;
  cueStarts: number[];
  /** By action: how many cues ask for it; by object: how many words are said of it. */
  ofAction: Float64Array;
  ofObject: Float64Array;
}

/** What is said in a phrase counts as so much of a weight of the texts. */
const phraseWeight = 2;

const countActions = ({ actions, counts }: SearchIndex): Float64Array => {
  const sums = new Float64Array(actions.length);
  for (let at = 0; at < counts.length; at += 2) sums[counts[at]!]! += counts[at + 1]!;
  return sums;
};

const countObjects = ({ commands, objects, objectOf, phrases, sizes, textSizes, texts }: SearchIndex): Float64Array => {
  const sums = new Float64Array(objects.length);
  let phrase = 0;
  let at = 0;
  for (let command = 0; command < commands.length; command++) {
    let sum = 0;
    for (const end = phrase + phrases[command]!; phrase < end; phrase++) sum += sizes[phrase]!;
    for (const end = at + 2 * textSizes[command]!; at < end; at += 2) sum += texts[at + 1]! / phraseWeight;
    sums[objectOf[command]!]! += sum;
  }
  return sums;
};

/** Opens an index. */
export const openIndex = (index: SearchIndex): OpenIndex => {
  let start = 0;
  const cueStarts = Array.from(index.cueSizes, (size) => {
    start += 2 * size;
    return start - 2 * size;
  });
  return {
    ...index,
    numbers: new Map(index.terms.map((term, number) => [term, number])),
    informative: Float64Array.from(index.weights, (weight) => weight / 1000),
    verbs: index.terms.map(verbOf),
    cueNumbers: new Map(index.cues.map((cue, number) => [cue, number])),
    cueStarts,
    ofAction: countActions(index),
    ofObject: countObjects(index),
  };
};

/** How much a term tells. */
const weightOf = (index: OpenIndex, term: number): number => index.informative[term]!;

/** A term of the index for a word of the query, with how sure it is that it is meant, from 0 to 1. */
export interface Candidate {
  term: number;
  sureness: number;
}

/** A command that fits, the phrase of it that fits best, and how well from 0 on; about 1 is a good fit. */
export interface Ranked {
  command: string;
  score: number;
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

/** What is asked: its words, and the cues in it for what is to be done. */
export interface SearchQuery {
  words: QueryWord[];
  cues: Evidence[];
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
  return { words, cues };
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

/** How far terms ask for the same as the query; undefined when they ask for nothing. */
const agreement = (
  { verbs }: OpenIndex,
  asked: readonly number[],
  terms: Numbers,
  start: number,
  end: number,
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

/** How the phrases of a command fit, and how much of the query stands in all that is said of it. */
interface Fitness {
  command: number;
  /** The similarity of the three best phrases, and which is the best. */
  best: [first: number, second: number, third: number];
  phrase: { number: number; start: number; end: number } | undefined;
  whole: number;
  /** Where its deeds stand. */
  deeds: readonly [start: number, end: number];
}

/** Reads all that is said of the commands; `seen` says of each word how often it is said of each object. */
const readCommands = (index: OpenIndex, query: readonly QueryWord[], asked: readonly number[]) => {
  const { words, phrases, sizes, texts, textSizes, deedSizes } = index;
  const mass = query.reduce((sum, { weight }) => sum + weight, 0);
  const meant = readMeant(index, query);
  const surest = query.map(() => 0);
  const seen = query.flatMap(({ candidates: [first] }) =>
    first ? [{ term: first.term, sureness: first.sureness, counts: new Map<number, number>() }] : [],
  );
  /** By term: how often it is said of the command that is being read; the terms that are. */
  const counts = new Float64Array(index.terms.length);
  const found: number[] = [];
  const count = (term: number, times: number): void => {
    if (!counts[term]) found.push(term);
    counts[term]! += times;
  };

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
        count(term, 1);
        for (const { word, sureness } of stands) {
          surest[word] = Math.max(surest[word]!, sureness);
          surestHere = Math.max(surestHere, sureness);
        }
      }
      surplus += weightOf(index, term) * (1 - surestHere);
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
  const wholeOf = (): number => {
    surest.fill(0);
    for (const term of found)
      for (const { word, sureness } of meant[term]!) surest[word] = Math.max(surest[word]!, sureness * counts[term]!);
    return surest.reduce((sum, times, word) => sum + (query[word]!.weight * times) / (times + factors.half), 0) / mass;
  };

  const fits: Fitness[] = [];
  let [phrase, start, text, deed] = [0, 0, 0, 0];
  for (let command = 0; command < index.commands.length; command++) {
    let [first, second, third] = [0, 0, 0];
    let bestPhrase: Fitness['phrase'];
    for (let number = 0; number < phrases[command]!; number++, phrase++) {
      const end = start + sizes[phrase]!;
      const similarity = similarityOf(start, end);
      if (similarity > first) {
        third = second;
        second = first;
        first = similarity;
        bestPhrase = { number, start, end };
      } else if (similarity > second) {
        third = second;
        second = similarity;
      } else if (similarity > third) third = similarity;
      start = end;
    }
    for (const end = text + 2 * textSizes[command]!; text < end; text += 2)
      if (meant[texts[text]!]) count(texts[text]!, texts[text + 1]! / phraseWeight);
    const deeds = [deed, (deed += deedSizes[command]!)] as const;
    if (!found.length) continue;
    fits.push({ command, best: [first, second, third], phrase: bestPhrase, whole: wholeOf(), deeds });
    const object = index.objectOf[command]!;
    for (const each of seen)
      if (counts[each.term]) each.counts.set(object, (each.counts.get(object) ?? 0) + counts[each.term]!);
    for (const term of found) counts[term] = 0;
    found.length = 0;
  }
  return { fits, seen: seen.map(({ sureness, counts: of }): Evidence => ({ sureness, counts: [...of].flat() })) };
};

/** A phrase that fits less does not say which parameter is meant. */
const plain = 0.5;

const readPhrase = ({ terms, words }: OpenIndex, { start, end }: { start: number; end: number }): string[] =>
  Array.from({ length: end - start }, (_, at) => terms[words[start + at]!]!);

/** All commands that fit a query at all, the best first. */
export const rank = (index: OpenIndex, { words: query, cues }: SearchQuery): Ranked[] => {
  const asked = verbsOf(index, query);
  const { fits, seen } = readCommands(index, query, asked);
  const actions = likelihoods(index.ofAction, cues, factors.actionSmoothing);
  const objects = likelihoods(index.ofObject, seen, factors.objectSmoothing);
  const ranked = fits.map(({ command: number, best: [first, second, third], phrase: best, whole, deeds }): Ranked => {
    const command = index.commands[number]!;
    const agreed = asked.length ? (agreement(index, asked, index.deeds, ...deeds) ?? 1) : 1;
    const action = factors.action * actions[index.actionOf[number]!]!;
    const object = factors.object * objects[index.objectOf[number]!]!;
    const sum = first + factors.second * second + factors.third * third + factors.whole * whole;
    const score = sum * (factors.otherDeed + (1 - factors.otherDeed) * agreed) + action + object;
    const set = !best || first < plain ? undefined : index.settings[command]?.[best.number];
    const phrase = best && (() => readPhrase(index, best));
    return { command, score, phrase, set, similarity: first, whole, action, object };
  });
  return ranked.sort((a, b) => b.score - a.score);
};
