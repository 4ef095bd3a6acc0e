import { once } from '../catalog/once.ts';
import { neededBy, requirementsOf } from '../catalog/requirements.ts';
import type { Command, Parameter } from '../catalog/types.ts';
import { commonParameters } from '../search/common-parameters.ts';
import { callOf, type Lead } from '../search/leads.ts';
import { estimateTokens } from '../present/tokens.ts';
import type { Match } from '../search/match.ts';
import type { SearchResult } from '../search/search.ts';
import { toMatch } from './describe.ts';

/** Optional parameters that are shown of a match that stands out. */
const maxOptions = 8;

const typesOf = (parameters: readonly Parameter[]): Record<string, string> =>
  Object.fromEntries(parameters.map(({ name, type }) => [name, type]));

const inText = (types: Readonly<Record<string, string>>): string =>
  Object.entries(types)
    .map(([name, type]) => (type === 'string' ? name : `${name}: ${type}`))
    .join(', ');

const needsOf = once((command: Command): Readonly<Record<string, string>> => {
  const needed = neededBy(command);
  return typesOf(command.params.filter(({ name }) => needed.has(name)));
});

/** Of each group, one parameter is needed whatever else is given. */
const groupsOf = once((command: Command): (readonly string[])[] =>
  requirementsOf(command)
    .filter(({ rule, when, unless, of }) => (rule === 'any' || rule === 'one') && !when && !unless && of.length > 1)
    .map(({ of }) => of),
);

/** What a call needs, in a line. */
const needsInText = once((command: Command): string =>
  [inText(needsOf(command)), ...groupsOf(command).map((group) => group.join(' or '))].filter(Boolean).join(', '),
);

const optionsOf = (match: Match, { matches, standsOut }: SearchResult): Record<string, string> =>
  standsOut && match === matches[0] ? typesOf(commonParameters(match.tool.command, maxOptions)) : {};

/** Types that are written as text, as a value without a type is. */
const texts: ReadonlySet<string> = new Set(['string', 'uuid']);
/** What a call needs that is not written as text, with its type. */
const typedNeedsOf = once((command: Command): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(needsOf(command)).filter(([, type]) => !texts.has(type))),
);

/** What answers better than a command, as a match: how it is called stands where others have what they need. */
const toLeadMatch = (lead: Lead): Record<string, unknown> => ({
  ...(lead.tool ? { tool: lead.tool, args: lead.args } : { prompt: lead.prompt }),
  summary: lead.summary,
  how: callOf(lead),
});

/**
 * The matches as data, what answers better than a command before them: what is required, with the type where it is more than text, in practice too, and what is most used
 * where one stands out.
 */
export const toMatches = (found: SearchResult): Record<string, unknown>[] => [
  ...(found.lead ? [toLeadMatch(found.lead.lead)] : []),
  ...found.matches.map((match) => {
    const set = match.fit?.set;
    const options = optionsOf(match, found);
    const oneOf = groupsOf(match.tool.command);
    const needs = typedNeedsOf(match.tool.command);
    return {
      ...toMatch(match.tool),
      ...(Object.keys(needs).length ? { needs } : {}),
      ...(oneOf.length ? { oneOf } : {}),
      ...(set ? { set } : {}),
      ...(Object.keys(options).length ? { options } : {}),
    };
  }),
];

/** The same as text, enough to call: a parameter without a type is a string. */
export const matchesInText = (found: SearchResult): string => {
  const { matches, total, lead } = found;
  if (!matches.length && !lead) return 'Nothing found; try other words, or name a toolset.';
  const lines = matches.map((match) => {
    const { name, risk, summary } = match.tool;
    const set = match.fit?.set;
    const needs = needsInText(match.tool.command);
    const options = inText(optionsOf(match, found));
    const parts = [needs && `needs ${needs}`, set && `set ${set}`, options && `takes ${options}`].filter(Boolean);
    return `${name} [${risk.risk}] ${summary}${parts.length ? ` (${parts.join('; ')})` : ''}`;
  });
  const first = lead ? [`${lead.lead.name} [read] ${lead.lead.summary} (${callOf(lead.lead)})`] : [];
  const left = total - matches.length;
  return [...first, ...lines, ...(left ? [`${left} more match less well; a larger limit shows them.`] : [])].join('\n');
};

/** Estimated tokens of a search whose caller has not said how many matches are wanted: at most 250. */
const maxTokens = 310;
/** The estimate is high for names, of which matches consist; by how much it is low beside it for what leads say. */
const leadFactor = 1.25;

/**
 * As many of the best matches as are short to read beside the server's `own`, the first without what it also takes where that
 * is long; one at least, or what answers better.
 */
export const shorten = (found: SearchResult, own: readonly object[] = []): SearchResult => {
  const better = own.length + (found.lead ? 1 : 0);
  let tokens = estimateTokens(JSON.stringify({ matches: [], total: found.total }));
  const end = [...own, ...toMatches(found)].findIndex((match, at) => {
    tokens += estimateTokens(`${JSON.stringify(match)},`) * (at < better ? leadFactor : 1);
    return tokens > maxTokens;
  });
  if (end < 0) return found;
  const matches = found.matches.slice(0, Math.max(better ? 0 : 1, end - better));
  return { ...found, matches, standsOut: found.standsOut && end > better };
};
