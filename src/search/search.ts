import type { Catalog } from '../catalog/catalog.ts';
import { loadData } from '../data.ts';
import type { Tool } from '../catalog/tool.ts';
import type { CommandsFile } from '../catalog/types.ts';
import { limits } from '../limits.ts';
import { startOf } from '../text.ts';
import { weak } from './factors.ts';
import { isForeign } from './foreign.ts';
import { knownIndex } from './known-index.ts';
import { findLead, type Lead } from './leads.ts';
import { eachOnce, type Match } from './match.ts';
import { joinIndexes, prepareIndex } from './prepare.ts';
import { openIndex, type OpenIndex } from './open-index.ts';
import { rank, readQuery, type Ranked } from './rank.ts';
import { splitWishes } from './wishes.ts';
import { toWords } from './words.ts';

/** What a search found, the best first; weak matches are left out. */
export interface SearchResult {
  matches: Match[];
  /** How many there are, with those that `limit` left out. */
  total: number;
  /** The first match is far better than any other. */
  standsOut: boolean;
  /** What answers better than any command does, with how well it fits. */
  lead?: { lead: Lead; fit: Ranked };
}

/** Finds tools by what an operator would call the thing. */
export type Search = (query: string, options: { toolset?: string | undefined; limit: number }) => SearchResult;

/** So much better than the second is a match that stands out. */
const outstanding = 1.25;

/** Asks for a reason, which no command gives. */
const why = /^\W*(?:why|how come|what(?: is|'s|s) wrong)\b|\bwhy\W{0,3}$/i;

/** What leads elsewhere fits at least so many times as well as the best command; where a reason is asked for, less well. */
const leading = { why: 0.75, else: 0.95 };

/** Commands that a stock CloudStack of today does not have, and those of one vendor's product, come after others. */
const removed = 0.6;
const special = 0.92;
const vendors = /plugin|tungsten|vmware|bare-metal|simulator/;

/** Releases, counted from the newest, in which a command of today was seen. */
const current = 10;

const oldReleases = (): ReadonlySet<string> =>
  new Set(loadData<CommandsFile>('commands.json').releases.slice(0, -current));

const commonnessOf = ({ command, toolset }: Tool, old: ReadonlySet<string>): number => {
  const isGone = old.has(command.releases.split(/[- ]/).at(-1)!);
  return isGone || command.build === 'simulator' ? removed : vendors.test(toolset) ? special : 1;
};

const indexes = new WeakMap<Catalog, OpenIndex>();

/** The index of all known commands, with those that only the connected cloud has. */
const indexOf = (catalog: Catalog): OpenIndex => {
  const known = knownIndex();
  let index = indexes.get(catalog);
  if (!index) {
    const names = new Set(known.commands);
    const others = catalog.tools.filter(({ command }) => !names.has(command.name));
    index = others.length ? openIndex(joinIndexes(known, prepareIndex(others, {}))) : known;
    indexes.set(catalog, index);
  }
  return index;
};

/** No match is weaker: see isStrong. */
const least = (best: number): number => Math.max(weak.fit, best * weak.part);

const createNewSearch = (catalog: Catalog): Search => {
  /** By the number of a command in the index. */
  const tools: (Tool | undefined)[] = [];
  let common: Float64Array | undefined;
  const commonIn = new Map<string, Float64Array>();

  /** By the number of a command: how common it is; 0 outside the catalog, and outside the toolset where one is given. */
  const commonnessIn = (toolset: string | undefined, index: OpenIndex): Float64Array => {
    if (!common) {
      const old = oldReleases();
      const byName = new Map(catalog.tools.map((tool) => [tool.command.name, tool]));
      tools.push(...index.commands.map((name) => byName.get(name)));
      common = Float64Array.from(tools, (tool, number) =>
        tool ? commonnessOf(tool, old) : findLead(index.commands[number]!) ? 1 : 0,
      );
    }
    if (toolset === undefined) return common;
    const known =
      commonIn.get(toolset) ?? common.map((value, number) => (tools[number]?.toolset === toolset ? value : 0));
    // Toolsets are few; what a caller makes up is not remembered.
    if (known.some((value) => value > 0)) commonIn.set(toolset, known);
    return known;
  };

  /** The commands that fit, the best first, with the lead that fits better than all of them. */
  const order = (text: string, toolset: string | undefined): Match[] & { lead?: SearchResult['lead'] } => {
    const index = indexOf(catalog);
    const commonness = commonnessIn(toolset, index);
    const query = readQuery(index, text);
    const ranked = rank(index, query, { commonness, least });
    if (ranked[0] && isForeign(index, query, ranked[0].score)) return [];
    const matches = ranked.flatMap((fit) => {
      const tool = tools[fit.number];
      return tool ? [{ tool, fit }] : [];
    });
    const fit = ranked.find(({ number }) => !tools[number]);
    const lead = fit && findLead(fit.command);
    const part = why.test(text) ? leading.why : leading.else;
    const isClear = lead && fit.score >= part * (matches[0]?.fit.score ?? 0);
    return isClear ? Object.assign(matches, { lead: { lead, fit } }) : matches;
  };

  const isStrong = ({ fit }: Match, place: number, [best]: readonly Match[]): boolean =>
    fit!.score >= Math.max(weak.fit, best!.fit!.score * (place < weak.few ? weak.part : weak.late));

  return (given, { toolset, limit }) => {
    const query = startOf(given, limits.query);
    const cut = (matches: Match[], standsOut = false, lead?: SearchResult['lead']): SearchResult => ({
      matches: matches.slice(0, limit),
      total: matches.length,
      standsOut,
      ...(lead ? { lead } : {}),
    });
    if (!toWords(query).length)
      return cut(
        catalog.tools.filter((tool) => toolset === undefined || tool.toolset === toolset).map((tool) => ({ tool })),
      );
    const words = query.split(/\s+/, limits.words).join(' ');
    const found = order(words, toolset);
    const wishes = splitWishes(indexOf(catalog), words, (text) => order(text, toolset)) ?? [found];
    const strong = wishes.map((matches) => matches.filter(isStrong));
    const named = catalog.find(query.trim());
    const firsts: Match[] = named && (toolset === undefined || named.toolset === toolset) ? [{ tool: named }] : [];
    const best = strong.flatMap(([first]) => (first ? [first] : []));
    const rest = strong.flatMap(([, ...others]) => others.map((match, place) => ({ match, place })));
    // One wish after the other gets its next best.
    rest.sort((a, b) => a.place - b.place);
    const matches = eachOnce([...firsts, ...best, ...rest.map(({ match }) => match)]);
    const [first, second] = matches.map(({ fit }) => fit?.score);
    const lead = wishes.length === 1 && !firsts.length ? found.lead : undefined;
    const standsOut = wishes.length === 1 && !lead && (first === undefined || !second || first >= outstanding * second);
    return cut(matches, matches.length > 0 && standsOut, lead);
  };
};

const searches = new WeakMap<Catalog, Search>();

/** The search over a catalog; its index is opened with the first query. */
export const createSearch = (catalog: Catalog): Search => {
  const search = searches.get(catalog) ?? createNewSearch(catalog);
  searches.set(catalog, search);
  return search;
};
