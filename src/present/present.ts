import { findKind } from '../catalog/kinds.ts';
import { findField } from '../catalog/response-fields.ts';
import type { CallSettings } from '../config/call.ts';
import { dataNote } from '../errors.ts';
import { itemOf, rowsOf, type Row } from '../rows.ts';
import { toLabel } from '../text.ts';
import type { Answer, ApprovedCall, Outcome, PageAsked } from '../types.ts';
import { cleanBody } from './clean.ts';
import { chooseColumns, pick, valueAt } from './columns.ts';
import { showItem } from './item.ts';
import { showList } from './list.ts';
import { pageOf, smallerPage } from './page.ts';

const isList = (call: ApprovedCall, answer: Answer): boolean => {
  if (answer.job) return false;
  const { command } = call.tool;
  if (command.result !== 'list') return rowsOf(answer.body).length > 1 && Object.keys(answer.body).length <= 2;
  // Creating commands that answer in list form (registerTemplate, addHost) mean the one row.
  return /^(list|find|search|quota)/.test(command.name) || rowsOf(answer.body).length !== 1;
};

/** Names that an answer repeats with their ids. */
const maxNames = 20;

const namesText = ({ names }: ApprovedCall): string[] => [
  ...names.slice(0, maxNames).map(({ parameter, name, id }) => `${parameter}: ${toLabel(name)} is ${id}`),
  ...(names.length > maxNames ? [`and ${names.length - maxNames} more names`] : []),
];

/** How old a cached answer is, and how to get a new one. */
const ageText = ({ age }: Answer): string[] =>
  age === undefined ? [] : [`As of ${age} s ago; fresh: true asks again.`];

const ageIn = ({ age }: Answer): { age?: number } => (age === undefined ? {} : { age });

/** Characters of that: our own words, with a name or two of the caller's. */
const maxScope = 200;

/** Whose things a list shows, in words. */
const scopeOf = ({ scope, names }: ApprovedCall, { isPart }: Answer): string | undefined => {
  const words = isPart ? scope?.partWords : scope?.words;
  // The caller knows a project or a domain by the name it gave.
  const named = names.find(({ id }) => words?.includes(id));
  const text = named ? words?.replace(named.id, () => toLabel(named.name)) : words;
  return text && toLabel(text, maxScope);
};

const confirmationText = ({ confirmation }: ApprovedCall): string | undefined =>
  confirmation?.by === 'approval' ? `approval by ${confirmation.who}` : confirmation?.by;

/** Which rule let a call through that was not a plain read, and how a human agreed. */
const decisionText = (call: ApprovedCall): string[] =>
  call.tool.risk.risk === 'read' || !call.decision
    ? []
    : [`Let through by ${[call.decision.rule, confirmationText(call) ?? []].flat().join(', ')}.`];

const filtersOf = ({ tool, params }: ApprovedCall): string[] =>
  ['name', 'keyword', 'state', 'zoneid', 'account', 'type', 'tags']
    .filter((name) => params[name] === undefined && tool.command.params.some((parameter) => parameter.name === name))
    .slice(0, 4);

/** The page to ask for instead where a list answer does not fit into the budget; it is asked for at most once a call. */
export const smallerPageFor = (call: ApprovedCall, answer: Answer, settings: CallSettings): PageAsked | undefined =>
  isList(call, answer) ? smallerPage(call, answer, findKind(call.tool.command.response), settings) : undefined;

/** Fields that were asked for and stay empty: told from those that do not exist, which validate/ refuses where it can. */
const emptyFields = (call: ApprovedCall, rows: readonly Row[]): string[] => {
  const { fields } = call.request.view;
  if (!rows.length || !fields || fields.includes('*')) return [];
  const empty = fields.filter((field) =>
    rows.every((row) => [undefined, null, ''].includes(valueAt(row, field) as null)),
  );
  const { response } = call.tool.command;
  const known = empty.filter((field) => isKnownField(response, field));
  const unknown = empty.filter((field) => !isKnownField(response, field));
  return [
    ...(known.length ? [`Empty in what is shown: ${known.join(', ')}.`] : []),
    ...(unknown.length ? [`Nothing that is shown has ${unknown.map((field) => toLabel(field)).join(', ')}.`] : []),
  ];
};

