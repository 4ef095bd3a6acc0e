import { loadSavedLanguage } from './saved-language.ts';
import type { Synonyms } from './synonyms.ts';
import { isNoise, stem, toWords } from './words.ts';

/** A term that may be meant by another, and how sure that is, from 0 to 1. */
export type Meaning = readonly [term: string, sureness: number];

interface Language {
  /** By word: the first word of its group of verbs or of words of one meaning. */
  groups: Map<string, string>;
  /** By word: what is often meant by it, as groups. */
  near: Map<string, string[]>;
  /** Words of the sequences that stand for one. */
  parts: ReadonlySet<string>;
  /** Sequences of words that stand for one, by their first word; the longest first. */
  joined: Map<string, { words: string[]; term: string }[]>;
  /** Words that mean the same, and what is often meant by a word. */
  same: readonly (readonly string[])[];
  often: readonly (readonly [word: string, meant: string])[];
  meanings: Map<string, Meaning[]>;
  verbs: Map<string, number>;
  /** How many groups of them there are. */
  count: number;
  kin: Map<number, Set<number>>;
}

/** The group of verbs that stands first in the data: list, show and the like. */
export const looking = 0;

/** Stands before the terms of a question that begins with "is", "does" and the like. */
const question = '?';

/** How far verbs of which one may mean the other do the same. */
const kinship = 0.6;

const sureness = { same: 0.9, near: 0.55 };

const add = <T>(lists: Map<string, T[]>, name: string, one: T): void => {
  const list = lists.get(name);
  if (list) list.push(one);
  else lists.set(name, [one]);
};

/** Opens what prepareSynonyms made: every word is a stem. */
const readLanguage = ({ joined, verbs, questions, same, near }: Synonyms): Language => {
  const byFirst: Language['joined'] = new Map();
  const parts = new Set<string>();
  for (const [term, sequences] of Object.entries(joined))
    for (const sequence of sequences) {
      const words = sequence.split(' ');
      for (const word of words) parts.add(word);
      add(byFirst, words[0]!, { words, term });
    }
  for (const sequences of byFirst.values()) sequences.sort((a, b) => b.words.length - a.words.length);
  const groups = [...verbs, ...same];
  const groupOf = new Map<string, string>();
  for (const group of groups) for (const word of group) if (!groupOf.has(word)) groupOf.set(word, group[0]!);
  const nearOf = new Map<string, string[]>();
  for (const [word, meant] of near) add(nearOf, word, groupOf.get(meant) ?? meant);
  const verbOf = new Map<string, number>();
  verbs.forEach((words, verb) => {
    for (const word of words) verbOf.set(word, verb);
  });
  for (const word of [question, ...questions]) verbOf.set(word, looking);
  const kin = new Map<number, Set<number>>();
  for (const [word, meant] of near) {
    const [a, b] = [verbOf.get(word), verbOf.get(meant)];
    if (a === undefined || b === undefined || a === b) continue;
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const)
      kin.set(one, (kin.get(one) ?? new Set<number>()).add(other));
  }
  return {
    joined: byFirst,
    same: groups,
    often: near,
    meanings: new Map(),
    verbs: verbOf,
    count: verbs.length,
    kin,
    groups: groupOf,
    near: nearOf,
    parts,
  };
};

let known: Language | undefined;
const language = (): Language => (known ??= readLanguage(loadSavedLanguage()));

/** Where a sequence of words ends in a text when it begins at a place; words that say nothing may stand between. */
const endOf = (sequence: readonly string[], words: readonly string[], at: number): number | undefined => {
  let place = at;
  for (const [index, wanted] of sequence.entries()) {
    while (index && words[place] !== wanted && place < words.length && isNoise(words[place]!)) place++;
    if (words[place] !== wanted) return undefined;
    place++;
  }
  return place;
};

/** The words of a text, each by its stem, with those that hold the others together: "are there any" asks for a list. */
export const toStems = (text: string): string[] => toWords(text).map((word) => (isNoise(word) ? word : stem(word)));

/** Terms of words that are stems, in order: without those that say nothing, and with one term for "load balancer". */
export const termsOf = (words: readonly string[]): string[] => {
  const { joined, verbs } = language();
  const terms: string[] = isNoise(words[0] ?? '') && verbs.has(words[0]!) ? [question] : [];
  for (let at = 0; at < words.length;) {
    const word = words[at]!;
    let end: number | undefined;
    const found = joined.get(word)?.find((sequence) => (end = endOf(sequence.words, words, at)) !== undefined);
    if (found) terms.push(stem(found.term));
    else if (!isNoise(word)) terms.push(word);
    at = end ?? at + 1;
  }
  return terms;
};

/** The terms of a text, and a question mark before what begins as a question. */
export const toTerms = (text: string): string[] => termsOf(toStems(text));

/** Whether a stem is a word of "load balancer" or of another sequence that stands for one word. */
export const isPart = (word: string): boolean => language().parts.has(word);

/** What stands for all words of the meaning of a term; undefined where there are no others. */
export const groupOf = (term: string): string | undefined => language().groups.get(term);

/** What is often meant by a term: what stands for the words of that meaning. */
export const nearOf = (term: string): readonly string[] => language().near.get(term) ?? [];

const findMeanings = ({ same, often, groups, near }: Language, word: string): Meaning[] => {
  if (!groups.has(word) && !near.has(word)) return [];
  const found = new Map<string, number>();
  const mean = (meant: string, sure: number): void => {
    if (meant !== word && !found.has(meant)) found.set(meant, sure);
  };
  for (const group of same) if (group.includes(word)) for (const meant of group) mean(meant, sureness.same);
  for (const [one, meant] of often) {
    if (one !== word) continue;
    for (const other of same.find((words) => words.includes(meant)) ?? [meant]) mean(other, sureness.near);
  }
  return [...found];
};

/** Other terms that may be meant by one. */
export const meaningsOf = (term: string): readonly Meaning[] => {
  const known = language();
  const found = known.meanings.get(term) ?? findMeanings(known, term);
  // What people ask must not fill the memory.
  if (found.length) known.meanings.set(term, found);
  return found;
};

/** What a term asks to be done: a group of verbs by number; -1 when it asks for nothing. */
export const verbOf = (term: string): number => language().verbs.get(term) ?? -1;

/** Every term that asks for something to be done, with its group. */
export const knownVerbs = (): ReadonlyMap<string, number> => language().verbs;

/** How many groups of verbs there are. */
export const countVerbs = (): number => language().count;

/** How far doing one thing is doing another, from 0 to 1. */
export const likeness = (verb: number, other: number): number =>
  verb === other ? 1 : language().kin.get(verb)?.has(other) ? kinship : 0;
