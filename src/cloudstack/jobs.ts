import { CallError } from '../errors.ts';
import { endingOf, type Ending, type Observe } from '../observe.ts';
import type { Answer, Progress } from '../types.ts';
import { classify, failureIn, hintFor } from './classify.ts';
import { Unreadable } from './envelope.ts';
import { minTimeMs, NotSent } from './not-sent.ts';
import { sleep } from './wait.ts';
import { isRecord, type Row } from '../rows.ts';
import { toLabel } from '../text.ts';

/** How long and how often to poll a job. */
export interface FollowOptions {
  /** Milliseconds to wait at most; then the job is returned as pending. */
  wait: number;
  signal: AbortSignal;
  progress?: ((progress: Progress) => void) | undefined;
  /** Once aborted, the job is returned as pending at the next poll. */
  returnPending?: AbortSignal | undefined;
  /** Milliseconds since 1970 when the call's time is up; the job is returned as pending before that. */
  deadline?: number | undefined;
  /** The caller names the job; else this call began it, and CloudStack accepted it. */
  isAsked?: boolean | undefined;
  /** Milliseconds before the second poll; grows by half each time, to ten times at most. */
  interval: number;
}

/** A job that a restart of the management server ended: it failed without any result, and its object may be there. */
const interrupted = (command: string, job: string, state: Row): CallError => {
  const cmd = String(state['cmd'] ?? '')
    .split('.')
    .at(-1)
    ?.replace(/Cmd(?:ByAdmin)?$/, '');
  const [type, id] = [state['jobinstancetype'], state['jobinstanceid']].map((part) =>
    typeof part === 'string' ? toLabel(part) : undefined,
  );
  const object = id === undefined ? undefined : `${type ?? 'object'} ${id}`;
  return new CallError(
    'unknown-outcome',
    `${command} (job ${job}): ${cmd ? toLabel(cmd) : 'it'} was interrupted and left no result, as when a management server restarts; what it started may have happened`,
    `Look at ${object ? `the ${object}` : 'what it was about'} before trying again.`,
    { code: 530, job, isForeign: true },
  );
};

/** The state of a job. Throws for an answer that tells none: it says neither that the job goes on nor how it ended. */
const readState = async (job: string, poll: (job: string) => Promise<Row>): Promise<Row> => {
  const state = await poll(job);
  const { jobstatus } = state;
  if ((typeof jobstatus === 'number' || typeof jobstatus === 'string') && /^[0-3]$/.test(String(jobstatus)))
    return state;
  const error = new Unreadable('protocol', 'the answer does not have its state', hintFor('protocol'));
  error.isCut = true;
  throw error;
};

/** So many answers that broke off are looked past while a job is followed. */
const maxBroken = 3;

const failure = (command: string, job: string, state: Row): CallError => {
  if (Number(state['jobstatus']) === 2 && state['jobresult'] === undefined) return interrupted(command, job, state);
  const result = isRecord(state['jobresult']) ? state['jobresult'] : {};
  const code = Number(result['errorcode'] ?? state['jobresultcode'] ?? 530) || 530;
  const text = String(
    result['errortext'] ?? (state['jobstatus'] === 3 ? 'the job was cancelled' : 'the job failed without a text'),
  );
  const error = classify(`${command} (job ${job})`, { code, text, job });
  // Bad arguments that only the job found are still a failed job: it ran.
  return error;
};

const ended = (command: string, job: string, state: Row, elapsed: number): Answer => {
  if (Number(state['jobstatus']) !== 1) throw failure(command, job, state);
  const result = state['jobresult'];
  const cmd = state['cmd'];
  const failed = isRecord(result) && failureIn(`${command} (job ${job})`, result, job);
  if (failed) throw failed;
  return {
    body: isRecord(result) ? result : { success: true },
    job: { id: job, status: 'succeeded', elapsed, ...(typeof cmd === 'string' ? { cmd } : {}) },
  };
};

/**
 * Polls a job until it ends, the time is up or the caller gives up. A failed job is an error; one that goes on is
 * returned as pending, never as done. Polls at least once.
 */
export const followJob = async (
  command: string,
  job: string,
  poll: (job: string) => Promise<Row>,
  { wait, signal, progress, returnPending, interval, isAsked, deadline = Infinity }: FollowOptions,
): Promise<Answer> => {
  const start = Date.now();
  // A last poll and the answer to the caller take time too.
  const end = Math.min(start + wait, deadline - 2 * minTimeMs);
  const elapsed = (): number => Math.round((Date.now() - start) / 100) / 10;
  const stopped = (): CallError =>
    new CallError(
      'cancelled',
      `${command}: no longer waiting; job ${job} is still running in CloudStack.`,
      `[[wait-for-job job=${job}]] looks again.`,
      { job },
    );
  let broken = 0;
  for (let pause = interval; ; pause = Math.min(pause * 1.5, interval * 10)) {
    const state = await readState(job, poll).catch((error: unknown) => {
      if (signal.aborted) throw stopped();
      // The poll was not sent: it is repeated while there is time.
      if (error instanceof NotSent && (error.kind === 'timeout' || Date.now() + pause < end)) return undefined;
      // An answer that broke off says nothing of the job: the next look may come whole.
      if (error instanceof Unreadable && error.isCut && broken++ < maxBroken && Date.now() + pause < end)
        return undefined;
      // The job was accepted: a failed poll is not a failed job.
      const reason = error instanceof CallError ? error : undefined;
      if (isAsked && reason?.kind === 'not-found')
        throw new CallError(
          'not-found',
          `CloudStack does not know a job ${job}: ${reason.message}`,
          'Check the id. CloudStack forgets jobs a day after their end; [[list-events]] shows what happened.',
          { code: reason.code, cserrorcode: reason.cserrorcode, isForeign: reason.isForeign, cause: error },
        );
      throw new CallError(
        'unknown-outcome',
        `${command}: job ${job} was accepted, but its state cannot be read: ${reason?.message ?? String(error)}`,
        `[[wait-for-job job=${job}]] looks again.`,
        { job, code: reason?.code, cserrorcode: reason?.cserrorcode, isForeign: reason?.isForeign, cause: error },
      );
    });
    if (state && Number(state['jobstatus']) !== 0) return ended(command, job, state, elapsed());
    if (state)
      progress?.({ elapsed: elapsed(), message: `${command}: job ${job} is running, ${Math.round(elapsed())} s` });
    const left = end - Date.now();
    if (left <= 0 || returnPending?.aborted)
      return { body: {}, job: { id: job, status: 'pending', elapsed: elapsed() } };
    await sleep(command, Math.min(pause, left), signal).catch(() => {
      throw stopped();
    });
  }
};

/** Emits the observations of a job while it is polled. */
export const observeJob = async (observe: Observe, command: string, following: Promise<Answer>): Promise<Answer> => {
  const begun = performance.now();
  const onEnd = (ending: Ending): void =>
    observe({ type: 'job', command, ending, seconds: (performance.now() - begun) / 1000 });
  observe({ type: 'job-started', command });
  try {
    const answer = await following;
    onEnd(answer.job?.status === 'pending' ? 'pending' : 'ok');
    return answer;
  } catch (error) {
    onEnd(endingOf(error));
    throw error;
  }
};
