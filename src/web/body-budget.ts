import type { HttpSettings } from '../config/http.ts';

/** Bounds how many bytes of requests that are still arriving each principal may hold in memory. */
export interface BodyBudget {
  /** Reserves room for a request's body until the returned function is called; undefined when there is none left. */
  reserve(principal: string, request: Request): (() => void) | undefined;
  /** Counts a body that is taken and dropped until the returned function is called; undefined when too many are already. */
  drop(principal: string): (() => void) | undefined;
}

/** How many bodies of the largest size one principal may send at once; of ordinary size, thousands. */
const maxLargestBodies = 4;

/** How many bodies of one principal are dropped at once. None is kept, but each holds a connection until it has come. */
const maxDroppedBodies = 100;

const createSums = (max: number) => {
  const sums = new Map<string, number>();
  return (principal: string, more: number): (() => void) | undefined => {
    const sum = (sums.get(principal) ?? 0) + more;
    if (sum > max) return undefined;
    sums.set(principal, sum);
    return () => {
      const left = (sums.get(principal) ?? 0) - more;
      if (left > 0) sums.set(principal, left);
      else sums.delete(principal);
    };
  };
};

/** Counts a body by its Content-Length, or as `bodyLimit` bytes when it has none. */
export const createBodyBudget = ({ bodyLimit }: Pick<HttpSettings, 'bodyLimit'>): BodyBudget => {
  const take = createSums(maxLargestBodies * bodyLimit);
  const drop = createSums(maxDroppedBodies);
  return {
    reserve: (principal, { headers }) => {
      const announced = headers.get('content-length');
      return take(principal, Math.min(announced === null ? bodyLimit : Number(announced), bodyLimit));
    },
    drop: (principal) => drop(principal, 1),
  };
};
