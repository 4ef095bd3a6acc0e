import { loadToolsets, type Tool } from '../catalog/tool.ts';
import { toTerms, verbOf } from './language.ts';
import { phrasingsOf, type Phrasings } from './phrasings.ts';
import { weigh, type SearchIndex } from './search-index.ts';

/** What a text that is said of a command in general counts beside its phrasings: the name, the summary, the toolset. */
const weights = { name: 3, summary: 2, toolset: 0.5 };

/** One phrasing does not make a deed of a command. */
const minPhrasings = 2;

/** Verbs that several phrasings have in common: "enable a host" is what updateHost does, too. */
const deedsIn = (phrases: readonly (readonly number[])[], terms: readonly string[]): number[] => {
  const phrasesOf = new Map<number, { term: number; count: number }>();
  for (const words of phrases)
    for (const term of words) {
      const verb = verbOf(terms[term]!);
      const { count } = phrasesOf.get(verb) ?? { count: 0 };
      if (verb >= 0) phrasesOf.set(verb, { term, count: count + 1 });
    }
  return [...phrasesOf.values()].flatMap(({ term, count }) => (count < minPhrasings ? [] : [term]));
};

/** An index of all that is said of some commands. */
export const prepareIndex = (tools: readonly Tool[], phrasings: Phrasings): SearchIndex => {
  const titles = new Map(loadToolsets().map(({ name, title }) => [name, title]));
  const numbers = new Map<string, number>();
  const numbersOf = (text: string): number[] =>
    [...new Set(toTerms(text))].map((term) => {
      if (!numbers.has(term)) numbers.set(term, numbers.size);
      return numbers.get(term)!;
    });
  const index: SearchIndex = {
    commands: [],
    terms: [],
    weights: [],
    phrases: [],
    sizes: [],
    words: [],
    deeds: [],
    settings: {},
    texts: [],
  };
  for (const { command, name, summary, toolset } of tools) {
    const asked = phrasingsOf(phrasings, command.name);
    // A command that no one has put into words yet is asked for by its name and its summary.
    const phrases = (asked.length ? asked.map(({ text }) => text) : [name, summary]).map(numbersOf);
    const sets = asked.flatMap(({ set }, number) => (set === undefined ? [] : [[number, set] as const]));
    if (sets.length) index.settings[command.name] = Object.fromEntries(sets);
    const whole = new Map<number, number>();
    const count = (words: readonly number[], weight: number): void => {
      for (const word of words) whole.set(word, (whole.get(word) ?? 0) + weight);
    };
    for (const words of phrases) count(words, 1);
    count(numbersOf(name), weights.name);
    count(numbersOf(summary), weights.summary);
    count(numbersOf(`${toolset} ${titles.get(toolset) ?? ''}`), weights.toolset);
    index.commands.push(command.name);
    index.deeds.push([...numbersOf(name), ...deedsIn(phrases, [...numbers.keys()])]);
    index.phrases.push(phrases.length);
    index.sizes.push(...phrases.map(({ length }) => length));
    index.words.push(...phrases.flat());
    index.texts.push([...whole].flat());
  }
  index.terms.push(...numbers.keys());
  index.weights.push(...weigh(index).map((weight) => Number(weight.toFixed(3))));
  return index;
};

/** One index of two that have no command in common. */
export const joinIndexes = (one: SearchIndex, other: SearchIndex): SearchIndex => {
  const numbers = new Map(one.terms.map((term, number) => [term, number]));
  const terms = [...one.terms];
  const renumbered = other.terms.map((term) => numbers.get(term) ?? terms.push(term) - 1);
  const joined = {
    commands: [...one.commands, ...other.commands],
    terms,
    phrases: [...one.phrases, ...other.phrases],
    sizes: [...one.sizes, ...other.sizes],
    words: [...one.words, ...other.words.map((term) => renumbered[term]!)],
    deeds: [...one.deeds, ...other.deeds.map((words) => words.map((term) => renumbered[term]!))],
    settings: { ...one.settings, ...other.settings },
    texts: [...one.texts, ...other.texts.map((text) => text.map((value, at) => (at % 2 ? value : renumbered[value]!)))],
  };
  return { ...joined, weights: weigh(joined) };
};
