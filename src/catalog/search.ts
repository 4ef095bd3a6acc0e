import MiniSearch from 'minisearch';
import { loadData } from '../data.ts';
import { limits } from '../limits.ts';
import { startOf } from '../text.ts';
import type { Catalog } from './catalog.ts';
import { loadToolsets, type Tool } from './tool.ts';

/** Finds tools by what an operator would call the thing. */
export type Search = (
  query: string,
  options: { toolset?: string | undefined; limit: number },
) => { matches: Tool[]; total: number };

const stem = (term: string): string =>
  term
    .toLowerCase()
    .replace(/(?:ies)$/, 'y')
    .replace(/([^s])s$/, '$1');

const noise = new Set([
  'a',
  'an',
  'the',
  'to',
  'of',
  'for',
  'in',
  'on',
  'with',
  'my',
  'i',
  'how',
  'do',
  'and',
  'or',
  'from',
  'by',
  'is',
  'all',
]);

const terms = (text: string): string[] => text.toLowerCase().match(/[a-z0-9]+/g) ?? [];

/** The query's own words first, then what they mean in CloudStack's. */
const expand = (query: string): string[] => {
  const synonyms = loadData<Record<string, string[]>>('synonyms.json');
  const words = terms(query.replace(/([a-z])([A-Z])/g, '$1 $2'))
    .filter((word) => !noise.has(word))
    .slice(0, limits.words);
  return [...words, ...words.flatMap((word) => synonyms[word] ?? synonyms[stem(word)] ?? [])];
};

const verbOf = ({ name }: Tool): string => name.split('-', 1)[0]!;

/** Who names a thing and not what to do with it wants to see it, or to have one. */
const withoutVerb: Readonly<Record<string, number>> = { list: 1.5, create: 1.35, deploy: 1.35, get: 1.2 };

/** Many people want the everyday commands, whose names are short; few the plugins of one vendor. */
const weightOf = (tool: Tool, hasVerb: boolean): number => {
  const special =
    tool.command.build || /plugin|tungsten|vmware|bare-metal|routing|simulator/.test(tool.toolset) ? 0.6 : 1;
  const long = tool.name.split('-').length - 2;
  return special * 0.94 ** long * (hasVerb ? 1 : (withoutVerb[verbOf(tool)] ?? 1));
};

const createIndex = (catalog: Catalog): MiniSearch => {
  const titles = new Map(loadToolsets().map(({ name, title }) => [name, title]));
  const index = new MiniSearch({
    idField: 'name',
    fields: ['name', 'summary', 'toolset', 'params'],
    tokenize: terms,
    processTerm: (term) => (noise.has(term) ? null : stem(term)),
  });
  index.addAll(
    catalog.tools.map((tool) => ({
      name: tool.name,
      summary: tool.summary,
      toolset: `${tool.toolset} ${titles.get(tool.toolset) ?? ''}`,
      params: tool.command.params.map(({ name }) => name).join(' '),
    })),
  );
  return index;
};

const indexes = new WeakMap<Catalog, MiniSearch>();

/** A search over a catalog; its index is built with the first query. */
export const createSearch = (catalog: Catalog): Search => {
  const index = (): MiniSearch => {
    let built = indexes.get(catalog);
    if (!built) indexes.set(catalog, (built = createIndex(catalog)));
    return built;
  };
  return (whole, { toolset, limit }) => {
    const query = startOf(whole, limits.query);
    const within = (tool: Tool): boolean => toolset === undefined || tool.toolset === toolset;
    const exact = catalog.find(query);
    const words = expand(query);
    const verbs = new Set(catalog.tools.map(verbOf));
    const hasVerb = words.some((word) => verbs.has(word));
    const found = terms(query).length
      ? index()
          .search(words.join(' '), {
            boost: { name: 4, summary: 2, toolset: 1, params: 0.3 },
            prefix: (term) => term.length > 3,
            fuzzy: (term) => (term.length > 5 ? 0.15 : false),
            boostDocument: (name) => weightOf(catalog.find(String(name))!, hasVerb),
          })
          .map(({ id }) => catalog.find(String(id))!)
      : catalog.tools;
    const matches = [...new Set([...(exact ? [exact] : []), ...found])].filter(within);
    return { matches: matches.slice(0, limit), total: matches.length };
  };
};
