import type { LoggedEntry } from '../audit/tail.ts';
import { placeholderOf, type PlanSeed } from '../placeholders.ts';
import { isRecord, type Row } from '../rows.ts';
import { idsIn } from './exported.ts';
import type { FoundCall } from './sources.ts';

/** Values with `$2` as what stands for the id of step 2, or, where that is done, its id. */
const withIds = (value: unknown, idOf: (number: number) => string | undefined): unknown => {
  if (Array.isArray(value)) return value.map((one) => withIds(one, idOf));
  if (isRecord(value))
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withIds(one, idOf)]));
  if (typeof value !== 'string') return value;
  return value
    .split(',')
    .map((part) => (/^\$\d{1,3}$/.test(part) ? (idOf(Number(part.slice(1))) ?? part) : part))
    .join(',');
};

/** The steps of a saved plan, as it shows them: secrets in them are masked. */
export const findSteps = ({
  seed,
  shown,
  done,
}: {
  seed: PlanSeed;
  shown: Row;
  done: readonly { number: number; id?: string | undefined }[];
}): FoundCall[] => {
  const steps = (shown['steps'] ?? []) as readonly Row[];
  const idOf = (number: number): string | undefined =>
    number <= steps.length ? (done.find((one) => one.number === number)?.id ?? placeholderOf(seed, number)) : undefined;
  return steps.map(({ number, effect, command, arguments: args }) => ({
    command: String(command),
    params: withIds(args, idOf) as Row,
    ...(effect === 'create' ? { id: idOf(Number(number)) } : {}),
    isThere: done.some((one) => one.number === number),
  }));
};

/** The changes of a call, a plan or a script in the audit log; secrets in it are masked. */
export const findLogged = (entries: readonly LoggedEntry[]): FoundCall[] =>
  entries.flatMap(({ command, params, result, risk, undo }): FoundCall[] => {
    if (command === undefined || result !== 'done' || risk === 'read' || risk === 'sensitive') return [];
    // Only what an inverse deletes was made.
    const [id] = undo?.command === undefined ? [] : idsIn(undo.arguments?.['id']);
    const isMade = id !== undefined && !idsIn(params).includes(id);
    return [{ command, params: params ?? {}, ...(isMade ? { id } : {}), isThere: true }];
  });
