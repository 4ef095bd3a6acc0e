import { loadToolsets, type Tool } from '../catalog/tool.ts';
import { noIntent, partsOf } from './intent.ts';
import { looking, toTerms, verbOf } from './language.ts';
import { phrasingsOf, type Phrasing, type Phrasings } from './phrasings.ts';
import { countUses, weigh, type Numbers, type SearchIndex } from './search-index.ts';

/** What is said of a command in general counts as so many halves of a phrasing. */
const weights = { name: 6, summary: 4, toolset: 1 };

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

/** Of phrasings with the same terms the first: the others tell the same. */
const distinct = (phrasings: readonly Phrasing[]): Phrasing[] => {
  const known = new Set<string>();
  return phrasings.filter(({ text, set = '' }) => {
    const key = [set, ...[...new Set(toTerms(text))].sort()].join(' ');
    return !known.has(key) && known.add(key);
  });
};

/** Numbers for names, in the order in which they are first asked for. */
const createNumbers = () => {
  const numbers = new Map<string, number>();
  const names: string[] = [];
  return {
    names,
    numberOf: (name: string): number => {
      const known = numbers.get(name) ?? names.push(name) - 1;
      numbers.set(name, known);
      return known;
    },
  };
};

/** What an index is made of: a command, or what else people are led to. */
export type Indexed = Pick<Tool, 'name' | 'summary' | 'toolset'> & { command: { name: string } };

/** An index of all that is said of some commands. */
export const prepareIndex = (tools: readonly Indexed[], phrasings: Phrasings): SearchIndex => {
  const titles = new Map(loadToolsets().map(({ name, title }) => [name, title]));
  const [terms, actions, objects] = [createNumbers(), createNumbers(), createNumbers()];
  const termsOf = (text: string): number[] => [...new Set(toTerms(text))].map(terms.numberOf);
  const settings: SearchIndex['settings'] = {};
  const prepared = tools.map(({ command, name, summary, toolset }) => {
    const asked = distinct(phrasingsOf(phrasings, command.name));
    // A command that no one has put into words yet is asked for by its name and its summary.
    const phrases = (asked.length ? asked.map(({ text }) => text) : [name, summary]).map(termsOf);
    const sets = asked.flatMap(({ set }, number) => (set === undefined ? [] : [[number, set] as const]));
    if (sets.length) settings[command.name] = Object.fromEntries(sets);
    const about = new Map<number, number>();
    const count = (text: string, weight: number): void => {
      for (const term of termsOf(text)) about.set(term, (about.get(term) ?? 0) + weight);
    };
    count(name, weights.name);
    count(summary, weights.summary);
    count(`${toolset} ${titles.get(toolset) ?? ''}`, weights.toolset);
    const parts = partsOf(name);
    const action = actions.numberOf(parts.action);
    const verbs = termsOf(name).filter((term) => verbOf(terms.names[term]!) >= 0);
    // "disabled pods" does not say that a list disables any.
    const onlyLooks = verbs.length > 0 && verbs.every((term) => verbOf(terms.names[term]!) === looking);
    const deeds = [...new Set([...verbs, ...(onlyLooks ? [] : deedsIn(phrases, terms.names))])];
    return { command: command.name, phrases, about: [...about], deeds, action, object: objects.numberOf(parts.object) };
  });
  const phrases = prepared.flatMap((each) => each.phrases);
  const index = {
    commands: prepared.map(({ command }) => command),
    terms: terms.names,
    phrases: prepared.map((each) => each.phrases.length),
    sizes: phrases.map(({ length }) => length),
    words: phrases.flat(),
    textSizes: prepared.map(({ about }) => about.length),
    texts: prepared.flatMap(({ about }) => about.flat()),
    deedSizes: prepared.map(({ deeds }) => deeds.length),
    deeds: prepared.flatMap(({ deeds }) => deeds),
    settings,
    actions: actions.names,
    objects: objects.names,
    actionOf: prepared.map(({ action }) => action),
    objectOf: prepared.map(({ object }) => object),
    intent: noIntent,
  };
  return { ...index, weights: weigh(index), uses: countUses(index) };
};

/** Adds what is not known yet to a list, and says where each stands in it. */
const addTo = (list: string[], others: readonly string[]): number[] => {
  const numbers = new Map(list.map((one, number) => [one, number]));
  return others.map((one) => numbers.get(one) ?? list.push(one) - 1);
};

/** One index of two that have no command in common; what was learned is as the first one knows it. */
export const joinIndexes = (one: SearchIndex, other: SearchIndex): SearchIndex => {
  const [terms, actions, objects] = [[...one.terms], [...one.actions], [...one.objects]];
  const termOf = addTo(terms, other.terms);
  const actionOf = addTo(actions, other.actions);
  const objectOf = addTo(objects, other.objects);
  const both = (list: Numbers, others: Numbers, numberOf: (number: number, at: number) => number): number[] => [
    ...Array.from(list),
    ...Array.from(others, numberOf),
  ];
  const join = (name: 'phrases' | 'sizes' | 'textSizes' | 'deedSizes'): number[] =>
    both(one[name], other[name], (size) => size);
  const index = {
    commands: [...one.commands, ...other.commands],
    terms,
    phrases: join('phrases'),
    sizes: join('sizes'),
    words: both(one.words, other.words, (term) => termOf[term]!),
    textSizes: join('textSizes'),
    texts: both(one.texts, other.texts, (value, at) => (at % 2 ? value : termOf[value]!)),
    deedSizes: join('deedSizes'),
    deeds: both(one.deeds, other.deeds, (term) => termOf[term]!),
    settings: { ...one.settings, ...other.settings },
    actions,
    objects,
    actionOf: both(one.actionOf, other.actionOf, (action) => actionOf[action]!),
    objectOf: both(one.objectOf, other.objectOf, (object) => objectOf[object]!),
    intent: one.intent,
  };
  return { ...index, weights: weigh(index), uses: countUses(index) };
};
