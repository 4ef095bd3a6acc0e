import type { Clock } from './clock.ts';

/** What is still to happen, in the order of its time. Nothing runs by itself: `settle` runs what is due. */
export interface Queue {
  /** Runs something once `ms` have gone by. */
  later(ms: number, run: () => void): void;
  /** Runs all that is due by now, also what that brings about. */
  settle(): void;
  waiting(): number;
}

/** A queue on a clock. */
export const createQueue = (clock: Clock): Queue => {
  const tasks: { due: number; run: () => void }[] = [];
  return {
    waiting: () => tasks.length,
    later: (ms, run) => {
      const due = clock.now() + ms;
      let at = tasks.length;
      while (at > 0 && (tasks[at - 1]?.due ?? 0) > due) at -= 1;
      tasks.splice(at, 0, { due, run });
    },
    settle: () => {
      if (tasks.length === 0) return;
      const now = clock.now();
      while (tasks[0] && tasks[0].due <= now) tasks.shift()?.run();
    },
  };
};
