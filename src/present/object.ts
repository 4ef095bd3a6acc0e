import { loadCatalog } from '../catalog/catalog.ts';
import { findKind } from '../catalog/kinds.ts';
import type { CallSettings } from '../config/call.ts';
import { dataNote } from '../errors.ts';
import { readerOf, renderHint } from '../hints.ts';
import { itemOf, rowsOf, type Row } from '../rows.ts';
import { maskSecrets } from '../secrets/mask.ts';
import { mask } from '../secrets/text.ts';
import { toLabel } from '../text.ts';
import type { Answer, ApprovedCall, Outcome } from '../types.ts';
import { toShown, withoutJob } from './cells.ts';
import { cleanBody } from './clean.ts';
import { isEmpty, ownColumns, pick, pickShort, toCell } from './columns.ts';
import { showItem } from './item.ts';
import { ageIn, ageText, emptyFields, namesIn, namesText } from './notes.ts';
import { sideEffectsOf } from './side-effects.ts';
import { estimateTokens } from './tokens.ts';

/** Tokens of an object that is shown whole after a change: choosing among so few fields would save nothing. */
const smallTokens = 60;
/** Tokens, in text and data together, of what a change shows unless more was asked for. */
const changeTokens = 600;
/** Characters of a value that a change repeats. */
const maxRepeated = 200;

/** The type of an answer's object: the command's, of a job that was only waited for that of its result's key. */
const responseOf = ({ tool, request }: ApprovedCall, body: Row): string => {
  if (!request.follow) return tool.command.response;
  const key = Object.keys(body).find((name) => typeof body[name] === 'object');
  const made = loadCatalog().tools.find(({ command }) => command.key === key && /^(object|list)$/.test(command.result));
  return made?.command.response ?? 'Unknown';
};

const isChange = ({ tool, request }: ApprovedCall): boolean =>
  tool.risk.risk === 'change' || tool.risk.risk === 'destroy' || request.follow === true;

/** Whether an answer tells nothing of what it is about: `success: true`, or an object without its id. */
const isBare = (response: string, item: Row): boolean =>
  Object.keys(item).every((name) => name === 'success' || name === 'displaytext') ||
  (['id', ...(findKind(response)?.names ?? ['name'])].every((name) => item[name] === undefined) &&
    findKind(response)?.columns[0] === 'id');

const isRepeated = (value: unknown): boolean => !isEmpty(value) && toCell(value).length <= maxRepeated;

/** The field that shows what an argument set: the name of what an id stands for, else the field of the same name. */
const fieldOf = (parameter: string, item: Row): string[] => {
  if (parameter === 'id' || parameter === 'ids') return [];
  const stem = parameter.endsWith('id') ? parameter.slice(0, -2) : undefined;
  return [...(stem === undefined ? [] : [`${stem}name`, stem]), parameter].filter((field) => field in item).slice(0, 1);
};

/** What a change shows: the kind's columns, whose it is, what the call set, and that there are secrets. */
const shortFields = (call: ApprovedCall, response: string, item: Row): string[] => {
  const own = ownColumns([item], findKind(response));
  const all = Object.keys(item).filter((field) => !isEmpty(item[field]));
  const cost = all.reduce((sum, field) => sum + estimateTokens(`${field}: ${toShown(response, item, field)}`) + 2, 0);
  if (!own.length || cost <= smallTokens) return own.length || cost <= smallTokens ? all : all.slice(0, 40);
  const owner = item['project'] === undefined ? 'account' : 'project';
  const set = Object.keys(call.params).flatMap((parameter) => fieldOf(parameter, item));
  const secrets = all.filter((field) => item[field] === mask);
  const chosen = [...own.filter((field) => owner !== 'project' || field !== 'account'), owner, ...set, ...secrets];
  return [...new Set(chosen)].filter((field) => isRepeated(toShown(response, item, field)));
};

/** What a change was about, where its answer does not say: its arguments, with the names of what ids stand for. */
const givenEntries = (call: ApprovedCall): [string, string][] => {
  const names = new Map([
    ...(call.acted ?? []).flatMap(({ id, name }) => (name === undefined ? [] : [[id, name] as const])),
    ...call.names.map(({ id, name }) => [id, name] as const),
  ]);
  const named = (value: unknown): string => {
    const name = names.get(String(value));
    return name === undefined ? toShown('', { value }, 'value') : `${toLabel(name)} (${String(value)})`;
  };
  return Object.entries(maskSecrets(call.params))
    .filter(([, value]) => isRepeated(value))
    .map(([name, value]) => [name, [value].flat().slice(0, 20).map(named).join(', ')]);
};

