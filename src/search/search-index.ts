/**
 * Commands and what is said of them, in words. Commands, phrases and terms are numbers: places in the lists. It is
 * plain JSON and is read from its beginning to its end for each query; that takes less time than to build anything more.
 */
export interface SearchIndex {
  commands: string[];
  terms: string[];
  /** By term: how much it tells. */
  weights: number[];
  /** By command: how many phrases it has. */
  phrases: number[];
  /** By phrase, in the order of the commands: how many terms it has. */
  sizes: number[];
  /** The terms of all phrases, one after the other. */
  words: number[];
  /** By command: the terms of its name, and verbs that several of its phrases have. */
  deeds: number[][];
  /** By command: what some of its phrases mean to set, by the phrase's number. */
  settings: Record<string, Record<number, string>>;
  /** By command: term and weighted count, in turn, of all that is said of it. */
  texts: number[][];
}

/** A rare word tells no more than this. */
const maxWeight = 4.5;

/** How much each term tells: a rare one more than one that is said of many commands. */
export const weigh = ({ commands, terms, texts }: Omit<SearchIndex, 'weights'>): number[] => {
  const carriers = terms.map(() => 0);
  for (const text of texts) for (let at = 0; at < text.length; at += 2) carriers[text[at]!]!++;
  return carriers.map((count) => Math.min(maxWeight, Math.log(1 + commands.length / count)));
};
