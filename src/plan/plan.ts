import { recorded } from '../call/run.ts';
import type { CallRequest, Outcome } from '../types.ts';
import { applyPlan, runCalls } from './apply.ts';
import { discardPlan, listPlans, savePlan, showPlan, type PlanComposition } from './saved.ts';
import { diffPlan } from './diff.ts';
import type { PlannedCall } from './record.ts';
import { undo } from './undo.ts';

/** What a door asks of plans. */
export type PlanAsked =
  | { action: 'make' | 'run'; calls: readonly PlannedCall[]; riskTool: 'change' | 'destroy' }
  | { action: 'apply'; id: string; riskTool?: 'change' | 'destroy' | undefined }
  | { action: 'show' | 'discard' | 'diff' | 'undo'; id: string }
  | { action: 'list' };

/** Does with plans what a door asks. Throws a CallError. */
export const plan = (composition: PlanComposition, request: CallRequest, asked: PlanAsked): Promise<Outcome> => {
  switch (asked.action) {
    case 'make':
      return recorded(composition, request, (run) => savePlan(composition, run, asked));
    case 'run':
      return runCalls(composition, request, asked);
    case 'apply':
      return applyPlan(composition, request, asked);
    case 'show':
      return showPlan(composition, request, asked.id);
    case 'discard':
      return discardPlan(composition, request, asked.id);
    case 'diff':
      return diffPlan(composition, request, asked.id);
    case 'undo':
      return undo(composition, request, asked.id);
    case 'list':
      return listPlans(composition, request);
  }
};
