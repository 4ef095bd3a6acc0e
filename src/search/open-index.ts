import { verbOf } from './language.ts';
import type { Numbers, SearchIndex } from './search-index.ts';

/** An index that is open for queries: besides what it says, where each term stands. */
export interface OpenIndex extends SearchIndex {
  numbers: ReadonlyMap<string, number>;
  /** By term: how much it tells; the verb that it is, or -1. */
  informative: Float64Array;
  verbs: Int16Array;
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
  /** The phrases that have a term, and the commands of which it is said, which are found when they are first asked for. */
  phrasesWith: (term: number) => Uint32Array;
  commandsWith: (term: number) => Postings;
}

/** Where a term stands, and how often, in halves. */
export interface Postings {
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

/** Numbers for sets of verbs. */
const createVerbSets = () => {
  const sets: number[][] = [[]];
  /** By set: the sets with one verb more, by that verb. */
  const larger: number[][] = [[]];
  return {
    sets,
    /** The set with a verb besides those of another. */
    add: (set: number, verb: number): number => {
      const known = larger[set]![verb];
      if (known !== undefined) return known;
      const has = sets[set]!.includes(verb);
      const next = has ? set : sets.push([...sets[set]!, verb]) - 1;
      larger[set]![verb] = next;
      larger[next] ??= [];
      return next;
    },
  };
};

/** Opens an index. */
export const openIndex = (index: SearchIndex): OpenIndex => {
  const { commands, terms, phrases, sizes } = index;
  const words = new Uint32Array(index.words);
  const texts = new Uint32Array(index.texts);
  const deeds = new Uint32Array(index.deeds);
  const firstPhrase = startsOf(phrases);
  const wordStarts = startsOf(sizes);
  const textStarts = startsOf(index.textSizes, 2);
  const deedStarts = startsOf(index.deedSizes);
  const commandOf = new Uint32Array(sizes.length);
  for (let command = 0; command < commands.length; command++)
    commandOf.fill(command, firstPhrase[command], firstPhrase[command + 1]);
  const termStarts = new Uint32Array(terms.length + 1);
  for (let at = 0; at < words.length; at++) termStarts[words[at]! + 1]!++;
  for (let term = 0; term < terms.length; term++) termStarts[term + 1]! += termStarts[term]!;
  const ends = termStarts.slice();
  const phrasesOf = new Uint32Array(words.length);
  for (let phrase = 0; phrase < sizes.length; phrase++)
    for (let at = wordStarts[phrase]!; at < wordStarts[phrase + 1]!; at++) phrasesOf[ends[words[at]!]!++] = phrase;
  const phrasesWith = (term: number): Uint32Array => phrasesOf.subarray(termStarts[term], termStarts[term + 1]);
  const verbs = Int16Array.from(terms, verbOf);
  const { sets, add: addVerb } = createVerbSets();
  const verbsOfPhrase = new Uint16Array(sizes.length);
  for (let term = 0; term < verbs.length; term++) {
    if (verbs[term]! < 0) continue;
    for (let at = termStarts[term]!; at < termStarts[term + 1]!; at++)
      verbsOfPhrase[phrasesOf[at]!] = addVerb(verbsOfPhrase[phrasesOf[at]!]!, verbs[term]!);
  }
  const verbsOfDeeds = new Uint16Array(commands.length);
  for (let command = 0; command < commands.length; command++)
    for (let at = deedStarts[command]!; at < deedStarts[command + 1]!; at++)
      if (verbs[deeds[at]!]! >= 0) verbsOfDeeds[command] = addVerb(verbsOfDeeds[command]!, verbs[deeds[at]!]!);
  const known: Postings[] = [];
  const commandsWith = (term: number): Postings => {
    if (known[term]) return known[term];
    const halvesOf = new Uint16Array(commands.length);
    for (const phrase of phrasesWith(term)) halvesOf[commandOf[phrase]!]! += phraseWeight;
    for (let at = texts.indexOf(term), command = 0; at >= 0; at = texts.indexOf(term, at + 1)) {
      // Terms stand at even places, weights at odd ones.
      if (at % 2) continue;
      while (textStarts[command + 1]! <= at) command++;
      halvesOf[command]! += texts[at + 1]!;
    }
    const numbers: number[] = [];
    for (let command = 0; command < halvesOf.length; command++) if (halvesOf[command]!) numbers.push(command);
    const halves = Uint16Array.from(numbers, (number) => halvesOf[number]!);
    return (known[term] = { numbers: new Uint32Array(numbers), halves });
  };
  return {
    ...index,
    words,
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
    phrasesWith,
    commandsWith,
  };
};
