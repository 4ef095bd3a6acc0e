import { fieldsOfResponse } from '../catalog/response-fields.ts';
import { loadResourceLimits } from '../catalog/resource-limits.ts';
import { loadData } from '../data.ts';
import { describeSteps } from '../guard/plan-question.ts';
import { placeholderOf, replaceIds, type PlanSeed } from '../placeholders.ts';
import type { Row } from '../rows.ts';
import { maskSecrets } from '../secrets/mask.ts';
import { toLabel } from '../text.ts';
import type { Effect } from './effects.ts';
import type { RecordedStep } from './record.ts';

const effects: readonly Effect[] = ['create', 'change', 'destroy'];

const isPlain = (value: unknown): boolean => typeof value !== 'object' && value !== undefined && value !== '';

/** What a step changes: field, what it is, what it becomes. */
const changesOf = ({ foreseen, before, call }: RecordedStep): [string, string, string][] => {
  const { params, targets, tool } = foreseen;
  const row = before ?? targets.find(({ isOwn, row: own }) => isOwn && own)?.row;
  if (!row) return [];
  const was = maskSecrets(row, tool.command.name);
  const becomes = maskSecrets(params, call.tool);
  return Object.keys(params).flatMap((name): [string, string, string][] => {
    const [old, now] = [was[name], becomes[name]];
    return name !== 'id' && isPlain(old) && isPlain(now) && String(old) !== String(now)
      ? [[name, String(old), String(now)]]
      : [];
  });
};

/** What an account has less of afterwards, of what is counted by pieces. */
const takenBy = (command: string): string[] => {
  const { byOffering } = loadData<{ byOffering: string[] }>('plans.json');
  return loadResourceLimits().flatMap(({ takenBy: takers, unit, title, type }) =>
    takers?.includes(command) && unit === undefined && !byOffering.includes(type) ? [title] : [],
  );
};

/** What nothing tells before a step is done. */
const unknownOf = ({ effect, foreseen }: RecordedStep): string[] => {
  if (effect !== 'create') return [];
  const { unknown } = loadData<{ unknown: string[] }>('plans.json');
  const fields = fieldsOfResponse(foreseen.tool.command.response);
  return ['id', ...unknown.filter((name) => fields?.has(name) && foreseen.params[name] === undefined)];
};

/** How many things a plan creates, changes and destroys. */
export const countsOf = (steps: readonly RecordedStep[]): Record<Effect, number> => {
  const counts = { create: 0, change: 0, destroy: 0 };
  for (const { effect } of steps) counts[effect]++;
  return counts;
};

const countsText = (counts: Record<Effect, number>): string =>
  effects
    .filter((effect) => counts[effect])
    .map((effect) => `${effect} ${counts[effect]}`)
    .join(', ');

/** A plan as a person reads it and as data; what is secret in it is masked. */
export const describePlan = (steps: readonly RecordedStep[], seed: PlanSeed): { text: string; shown: Row } => {
  const counts = countsOf(steps);
  const lines = describeSteps(
    steps.map(({ foreseen }) => foreseen),
    seed,
  );
  const names = new Map(steps.map(({ number }) => [placeholderOf(seed, number), `$${number}`]));
  const taken = new Map<string, number>();
  for (const { foreseen } of steps)
    for (const title of takenBy(foreseen.tool.command.name)) taken.set(title, (taken.get(title) ?? 0) + 1);
  const shown = steps.map((step) => {
    const { number, effect, foreseen } = step;
    const { tool, params, targets, decision } = foreseen;
    const changes = changesOf(step);
    const unknown = unknownOf(step);
    const dependents = targets.flatMap((target) => target.dependents?.map(({ line }) => line) ?? []);
    return {
      number,
      effect,
      command: tool.command.name,
      arguments: maskSecrets(params, tool.command.name),
      targets: targets.map(({ title, id, name }) => ({ kind: title, id, ...(name === undefined ? {} : { name }) })),
      ...(changes.length ? { changes: changes.map(([field, old, now]) => ({ field, old, new: now })) } : {}),
      ...(dependents.length ? { dependents } : {}),
      risk: tool.risk.risk,
      severity: tool.risk.severity,
      reversible: tool.risk.reversible,
      impact: tool.risk.impactScope,
      decision: decision.action,
      ...(unknown.length ? { unknown } : {}),
    };
  });
  const body = steps.flatMap((step, index) => [
    lines[index]!,
    ...changesOf(step).map(([field, old, now]) => `   ${field}: ${toLabel(old)} → ${toLabel(now)}`),
  ]);
  const takes = Object.fromEntries(taken);
  const lost = steps.filter(({ foreseen }) => !foreseen.tool.risk.reversible).map(({ number }) => number);
  const text = [
    `${steps.length} ${steps.length === 1 ? 'step' : 'steps'}: ${countsText(counts)}.`,
    ...body,
    ...(taken.size
      ? [`Takes of the account's limits: ${[...taken].map(([title, n]) => `${n} of ${title}`).join(', ')}.`]
      : []),
    ...(lost.length ? [`Cannot be undone: step ${lost.join(', ')}.`] : []),
  ].join('\n');
  return { text, shown: replaceIds({ counts, steps: shown, takes, irreversible: lost }, names) };
};
