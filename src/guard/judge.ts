import type { Row } from '../rows.ts';
import type { ConfinedCall, Decision, NamedCall, Resources, Target, WhichDependents, WhichOwners } from '../types.ts';
import { decide, hasTag, strictest } from './decide.ts';
import { decidingTagOf } from './deciding-tags.ts';
import { blocked } from './permit.ts';
import { unknownPlaces } from './places.ts';
import type { Policy } from './policy.ts';

/** A call that rules have decided about, with what was read for that. */
export interface JudgedCall {
  call: NamedCall & { readonly decision: Decision };
  /** What it acts on, and what that belongs to. */
  acted: readonly Target[];
  /** The same; what is destroyed or stopped with what hangs on it. */
  targets: readonly Target[];
  /** The places that it names, where rules judge by them. */
  named: readonly Row[] | undefined;
  /** The rows that limits judge by. */
  judgedBy: readonly Row[];
  /** How what they belong to was looked at. */
  owners: WhichOwners;
  /** Milliseconds since 1970 when its targets were read. */
  readAt: number;
}

/** Can be read in principle, and was not found. */
export const isUnseen = ({ row, isReadable }: Target): boolean => !row && isReadable;

/** What a person is shown of what hangs on a target: all that may be lost with it, or what stops with it. */
export const dependentsOf = ({ protect }: Policy, { tool, tool: { risk } }: NamedCall): WhichDependents => ({
  tool,
  which: risk.risk === 'destroy' && risk.category !== 'outage' ? 'all' : 'stopped',
  decides: risk.risk === 'destroy' && protect ? protect : undefined,
});

/** How what the targets of a call belong to is looked at. */
export const ownersOf = (
  { protect, limits }: Policy,
  { tool, decision }: Pick<NamedCall, 'tool' | 'decision'>,
): WhichOwners => ({
  byRow: !decision || limits.length > 0,
  decides: protect && tool.risk.risk !== 'read' ? protect : undefined,
});

/** Whether what hangs on the targets of a call is judged with them. */
export const isDestroying = ({ tool }: NamedCall): boolean => tool.risk.risk === 'destroy';

/**
 * Refuses what would change something protected, or what stops it, or what destroys for good what it hangs on; out of reach of
 * every rule.
 */
export const refuseProtected = (policy: Policy, { tool }: NamedCall, targets: readonly Target[]): void => {
  const { protect } = policy;
  if (!protect) return;
  for (const { row, title, dependents = [] } of targets) {
    const hanging = dependents.filter(({ stops }) => stops || !tool.risk.reversible);
    const saved = [{ title, rows: row ? [row] : [] }, ...hanging].flatMap((group) =>
      group.rows
        .filter((one) => hasTag(one, protect.key, protect.value))
        .map((one) => `${group.title} ${String(one['id'])}`),
    );
    if (saved.length)
      throw blocked(tool.command.name, policy, `protected: tag ${protect.key}=${protect.value} on ${saved[0]}`);
  }
};

/** Each resource is judged by itself; the strictest verdict counts for the call. */
const judge = (policy: Policy, call: NamedCall, targets: readonly Target[], places: readonly Row[]): Decision => {
  if (call.decision) return call.decision;
  const { tool, request, roleName } = call;
  const subject = { tool, caller: request.caller, role: roleName };
  const verdicts = (targets.length ? targets : [undefined]).flatMap((target) => {
    const row = target?.row;
    const unsure = target && (row ? unknownPlaces(target, places) : true);
    return decide(policy, { ...subject, places: row ? [row, ...places] : places, unsure }) ?? [];
  });
  const verdict = strictest(verdicts);
  if (!verdict || verdict.action === 'block') throw blocked(tool.command.name, policy, verdict?.rule ?? 'undecided');
  return { action: verdict.action, rule: verdict.rule };
};

/**
 * Whatever a rule allows, some changes are made after a yes only: of what can be read in principle and is not found, since it
 * may be protected, and of tags that decide what the next call may do.
 */
export const askInDoubt = (
  policy: Policy,
  call: NamedCall & { readonly decision: Decision },
  targets: readonly Target[],
): NamedCall & { readonly decision: Decision } => {
  if (call.tool.risk.risk === 'read' || call.decision.action !== 'allow') return call;
  const tag = decidingTagOf(policy, call);
  const doubt = targets.some(isUnseen)
    ? 'but it was not found'
    : tag === undefined
      ? undefined
      : `but the policy decides by the tag ${tag}`;
  return doubt === undefined
    ? call
    : { ...call, decision: { action: 'confirm', rule: `${call.decision.rule}, ${doubt} → confirm` } };
};

/** Reads what a call acts on and decides about it. Throws a CallError for what is blocked or protected. */
export const judgeCall = async (
  policy: Policy,
  confined: ConfinedCall,
  resources: Pick<Resources, 'actedOn' | 'places' | 'withDependents' | 'withPlaces'>,
): Promise<JudgedCall> => {
  const readAt = Date.now();
  const owners = ownersOf(policy, confined);
  const acted = await resources.actedOn(confined, owners);
  // Of what is destroyed or stopped, what hangs on it is judged, too.
  const targets = isDestroying(confined)
    ? await resources.withDependents(acted, dependentsOf(policy, confined))
    : acted;
  if (confined.tool.risk.risk !== 'read') refuseProtected(policy, confined, targets);
  const byPlace = owners.byRow;
  const named = byPlace ? await resources.places(confined, targets) : undefined;
  const placed = byPlace ? await resources.withPlaces(targets) : targets;
  const decision = judge(policy, confined, placed, named ?? []);
  const call = askInDoubt(policy, { ...confined, decision }, targets);
  const judgedBy = [...placed.flatMap(({ row }) => (row ? [row] : [])), ...(named ?? [])];
  return { call, acted, targets, named, judgedBy, owners, readAt };
};
