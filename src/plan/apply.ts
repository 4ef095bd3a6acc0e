import { call } from '../call/call.ts';
import type { Composition } from '../call/composition.ts';
import { recorded, type Run } from '../call/run.ts';
import type { EntryFilter, LoggedEntry } from '../audit/tail.ts';
import { CallError } from '../errors.ts';
import { readerOf, renderHint } from '../hints.ts';
import { newCode } from '../guard/approvals.ts';
import { programName } from '../program-name.ts';
import type { Row } from '../rows.ts';
import { toLabel } from '../text.ts';
import type { ApprovedPlan, CallRequest, Outcome } from '../types.ts';
import { costOf, type PlanCost } from './cost.ts';
import { describePlan } from './describe.ts';
import { requirePlan, type Plans, type SavedPlan } from './plans.ts';
import { seedOf, type PlannedCall, type RecordedStep } from './record.ts';
import { digestOf, isAsRead, lookAtAll } from './versions.ts';

/** What plans need beside the path. */
export interface PlanComposition extends Composition {
  plans: Plans;
  /** Entries of the audit log, oldest first; none where it is no file. */
  readEntries(filter: EntryFilter): LoggedEntry[];
}

/** Milliseconds for which a step waits for its job: the next one needs what it makes. */
const stepWaitMs = 20 * 60_000;

/** A plan as an answer of a door. */
const toOutcome = (text: string, plan: Row): Outcome => ({
  text,
  structured: { plan },
  rows: () => (plan['steps'] as readonly Row[] | undefined) ?? [plan],
  columns: plan['steps'] ? ['number', 'effect', 'command', 'risk', 'severity', 'state', 'id'] : Object.keys(plan),
});

/** The calls of a plan as data for a question of the same form later; a seed that depends on who asks for what. */
const seedFor = ({ caller }: CallRequest, calls: readonly PlannedCall[]) =>
  seedOf([caller.principal, caller.profile, calls]);

/** The request that runs a step: a list that may destroy may hold any change. */
export const stepRequest = (request: CallRequest, riskTool: 'change' | 'destroy'): CallRequest => ({
  ...request,
  riskTool: riskTool === 'change' ? 'change' : undefined,
});

const toStored = (
  request: CallRequest,
  { steps, digest, cloud }: { steps: readonly RecordedStep[]; digest: string; cloud: string },
  { seed, riskTool, script, goesOn, reads }: Pick<SavedPlan, 'seed' | 'riskTool' | 'script' | 'goesOn' | 'reads'>,
  { lines, cost }: PlanCost = { lines: [], cost: {} },
): SavedPlan => {
  const id = newCode();
  const { principal, profile } = request.caller;
  const { text, shown } = describePlan(steps, seed);
  return {
    id,
    seed,
    digest,
    state: 'open',
    principal,
    made: Date.now(),
    profile,
    cloud,
    riskTool,
    calls: steps.map((step) => step.call),
    text: [text, ...lines].join('\n'),
    shown: { ...shown, ...cost },
    done: [],
    ...(script === undefined ? {} : { script }),
    ...(goesOn === undefined ? {} : { goesOn }),
    ...(reads?.length ? { reads } : {}),
  };
};

/** Which cloud a caller's profile is, and with which credential. */
const cloudOf = async ({ clouds }: Pick<PlanComposition, 'clouds'>, { caller }: CallRequest): Promise<string> =>
  (await clouds.open(caller.profile)).origin.identity();

/** A saved plan as people and models see it. */
export const present = (plan: SavedPlan, { caller }: CallRequest): Outcome => {
  const hint = (text: string): string => renderHint(text, readerOf(caller));
  const { id, state, text, shown, digest, profile, principal, made, done, problem, riskTool, script, goesOn } = plan;
  const next = {
    open: `Nothing was sent. A person approves all of it at once when it is applied: ${hint(`[[${riskTool} plan=${id}]]`)}, or at a terminal: ${programName} plan apply ${id}.`,
    applying: 'It is being applied.',
    applied: 'It was applied.',
    stopped: `It stopped: ${problem ?? ''}`,
    discarded: 'It was discarded.',
  }[state];
  const rest = goesOn === undefined ? '' : `The plan ends there: ${goesOn} Apply it, then plan the rest.\n`;
  return toOutcome(`Plan ${id}, ${text}\n${rest}${next}`, {
    id,
    state,
    profile,
    principal,
    made: new Date(made).toISOString(),
    digest,
    tool: riskTool,
    ...shown,
    ...(done.length ? { done } : {}),
    ...(problem === undefined ? {} : { problem }),
    ...(script === undefined ? {} : { script }),
    ...(goesOn === undefined ? {} : { goesOn }),
  });
};

