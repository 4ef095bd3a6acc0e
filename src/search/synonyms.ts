import { isNoise, stem } from './words.ts';

/** data/synonyms.json: words that are one, words of one meaning, and what is often meant by a word. */
export interface Synonyms {
  joined: Record<string, string[]>;
  verbs: string[][];
  questions: string[];
  same: string[][];
  near: [word: string, meant: string][];
}

const stemOf = (word: string): string => (isNoise(word) ? word : stem(word));

/** The same in stems, except the terms that sequences stand for. */
export const prepareSynonyms = ({ joined, verbs, questions, same, near }: Synonyms): Synonyms => ({
  joined: Object.fromEntries(
    Object.entries(joined).map(([term, sequences]) => [
      term,
      sequences.map((sequence) => sequence.split(' ').map(stemOf).join(' ')),
    ]),
  ),
  verbs: verbs.map((words) => words.map(stem)),
  questions: questions.map(stemOf),
  same: same.map((words) => words.map(stem)),
  near: near.map(([word, meant]) => [stem(word), stem(meant)]),
});
