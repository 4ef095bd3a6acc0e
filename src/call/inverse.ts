import { loadData } from '../data.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { itemOf, rowsOf, type Row } from '../rows.ts';
import { maskSecrets } from '../secrets/mask.ts';
import type { Answer, ApprovedCall, Inverse } from '../types.ts';
import type { Run } from './run.ts';

/** How changes are taken back; the whole of data/inverses.json. */
interface Inverses {
  /** Command → the one that takes it back, and where its arguments come from: `params.`, `answer.`, `before.`, or a value. */
  inverses: Record<string, string>;
  /** Commands that take themselves back, with the values that their arguments' fields had. */
  restores: string[];
  /** The other commands that are reversible in principle, and why no single command takes them back. */
  reasons: { why: string; commands: string[] }[];
}

/** Characters of one value that an inverse holds; longer ones are said to be lost. */
const maxValue = 1000;

/** Why a command can never be taken back; undefined where it can. */
export const whyNoInverse = (catalog: Pick<Catalog, 'find'>, command: string): string | undefined => {
  const { inverses, restores, reasons } = loadData<Inverses>('inverses.json');
  if (Object.hasOwn(inverses, command) || restores.includes(command)) return undefined;
  const reason = reasons.find(({ commands }) => commands.includes(command));
  if (reason) return reason.why;
  const risk = catalog.find(command)?.risk;
  if (risk?.risk === 'read' || risk?.risk === 'sensitive') return 'It only shows something.';
  return risk && risk.category !== 'unknown' ? risk.warning : 'No one has judged what it does.';
};

/** Whether a command makes something, as far as what takes it back tells; undefined where nothing does. */
export const makesSomething = (command: string): boolean | undefined => {
  const { inverses, restores } = loadData<Inverses>('inverses.json');
  if (Object.hasOwn(inverses, command)) return inverses[command]!.includes('=answer.');
  return restores.includes(command) ? false : undefined;
};

/** A value as a call takes it again; undefined where a row shows it in another form. */
const toArgument = (value: unknown): unknown => {
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  return typeof value === 'string' && value.length <= maxValue ? value : undefined;
};

/** What the thing was that a change is about: the row of what it names by its own id, else of what it acts on first. */
const rowBefore = ({ acted = [] }: ApprovedCall, before: Row | undefined): Row | undefined =>
  before ??
  acted.find(({ isOwn, row }) => isOwn && row)?.row ??
  acted.find(({ isHolder, row }) => !isHolder && row)?.row;

type Pairs = readonly (readonly [name: string, value: unknown])[];

/** The arguments that bring back what a change set; those of which the row does not tell what they were are left out. */
const restored = ({ params, tool }: ApprovedCall, row: Row): Pairs =>
  Object.entries(params).flatMap(([name, value]): Pairs => {
    const was = toArgument(row[name]);
    if (was !== undefined) return [[name, was]];
    const isNeeded = tool.command.params.some((one) => one.name === name && (one.required || name === 'id'));
    return isNeeded ? [[name, value]] : [];
  });

/** The arguments of an inverse command by its line of data/inverses.json. */
const filled = (words: readonly string[], names: readonly string[], sources: Readonly<Record<string, Row>>): Pairs =>
  words.flatMap((word): Pairs => {
    const at = word.indexOf('=');
    const [name, source] = [word.slice(0, at), word.slice(at + 1)];
    if (name === '*')
      return names.map(
        (one) =>
          [
            one,
            toArgument(sources[source]?.[one]) ?? (source === 'params' ? sources[source]?.[one] : undefined),
          ] as const,
      );
    const [from = '', field = ''] = source.split('.');
    return [[name, Object.hasOwn(sources, from) ? sources[from]?.[field] : source]];
  });

/**
 * The call that takes a change back, made of what there was before and of the answer; or why there is none. What is secret is
 * in no inverse: it is named among what is lost.
 */
const inverseOf = ({ find }: Pick<Catalog, 'find'>, call: ApprovedCall, answer: Answer): Inverse | undefined => {
  const { tool, params } = call;
  const { name } = tool.command;
  if (tool.risk.risk === 'read' || tool.risk.risk === 'sensitive') return undefined;
  if (!tool.risk.reversible) return { why: tool.risk.warning };
  const why = whyNoInverse({ find }, name);
  if (why !== undefined) return { why };
  const row = rowBefore(call, answer.before);
  const { inverses } = loadData<Inverses>('inverses.json');
  const [command = name, ...words] = inverses[name]?.split(' ') ?? [];
  const inverse = find(command)?.command;
  if (!inverse) return { why: `This cloud has no ${command}.` };
  if (!row && !Object.hasOwn(inverses, name)) return { why: 'What it was before could not be read.' };
  const made = rowsOf(answer.body)[0] ?? itemOf(answer.body);
  const given = Object.hasOwn(inverses, name)
    ? filled(
        words,
        inverse.params.map((one) => one.name),
        { params, answer: made, before: row ?? {} },
      )
    : restored(call, row!);
  const known = given.filter(([, value]) => value !== undefined && value !== null && value !== '');
  const masked = maskSecrets(Object.fromEntries(known), command);
  const isPlain = ([key, value]: Pairs[number]): boolean => JSON.stringify(masked[key]) === JSON.stringify(value);
  const args = Object.fromEntries(known.filter(isPlain));
  const missing = inverse.params.filter((one) => one.required && args[one.name] === undefined).map((one) => one.name);
  if (missing.length) return { why: `${command} needs ${missing.join(', ')}, which is not known.` };
  if (!Object.keys(args).length) return { why: `What ${command} needs is not known.` };
  const isRestore = command === name;
  const lost = isRestore ? Object.keys(params).filter((key) => args[key] === undefined) : [];
  const isSame = isRestore && Object.entries(args).every(([key, value]) => String(value) === String(params[key]));
  if (isSame)
    return { why: lost.length ? `What ${lost.join(', ')} was before is not shown.` : 'It left everything as it was.' };
  return { command, arguments: args, ...(lost.length ? { lost } : {}) };
};

/** What a change set, as it was before: for the audit log. Secrets are masked. */
const stateBefore = (call: ApprovedCall, before: Row | undefined): Row | undefined => {
  const row = call.tool.risk.risk === 'read' ? undefined : rowBefore(call, before);
  if (!row) return undefined;
  const fields = ['id', 'name', 'state', ...Object.keys(call.params)];
  const saved = fields.flatMap((field): Pairs => {
    const value = toArgument(row[field]);
    return value === undefined ? [] : [[field, value]];
  });
  return saved.length ? maskSecrets(Object.fromEntries(saved), call.tool.command.name) : undefined;
};

/** Notes of a change that was made what it changed, and the call that takes it back, for the audit log and for who asked. */
export const recordInverse = (
  { record, request }: Pick<Run, 'record' | 'request'>,
  catalog: Pick<Catalog, 'find'>,
  approved: ApprovedCall,
  answer: Answer,
): void => {
  const undo = inverseOf(catalog, approved, answer);
  record({ before: stateBefore(approved, answer.before), undo });
  if (undo) request.onInverse?.(undo);
};
