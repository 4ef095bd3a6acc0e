import { call } from '../call/call.ts';
import { loadCatalog } from '../catalog/catalog.ts';
import { fieldsOfResponse } from '../catalog/response-fields.ts';
import type { Run } from '../call/run.ts';
import { CallError } from '../errors.ts';
import type { Row } from '../rows.ts';
import type { CallRequest, Outcome, ParamValue } from '../types.ts';
import { saveSteps, type PlanComposition } from './saved.ts';
import type { PlannedRead } from './plans.ts';
import { createRecorder, seedOf, type RecordedStep } from './record.ts';
import { versionOfRows } from './versions.ts';

/** Rows for a script, and which of their fields are known only once a step is done, by the row's id. */
interface PlannedRows {
  rows: readonly Row[];
  unknown: Record<string, { step: number; fields: readonly string[] }>;
}

/** What a script is shown of a step: what it makes, or the thing that it changes, by its id and name alone. */
const rowOf = ({ row, foreseen }: RecordedStep): Row => {
  if (row['id'] !== undefined) return row;
  const target = foreseen.targets.find(({ isOwn }) => isOwn);
  return target ? { id: target.id, ...(target.name === undefined ? {} : { name: target.name }) } : {};
};

/**
 * Makes a plan of a script: its reads are answered from the cloud together with what earlier steps will make, its changes are
 * steps that are looked at and not sent. Fits `createRunScript`. Throws a CallError where a step could not be made.
 */
export const planScript = (composition: PlanComposition, request: CallRequest) => {
  const { caller, args } = request;
  const seed = seedOf([caller.principal, caller.profile, args['code'] ?? args['name'], args['inputs']]);
  const recorder = createRecorder(composition, request, seed);
  let last: Promise<unknown> = Promise.resolve();

  const unknownIn = (rows: readonly Row[]): PlannedRows['unknown'] =>
    Object.fromEntries(
      recorder.steps.flatMap((step) => {
        const own = rowOf(step);
        const shown = rows.find(({ id }) => id !== undefined && id === own['id']);
        if (!shown) return [];
        const names = [...(fieldsOfResponse(step.foreseen.tool.command.response)?.keys() ?? [])];
        const fields = names.filter((name) => !Object.hasOwn(shown, name));
        return [[String(own['id']), { step: step.number, fields }] as const];
      }),
    );

  const reads: PlannedRead[] = [];
  const readLive = async (one: CallRequest): Promise<Row[]> => {
    const rows = [...(await call(composition, one)).rows()];
    reads.push({ tool: one.tool, arguments: one.args, view: one.view, version: versionOfRows(rows) });
    return rows;
  };

  const read = (one: CallRequest): Promise<readonly Row[]> => {
    const tool = loadCatalog().find(one.tool);
    const { where, sort, group } = one.view;
    // What is asked over rows is asked of the cloud's own: what a step makes is not known well enough.
    if (!tool || tool.command.result !== 'list' || [where, sort, group].some((asked) => asked !== undefined))
      return readLive(one);
    return recorder.ahead(() => readLive(one))(tool, one.args as Record<string, ParamValue>, false);
  };

  const change = ({ tool, args: given }: CallRequest): Promise<RecordedStep> => {
    // One after the other: the order of the steps is the order in which the script asks.
    const next = last.then(() => recorder.record({ tool, arguments: given }));
    last = next.catch(() => undefined);
    return next;
  };

  return {
    execute: async (_composition: unknown, one: CallRequest): Promise<PlannedRows> => {
      const isRead = loadCatalog().find(one.tool)?.risk.risk === 'read';
      const rows = isRead ? await read(one) : [rowOf(await change(one))];
      return { rows, unknown: unknownIn(rows) };
    },
    save: async (run: Run, script: string, goesOn: string | undefined): Promise<Outcome> => {
      const { steps } = recorder;
      if (!steps.length)
        throw new CallError(
          'invalid',
          `The script changes nothing, so there is no plan.${goesOn === undefined ? '' : ` ${goesOn}`}`,
          'Run it. Nothing was sent.',
        );
      const riskTool = steps.some(({ foreseen }) => foreseen.tool.risk.risk === 'destroy') ? 'destroy' : 'change';
      return saveSteps(composition, run, steps, { seed, riskTool, script, goesOn, reads });
    },
  };
};
