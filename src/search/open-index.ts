import { knownVerbs } from './language.ts';
import type { Numbers, SearchIndex } from './search-index.ts';

/** An index that is open for queries: besides what it says, where each term stands. */
export interface OpenIndex extends SearchIndex {
  numbers: ReadonlyMap<string, number>;
  words: Uint16Array;
  /** By term: how much it tells, in thousandths; the verb that it is, or -1. */
  weights: Uint16Array;
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
  phrasesWith: (term: number) => Uint16Array;
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

/** Writes where the words of each phrase begin, and the phrases that have a term where those of the term come next. */
const sortPhrases = (
  words: Uint16Array,
  sizes: Numbers,
  wordStarts: Uint32Array,
  next: Uint32Array,
  phrases: Uint16Array,
): void => {
  let at = 0;
  for (let phrase = 0; phrase < sizes.length; phrase++) {
    for (const end = at + sizes[phrase]!; at < end; at++) phrases[next[words[at]!]!++] = phrase;
    wordStarts[phrase + 1] = at;
  }
};

/** By phrase: the command of which it is said. */
const commandsOf = (firstPhrase: Uint32Array, phrases: number): Uint32Array => {
  const commandOf = new Uint32Array(phrases);
  for (let command = 1; command < firstPhrase.length; command++)
    commandOf.fill(command - 1, firstPhrase[command - 1], firstPhrase[command]);
  return commandOf;
};

/** A view of the file is used as it is. */
const inShort = (numbers: Numbers): Uint16Array =>
  numbers instanceof Uint16Array ? numbers : Uint16Array.from(numbers);

/** By term: the verb that it is, or -1. There are far more terms than verbs. */
const verbsOf = (numbers: ReadonlyMap<string, number>): Int16Array => {
  const verbs = new Int16Array(numbers.size).fill(-1);
  for (const [word, verb] of knownVerbs()) {
    const term = numbers.get(word);
    if (term !== undefined) verbs[term] = verb;
  }
  return verbs;
};

/** By name: its number; that of the first is given. */
const numbersOf = (names: readonly string[], first = 0): Map<string, number> => {
  const numbers = new Map<string, number>();
  for (let at = 0; at < names.length; at++) numbers.set(names[at]!, first + at);
  return numbers;
};

/** Adds to each command how often a term stands in its name, its summary and its toolset, in halves. */
const countInTexts = (texts: Uint16Array, starts: Uint32Array, term: number, halves: Uint16Array): void => {
  for (let at = texts.indexOf(term), command = 0; at >= 0; at = texts.indexOf(term, at + 1)) {
    // Terms stand at even places, weights at odd ones.
    if (at % 2) continue;
    while (starts[command + 1]! <= at) command++;
    halves[command]! += texts[at + 1]!;
  }
};

const countPhrases = (phrases: Uint16Array, commandOf: Uint32Array, halves: Uint16Array): void => {
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
  const words = inShort(index.words);
  const texts = inShort(index.texts);
  const numbers = numbersOf(terms);
  const firstPhrase = startsOf(phrases);
  const textStarts = startsOf(index.textSizes, 2);
  const commandOf = commandsOf(firstPhrase, sizes.length);
  const wordStarts = new Uint32Array(sizes.length + 1);
  // The phrases that have a term, those of the first term first, and where those of each begin.
  const postings = new Uint16Array(words.length);
  const starts = startsOf(index.uses);
  sortPhrases(words, sizes, wordStarts, starts.slice(), postings);
  const phrasesWith = (term: number): Uint16Array => postings.subarray(starts[term], starts[term + 1]);
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
    numbers,
    weights: inShort(index.weights),
    verbs: verbsOf(numbers),
    otherRows: numbersOf(index.intent.names, index.intent.terms),
    commandOf,
    firstPhrase,
    wordStarts,
    deedStarts: startsOf(index.deedSizes),
    phrasesWith,
    commandsWith,
  };
};
