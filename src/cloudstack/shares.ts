import { hasPlace } from '../limits.ts';

/** Places to wait in, shared out: the server's own requests take any, a principal's only while others still find one. */
export interface Shares {
  /** How many are taken. */
  taken(): number;
  /** Takes a place for a principal, undefined for the server itself; returns what gives it back, undefined if there is none. */
  take(principal: string | undefined): (() => void) | undefined;
}

/** So many places. */
export const createShares = (max: number): Shares => {
  let all = 0;
  const counts = new Map<string, number>();
  const count = (principal: string | undefined, more: number): void => {
    all += more;
    if (principal === undefined) return;
    const own = (counts.get(principal) ?? 0) + more;
    if (own) counts.set(principal, own);
    else counts.delete(principal);
  };
  return {
    taken: () => all,
    take: (principal) => {
      const isFree =
        principal === undefined ? all < max : hasPlace(counts.get(principal) ?? 0, all, { each: max, max });
      if (!isFree) return undefined;
      count(principal, 1);
      return () => count(principal, -1);
    },
  };
};
