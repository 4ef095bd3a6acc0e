import type { HttpSettings } from '../config/http.ts';

/** Bounds how many bytes of requests that are still arriving each principal may hold in memory. */
export interface BodyBudget {
  /** Reserves room for a request's body until the returned function is called; undefined when there is none left. */
  reserve(principal: string, request: Request): (() => void) | undefined;
}

/** How many bodies of the largest size one principal may send at once; of ordinary size, thousands. */
const maxLargestBodies = 4;

/** Counts a body by its Content-Length, or as `bodyLimit` bytes when it has none. */
export const createBodyBudget = ({ bodyLimit }: Pick<HttpSettings, 'bodyLimit'>): BodyBudget => {
  const reserved = new Map<string, number>();
  return {
    reserve: (principal, { headers }) => {
      const announced = headers.get('content-length');
      const bytes = Math.min(announced === null ? bodyLimit : Number(announced), bodyLimit);
      const sum = (reserved.get(principal) ?? 0) + bytes;
      if (sum > maxLargestBodies * bodyLimit) return undefined;
      reserved.set(principal, sum);
      return () => {
        const left = (reserved.get(principal) ?? 0) - bytes;
        if (left > 0) reserved.set(principal, left);
        else reserved.delete(principal);
      };
    },
  };
};
