import type { Catalog } from '../catalog/catalog.ts';
import { loadData } from '../data.ts';
import type { Tool } from '../catalog/tool.ts';
import type { CommandsFile } from '../catalog/types.ts';
import { limits } from '../limits.ts';
import { startOf } from '../text.ts';
import { clear, weak } from './factors.ts';
import { isForeign } from './foreign.ts';
import { knownIndex } from './known-index.ts';
import { findLead, type Lead } from './leads.ts';
import { joinIndexes, prepareIndex } from './prepare.ts';
import { openIndex, type OpenIndex } from './open-index.ts';
import { hasVerb, nounsOf, rank, readQuery, verbsIn, type Ranked } from './rank.ts';
import { toWords } from './words.ts';

/** A command that a search found. */
export interface Match {
  tool: Tool;
  /** How well it fits; undefined where nothing was asked, or its name. */
  fit?: Ranked;
}

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

/** Where a sentence with several wishes may be cut. */
const cuts = /([,;&+\n]|\.\s|\b(?:and|then|plus|also|afterwards|finally|after that)\b)/i;

/** "make a zone": says what is done, though the word mostly holds others together. */
const making = /^\W*(?:make|get|give|put)\b/i;

/** Words that stand for a thing that was named before, and for what something belongs to. */
const pronoun = /\b(?:it|them|this|that|those|these|one)\b/i;
const owner = /\b(?:its|their|whose)\b/i;

/** More wishes than these are not one question; so many things of one are looked at for the next. */
const maxWishes = 5;
const maxThings = 4;

/** Whether a part of a sentence is a wish of its own. */
const isClear = (match: Match | undefined): boolean => {
  const { similarity = 0, intent = -1 } = match?.fit ?? {};
  return similarity >= clear.similarity || (similarity >= clear.sure && intent >= clear.intent);
};

/** A reading of a part of a sentence, and what it takes from its matches' scores that it is not the likeliest. */
interface PartReading {
  text: string;
  handicap: number;
}

/** Each command once, the best first; one of the toolset of the wish before is likelier meant. */
const best = (found: readonly { matches: readonly Match[]; handicap: number }[], before: Tool | undefined): Match[] => {
  const scored = found.flatMap(({ matches, handicap }) =>
    matches.map((match) => ({
      match,
      score: match.fit!.score + (match.tool.toolset === before?.toolset ? clear.related : 0) - handicap,
    })),
  );
  const sorted = scored.sort((a, b) => b.score - a.score).map(({ match }) => match);
  return sorted.filter(({ tool }, at) => sorted.findIndex((other) => other.tool === tool) === at);
};

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

  /** What a part of a sentence asks to be done. */
  const verbsOf = (index: OpenIndex, part: string): string[] => {
    const verbs = verbsIn(index, readQuery(index, part).words);
    return verbs.length || !making.test(part) ? verbs : ['create'];
  };

  /** What a part of a sentence may mean: alone, and of what stands before one of the things, or what is done. */
  const readingsOf = (part: string, before: string | undefined): PartReading[] => {
    const alone = { text: part, handicap: 0 };
    if (before === undefined) return [alone];
    const index = indexOf(catalog);
    const { words } = readQuery(index, part);
    const { words: last } = readQuery(index, before);
    const refers = pronoun.test(part);
    const isWhole = nounsOf(index, words).length > 0;
    // "create a zone, a pod": the same is done. "give it 16 GB" says what is done without a verb.
    const verbs = owner.test(part) || hasVerb(index, words) ? [] : verbsOf(index, before);
    const again = { text: [...verbs, part].join(' '), handicap: 0 };
    if (verbs.length && !refers) return [again];
    const things = nounsOf(index, last).slice(0, maxThings);
    const withAll = [part, ...things].join(' ');
    // "attach it": what stands before. "list its disks", "show the balance": what is named here, of what stands before.
    if (isWhole && !refers)
      return things.length ? [alone, { text: withAll, handicap: owner.test(part) ? 0 : clear.added }] : [alone];
    return [
      ...(refers && things.length ? [] : [alone]),
      ...(verbs.length && isWhole ? [again] : []),
      ...things.map((thing) => ({ text: `${part} ${thing}`, handicap: things.length > 1 ? clear.partly : 0 })),
      { text: withAll, handicap: 0 },
    ];
  };

  /** Whether the next part belongs to one: "the vm is off, " only says how things are, "start and " does not say what. */
  const isHalf = (part: string, cut: string | undefined): boolean => {
    const index = indexOf(catalog);
    const { words } = readQuery(index, part);
    return !nounsOf(index, words).length || (cut === ',' && !making.test(part) && !hasVerb(index, words.slice(0, 1)));
  };

  /** The wishes in a sentence, with their matches: what is clear alone begins one, what is not belongs to the one before. */
  const wishesIn = (text: string, toolset: string | undefined): Match[][] => {
    // Parts, and between each two of them what cuts them.
    const pieces = text.split(cuts);
    const parts = pieces.flatMap((piece, at) => {
      const part = piece.trim();
      if (at % 2 || !toWords(part).length) return [];
      // "a, then b" is cut twice.
      return [{ part, isHalf: isHalf(part, pieces[at + 2]?.trim() ? pieces[at + 1] : undefined) }];
    });
    // More parts than words that are looked for: the text only looks like a sentence, and each part is a search.
    if (parts.length < 2 || parts.length > limits.words) return [];
    const wishes: { text: string; matches: Match[]; isHalf: boolean }[] = [];
    for (const { part, isHalf: needsMore } of parts) {
      const last = wishes.at(-1);
      const before = last?.matches[0]?.tool;
      const readings = readingsOf(part, last?.text);
      const matches = best(
        readings.map(({ text, handicap }) => ({ matches: order(text, toolset), handicap })),
        before,
      );
      if (last && (last.isHalf || !isClear(matches[0]) || matches[0]!.tool === before)) {
        last.text += ` ${part}`;
        last.matches = order(last.text, toolset);
        last.isHalf &&= needsMore;
      } else wishes.push({ text: readings[0]!.text, matches, isHalf: !last && needsMore });
    }
    return wishes.map(({ matches }) => matches);
  };

  /** The matches of each wish, where a sentence has several that are clear and differ. */
  const split = (text: string, toolset: string | undefined): Match[][] | undefined => {
    const found = wishesIn(text, toolset);
    if (found.length < 2 || found.length > maxWishes) return undefined;
    const differ = new Set(found.map(([best]) => best?.tool.name)).size === found.length;
    return differ && found.every(([best]) => isClear(best)) ? found : undefined;
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
    const wishes = split(words, toolset) ?? [found];
    const strong = wishes.map((matches) => matches.filter(isStrong));
    const named = catalog.find(query.trim());
    const firsts: Match[] = named && (toolset === undefined || named.toolset === toolset) ? [{ tool: named }] : [];
    const best = strong.flatMap(([first]) => (first ? [first] : []));
    const rest = strong.flatMap(([, ...others]) => others.map((match, place) => ({ match, place })));
    // One wish after the other gets its next best.
    rest.sort((a, b) => a.place - b.place);
    const all = [...firsts, ...best, ...rest.map(({ match }) => match)];
    const seen = new Set<Tool>();
    const matches = all.filter(({ tool }) => !seen.has(tool) && seen.add(tool));
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
