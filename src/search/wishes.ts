import type { Tool } from '../catalog/tool.ts';
import { limits } from '../limits.ts';
import { clear } from './factors.ts';
import { eachOnce, type Match } from './match.ts';
import type { OpenIndex } from './open-index.ts';
import { hasVerb, nounsOf, readQuery, verbsIn } from './rank.ts';
import { toWords } from './words.ts';

/** Gives the commands that fit a text, the best first. */
type Order = (text: string) => Match[];

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
  return eachOnce(scored.sort((a, b) => b.score - a.score).map(({ match }) => match));
};

/** What a part of a sentence asks to be done. */
const verbsOf = (index: OpenIndex, part: string): string[] => {
  const verbs = verbsIn(index, readQuery(index, part).words);
  return verbs.length || !making.test(part) ? verbs : ['create'];
};

/** What a part of a sentence may mean: alone, and of what stands before one of the things, or what is done. */
const readingsOf = (index: OpenIndex, part: string, before: string | undefined): PartReading[] => {
  const alone = { text: part, handicap: 0 };
  if (before === undefined) return [alone];
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
const isHalf = (index: OpenIndex, part: string, cut: string | undefined): boolean => {
  const { words } = readQuery(index, part);
  return !nounsOf(index, words).length || (cut === ',' && !making.test(part) && !hasVerb(index, words.slice(0, 1)));
};

/** The wishes in a sentence, with their matches: what is clear alone begins one, what is not belongs to the one before. */
const wishesIn = (index: OpenIndex, text: string, order: Order): Match[][] => {
  // Parts, and between each two of them what cuts them.
  const pieces = text.split(cuts);
  const parts = pieces.flatMap((piece, at) => {
    const part = piece.trim();
    if (at % 2 || !toWords(part).length) return [];
    // "a, then b" is cut twice.
    return [{ part, isHalf: isHalf(index, part, pieces[at + 2]?.trim() ? pieces[at + 1] : undefined) }];
  });
  // More parts than words that are looked for: the text only looks like a sentence, and each part is a search.
  if (parts.length < 2 || parts.length > limits.words) return [];
  const wishes: { text: string; matches: Match[]; isHalf: boolean }[] = [];
  for (const { part, isHalf: needsMore } of parts) {
    const last = wishes.at(-1);
    const before = last?.matches[0]?.tool;
    const readings = readingsOf(index, part, last?.text);
    const matches = best(
      readings.map(({ text, handicap }) => ({ matches: order(text), handicap })),
      before,
    );
    if (last && (last.isHalf || !isClear(matches[0]) || matches[0]!.tool === before)) {
      last.text += ` ${part}`;
      last.matches = order(last.text);
      last.isHalf &&= needsMore;
    } else wishes.push({ text: readings[0]!.text, matches, isHalf: !last && needsMore });
  }
  return wishes.map(({ matches }) => matches);
};

/** The matches of each wish, the best first, where a sentence has several that are clear and differ; undefined where it has not. */
export const splitWishes = (index: OpenIndex, text: string, order: Order): Match[][] | undefined => {
  const found = wishesIn(index, text, order);
  if (found.length < 2 || found.length > maxWishes) return undefined;
  const differ = new Set(found.map(([best]) => best?.tool.name)).size === found.length;
  return differ && found.every(([best]) => isClear(best)) ? found : undefined;
};
