import { CallError } from '../errors.ts';
import { endingOf, type Ending, type Observe } from '../observe.ts';
import type { Answer, Progress } from '../types.ts';
import { classify } from './classify.ts';
import { leastTime, NotSent } from './not-sent.ts';
import { rest } from './patience.ts';
import { isRecord } from '../rows.ts';

type Body = Readonly<Record<string, unknown>>;

/** How long and how often to look at a job. */
export interface FollowOptions {
  /** Milliseconds to wait at most; then the job is returned as pending. */
  wait: number;
  signal: AbortSignal;
  progress?: ((progress: Progress) => void) | undefined;
  /** Once aborted, the job is returned as pending at the next look. */
  returnPending?: AbortSignal | undefined;
  /** Milliseconds since 1970 when the call's time is up; the job is returned as pending before that. */
  deadline?: number | undefined;
  /** Milliseconds before the first look; grows by half each time, to ten times at most. */
  interval: number;
}

const failure = (command: string, job: string, state: Body): CallError => {
  const result = isRecord(state['jobresult']) ? state['jobresult'] : {};
  const code = Number(result['errorcode'] ?? state['jobresultcode'] ?? 530) || 530;
  const text = String(
    result['errortext'] ?? (state['jobstatus'] === 3 ? 'the job was cancelled' : 'the job failed without a text'),
  );
  const error = classify(`${command} (job ${job})`, { code, text, job });
  // Bad arguments that only the job found are still a failed job: it ran.
  return error;
};

const ended = (command: string, job: string, state: Body, elapsed: number): Answer => {
  if (Number(state['jobstatus']) !== 1) throw failure(command, job, state);
  const result = state['jobresult'];
  const cmd = state['cmd'];
  return {
    body: isRecord(result) ? result : { success: true },
    job: { id: job, status: 'succeeded', elapsed, ...(typeof cmd === 'string' ? { cmd } : {}) },
  };
};

/**
 * Watches a job until it ends, the time is up or the caller gives up. A failed job is an error; one that goes on is
 * returned as pending, never as done. Polls at least once.
 */
export const followJob = async (
  command: string,
  job: string,
  poll: (job: string) => Promise<Body>,
  { wait, signal, progress, returnPending, interval, deadline = Infinity }: FollowOptions,
): Promise<Answer> => {
  const start = Date.now();
  // A last look and the way back to the caller take time too.
  const end = Math.min(start + wait, deadline - 2 * leastTime);
  const elapsed = (): number => Math.round((Date.now() - start) / 100) / 10;
  const stopped = (): CallError =>
    new CallError(
      'cancelled',
      `${command}: no longer waiting; job ${job} goes on in CloudStack.`,
      `wait-for-job {"job":"${job}"} looks again.`,
      { job },
    );
  for (let pause = interval; ; pause = Math.min(pause * 1.5, interval * 10)) {
    const state = await poll(job).catch((error: unknown) => {
      if (signal.aborted) throw stopped();
      // Held back here: it is looked at again while there is time.
      if (error instanceof NotSent && (error.kind === 'timeout' || Date.now() + pause < end)) return undefined;
      // The job was accepted: not being able to see it is not its failure.
      const reason = error instanceof CallError ? error : undefined;
      throw new CallError(
        reason?.kind === 'not-found' ? 'not-found' : 'unknown-outcome',
        `${command}: job ${job} was accepted, but its state cannot be read: ${reason?.message ?? String(error)}`,
        `wait-for-job {"job":"${job}"} looks again.`,
        { job, code: reason?.code, cserrorcode: reason?.cserrorcode, cause: error },
      );
    });
    if (state && Number(state['jobstatus']) !== 0) return ended(command, job, state, elapsed());
    if (state)
      progress?.({ elapsed: elapsed(), message: `${command}: job ${job} is running, ${Math.round(elapsed())} s` });
    const left = end - Date.now();
    if (left <= 0 || returnPending?.aborted)
      return { body: {}, job: { id: job, status: 'pending', elapsed: elapsed() } };
    await rest(command, Math.min(pause, left), signal).catch(() => {
      throw stopped();
    });
  }
};

/** Tells of a job while it is followed, and how that ended. */
export const watchJob = async (observe: Observe, command: string, following: Promise<Answer>): Promise<Answer> => {
  const begun = performance.now();
  const tell = (ending: Ending): void =>
    observe({ type: 'job', command, ending, seconds: (performance.now() - begun) / 1000 });
  observe({ type: 'job-started', command });
  try {
    const answer = await following;
    tell(answer.job?.status === 'pending' ? 'pending' : 'ok');
    return answer;
  } catch (error) {
    tell(endingOf(error));
    throw error;
  }
};
