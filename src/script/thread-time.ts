import { readFileSync, readlinkSync } from 'node:fs';

const byClock = (): number => performance.timeOrigin + performance.now();

/** Milliseconds of processor time that a thread of this process has had, whatever else runs; of thread 0 by the clock. */
export const threadTime = (thread: number): number => {
  if (thread === 0) return byClock();
  try {
    return Number.parseInt(readFileSync(`/proc/self/task/${thread}/schedstat`, 'latin1'), 10) / 1e6;
  } catch {
    // It has ended.
    return 0;
  }
};

/** The thread that asks, by the system's number; 0 where the system does not tell its time (all but Linux). */
export const ownThread = (): number => {
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    return threadTime(thread) > 0 ? thread : 0;
  } catch {
    return 0;
  }
};
