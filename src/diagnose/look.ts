import { holds, valuesOf } from '../ask/evaluate.ts';
import { CallError } from '../errors.ts';
import { isRecord, type Row } from '../rows.ts';
import type { PickStep, Plan, ReadStep } from './plans.ts';

/** Reads the rows of a command as the caller may see them. Throws a CallError. */
export type ReadRows = (command: string, params: Readonly<Record<string, string>>) => Promise<readonly Row[]>;

/** What a look brought. */
export interface Seen {
  /** What is known, by the names of the plan: a row, or rows. */
  facts: Readonly<Record<string, unknown>>;
  /** The command that each name was read with. */
  sources: ReadonlyMap<string, string>;
  /** Commands that could not be read, each with the reason. */
  unseen: readonly { command: string; why: string }[];
  requests: number;
}

/** Requests of one diagnosis. */
const maxRequests = 24;

type TextParams = Readonly<Record<string, string>>;

/** The parameters of a read with values for its references: one set, several for `each`; none where a value is missing. */
const paramsOf = ({ each }: ReadStep, params: TextParams, facts: Row): TextParams[] => {
  const values = Object.entries(params).map(([name, value]): [string, string[]] => {
    if (!value.startsWith('$')) return [name, [value]];
    return [name, [...new Set(valuesOf(facts, value.slice(1)).map(String))].slice(0, each ?? 1)];
  });
  if (values.some(([, given]) => given.length === 0)) return [];
  const times = Math.max(...values.map(([, given]) => given.length), 1);
  return Array.from({ length: times }, (_, at) =>
    Object.fromEntries(values.map(([name, given]) => [name, given[at] ?? given[0]!])),
  );
};

const referencesOf = ({ params }: ReadStep): string[] =>
  Object.values(params).flatMap((value) => (value.startsWith('$') ? [value.slice(1).split('.', 1)[0]!] : []));

const tagsIn = (row: Row, field: string): string[] =>
  valuesOf(row, field).flatMap((value) =>
    String(value)
      .split(',')
      .map((tag) => tag.trim())
      .filter(Boolean),
  );

const hasTags = (row: Row, { tags: [own, wanted] = ['', ''] }: PickStep, facts: Row): boolean => {
  const held = new Set(tagsIn(row, own));
  return tagsIn(facts, wanted).every((tag) => held.has(tag));
};

const pickRows = (step: PickStep, facts: Record<string, unknown>): unknown => {
  const { from, where, single } = step;
  const given = facts[from];
  const rows = (Array.isArray(given) ? (given as unknown[]) : [given]).filter(isRecord);
  const fitting = rows.filter((row) => hasTags(row, step, facts) && holds(where, { ...row, at: facts }));
  return single ? (fitting[0] ?? {}) : fitting;
};

/** Reads what a plan names, each as soon as what it refers to is known; what cannot be read is reported, but for the thing itself. */
export const look = async (plan: Plan, asked: Row, symptoms: readonly string[], readRows: ReadRows): Promise<Seen> => {
  const facts: Record<string, unknown> = { ...asked };
  const sources = new Map<string, string>();
  const unseen: { command: string; why: string }[] = [];
  let requests = 0;

  const readOnce = async (step: ReadStep, params: TextParams): Promise<readonly Row[]> => {
    requests += 1;
    try {
      return await readRows(step.command, params);
    } catch (error) {
      if (!step.otherwise || !(error instanceof CallError) || requests >= maxRequests) throw error;
      requests += 1;
      const [others] = paramsOf(step, step.otherwise, facts);
      return readRows(step.command, others ?? params);
    }
  };
  const run = async (step: ReadStep, isFirst: boolean): Promise<void> => {
    const sets = paramsOf(step, step.params, facts);
    if (sets.length === 0) return;
    // A list that is read in part would say that things are missing which are not.
    if (sets.length > maxRequests - requests) {
      unseen.push({ command: step.command, why: 'too many requests' });
      return;
    }
    try {
      const rows = (await Promise.all(sets.map((params) => readOnce(step, params)))).flat();
      if (isFirst && rows.length === 0)
        throw new CallError(
          'not-found',
          `There is no ${plan.title} with that id that this account can see.`,
          `[[${step.command}]] lists them.`,
        );
      facts[step.as] = step.single ? (rows[0] ?? {}) : rows;
      sources.set(step.as, step.command);
    } catch (error) {
      // Without the thing itself there is nothing to diagnose; a call that is over ends here too.
      if (!(error instanceof CallError) || isFirst || error.kind === 'cancelled') throw error;
      unseen.push({ command: step.command, why: error.kind });
    }
  };

  const [first, ...others] = plan.reads.filter(
    (step) => !step.for || !symptoms.length || step.for.some((symptom) => symptoms.includes(symptom)),
  );
  await run(first!, true);
  const waiting = new Set(others);
  while (waiting.size) {
    const open = new Set([...waiting].map(({ as }) => as));
    const ready = [...waiting].filter((step) => referencesOf(step).every((name) => !open.has(name)));
    for (const step of ready) waiting.delete(step);
    await Promise.all(ready.map((step) => run(step, false)));
  }
  for (const pick of plan.picks) {
    const source = sources.get(pick.from);
    if (source === undefined) continue;
    facts[pick.as] = pickRows(pick, facts);
    sources.set(pick.as, source);
  }
  return { facts, sources, unseen, requests };
};
