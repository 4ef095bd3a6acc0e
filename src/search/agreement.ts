import { likeness } from './language.ts';
import type { Numbers } from './search-index.ts';

/** What the fit of something is multiplied with that asks for what the query asks for (1), for something else, or for nothing. */
export interface Agreement {
  /** For each verb that is asked for: how far doing another is doing it, by that verb. */
  alike: readonly Float64Array[];
  other: number;
  none: number;
}

/** By verb: how far doing the others is doing it. */
const rows = new Map<number, Float64Array>();

/** What verbs of a query are like among so many. */
export const likenessesOf = (asked: readonly number[], verbs: number): Float64Array[] =>
  // Not `map`: compiled, it makes another kind of array than interpreted, for which all that reads it is compiled anew.
  Array.from(asked, (verb) => {
    const row = rows.get(verb) ?? Float64Array.from({ length: verbs }, (_, other) => likeness(verb, other));
    rows.set(verb, row);
    return row;
  });

/** How far the verbs among some terms, from one place to another, agree with those of a query: at nearest 1. */
export const agreementOf = (
  { alike, other, none }: Agreement,
  verbs: Int16Array,
  terms: Numbers,
  start: number,
  end: number,
): number => {
  if (!alike.length) return 1;
  let sum = 0;
  let asks = false;
  for (let each = 0; each < alike.length; each++) {
    const row = alike[each]!;
    let nearest = 0;
    for (let at = start; at < end; at++) {
      const verb = verbs[terms[at]!]!;
      if (verb < 0) continue;
      asks = true;
      if (row[verb]! > nearest) nearest = row[verb]!;
    }
    sum += nearest;
  }
  return asks ? other + (1 - other) * (sum / alike.length) : none;
};