/** Looks at calls in their order and saves them as a plan. Changes nothing. */
export const savePlan = async (
  composition: PlanComposition,
  { request, record }: Run,
  { calls, riskTool }: { calls: readonly PlannedCall[]; riskTool: 'change' | 'destroy' },
): Promise<Outcome> => {
  const seed = seedFor(request, calls);
  const looked = await lookAtAll(composition, stepRequest(request, riskTool), { calls, seed });
  const cost = await costOf(composition, request, looked.steps);
  const cloud = await cloudOf(composition, request);
  const plan = toStored(request, { ...looked, cloud }, { seed, riskTool }, cost);
  record({ plan: plan.digest });
  await composition.plans.save(plan);
  return present(plan, request);
};

/** Saves steps that a script made as a plan. */
export const saveSteps = async (
  composition: PlanComposition,
  { request, record }: Run,
  steps: readonly RecordedStep[],
  what: Pick<SavedPlan, 'seed' | 'riskTool' | 'script' | 'goesOn' | 'reads'>,
): Promise<Outcome> => {
  const digest = await digestOf(composition, request, steps);
  const cost = await costOf(composition, request, steps);
  const plan = toStored(request, { steps, digest, cloud: await cloudOf(composition, request) }, what, cost);
  record({ plan: digest });
  await composition.plans.save(plan);
  return present(plan, request);
};

/** What became of the steps so far, for a plan that stopped. */
const stopped = (error: CallError, { id, calls, riskTool }: SavedPlan, done: SavedPlan['done']): CallError => {
  const at = done.length + 1;
  const rest = at < calls.length ? ` Steps ${at + 1} to ${calls.length} were not begun.` : '';
  const before = done.length
    ? `Done: ${done.length === 1 ? 'step 1' : `steps 1 to ${done.length}`}.`
    : 'Nothing was done.';
  const { kind, code, cserrorcode, job, candidates, isForeign } = error;
  return new CallError(
    kind,
    `Step ${at} of ${calls.length} (${toLabel(calls[at - 1]?.tool ?? '')}): ${error.message} ${before}${rest}`,
    `${error.hint} The plan is ${id}: [[${riskTool} plan=${id} mode=plan]] shows how far it came.`,
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
        throw new CallError('timeout', `Its job ${job.id} goes on.`, `[[wait-for-job job=${job.id}]] follows it.`, {
          job: job.id,
        });
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

const refuseState = ({ id, state }: SavedPlan): CallError =>
  new CallError('conflict', `The plan ${id} is ${state}, so it is not applied.`, 'Make it again. Nothing was sent.');

/** Whether a plan is one that a caller made for the cloud that its profile is now. */
const isOwn = (plan: SavedPlan, { caller }: CallRequest, cloud: string): boolean =>
  plan.principal === caller.principal && plan.profile === caller.profile && plan.cloud === cloud;

/** A plan of the caller's own for this cloud. Throws a CallError for any other. */
export const openPlan = async (composition: PlanComposition, request: CallRequest, id: string): Promise<SavedPlan> => {
  const plan = await requirePlan(composition.plans, id);
  if (!isOwn(plan, request, await cloudOf(composition, request)))
    throw new CallError(
      'refused',
      `The plan ${plan.id} was made by another caller, for another profile, or for another cloud.`,
      'Make it again. Nothing was sent.',
    );
  return plan;
};

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

/** Shows a saved plan; of one that is open, whether it still fits the cloud. */
export const showPlan = (composition: PlanComposition, request: CallRequest, id: string): Promise<Outcome> =>
  recorded(composition, request, async (run) => present(await openPlan(composition, run.request, id), run.request));

/** Puts an open plan away. */
export const discardPlan = (composition: PlanComposition, request: CallRequest, id: string): Promise<Outcome> =>
  recorded(composition, request, async (run) => {
    const plan = await openPlan(composition, run.request, id);
    const discarded: SavedPlan = { ...plan, state: 'discarded' };
    if (plan.state !== 'open' || !(await composition.plans.replace('open', discarded))) throw refuseState(plan);
    return present(discarded, run.request);
  });

/** The caller's plans, the newest first. */
export const listPlans = (composition: PlanComposition, request: CallRequest): Promise<Outcome> =>
  recorded(composition, request, async (run) => {
    const cloud = await cloudOf(composition, run.request);
    const own = (await composition.plans.list()).filter((one) => isOwn(one, run.request, cloud));
    const items = own.map(({ id, state, made, shown }) => ({
      id,
      state,
      made: new Date(made).toISOString(),
      ...(shown['counts'] as Row),
    }));
    return {
      text: own.length
        ? own.map(({ id, state, text }) => `${id} ${state}: ${text.split('\n', 1)[0]}`).join('\n')
        : 'There are no plans.',
      structured: { items, returned: items.length, count: items.length },
      rows: () => items,
      columns: ['id', 'state', 'made', 'create', 'change', 'destroy'],
    };
  });
