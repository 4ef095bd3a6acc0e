import { isAsked, readQuery, type Query } from '../ask/query.ts';
import { splitQuery } from '../ask/cloud-filters.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { givenIn, takes } from '../catalog/given.ts';
import { problemWithScope } from '../catalog/list-scope.ts';
import { requireTool } from '../catalog/lookup.ts';
import { unmetBy, valuesNeeded } from '../catalog/requirements.ts';
import { describeSchedule, problemWithSchedule } from '../catalog/schedule.ts';
import type { Command } from '../catalog/types.ts';
import type { CallSettings } from '../config/call.ts';
import { CallError } from '../errors.ts';
import { limits } from '../limits.ts';
import { readFlag } from '../read-values.ts';
import { toLabel } from '../text.ts';
import type { CallRequest, Params, ValidCall } from '../types.ts';
import { findProblems } from './check.ts';
import { encodeTexts } from './encode-texts.ts';
import { findName, readFields } from './fields.ts';
import { toCloudStackDate } from './formats.ts';
import { spellIds } from './ids.ts';
import { readLeniently } from './lenient.ts';
import { checkTogether } from './requirements.ts';
import { spellValues } from './values.ts';

/** A problem may end with a question, such as "did you mean state?". */
const toSentence = (text: string): string => (text.endsWith('?') ? text : `${text}.`);

const listProblems = (problems: readonly string[]): string => {
  const more = problems.length - limits.problems;
  return [...problems.slice(0, limits.problems), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
};

/** CloudStack takes page and pagesize only together. */
const completePaging = (command: Command, values: Record<string, unknown>, request: CallRequest): void => {
  if (!takes(command, 'pagesize')) return;
  values['page'] ??= request.view.page;
  values['pagesize'] ??= request.view.pagesize;
  if (values['page'] !== undefined) values['pagesize'] ??= 100;
  else if (values['pagesize'] !== undefined && Number(values['pagesize']) !== -1) values['page'] = 1;
  for (const name of ['page', 'pagesize']) if (values[name] === undefined) delete values[name];
};

/**
 * What is asked over all rows of a list. What the cloud can look for itself becomes parameters; where that is all, nothing is
 * left to ask, and the list is paged as any.
 */
const settleQuery = (
  command: Command,
  values: Record<string, unknown>,
  { view }: CallRequest,
  newerRelease: string | undefined,
): { ask?: Query; problems: string[]; notes: string[] } => {
  if (!isAsked(view)) return { problems: [], notes: [] };
  const { ask, problems } = readQuery(command, view, (name) => findName(command, name, newerRelease));
  if (view.secrets) problems.push('where, sort, group and all show no secrets');
  if (problems.length) return { problems, notes: [] };
  const split = splitQuery(command, ask, (name) => values[name] === undefined);
  const { left } = split;
  const isFiltered = Object.keys(split.filters).length > 0;
  const needed = isFiltered ? valuesNeeded(command, { ...values, ...split.filters }, values) : {};
  const filters = { ...split.filters, ...needed };
  // A filter that needs another one is not sent alone.
  const isLost = unmetBy(command, { ...values, ...filters }).length > unmetBy(command, values).length;
  const names = isLost ? [] : Object.keys(filters);
  const settled = names.length ? left : ask;
  for (const name of names) values[name] = filters[name];
  const notes = names.length
    ? [`The cloud filtered by ${names.map((name) => `${name}=${toLabel(filters[name]!)}`).join(', ')}.`]
    : [];
  if (!settled.where && !settled.sort.length && !settled.group && readFlag(view.all) !== true)
    return { problems, notes };
  const [page, pagesize] = [values['page'] ?? view.page, values['pagesize'] ?? view.pagesize].map((one) =>
    one === undefined ? undefined : Number(one),
  );
  delete values['page'];
  delete values['pagesize'];
  return { ask: { ...settled, page, pagesize: pagesize === -1 ? undefined : pagesize }, problems, notes };
};

/**
 * Reads a request against the catalog: which tool, are all arguments right? Refuses with its problems at once,
 * before anything is sent.
 */
export const validate = (catalog: Catalog, request: CallRequest, settings: CallSettings): ValidCall => {
  const tool = requireTool(catalog, request.tool);
  const { command } = tool;
  const read = readLeniently(tool, request.args);
  const { values } = read;
  // A job's result is shown in the fields of another command.
  const isFollowed = request.follow === true;
  const shown = readFields(command, request.view.fields ?? read.fields, isFollowed ? 'unknown' : catalog.newerRelease);
  const asked = settleQuery(command, values, request, catalog.newerRelease);
  spellIds(command, values);
  if (!asked.ask) completePaging(command, values, request);
  const encoded = encodeTexts(command, values);
  const { problems: found, notes } = spellValues(command, values, catalog.newerRelease);
  const ofScope = problemWithScope(command, request.view.scope) ?? [];
  const together = checkTogether(command, values, catalog.newerRelease);
  const problems = [
    ofScope,
    shown.problems,
    asked.problems,
    problemWithSchedule(command, values) ?? [],
    findProblems(command, values, settings, new Map([...found, ...read.problems])),
    together.problems,
  ].flat();
  if (problems.length)
    throw new CallError(
      'invalid',
      toSentence(problems.length === 1 ? problems[0]! : `${problems.length} problems: ${listProblems(problems)}`),
      `Nothing was sent.${together.example ? ` For example ${together.example}.` : ''} [[describe-tools ${tool.name}]] shows every parameter.`,
    );
  for (const { name, type } of givenIn(command, values))
    if (type === 'date') values[name] = toCloudStackDate(values[name] as string);
  const view = { ...request.view, fields: shown.fields, ask: asked.ask };
  const runs = describeSchedule(command, values);
  const scheduled = runs === undefined ? [] : [`It runs ${runs}.`];
  return {
    tool,
    params: values as Params,
    request: { ...request, view },
    notes: [...read.notes, ...asked.notes, ...encoded, ...notes, ...together.notes, ...scheduled],
  };
};
