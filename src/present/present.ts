import { takes } from '../catalog/given.ts';
import { findKind, isLookedUp } from '../catalog/kinds.ts';
import type { Command } from '../catalog/types.ts';
import type { CallSettings } from '../config/call.ts';
import { dataNote } from '../errors.ts';
import { rowsOf, type Row } from '../rows.ts';
import { toLabel } from '../text.ts';
import type { Answer, ApprovedCall, Outcome, PageAsked } from '../types.ts';
import { toShown } from './cells.ts';
import { cleanBody } from './clean.ts';
import { chooseColumns, fitColumns } from './columns.ts';
import { roomIn } from './cut.ts';
import { explainEmpty, nearText } from './empty.ts';
import { showList } from './list.ts';
import { ageIn, ageText, emptyFields, namesIn, namesText } from './notes.ts';
import { presentObject } from './object.ts';
import { pageOf, smallerPage, type RowCosts } from './page.ts';
import { narrowRows } from './shown-fields.ts';

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
    .filter((name) => params[name] === undefined && takes(tool.command, name))
    .slice(0, 4);

/** What is shown of a list, whatever caller asks for it and however old it is. */
interface ShownList {
  rows: readonly Row[];
  columns: readonly string[];
  /** How many columns there would be, were there room for all. */
  wanted: number;
  shown: ReturnType<typeof showList>;
}

const showRows = (call: ApprovedCall, answer: Answer, settings: CallSettings): ShownList => {
  const { command } = call.tool;
  const { response } = command;
  const { fields, whole, secrets } = call.request.view;
  const kind = findKind(response);
  const body = secrets ? cleanBody(answer.body, undefined, undefined) : narrowRows(call, answer.body, kind);
  const seen = secrets ? body : cleanBody(body, command.name, undefined);
  const page = pageOf(call, { ...answer, body: seen }, kind, settings);
  const { rows } = page;
  const budget = whole ? undefined : settings.budget;
  const chosen = chooseColumns(rows, kind, fields);
  const columns = budget === undefined ? chosen : fitColumns(chosen, budget);
  const options = { kind, response, isShort: !fields, budget, filters: filtersOf(call), scope: scopeOf(call, answer) };
  return { rows, columns, wanted: chosen.length, shown: showList(page, columns, options) };
};

/** All that decides how an answer is shown. */
const wayOf = (call: ApprovedCall, { page, served, isPart }: Answer, { budget, pageSizeLimit }: CallSettings) => {
  const { tool, params, request, scope, names } = call;
  return [tool.command.name, params, request.view, scope, names, isPart, page, served, budget, pageSizeLimit];
};

/** An answer as it was shown. `way`: how, as text once it was shown again. */
interface Remembered<T> {
  way: string | readonly unknown[];
  found: T;
}

/** Ways in which one answer is remembered as shown. */
const maxWays = 4;

/** Works something out once for each answer and way to show it: from the cache an answer comes as the same object again. */
const once = <T, R extends unknown[]>(
  work: (call: ApprovedCall, answer: Answer, settings: CallSettings, ...rest: R) => T,
): typeof work => {
  const known = new WeakMap<Row, Remembered<T>[]>();
  return (call, answer, settings, ...rest) => {
    const ways = known.get(answer.body) ?? [];
    const parts = wayOf(call, answer, settings);
    // Most answers are shown once, and nothing to compare them with is written down.
    const way = ways.length ? JSON.stringify(parts) : parts;
    for (const before of ways) {
      if (typeof before.way !== 'string') before.way = JSON.stringify(before.way);
      if (before.way === way) return before.found;
    }
    if (ways.length >= maxWays) ways.length = 0;
    const found = work(call, answer, settings, ...rest);
    ways.push({ way, found });
    known.set(answer.body, ways);
    return found;
  };
};

const showOnce = once(showRows);

const withRoom = (settings: CallSettings): CallSettings => ({ ...settings, budget: roomIn(settings.budget) });

const findSmallerPage = once((call, answer, settings, costs: RowCosts) =>
  isList(call, answer) ? smallerPage(call, answer, findKind(call.tool.command.response), settings, costs) : undefined,
);

/** The page to ask for instead where a list answer does not fit into the budget; it is asked for at most once a call. */
export const smallerPageFor = (
  call: ApprovedCall,
  answer: Answer,
  settings: CallSettings,
  costs: RowCosts,
): PageAsked | undefined => findSmallerPage(call, answer, withRoom(settings), costs);

/** Whether what a list shows is found by the beginning of its id: where that is looked for in the same list. */
const findsByShortId = ({ name, response }: Command): boolean => {
  const kind = findKind(response);
  const narrowing = Object.keys(kind?.args ?? {}).filter((argument) => argument !== 'listall');
  return kind?.list === name && isLookedUp(kind) && !narrowing.length;
};

const presentList = (call: ApprovedCall, answer: Answer, settings: CallSettings): Outcome => {
  const { command } = call.tool;
  const { fields, secrets } = call.request.view;
  // Secrets are shown to a person who asked for them, and remembered nowhere.
  const { rows, columns, wanted, shown } = (secrets ? showRows : showOnce)(call, answer, settings);
  const left = wanted - columns.length;
  // Of what the caller asked for: the scope of a list, as it was settled, hides nothing.
  const way = rows.length
    ? undefined
    : answer.near
      ? nearText(answer.near)
      : explainEmpty(command.name, call.request.args);
  const notes = [
    ...call.notes,
    ...emptyFields(call, rows),
    ...(left > 0 ? [`${left} of ${wanted} columns are left out for length; ask with fields.`] : []),
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
    rows: () => {
      const body = cleanBody(answer.body, secrets ? undefined : command.name, undefined);
      return pageOf(call, { ...answer, body }, findKind(command.response), settings).rows;
    },
    columns,
    show: (row, column) => toShown(command.response, row, column),
    hasShortIds: findsByShortId(command),
    fields,
  };
};

/**
 * Turns CloudStack's answer into what the caller sees: small, masked, honest about what is left out or not done. It is
 * masked before anything is picked from it: a value alone no longer has the name that makes it a secret.
 */
export const present = (call: ApprovedCall, answer: Answer, settings: CallSettings): Outcome => {
  if (isList(call, answer)) return presentList(call, answer, withRoom(settings));
  const { secrets = false } = call.request.view;
  const body = cleanBody(answer.body, secrets ? undefined : call.tool.command.name, answer.job);
  return presentObject(call, { ...answer, body }, withRoom(settings));
};
