import { verbOf } from './language.ts';
import type { Numbers, SearchIndex } from './search-index.ts';

/** An index that is open for queries: besides what it says, where each term stands. */
export interface OpenIndex extends SearchIndex {
  numbers: ReadonlyMap<string, number>;
  /** By term: how much it tells; the verb that it is, or -1. */
  informative: Float64Array;
  verbs: readonly number[];
  /** Named features that are no terms: the row of what was learned. */
  otherRows: ReadonlyMap<string, number>;
  /** By phrase: the command of which it is said. By command: its first phrase. */
  commandOf: Uint32Array;
  firstPhrase: Uint32Array;
  /** By phrase: where its words begin; one more place than there are phrases. */
  wordStarts: Uint32Array;
  /** Sets of verbs; the first one is empty. By phrase, and by the deeds of a command: which set. */
  verbSets: readonly (readonly number[])[];
  verbsOfPhrase: Uint16Array;
  verbsOfDeeds: Uint16Array;
  /** By term: the phrases and the commands of which it is said. */
  phrasesWith: Postings;
  commandsWith: Postings;
}

/** By term: where it begins in the lists of what it stands in, and how often, in halves; one more place than there are terms. */
export interface Postings {
  starts: Uint32Array;
  numbers: Uint32Array;
  halves: Uint16Array;
}

/** What is said in a phrase counts as so much of a weight of the texts: twice a half. */
export const phraseWeight = 2;

/** Where each part of a list begins, and where the last one ends. */
const startsOf = (sizes: Numbers, factor = 1): Uint32Array => {
  const starts = new Uint32Array(sizes.length + 1);
  for (let at = 0; at < sizes.length; at++) starts[at + 1] = starts[at]! + factor * sizes[at]!;
  return starts;
};

/** Where each term stands, from what adds each place in the order of its numbers; `halves` says how often, in halves. */
const post = (
  terms: number,
  addAll: (add: (term: number, number: number, halves: number) => void) => void,
): Postings => {
  const last = new Int32Array(terms).fill(-1);
  const sizes = new Uint32Array(terms);
  addAll((term, number) => {
    if (last[term] === number) return;
    last[term] = number;
    sizes[term]!++;
  });
  const starts = startsOf(sizes);
  const ends = starts.slice();
  const numbers = new Uint32Array(starts[terms]!);
  const halves = new Uint16Array(numbers.length);
  last.fill(-1);
  addAll((term, number, half) => {
    if (last[term] !== number) numbers[ends[term]!++] = number;
    last[term] = number;
    halves[ends[term]! - 1]! += half;
  });
  return { starts, numbers, halves };
};

/** Numbers for sets of verbs. */
const createVerbSets = (verbs: readonly number[]) => {
  const sets: number[][] = [[]];
  const known = new Map<string, number>([['', 0]]);
  return {
    sets,
    /** The set of the verbs among some terms. */
    setOf: (terms: Numbers, start: number, end: number): number => {
      let set: number[] | undefined;
      for (let at = start; at < end; at++) {
        const verb = verbs[terms[at]!]!;
        if (verb >= 0 && !set?.includes(verb)) (set ??= []).push(verb);
      }
      if (!set) return 0;
      const key = set.join();
      const number = known.get(key) ?? sets.push(set) - 1;
      known.set(key, number);
      return number;
    },
  };
};

/** Opens an index. */
export const openIndex = (index: SearchIndex): OpenIndex => {
  const { commands, terms, phrases, sizes, words, texts, deeds } = index;
  const firstPhrase = startsOf(phrases);
  const wordStarts = startsOf(sizes);
  const textStarts = startsOf(index.textSizes, 2);
  const deedStarts = startsOf(index.deedSizes);
  const verbs = terms.map(verbOf);
  const { sets, setOf } = createVerbSets(verbs);
  const commandOf = new Uint32Array(sizes.length);
  const verbsOfPhrase = new Uint16Array(sizes.length);
  const verbsOfDeeds = new Uint16Array(commands.length);
  for (let command = 0; command < commands.length; command++) {
    const [first, end] = [firstPhrase[command]!, firstPhrase[command + 1]!];
    commandOf.fill(command, first, end);
    for (let phrase = first; phrase < end; phrase++)
      verbsOfPhrase[phrase] = setOf(words, wordStarts[phrase]!, wordStarts[phrase + 1]!);
    verbsOfDeeds[command] = setOf(deeds, deedStarts[command]!, deedStarts[command + 1]!);
  }
  return {
    ...index,
    numbers: new Map(terms.map((term, number) => [term, number])),
    informative: Float64Array.from(index.weights, (weight) => weight / 1000),
    verbs,
    otherRows: new Map(index.intent.names.map((name, row) => [name, index.intent.terms + row])),
    commandOf,
    firstPhrase,
    wordStarts,
    verbSets: sets,
    verbsOfPhrase,
    verbsOfDeeds,
    phrasesWith: post(terms.length, (add) => {
      for (let phrase = 0; phrase < sizes.length; phrase++)
        for (let at = wordStarts[phrase]!; at < wordStarts[phrase + 1]!; at++) add(words[at]!, phrase, phraseWeight);
    }),
    commandsWith: post(terms.length, (add) => {
      for (let command = 0; command < commands.length; command++) {
        const end = wordStarts[firstPhrase[command + 1]!]!;
        for (let at = wordStarts[firstPhrase[command]!]!; at < end; at++) add(words[at]!, command, phraseWeight);
        for (let at = textStarts[command]!; at < textStarts[command + 1]!; at += 2)
          add(texts[at]!, command, texts[at + 1]!);
      }
    }),
  };
};
