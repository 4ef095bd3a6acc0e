import { setMaxListeners } from 'node:events';
import { audited } from '../audit/audit.ts';
import type { Facts } from '../audit/entry.ts';
import type { Tracing } from '../observe.ts';
import { RefusedByPerson } from '../guard/confirm.ts';
import { listSecrets } from '../secrets/mask.ts';
import { withoutSecrets } from '../secrets/scrub.ts';
import type { CallRequest, View } from '../types.ts';
import { bound } from './bound.ts';
import { checkRules } from './check-rules.ts';
import type { Composition } from './composition.ts';
import { createDeadline, type Deadline } from './deadline.ts';
import { observed } from './observed.ts';

/** What was asked over the rows of a list, in the caller's words: what was masked in them was refused before. */
export const askOf = ({ where, sort, group, all, ask }: View): Pick<Facts, 'ask'> =>
  ask ? { ask: { where, sort, group, all } } : {};

/** One call on its way. */
export interface Run {
  /** As the door made it; its deadline stands still while the human is asked. */
  request: CallRequest;
  deadline: Deadline;
  /** Runs a step: in a span of its own where calls are traced. */
  step: Tracing['step'];
  /** Takes what a step found out, for the audit entry, metrics and the trace. */
  record: (facts: Facts) => void;
  /** Throws a CallError while the audit log takes no entries, or where the rules changed: asked before a change is sent. */
  beforeSending: () => Promise<void>;
}

/** Begins a call; without a log, what its steps find out is dropped. */
export const createRun = (
  { observer, limits }: Pick<Composition, 'observer' | 'limits'>,
  request: CallRequest,
  { record, beforeSending }: Pick<Run, 'record' | 'beforeSending'> = {
    record: () => undefined,
    beforeSending: () => Promise.resolve(),
  },
): Run => {
  const deadline = createDeadline(request.deadline ?? Date.now() + limits.callTimeout);
  const paused = async <T>(ask: () => Promise<T>): Promise<T> => {
    const resume = deadline.pause();
    try {
      return await ask();
    } finally {
      resume();
    }
  };
  // Each look-up of a call listens to its one signal: many at once are meant.
  setMaxListeners(0, request.signal);
  return {
    request: {
      ...request,
      consent: (question) => paused(() => request.consent(question)),
      lead: (...led) => paused(async () => (await request.lead?.(...led)) ?? false),
    },
    deadline,
    step: observer.tracing?.step ?? ((_name, run) => run()),
    record,
    beforeSending,
  };
};

/** Runs a call within its limits: it is observed, leaves its audit entry, and what it throws repeats none of its secrets. */
export const recorded = <T>(
  composition: Composition,
  asked: CallRequest,
  path: (run: Run) => Promise<T>,
): Promise<T> => {
  const { audit, clouds, jobs, observer, guard } = composition;
  const { request, excess } = bound(asked);
  // Also of a call that is refused before its cloud is opened: it was for this one.
  const endpoint = clouds.hostOf(request.caller.profile);
  return observed(observer, request, (emit, trace) =>
    audited(audit, request, async (note, isLogged) => {
      const beforeSending = async (): Promise<void> => {
        checkRules(composition, guard);
        await isLogged();
      };
      const facts: Facts = {};
      const record = (more: Facts): void => {
        Object.assign(facts, more);
        note(more);
        emit(more);
      };
      const { planned } = request;
      record({
        request: request.origin?.request,
        trace,
        endpoint,
        script: request.script,
        ...(planned ? { plan: planned.plan.digest, step: planned.number } : {}),
      });
      const secrets = () => listSecrets(request.args, facts.params);
      try {
        if (excess) throw excess;
        const value = await path(createRun(composition, request, { record, beforeSending }));
        if (facts.pending && facts.job) jobs.addSecrets(facts.job, secrets());
        return value;
      } catch (error) {
        if (error instanceof RefusedByPerson) record({ refusal: { ...error.given, reason: error.reason } });
        throw withoutSecrets(error, [...secrets(), ...jobs.secretsOf(String(facts.params?.['jobid']))]);
      }
    }),
  );
};