/** The values that fields had before the change, as the guard read them. */
const valuesBefore = (call: ApprovedCall, read: Row | undefined, item: Row, fields: readonly string[]): Row => {
  const row = read ?? call.acted?.find((target) => target.row !== undefined && target.row['id'] === item['id'])?.row;
  if (!row || item === row) return {};
  const before = cleanBody(row, call.tool.command.name, undefined);
  return Object.fromEntries(
    fields.flatMap((field) => {
      const [was, is] = [before[field], item[field]];
      return isEmpty(was) || typeof was === 'object' || String(was) === String(is) ? [] : [[field, was]];
    }),
  );
};

const headOf = (call: ApprovedCall, { job }: Answer): string => {
  const { command } = call.tool;
  if (job?.status === 'pending')
    return `${command.name}: accepted as job ${job.id}, not done yet after ${job.elapsed} s. ${renderHint(`[[wait-for-job job=${job.id}]]`, readerOf(call.request.caller))} follows it.`;
  if (job) return `${command.name}: succeeded after ${job.elapsed} s.`;
  return `${command.name}: ${command.async ? 'answered' : 'done'}.`;
};

const confirmationText = ({ confirmation }: ApprovedCall): string | undefined =>
  confirmation?.by === 'approval' ? `approval by ${confirmation.who}` : confirmation?.by;

/** Which rule asked a human, and how that one agreed. */
const decisionText = (call: ApprovedCall): string[] =>
  call.confirmation ? [`Allowed by ${call.decision?.rule}, ${confirmationText(call)}.`] : [];

const decisionIn = (call: ApprovedCall): Row =>
  call.confirmation ? { decision: { rule: call.decision?.rule, confirmation: confirmationText(call) } } : {};

/** One object: what was asked for of it; after a change, what decides, and what the change made of it. */
export const presentObject = (call: ApprovedCall, answer: Answer, { budget }: CallSettings): Outcome => {
  const { command } = call.tool;
  const { fields } = call.request.view;
  const { job } = answer;
  const [listed] = rowsOf(answer.body);
  const response = responseOf(call, answer.body);
  const isListed = command.result === 'list' || (call.request.follow === true && Object.keys(answer.body).length <= 2);
  const got = isListed && listed ? listed : itemOf(answer.body);
  const whole = job?.status === 'pending' ? got : job || command.async ? withoutJob(response, got) : got;
  const isDone = isChange(call) && job?.status !== 'pending';
  const isShort = isDone && !fields;
  const showsArguments = isShort && isBare(response, whole) && !call.request.follow;
  const chosen =
    fields && !fields.includes('*')
      ? [...fields]
      : isShort && !showsArguments
        ? shortFields(call, response, whole)
        : Object.keys(whole);
  const item = isShort ? pickShort(whole, chosen) : fields ? pick(whole, chosen) : whole;
  const before = isDone && !showsArguments ? valuesBefore(call, answer.before, whole, chosen) : {};
  const words = (field: string): string => {
    const now = toShown(response, whole, field);
    return field in before ? `${toShown(response, before, field)} → ${now}` : now;
  };
  const shown = showItem(item, isShort ? Math.min(budget, changeTokens) : budget, words);
  const notes = [
    ...call.notes,
    ...(isDone ? [...sideEffectsOf({ call, item: whole, job }), ...(answer.reached ?? [])] : []),
    ...(Object.keys(whole).length ? emptyFields(call, [whole]) : []),
  ];
  const hasItem = Object.keys(item).length > 0;
  const entries = (): [string, string][] =>
    showsArguments
      ? givenEntries(call)
      : Object.keys(item).flatMap((field) => (isEmpty(item[field]) ? [] : [[field, words(field)]]));
  const lines = showsArguments ? entries().map(([name, value]) => `${name}: ${value}`) : hasItem ? [shown.text] : [];
  const names = showsArguments ? [] : call.names.filter(({ id }) => id !== item['id']);
  return {
    text: [
      headOf(call, answer),
      ...notes,
      ...namesText(names),
      ...decisionText(call),
      ...ageText(answer),
      ...(lines.length ? [...lines, dataNote] : []),
    ].join('\n'),
    structured: {
      ...(job ? { job: { id: job.id, status: job.status, elapsed: job.elapsed } } : {}),
      ...ageIn(answer),
      ...(hasItem || !job ? { item: shown.item } : {}),
      ...(Object.keys(before).length ? { before } : {}),
      ...(showsArguments ? { given: maskSecrets(call.params) } : {}),
      ...decisionIn(call),
      ...namesIn(call),
      ...(notes.length ? { notes } : {}),
    },
    fields,
    rows: () =>
      Object.keys(whole).length ? [fields && !fields.includes('*') ? item : whole] : job ? [{ ...job }] : [],
    columns: Object.keys(item),
    entries,
  };
};
