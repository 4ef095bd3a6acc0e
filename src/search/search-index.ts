import type { Intent } from './intent.ts';

/** Numbers one after the other: a plain list while an index is made, a view of the file once it is saved. */
export type Numbers = ArrayLike<number>;

/**
 * Commands and what is said of them, in words. Commands, phrases, terms, actions and objects are numbers: places in
 * the lists. It is read from its beginning to its end for each query; that takes less time than to build anything more.
 */
export interface SearchIndex {
  commands: string[];
  terms: string[];
  /** By term: how much it tells, in thousandths. */
  weights: Numbers;
  /** By term: how many phrases have it. */
  uses: Numbers;
  /** By command: how many phrases it has. */
  phrases: Numbers;
  /** By phrase, in the order of the commands: how many terms it has. */
  sizes: Numbers;
  /** The terms of all phrases, one after the other. */
  words: Numbers;
  /** By command: how many terms its name, its summary and its toolset have; for all: term and weight, in turn. A phrase weighs 2. */
  textSizes: Numbers;
  texts: Numbers;
  /** By command: how many verbs its name has, with those that several of its phrases have; for all: the terms. */
  deedSizes: Numbers;
  deeds: Numbers;
  /** By command: what some of its phrases mean to set, by the phrase's number. */
  settings: Record<string, Record<number, string>>;
  /** What is done, and to what: the first word and the other words of the commands' names; by command, the numbers of both. */
  actions: string[];
  objects: string[];
  actionOf: Numbers;
  objectOf: Numbers;
  /** What was learned of all that is said. */
  intent: Intent;
}

/** How often each of some terms stands in phrases, which have it once. */
export const countUses = ({ terms, words }: Pick<SearchIndex, 'terms' | 'words'>): number[] => {
  const uses = terms.map(() => 0);
  for (let at = 0; at < words.length; at++) uses[words[at]!]!++;
  return uses;
};

/** A rare word tells no more than this. */
const maxWeight = 4.5;

/** How much each term tells, in thousandths: a rare one more than one that is said of many commands. */
export const weigh = ({
  commands,
  terms,
  phrases,
  sizes,
  words,
  textSizes,
  texts,
}: Omit<SearchIndex, 'weights' | 'uses' | 'intent'>): number[] => {
  const carriers = terms.map(() => 0);
  const last = terms.map(() => -1);
  const carry = (term: number, command: number): void => {
    if (last[term] !== command) carriers[term]!++;
    last[term] = command;
  };
  let [phrase, word, text] = [0, 0, 0];
  commands.forEach((_, command) => {
    for (const end = phrase + phrases[command]!; phrase < end; phrase++)
      for (const stop = word + sizes[phrase]!; word < stop; word++) carry(words[word]!, command);
    for (const end = text + 2 * textSizes[command]!; text < end; text += 2) carry(texts[text]!, command);
  });
  return carriers.map((count) => Math.round(1000 * Math.min(maxWeight, Math.log(1 + commands.length / count))));
};
