import { CallError } from '../errors.ts';
import type { Answer, WireParams } from '../types.ts';
import { jobIn } from './lifetimes.ts';
import { touchedBy, type Touched } from './touches.ts';

/** Ends what a change holds. */
type End = () => Promise<void>;

/** Changes on their way: while one may still happen, nothing it touches is kept. */
export interface Changes {
  /** Sends a change: what it touches is stale before and after, however it ends. */
  send(command: string, send: () => Promise<Answer>): Promise<Answer>;
  /** Sends a read that may tell of a job's end. */
  watch(wire: WireParams, send: () => Promise<Answer>): Promise<Answer>;
  close(): void;
}

/** Milliseconds that a job returned as pending, or a change of unknown outcome, is waited for to show its end. */
const longest = 900_000;
const longestUnknown = 60_000;
const mostEnded = 1000;

/** Whether a change may still happen, though its call has ended. */
const isOpen = (error: unknown): boolean =>
  error instanceof CallError && ['unknown-outcome', 'cancelled', 'timeout'].includes(error.kind);

/** Whether an answer to a question about a job says that it has ended. */
const tellsEnd = ({ body, job }: Answer): boolean =>
  job ? job.status !== 'pending' : Number(body['jobstatus'] ?? 0) !== 0;

/** `hold`: makes what a change touches stale, now and when the hold ends, and keeps nothing of it meanwhile. */
export const createChanges = (hold: (touched: Touched) => Promise<End>): Changes => {
  const jobs = new Map<string, End>();
  const ended = new Set<string>();
  const timers = new Set<NodeJS.Timeout>();

  const endLater = (end: End, after: number): End => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      void end();
    }, after).unref();
    timers.add(timer);
    return () => {
      clearTimeout(timer);
      timers.delete(timer);
      return end();
    };
  };
  const keepOpen = (job: string, end: End): void => {
    const over = (): Promise<void> => {
      jobs.delete(job);
      return end();
    };
    jobs.set(job, endLater(over, longest));
  };
  const remember = (job: string): void => {
    ended.add(job);
    if (ended.size > mostEnded) for (const oldest of [...ended].slice(0, mostEnded / 10)) ended.delete(oldest);
  };
  const noteEnd = async (job: string): Promise<void> => {
    if (ended.has(job)) return;
    const end = jobs.get(job);
    jobs.delete(job);
    remember(job);
    // A job that others began may have changed anything.
    await (end ?? (await hold('everything')))();
  };

  return {
    send: async (command, send) => {
      const end = await hold(touchedBy(command));
      const answer = await send().catch(async (error: unknown) => {
        const job = error instanceof CallError ? error.job : undefined;
        if (!isOpen(error)) await end();
        else if (job === undefined) endLater(end, longestUnknown);
        else keepOpen(job, end);
        throw error;
      });
      if (answer.job?.status === 'pending') keepOpen(answer.job.id, end);
      else {
        if (answer.job) remember(answer.job.id);
        await end();
      }
      return answer;
    },
    watch: async (wire, send) => {
      const job = wire.follow ?? jobIn(wire.command, wire.params);
      if (job === undefined) return send();
      const answer = await send().catch(async (error: unknown) => {
        // A job that failed has ended, too.
        if (error instanceof CallError && error.job === job && !isOpen(error)) await noteEnd(job);
        throw error;
      });
      if (tellsEnd(answer)) await noteEnd(job);
      return answer;
    },
    close: () => {
      for (const timer of timers) clearTimeout(timer);
    },
  };
};
