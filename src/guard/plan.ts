import { CallError } from '../errors.ts';
import { placeholderOf, placeholdersIn, replaceIds, type PlanSeed } from '../placeholders.ts';
import type { Row } from '../rows.ts';
import { isId } from '../text.ts';
import type {
  ApprovedPlan,
  CallRequest,
  CloudOrigin,
  ConfinedCall,
  Confirmation,
  Decision,
  ForeseenCall,
  Params,
  PlannedStep,
  Resources,
  Target,
} from '../types.ts';
import { confirm, type ConfirmDependencies, type ConfirmOptions } from './confirm.ts';
import type { Count } from './counts.ts';
import { order } from './decide.ts';
import { dependentsOf, isDestroying, isUnseen, judgeCall, type JudgedCall } from './judge.ts';
import { checkLimitsOfPlan } from './limits.ts';
import { askAboutPlan } from './plan-question.ts';
import type { Policy } from './policy.ts';
import { digestOfValue, versionOf } from './seen-row.ts';
import { canonical } from './question.ts';

/** What approving a plan needs beside its steps. */
export interface PlanOptions extends ConfirmOptions {
  origin: CloudOrigin;
  request: CallRequest;
  seed: PlanSeed;
  /** A person is asked whatever the policy allows. */
  mustAsk: boolean;
}

/** What is asked of the server to approve a plan. */
export interface PlanDependencies extends ConfirmDependencies {
  policy: Policy;
  count: Count;
}

/** What must be so when a step runs: which thing, whose, as its row showed it, with what on it. */
interface SeenTarget {
  id: string;
  owner: string;
  row: string;
  dependents: readonly string[];
}

interface Step {
  command: string;
  params: Params;
  seen: readonly SeenTarget[];
}

/** How far an approved plan has come. */
interface PlanState {
  seed: PlanSeed;
  steps: readonly Step[];
  decision: Decision;
  confirmation: Confirmation | undefined;
  /** Steps that have begun: each leaves once. */
  begun: number;
  /** Ids for the placeholders of steps that are done. */
  ids: Map<string, string>;
  /** What steps that have begun act on: it may be otherwise by now. */
  changed: Set<string>;
}

// Only what stands in it was approved, whatever looks like a plan.
const states = new WeakMap<ApprovedPlan, PlanState>();

const toSeen = ({ id, row, dependents = [] }: Target): SeenTarget => ({
  id,
  owner: JSON.stringify(['account', 'domainid', 'projectid'].map((field) => row?.[field] ?? null)),
  row: versionOf(row),
  dependents: dependents.flatMap(({ title, rows }) => rows.map((one) => `${title} ${String(one['id'])}`)).sort(),
});

/** Looks at a call as approving it would, and neither asks nor counts it. Throws a CallError for what is blocked or protected. */
export const foresee = async (
  policy: Policy,
  confined: ConfinedCall,
  resources: Pick<Resources, 'actedOn' | 'places' | 'withDependents' | 'withPlaces'>,
): Promise<ForeseenCall> => {
  if (confined.tool.risk.risk === 'read')
    throw new CallError(
      'invalid',
      `${confined.tool.command.name} only reads: it cannot be a step of a plan.`,
      'Read first, then plan the changes. Nothing was sent.',
    );
  const { call, targets: judged, named, judgedBy } = await judgeCall(policy, confined, resources);
  const targets = isDestroying(call) ? judged : await resources.withDependents(judged, dependentsOf(policy, call));
  const places = named ?? (await resources.places(call, targets).catch(() => []));
  const place = Object.assign({}, ...places) as Row;
  return { ...call, targets, place, judgedBy } as ForeseenCall;
};

/** The parts of a step that bind: what is called, on what, as that was when it was read. */
const toStep = (call: ForeseenCall): Step => ({
  command: call.tool.command.name,
  params: call.params,
  // What hangs on a thing that is not destroyed or stopped is shown, and not read again before the step.
  seen: call.targets.map((target) => toSeen(isDestroying(call) ? target : { ...target, dependents: [] })),
});

/** Binds a confirmation to the steps, to every object that was read for them, and to who asks which cloud. */
export const digestOfPlan = async (
  steps: readonly ForeseenCall[],
  { request: { caller }, origin }: Pick<PlanOptions, 'request' | 'origin'>,
): Promise<string> =>
  digestOfValue([
    caller.principal,
    caller.profile,
    await origin.identity(),
    steps.map(toStep).map(({ command, params, seen }) => [command, canonical(params), seen]),
  ]);

