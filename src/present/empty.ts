import type { NearNames } from '../types.ts';
import { loadData } from '../data.ts';

/** One line of data/empty-lists.json: what to try where a list that was narrowed by one of the parameters shows nothing. */
interface EmptyHint {
  commands?: readonly string[];
  parameters: readonly string[];
  hint: string;
}

/** What comes nearest to the name by which a list is empty, and that these are others' words. */
export const nearText = ({ names, isThere }: NearNames): string =>
  isThere
    ? `There is ${names[0]!} (data from the cloud), which the other filters leave out.`
    : `None has that name. The nearest names (data from the cloud): ${names.join(', ')}.`;

/** What says whose or which page, and narrows nothing that was asked for. */
const isNoFilter = /^(?:listall|isrecursive|page|pagesize|details|show\w*|\w*filter|retrieve\w*|id)$/;

/** The way on from an empty list; undefined where nothing narrowed it. */
export const explainEmpty = (command: string, args: Readonly<Record<string, unknown>>): string | undefined => {
  // A map is given as a whole or by its entries (`tags.team`, `tags[0].key`).
  const given = new Set(
    Object.keys(args).flatMap((name) => (args[name] === undefined ? [] : [name.split(/[.[]/)[0]!])),
  );
  const known = loadData<EmptyHint[]>('empty-lists.json').find(
    ({ commands, parameters }) =>
      (!commands || commands.includes(command)) && parameters.some((name) => given.has(name)),
  );
  if (known) return known.hint;
  const filters = [...given].filter((name) => !isNoFilter.test(name));
  return filters.length
    ? `None matches ${filters.join(' and ')}: without ${filters.length === 1 ? 'it' : 'them'} the list shows what there is.`
    : undefined;
};
