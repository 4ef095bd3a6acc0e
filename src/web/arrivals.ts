/** Keeps in bounds what is in memory of requests that have not arrived whole, for each principal. */
export interface Arrivals {
  /** Takes room for a request's body until the given function is called; undefined where there is none left. */
  enter(principal: string, request: Request): (() => void) | undefined;
}

/** How many of the largest requests of one principal may be arriving at once; of ordinary ones, thousands. */
const largest = 4;

/** Counts bodies by the length that they announce, and as the largest there may be where they announce none. */
export const createArrivals = ({ bodyLimit }: { bodyLimit: number }): Arrivals => {
  const arriving = new Map<string, number>();
  return {
    enter: (principal, { headers }) => {
      const announced = headers.get('content-length');
      const bytes = Math.min(announced === null ? bodyLimit : Number(announced), bodyLimit);
      const sum = (arriving.get(principal) ?? 0) + bytes;
      if (sum > largest * bodyLimit) return undefined;
      arriving.set(principal, sum);
      return () => {
        const left = (arriving.get(principal) ?? 0) - bytes;
        if (left > 0) arriving.set(principal, left);
        else arriving.delete(principal);
      };
    },
  };
};
