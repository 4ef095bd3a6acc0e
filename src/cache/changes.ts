import { CallError } from '../errors.ts';
import type { Answer, WireParams } from '../types.ts';
import { jobIn } from './lifetimes.ts';
import { invalidatedBy, type Invalidated } from './invalidation-rules.ts';

/** Closes the invalidation scope of a change. */
type CloseScope = () => Promise<void>;

/** Changes in progress: while one may still take effect, nothing that it invalidates is cached. */
export interface Changes {
  /** Sends a change: what it invalidates is stale before and after it, however it ends. */
  send(command: string, send: () => Promise<Answer>): Promise<Answer>;
  /** Sends a read that may show the end of a job. */
  sendJobQuery(wire: WireParams, send: () => Promise<Answer>): Promise<Answer>;
  close(): void;
}

/** Milliseconds that a job returned as pending, or a change of unknown outcome, is waited for to show its end. */
const maxJobMs = 900_000;
const maxUnknownMs = 60_000;
const maxEnded = 1000;

/** Whether a change may still take effect, though its call has ended. */
const isOutcomeOpen = (error: unknown): boolean =>
  error instanceof CallError && ['unknown-outcome', 'cancelled', 'timeout'].includes(error.kind);

/** Whether the answer to a job query shows that the job has ended. */
const showsEnd = ({ body, job }: Answer): boolean =>
  job ? job.status !== 'pending' : Number(body['jobstatus'] ?? 0) !== 0;

/** `openScope`: invalidates now and when the returned function is called; nothing of it is cached meanwhile. */
export const createChanges = (openScope: (invalidated: Invalidated) => Promise<CloseScope>): Changes => {
  const jobs = new Map<string, CloseScope>();
  const ended = new Set<string>();
  const timers = new Set<NodeJS.Timeout>();

  const closeLater = (end: CloseScope, after: number): CloseScope => {
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
  const closeWithJob = (job: string, end: CloseScope): void => {
    const over = (): Promise<void> => {
      jobs.delete(job);
      return end();
    };
    jobs.set(job, closeLater(over, maxJobMs));
  };
  const addEnded = (job: string): void => {
    ended.add(job);
    if (ended.size > maxEnded) for (const oldest of [...ended].slice(0, maxEnded / 10)) ended.delete(oldest);
  };
  const onJobEnd = async (job: string): Promise<void> => {
    if (ended.has(job)) return;
    const end = jobs.get(job);
    jobs.delete(job);
    addEnded(job);
    // A job that this server did not begin may have changed anything.
    await (end ?? (await openScope('everything')))();
  };

  return {
    send: async (command, send) => {
      const end = await openScope(invalidatedBy(command));
      const answer = await send().catch(async (error: unknown) => {
        const job = error instanceof CallError ? error.job : undefined;
        if (!isOutcomeOpen(error)) await end();
        else if (job === undefined) closeLater(end, maxUnknownMs);
        else closeWithJob(job, end);
        throw error;
      });
      if (answer.job?.status === 'pending') closeWithJob(answer.job.id, end);
      else {
        if (answer.job) addEnded(answer.job.id);
        await end();
      }
      return answer;
    },
    sendJobQuery: async (wire, send) => {
      const job = wire.follow ?? jobIn(wire.command, wire.params);
      if (job === undefined) return send();
      const answer = await send().catch(async (error: unknown) => {
        // A failed job has ended, too.
        if (error instanceof CallError && error.job === job && !isOutcomeOpen(error)) await onJobEnd(job);
        throw error;
      });
      if (showsEnd(answer)) await onJobEnd(job);
      return answer;
    },
    close: () => {
      for (const timer of timers) clearTimeout(timer);
    },
  };
};
