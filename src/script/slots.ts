/** Places that so many may take at once. */
export interface Slots {
  /** Waits for a place; what it gives frees it. */
  enter(): Promise<() => void>;
  /** The same at once, or undefined. */
  tryEnter(): (() => void) | undefined;
}

/** So many places, taken in order. */
export const createSlots = (count: number): Slots => {
  let taken = 0;
  const waiting: (() => void)[] = [];
  const leave = (): void => {
    const next = waiting.shift();
    // The place passes to who has waited longest.
    if (next) next();
    else taken -= 1;
  };
  const tryEnter = (): (() => void) | undefined => {
    if (taken >= count) return undefined;
    taken += 1;
    return leave;
  };
  return {
    tryEnter,
    enter: async () => {
      const free = tryEnter();
      if (free) return free;
      await new Promise<void>((resolve) => waiting.push(resolve));
      return leave;
    },
  };
};
