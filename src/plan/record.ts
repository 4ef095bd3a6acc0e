import { createHash } from 'node:crypto';
import type { LookAhead } from '../call/send.ts';
import { lookAt, type LookedAhead } from '../call/look-ahead.ts';
import type { Composition } from '../call/composition.ts';
import { fieldsOfResponse } from '../catalog/response-fields.ts';
import { CallError } from '../errors.ts';
import { limits } from '../limits.ts';
import { placeholderOf, type PlanSeed } from '../placeholders.ts';
import { isRecord, type Row } from '../rows.ts';
import type { CallRequest } from '../types.ts';
import { effectOf, type Effect } from './effects.ts';
import { lookAhead, type Future } from './look-ahead.ts';

/** A call of a plan as its caller wrote it; `$2` or `$2.id` stands for the id of what step 2 makes. */
export interface PlannedCall {
  tool: string;
  arguments: Readonly<Record<string, unknown>>;
}

/** A step of a plan: what was looked at for it, and what it will have done. */
export interface RecordedStep extends LookedAhead {
  /** Counted from 1. */
  number: number;
  /** The call, with placeholders for what earlier steps make. */
  call: PlannedCall;
  effect: Effect;
  /** What it answers as far as that is known before: an id, and what was given. */
  row: Row;
}

/** The recording of a plan: steps that were looked at and not sent. */
export interface Recorder {
  readonly steps: readonly RecordedStep[];
  /** Look-ups that find what the steps make, too. */
  readonly ahead: LookAhead;
  /** Looks at one more call as the path does, and takes it as the next step. Throws a CallError where it could not be made. */
  record(call: PlannedCall): Promise<RecordedStep>;
}

/** The seed of a plan, out of what is asked: the same calls are recorded with the same placeholders. */
export const seedOf = (what: unknown): PlanSeed =>
  createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 8);

const reference = /^\$(\d{1,3})(?:\.([a-z][\w.]*))?$/i;

/** A value of an earlier step that is known only once it is done. */
const unknownYet = (number: number, step: number, field: string): CallError =>
  new CallError(
    'invalid',
    `Step ${number} needs ${field} of step ${step}, which is known only once that is done.`,
    `Plan the steps before it; after they are applied, plan the rest. Nothing was sent.`,
  );

/** The values that references stand for, at any depth. */
const dereference = (value: unknown, steps: readonly RecordedStep[]): unknown => {
  if (Array.isArray(value)) return value.map((one) => dereference(one, steps));
  if (isRecord(value))
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, dereference(one, steps)]));
  const [, number, field = 'id'] = (typeof value === 'string' ? reference.exec(value) : null) ?? [];
  if (number === undefined) return value;
  const step = steps[Number(number) - 1];
  if (!step)
    throw new CallError(
      'invalid',
      `Step ${steps.length + 1} names step ${number}, which does not come before it.`,
      'Steps are counted from 1. Nothing was sent.',
    );
  const known = step.row[field];
  if (known === undefined) throw unknownYet(steps.length + 1, step.number, field);
  return known;
};

/** What is known of what a step makes: its id, what was given for fields of its row, and whose it is. */
const rowAhead = (seed: PlanSeed, number: number, { foreseen, account }: LookedAhead): Row => {
  const { params, tool } = foreseen;
  const fields = fieldsOfResponse(tool.command.response);
  const given = Object.entries(params).filter(([name]) => fields?.has(name));
  const owner =
    params['projectid'] === undefined
      ? { account: account?.['name'], domainid: account?.['domainid'] }
      : { projectid: params['projectid'] };
  return { ...owner, ...Object.fromEntries(given), id: placeholderOf(seed, number) };
};

/** What a step makes of what there is, so that later steps find it. */
const addTo = (future: Future, effect: Effect, row: Row, { foreseen }: LookedAhead): void => {
  const { tool, params, targets } = foreseen;
  if (effect === 'create') future.rows.push({ kind: tool.command.response, isThere: false, row });
  for (const { id, isOwn, kind, row: before } of targets) {
    if (!isOwn || !before) continue;
    if (effect === 'destroy') future.gone.add(id);
    else if (kind !== undefined && kind === tool.command.response) {
      const changed = Object.entries(params).filter(([name]) => name !== 'id' && name in before);
      if (changed.length) future.rows.push({ kind, isThere: true, row: { ...before, ...Object.fromEntries(changed) } });
    }
  }
};

/** Begins a recording. `request`: whose plan it is; its tool is the one of the compact list that runs the steps. */
export const createRecorder = (composition: Composition, request: CallRequest, seed: PlanSeed): Recorder => {
  const steps: RecordedStep[] = [];
  const future: Future = { rows: [], gone: new Set() };
  return {
    steps,
    ahead: lookAhead(seed, future),
    record: async ({ tool, arguments: given }) => {
      if (steps.length >= limits.steps)
        throw new CallError('invalid', `A plan has at most ${limits.steps} steps.`, 'Make several plans.');
      const args = dereference(given, steps) as Record<string, unknown>;
      const { asked: _asked, progress: _progress, ...rest } = request;
      const one: CallRequest = { ...rest, tool, args, view: {}, deadline: undefined };
      const looked = await lookAt(composition, one, lookAhead(seed, future));
      const number = steps.length + 1;
      const effect = effectOf(looked.foreseen.tool);
      const row = effect === 'create' ? rowAhead(seed, number, looked) : {};
      addTo(future, effect, row, looked);
      const step = { ...looked, number, call: { tool, arguments: args }, effect, row };
      steps.push(step);
      return step;
    },
  };
};

/** Records a list of calls. Throws the CallError of the first that could not be made, with its number. */
export const recordCalls = async (recorder: Recorder, calls: readonly PlannedCall[]): Promise<void> => {
  for (const [index, call] of calls.entries())
    try {
      await recorder.record(call);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      const { kind, message, hint, code, cserrorcode, candidates, isForeign } = error;
      throw new CallError(kind, `Step ${index + 1}: ${message}`, hint, { code, cserrorcode, candidates, isForeign });
    }
};
