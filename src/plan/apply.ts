import { call } from '../call/call.ts';
import { recorded, type Run } from '../call/run.ts';
import { CallError } from '../errors.ts';
import { toLabel } from '../text.ts';
import type { ApprovedPlan, CallRequest, Outcome } from '../types.ts';
import type { SavedPlan } from './plans.ts';
import type { PlannedCall, RecordedStep } from './record.ts';
import {
  cloudOf,
  openPlan,
  refuseState,
  seedFor,
  stepRequest,
  toOutcome,
  toStored,
  type PlanComposition,
} from './saved.ts';
import { isAsRead, lookAtAll } from './versions.ts';

/** Milliseconds for which a step waits for its job: the next one needs what it makes. */
const stepWaitMs = 20 * 60_000;

/** What became of the steps so far, for a plan that stopped. */
const stopped = (error: CallError, { id, calls, riskTool }: SavedPlan, done: SavedPlan['done']): CallError => {
  const at = done.length + 1;
  const rest = at < calls.length ? ` Steps ${at + 1} to ${calls.length} were not started.` : '';
  const before = done.length
    ? `Done: ${done.length === 1 ? 'step 1' : `steps 1 to ${done.length}`}.`
    : 'Nothing was done.';
  const { kind, code, cserrorcode, job, candidates, isForeign } = error;
  return new CallError(
    kind,
    `Step ${at} of ${calls.length} (${toLabel(calls[at - 1]?.tool ?? '')}): ${error.message} ${before}${rest}`,
    `${error.hint} The plan is ${id}: [[${riskTool} plan=${id} mode=plan]] shows how far it got.`,
    { code, cserrorcode, job, candidates, isForeign },
  );
};

/** Runs the steps of an approved plan, one after the other; stops at the first that does not end well. */
const runSteps = async (
  { plans, ...composition }: PlanComposition,
  request: CallRequest,
  approved: ApprovedPlan,
  stored: SavedPlan,
): Promise<Outcome> => {
  const { calls } = stored;
  const done: { number: number; id?: string | undefined }[] = [];
  const begun = Date.now();
  for (const [index, { tool }] of calls.entries()) {
    const number = index + 1;
    const elapsed = Math.round((Date.now() - begun) / 1000);
    const part = (number - 1) / calls.length;
    request.progress?.({ elapsed, message: `step ${number} of ${calls.length}: ${tool}`, part });
    const { asked: _asked, progress: _progress, ...rest } = request;
    const step: CallRequest = {
      ...rest,
      tool,
      args: approved.argumentsOf(number),
      view: {},
      wait: stepWaitMs,
      deadline: Date.now() + stepWaitMs,
      planned: { plan: approved, number },
      script: stored.script,
    };
    try {
      const outcome = await call(composition, step);
      const { job } = outcome.structured as { job?: { status: string; id: string } };
      if (job?.status === 'pending')
        throw new CallError(
          'timeout',
          `Its job ${job.id} is still running.`,
          `[[wait-for-job job=${job.id}]] follows it.`,
          {
            job: job.id,
          },
        );
      const id = outcome.rows()[0]?.['id'];
      if (typeof id === 'string') approved.addAnswer(number, id);
      done.push({ number, ...(typeof id === 'string' ? { id } : {}) });
    } catch (error) {
      const failure = error instanceof CallError ? stopped(error, stored, done) : undefined;
      const problem = failure?.message ?? String(error);
      await plans.replace('applying', { ...stored, state: 'stopped', done, problem });
      throw failure ?? error;
    }
  }
  const applied: SavedPlan = { ...stored, state: 'applied', done };
  await plans.replace('applying', applied);
  const steps = calls.map(({ tool }, index) => ({ number: index + 1, command: tool, state: 'done', ...done[index] }));
  const made = done.flatMap(({ number, id }) => (id === undefined ? [] : [`step ${number}: ${id}`]));
  return toOutcome(
    [
      `Plan ${stored.id} is applied: ${calls.length} of ${calls.length} steps are done.`,
      ...(made.length ? [`Ids: ${made.join(', ')}.`] : []),
    ].join('\n'),
    { id: stored.id, state: 'applied', digest: stored.digest, steps },
  );
};

/** Has the steps approved as a whole, and runs them. `claim`: takes the plan, so that it is run once. */
const approveAndRun = async (
  composition: PlanComposition,
  { request, record }: Run,
  looked: { steps: readonly RecordedStep[]; digest: string },
  stored: SavedPlan,
  { mustAsk, claim }: { mustAsk: boolean; claim: (plan: SavedPlan) => Promise<void> },
): Promise<Outcome> => {
  const { guard, clouds, audit } = composition;
  const { origin } = await clouds.open(request.caller.profile);
  const own = stepRequest(request, stored.riskTool);
  await audit.ready();
  record({ plan: looked.digest });
  const approved = await guard.approvePlan(
    looked.steps.map(({ foreseen }) => foreseen),
    {
      origin,
      request,
      seed: stored.seed,
      mustAsk,
      onQuestion: (question) => record({ question }),
      isUnchanged: async () =>
        (await isAsRead(composition, own, stored)) &&
        (await lookAtAll(composition, own, stored)).digest === looked.digest,
    },
  );
  record({ confirmation: approved.confirmation });
  const applying: SavedPlan = { ...stored, state: 'applying' };
  await claim(applying);
  return runSteps(composition, own, approved, applying);
};

/** Runs calls one after the other, after one question where the policy asks about any of them. */
export const runCalls = (
  composition: PlanComposition,
  request: CallRequest,
  { calls, riskTool }: { calls: readonly PlannedCall[]; riskTool: 'change' | 'destroy' },
): Promise<Outcome> =>
  recorded(composition, request, async (run) => {
    const seed = seedFor(run.request, calls);
    const looked = await lookAtAll(composition, stepRequest(run.request, riskTool), { calls, seed });
    const cloud = await cloudOf(composition, run.request);
    const stored = toStored(run.request, { ...looked, cloud }, { seed, riskTool });
    const claim = (plan: SavedPlan): Promise<void> => composition.plans.save(plan);
    return approveAndRun(composition, run, looked, stored, { mustAsk: false, claim });
  });

/** Applies a saved plan after a person's confirmation of all of it; refuses it where anything is not as it was read. */
export const applyPlan = (
  composition: PlanComposition,
  request: CallRequest,
  { id, riskTool }: { id: string; riskTool?: 'change' | 'destroy' | undefined },
): Promise<Outcome> =>
  recorded(composition, request, async (run) => {
    const plan = await openPlan(composition, run.request, id);
    if (plan.state !== 'open') throw refuseState(plan);
    if (riskTool && riskTool !== plan.riskTool)
      throw new CallError(
        'refused',
        `The plan ${plan.id} was made with ${plan.riskTool}; ${riskTool} does not apply it.`,
        `Call ${plan.riskTool} with it. Nothing was sent.`,
      );
    const looked = await lookAtAll(composition, stepRequest(run.request, plan.riskTool), plan);
    if (looked.digest !== plan.digest || !(await isAsRead(composition, run.request, plan)))
      throw new CallError(
        'conflict',
        `Something that the plan ${plan.id} is about has changed since it was made.`,
        `[[${plan.riskTool} plan=${plan.id} mode=plan]] shows what. Make the plan again. Nothing was sent.`,
      );
    const claim = async (applying: SavedPlan): Promise<void> => {
      if (!(await composition.plans.replace('open', applying))) throw refuseState({ ...plan, state: 'applying' });
    };
    return approveAndRun(composition, run, looked, plan, { mustAsk: true, claim });
  });
