import { findKind } from '../catalog/kinds.ts';
import type { CallSettings } from '../config/call.ts';
import { dataNote } from '../errors.ts';
import { rowsOf } from '../rows.ts';
import { toLabel } from '../text.ts';
import type { Answer, ApprovedCall, Outcome, PageAsked } from '../types.ts';
import { toShown } from './cells.ts';
import { cleanBody } from './clean.ts';
import { chooseColumns, fitColumns } from './columns.ts';
import { explainEmpty, nearText } from './empty.ts';
import { showList } from './list.ts';
import { ageIn, ageText, emptyFields, namesIn, namesText } from './notes.ts';
import { presentObject } from './object.ts';
import { pageOf, smallerPage } from './page.ts';

const isList = (call: ApprovedCall, answer: Answer): boolean => {
  if (answer.job) return false;
  const { command } = call.tool;
  if (command.result !== 'list') return rowsOf(answer.body).length > 1 && Object.keys(answer.body).length <= 2;
  // Creating commands that answer in list form (registerTemplate, addHost) mean the one row.
  return /^(list|find|search|quota)/.test(command.name) || rowsOf(answer.body).length !== 1;
};

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

const filtersOf = ({ tool, params }: ApprovedCall): string[] =>
  ['name', 'keyword', 'state', 'zoneid', 'account', 'type', 'tags']
    .filter((name) => params[name] === undefined && tool.command.params.some((parameter) => parameter.name === name))
    .slice(0, 4);

/** The page to ask for instead where a list answer does not fit into the budget; it is asked for at most once a call. */
export const smallerPageFor = (call: ApprovedCall, answer: Answer, settings: CallSettings): PageAsked | undefined =>
  isList(call, answer) ? smallerPage(call, answer, findKind(call.tool.command.response), settings) : undefined;

const presentList = (call: ApprovedCall, answer: Answer, settings: CallSettings): Outcome => {
  const { command } = call.tool;
  const { fields, whole } = call.request.view;
  const kind = findKind(command.response);
  const page = pageOf(call, answer, kind, settings);
  const { rows } = page;
  const budget = whole ? undefined : settings.budget;
  const chosen = chooseColumns(rows, kind, fields);
  const columns = budget === undefined ? chosen : fitColumns(chosen, budget);
  const left = chosen.length - columns.length;
  const { response } = command;
  const options = { kind, response, isShort: !fields, budget, filters: filtersOf(call), scope: scopeOf(call, answer) };
  const shown = showList(page, columns, options);
  // Of what the caller asked for: the scope of a list, as it was settled, hides nothing.
  const way = rows.length
    ? undefined
    : answer.near
      ? nearText(answer.near)
      : explainEmpty(command.name, call.request.args);
  const notes = [
    ...call.notes,
    ...emptyFields(call, rows),
    ...(left > 0 ? [`${left} of ${chosen.length} columns are left out for length; ask with fields.`] : []),
    ...(way === undefined ? [] : [way]),
  ];
  return {
    text: [
      shown.text,
      ...notes,
      ...namesText(call.names),
      ...ageText(answer),
      ...(shown.items.length ? [dataNote] : []),
    ].join('\n'),
    structured: {
      ...shown.structured,
      ...ageIn(answer),
      ...namesIn(call),
      ...(notes.length ? { notes } : {}),
    },
    rows: () => rows,
    columns,
    show: (row, column) => toShown(response, row, column),
    fields,
  };
};

/**
 * Turns CloudStack's answer into what the caller sees: small, masked, honest about what is left out or not done. It is
 * masked as a whole before anything is picked from it: a value alone no longer has the name that makes it a secret.
 */
export const present = (call: ApprovedCall, answer: Answer, settings: CallSettings): Outcome => {
  const { secrets = false } = call.request.view;
  const seen = { ...answer, body: cleanBody(answer.body, secrets ? undefined : call.tool.command.name, answer.job) };
  return isList(call, seen) ? presentList(call, seen, settings) : presentObject(call, seen, settings);
};
