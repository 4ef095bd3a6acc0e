import { verbOf } from './language.ts';
import type { Numbers, SearchIndex } from './search-index.ts';

/** An index that is open for queries: besides what it says, where each term stands. */
export interface OpenIndex extends SearchIndex {
  numbers: ReadonlyMap<string, number>;
  /** By term: how much it tells; the verb that it is, or -1. */
  informative: Float64Array;
  verbs: Int16Array;
  /** Features that are no terms: the row of what was learned. */
  otherRows: ReadonlyMap<string, number>;
  /** By phrase: the command of which it is said. By command: its first phrase. */
  commandOf: Uint32Array;
  firstPhrase: Uint32Array;
  /** By phrase: where its words begin; by command: where its deeds do. One more place than there are of them. */
  wordStarts: Uint32Array;
  deedStarts: Uint32Array;
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
  for (let at = 0, start = 0; at < sizes.length; at++) starts[at + 1] = start += factor * sizes[at]!;
  return starts;
};

/** How often each number occurs, a place later: where what is sorted by it begins, once it is summed. */
const countNext = (numbers: Uint32Array, counts: Uint32Array): void => {
  for (let at = 0; at < numbers.length; at++) counts[numbers[at]! + 1]!++;
};

const sumUp = (counts: Uint32Array): void => {
  for (let at = 1; at < counts.length; at++) counts[at]! += counts[at - 1]!;
};

const sortPhrases = (words: Uint32Array, sizes: Numbers, next: Uint32Array, phrases: Uint32Array): void => {
  for (let phrase = 0, at = 0; phrase < sizes.length; phrase++)
    for (const end = at + sizes[phrase]!; at < end; at++) phrases[next[words[at]!]!++] = phrase;
};

/** The phrases that have a term, those of the first term first, and where those of each begin. */
const postingsOf = (words: Uint32Array, sizes: Numbers, terms: number) => {
  const starts = new Uint32Array(terms + 1);
  countNext(words, starts);
  sumUp(starts);
  const phrases = new Uint32Array(words.length);
  sortPhrases(words, sizes, starts.slice(), phrases);
  return { starts, phrases };
};

/** By phrase: the command of which it is said. */
const commandsOf = (firstPhrase: Uint32Array, phrases: number): Uint32Array => {
  const commandOf = new Uint32Array(phrases);
  for (let command = 1; command < firstPhrase.length; command++)
    commandOf.fill(command - 1, firstPhrase[command - 1], firstPhrase[command]);
  return commandOf;
};

/** Thousandths as numbers. */
const fromThousandths = (numbers: Numbers): Float64Array => {
  const result = new Float64Array(numbers.length);
  for (let at = 0; at < result.length; at++) result[at] = numbers[at]! / 1000;
  return result;
};

/** Adds to each command how often a term stands in its name, its summary and its toolset, in halves. */
const countInTexts = (texts: Uint32Array, starts: Uint32Array, term: number, halves: Uint16Array): void => {
  for (let at = texts.indexOf(term), command = 0; at >= 0; at = texts.indexOf(term, at + 1)) {
    // Terms stand at even places, weights at odd ones.
    if (at % 2) continue;
    while (starts[command + 1]! <= at) command++;
    halves[command]! += texts[at + 1]!;
  }
};

const countPhrases = (phrases: Uint32Array, commandOf: Uint32Array, halves: Uint16Array): void => {
  for (let at = 0; at < phrases.length; at++) halves[commandOf[phrases[at]!]!]! += phraseWeight;
};

/** Of counts by number those that are not 0. */
const toPostings = (halvesOf: Uint16Array): Postings => {
  const numbers = new Uint32Array(halvesOf.length);
  let length = 0;
  for (let number = 0; number < halvesOf.length; number++) if (halvesOf[number]) numbers[length++] = number;
  const halves = new Uint16Array(length);
  for (let at = 0; at < length; at++) halves[at] = halvesOf[numbers[at]!]!;
  return { numbers: numbers.slice(0, length), halves };
};

/** Opens an index. V8 compiles what stands around a loop that goes on for long: its loops are functions of their own. */
export const openIndex = (index: SearchIndex): OpenIndex => {
  const { commands, terms, phrases, sizes } = index;
  const words = new Uint32Array(index.words);
  const texts = new Uint32Array(index.texts);
  const firstPhrase = startsOf(phrases);
  const textStarts = startsOf(index.textSizes, 2);
  const commandOf = commandsOf(firstPhrase, sizes.length);
  const postings = postingsOf(words, sizes, terms.length);
  const phrasesWith = (term: number): Uint32Array =>
    postings.phrases.subarray(postings.starts[term], postings.starts[term + 1]);
  const known: Postings[] = [];
  const commandsWith = (term: number): Postings => {
    if (known[term]) return known[term];
    const halves = new Uint16Array(commands.length);
    countPhrases(phrasesWith(term), commandOf, halves);
    countInTexts(texts, textStarts, term, halves);
    return (known[term] = toPostings(halves));
  };
  return {
    ...index,
    words,
    numbers: new Map(terms.map((term, number) => [term, number])),
    informative: fromThousandths(index.weights),
    verbs: Int16Array.from(terms, verbOf),
    otherRows: new Map(index.intent.names.map((name, row) => [name, index.intent.terms + row])),
    commandOf,
    firstPhrase,
    wordStarts: startsOf(sizes),
    deedStarts: startsOf(index.deedSizes),
    phrasesWith,
    commandsWith,
  };
};
