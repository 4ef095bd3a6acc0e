import type { Composition } from '../call/composition.ts';
import { recorded, type Run } from '../call/run.ts';
import type { EntryFilter, LoggedEntry } from '../audit/tail.ts';
import { CallError } from '../errors.ts';
import { readerOf, renderHint } from '../hints.ts';
import { newCode } from '../guard/approvals.ts';
import { programName } from '../program-name.ts';
import type { Row } from '../rows.ts';
import type { CallRequest, Outcome } from '../types.ts';
import { costOf, type PlanCost } from './cost.ts';
import { describePlan } from './describe.ts';
import { requirePlan, type Plans, type SavedPlan } from './plans.ts';
import { seedOf, type PlannedCall, type RecordedStep } from './record.ts';
import { digestOf, lookAtAll } from './versions.ts';

/** What plans need beside the path. */
export interface PlanComposition extends Composition {
  plans: Plans;
  /** Entries of the audit log, oldest first; none where it is no file. */
  readEntries(filter: EntryFilter): LoggedEntry[];
}

/** The calls of a plan as data for a question of the same form later; a seed that depends on who asks for what. */
export const seedFor = ({ caller }: CallRequest, calls: readonly PlannedCall[]) =>
  seedOf([caller.principal, caller.profile, calls]);

/** The request that runs a step: a list that may destroy may hold any change. */
export const stepRequest = (request: CallRequest, riskTool: 'change' | 'destroy'): CallRequest => ({
  ...request,
  riskTool: riskTool === 'change' ? 'change' : undefined,
});

/** A plan as an answer of a door. */
export const toOutcome = (text: string, plan: Row): Outcome => ({
  text,
  structured: { plan },
  rows: () => (plan['steps'] as readonly Row[] | undefined) ?? [plan],
  columns: plan['steps'] ? ['number', 'effect', 'command', 'risk', 'severity', 'state', 'id'] : Object.keys(plan),
});

/** Steps that were looked at, as a new plan. */
export const toStored = (
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
export const cloudOf = async ({ clouds }: Pick<PlanComposition, 'clouds'>, { caller }: CallRequest): Promise<string> =>
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

/** Why a plan that is not open is not applied or put away. */
export const refuseState = ({ id, state }: SavedPlan): CallError =>
  new CallError('conflict', `The plan ${id} is ${state}, so it is not applied.`, 'Make it again. Nothing was sent.');

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
