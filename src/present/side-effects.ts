import { fits } from '../catalog/patterns.ts';
import { loadData } from '../data.ts';
import { programName } from '../program-name.ts';
import type { Row } from '../rows.ts';
import { toLabel } from '../text.ts';
import type { Answer, ApprovedCall, Target } from '../types.ts';

/** Where a value is looked at; it is what it is, or none (`""`). */
type EffectCondition = ({ param: string } | { item: string } | { target: string; field: string } | { job: true }) & {
  is?: readonly string[];
  not?: readonly string[];
};

/** What a change brings about beside what it was asked for; one line of data/side-effects.json. */
interface SideEffect {
  commands: readonly string[];
  when: readonly EffectCondition[];
  /** `{param:name|else}`, `{item:field}`, `{target:Kind.field}`, `{job}` and `{program}` stand for values. */
  text: string;
}

/** Everything that is known of a call that was done. */
interface Done {
  call: ApprovedCall;
  item: Row;
  job: Answer['job'];
}

const textOf = (value: unknown): string =>
  value === undefined || value === null ? '' : Array.isArray(value) ? value.join(', ') : String(value);

const holds = ({ is, not }: EffectCondition, value: string): boolean =>
  (is === undefined || is.includes(value)) && (not === undefined || !not.includes(value));

/** The resource of that kind that makes the condition true; a resource that was not read makes none. */
const findTarget = (
  { call }: Done,
  condition: EffectCondition & { target: string; field: string },
): Target | undefined =>
  call.acted?.find(
    ({ kind, row }) => kind === condition.target && row !== undefined && holds(condition, textOf(row[condition.field])),
  );

const isTrue = (done: Done, condition: EffectCondition): boolean => {
  if ('target' in condition) return findTarget(done, condition) !== undefined;
  if ('job' in condition) return done.job !== undefined;
  const value = 'param' in condition ? done.call.params[condition.param] : done.item[condition.item];
  return holds(condition, textOf(value));
};

const fill = (done: Done, { text, when }: SideEffect): string =>
  text.replace(/\{(\w+)(?::([\w.]+))?(?:\|([^}]*))?\}/g, (_all, from: string, name = '', otherwise = '') => {
    const [kind = '', field = ''] = String(name).split('.');
    const target = when.flatMap((condition) =>
      'target' in condition && condition.target === kind ? (findTarget(done, condition) ?? []) : [],
    )[0];
    const values: Record<string, unknown> = {
      program: programName,
      job: done.job?.id,
      param: done.call.params[String(name)],
      item: done.item[String(name)],
      target: target?.row?.[field],
    };
    return toLabel(textOf(values[from]) || String(otherwise), 200);
  });

/** What a change brought about beside what it was asked for, a sentence each. */
export const sideEffectsOf = (done: Done): string[] =>
  loadData<SideEffect[]>('side-effects.json')
    .filter(
      ({ commands, when }) =>
        fits(commands, done.call.tool.command.name) && when.every((condition) => isTrue(done, condition)),
    )
    .map((effect) => fill(done, effect));
