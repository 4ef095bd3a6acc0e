import { recorded } from '../call/run.ts';
import { CallError } from '../errors.ts';
import { isRecord, type Row } from '../rows.ts';
import { toLabel } from '../text.ts';
import type { CallRequest, Outcome } from '../types.ts';
import { openPlan, present, stepRequest, type PlanComposition } from './saved.ts';
import { lookAtAll } from './versions.ts';
import { describePlan } from './describe.ts';

interface Difference {
  step: number;
  what: string;
  old: string;
  new: string;
}

const asText = (value: unknown): string =>
  value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);

const stepsOf = (shown: Row): readonly Row[] => (shown['steps'] as readonly Row[] | undefined) ?? [];

/** Where two looks at the same calls differ, field by field. */
const differences = (before: Row, now: Row): Difference[] =>
  stepsOf(before).flatMap((step, index) => {
    const other = stepsOf(now)[index];
    const fields = [...new Set([...Object.keys(step), ...Object.keys(other ?? {})])];
    return fields.flatMap((what) => {
      const [old, changed] = [asText(step[what]), asText(isRecord(other) ? other[what] : undefined)];
      return old === changed ? [] : [{ step: index + 1, what, old, new: changed }];
    });
  });

/** Looks at a plan's calls again and shows where the cloud is not as it was when the plan was made. Changes nothing. */
export const diffPlan = (composition: PlanComposition, request: CallRequest, id: string): Promise<Outcome> =>
  recorded(composition, request, async (run) => {
    const plan = await openPlan(composition, run.request, id);
    const shown = present(plan, run.request);
    if (plan.state !== 'open') return shown;
    const look = lookAtAll(composition, stepRequest(run.request, plan.riskTool), plan);
    const looked = await look.catch((error: unknown) => {
      if (error instanceof CallError) return error;
      throw error;
    });
    const showWith = (line: string, more: Row): Outcome => ({
      ...shown,
      text: `${shown.text}\n${line}`,
      structured: { plan: { ...(shown.structured['plan'] as Row), ...more } },
    });
    if (looked instanceof CallError)
      return showWith(`It can no longer be made: ${looked.message}`, { isSame: false, problem: looked.message });
    const isSame = looked.digest === plan.digest;
    const found = differences(plan.shown, describePlan(looked.steps, plan.seed).shown);
    const text = isSame
      ? 'Everything is as it was when it was made.'
      : [
          'The cloud is not as it was when it was made, so it is not applied:',
          ...found.map(
            ({ step, what, old, new: now }) => `step ${step}, ${what}: ${toLabel(old, 300)} → ${toLabel(now, 300)}`,
          ),
          ...(found.length ? [] : ['What differs is in fields that the plan does not show.']),
        ].join('\n');
    return showWith(text, { isSame, differences: found });
  });