const isKnownField = (response: string, field: string): boolean => {
  const found = findField(response, field);
  return found !== undefined && 'name' in found;
};

const presentList = (call: ApprovedCall, answer: Answer, settings: CallSettings): Outcome => {
  const { command } = call.tool;
  const { fields, whole } = call.request.view;
  const kind = findKind(command.response);
  const page = pageOf(call, answer, kind, settings);
  const { rows } = page;
  const columns = chooseColumns(rows, kind, fields);
  const budget = whole ? undefined : settings.budget;
  const shown = showList(page, columns, { kind, budget, filters: filtersOf(call), scope: scopeOf(call, answer) });
  const notes = [...call.notes, ...emptyFields(call, rows)];
  return {
    text: [
      shown.text,
      ...notes,
      ...namesText(call),
      ...ageText(answer),
      ...(shown.items.length ? [dataNote] : []),
    ].join('\n'),
    structured: {
      ...shown.structured,
      ...ageIn(answer),
      ...(call.names.length ? { resolved: call.names.slice(0, maxNames) } : {}),
      ...(notes.length ? { notes } : {}),
    },
    rows: () => rows,
    columns,
    fields,
  };
};

const presentItem = (call: ApprovedCall, answer: Answer, { budget }: CallSettings): Outcome => {
  const { command } = call.tool;
  const { fields } = call.request.view;
  const { job } = answer;
  const pending = job?.status === 'pending';
  const [listed] = rowsOf(answer.body);
  const whole = command.result === 'list' && listed ? listed : itemOf(answer.body);
  const item = fields?.length && !fields.includes('*') ? pick(whole, fields) : whole;
  const shown = showItem(item, budget);
  const notes = [...call.notes, ...(Object.keys(whole).length ? emptyFields(call, [whole]) : [])];
  const head = pending
    ? `${command.name}: accepted as job ${job.id}, not done yet after ${job.elapsed} s. Call wait-for-job {"job":"${job.id}"}.`
    : job
      ? `${command.name}: job ${job.id} succeeded after ${job.elapsed} s.`
      : `${command.name}: ${command.async ? 'answered' : 'done'}.`;
  const hasItem = Object.keys(item).length > 0;
  return {
    text: [
      head,
      ...notes,
      ...namesText(call),
      ...decisionText(call),
      ...ageText(answer),
      ...(hasItem ? [shown.text, dataNote] : []),
    ].join('\n'),
    structured: {
      ...(job ? { job } : {}),
      ...ageIn(answer),
      ...(hasItem || !job ? { item: shown.item } : {}),
      ...(call.tool.risk.risk === 'read'
        ? {}
        : { decision: { rule: call.decision?.rule, confirmation: confirmationText(call) } }),
      ...(call.names.length ? { resolved: call.names.slice(0, maxNames) } : {}),
      ...(notes.length ? { notes } : {}),
    },
    fields,
    rows: () => (hasItem ? [item] : job ? [{ ...job }] : []),
    columns: Object.keys(item),
  };
};

/**
 * Turns CloudStack's answer into what the caller sees: small, masked, honest about what is left out or not done. It is
 * masked as a whole before anything is picked from it: a value alone no longer has the name that makes it a secret.
 */
export const present = (call: ApprovedCall, answer: Answer, settings: CallSettings): Outcome => {
  const { secrets = false } = call.request.view;
  const seen = { ...answer, body: cleanBody(answer.body, secrets ? undefined : call.tool.command.name, answer.job) };
  return isList(call, seen) ? presentList(call, seen, settings) : presentItem(call, seen, settings);
};