const strictestOf = (steps: readonly ForeseenCall[], mustAsk: boolean): Decision => {
  const [first, ...others] = steps.map(({ decision }) => decision);
  const all = others.reduce(
    (one, other) => (order.indexOf(other.action) > order.indexOf(one.action) ? other : one),
    first!,
  );
  return mustAsk && all.action === 'allow' ? { action: 'confirm', rule: 'a plan → confirm' } : all;
};

/**
 * Approves the steps of a plan as a whole: asks once where the policy asks about any of them, in the ways in which it asks
 * about calls. Throws a CallError for everything but a yes, and where all of them together are more than a limit allows.
 */
export const approvePlan = async (
  dependencies: PlanDependencies,
  steps: readonly ForeseenCall[],
  options: PlanOptions,
): Promise<ApprovedPlan> => {
  const { policy, count } = dependencies;
  const { request, seed, mustAsk, origin } = options;
  await checkLimitsOfPlan(policy, count, steps);
  const decision = strictestOf(steps, mustAsk);
  const digest = await digestOfPlan(steps, options);
  const question = askAboutPlan(steps, { seed, host: origin.host, digest });
  const unseen = steps.flatMap(({ targets }) => targets).find(isUnseen);
  const tools = steps.map(({ tool }) => tool);
  const about = {
    title: 'The plan',
    tools,
    fourEyes: policy.fourEyes,
    passkey: policy.passkey,
    decision,
    request,
    endpoint: origin.host,
    unseen,
  };
  const confirmation = decision.action === 'allow' ? undefined : await confirm(dependencies, about, question, options);
  const state: PlanState = {
    seed,
    steps: steps.map(toStep),
    decision,
    confirmation,
    begun: 0,
    ids: new Map(),
    changed: new Set(),
  };
  const plan = Object.freeze({
    digest,
    confirmation,
    argumentsOf: (number: number) => replaceIds(state.steps[number - 1]!.params, state.ids),
    addAnswer: (number: number, id: string) => {
      const placeholder = placeholderOf(seed, number);
      if (isId(id) && number <= state.begun && !state.ids.has(placeholder)) state.ids.set(placeholder, id);
    },
  }) as unknown as ApprovedPlan;
  states.set(plan, state);
  return plan;
};

const surprise = (message: string): CallError =>
  new CallError('conflict', `${message} Nothing was sent for this step.`, 'Look again, then plan the rest.');

/** Whether a target is as it was read, but for what the plan itself has done. */
const isAsSeen = (before: SeenTarget, now: SeenTarget, { changed, ids }: PlanState): boolean => {
  if (before.owner !== now.owner) return false;
  if (changed.has(before.id)) return true;
  const own = new Set([...changed, ...ids.values()]);
  const others = ({ dependents }: SeenTarget): string =>
    JSON.stringify(dependents.filter((one) => !own.has(one.slice(one.lastIndexOf(' ') + 1))));
  return before.row === now.row && others(before) === others(now);
};

const idsIn = (value: unknown): string[] =>
  (JSON.stringify(value) ?? '').match(/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g) ?? [];

/**
 * The confirmation of a call that is a step of an approved plan; undefined where the policy asked for none. Throws a CallError
 * where it is not the step that is due, or what it acts on is not as it was when the plan was approved.
 */
export const confirmationOf = (
  { plan, number }: PlannedStep,
  { call, targets }: Pick<JudgedCall, 'call' | 'targets'>,
): Confirmation | undefined => {
  const state = states.get(plan);
  if (!state) throw new TypeError('The plan was not approved');
  const step = state.steps[number - 1];
  const { command } = call.tool;
  const isDue =
    step !== undefined &&
    number === state.begun + 1 &&
    step.command === command.name &&
    JSON.stringify(canonical(call.params)) === JSON.stringify(canonical(replaceIds(step.params, state.ids)));
  if (!isDue) throw surprise(`${command.name} is not step ${number} of the plan as it was approved.`);
  if (placeholdersIn(state.seed, call.params).length)
    throw surprise(`${command.name} names a resource that no earlier step of the plan created.`);
  const now = new Map(targets.map((target) => [target.id, toSeen(target)]));
  for (const before of step.seen) {
    if (state.ids.has(before.id)) continue;
    const found = now.get(before.id);
    if (!found || !isAsSeen(before, found, state))
      throw surprise(`${command.name}: ${before.id} has changed since the plan was made.`);
  }
  if (order.indexOf(call.decision.action) > order.indexOf(state.decision.action))
    throw surprise(`${command.name}: the policy is stricter now (${call.decision.rule}).`);
  state.begun = number;
  for (const id of [...step.seen.map((one) => one.id), ...idsIn(call.params)]) state.changed.add(id);
  return state.confirmation && { ...state.confirmation, about: undefined };
};
