import type { Command, Parameter } from '../catalog/types.ts';
import { fieldsOfResponse } from '../catalog/response-fields.ts';
import { spellingKey } from '../catalog/names.ts';
import { findValues } from '../catalog/values.ts';
import { isNothing, readFlag, readList } from '../read-values.ts';
import { isSecretName, secretFieldsOf } from '../secrets/names.ts';
import { toLabel } from '../text.ts';
import { baseOf, readDerived } from './derived.ts';
import { ExpressionError, readExpression, renameFields, type Expression } from './expression.ts';
import { problemsWithValues } from './value-problems.ts';

/** What a read was asked over the rows of a list, as a door was given it. */
export interface GivenQuery {
  where?: unknown;
  sort?: unknown;
  group?: unknown;
  all?: unknown;
}

/** A column by which rows are put in their order. */
export interface SortKey {
  field: string;
  descending: boolean;
}

/** A figure over the rows of a group; `name`: its column, such as `sum(size)`. */
export interface Total {
  by: 'sum' | 'avg' | 'min' | 'max';
  field: string;
  name: string;
}

/** Rows are counted by the values of these fields; without any, all together. */
export interface Grouping {
  keys: readonly string[];
  totals: readonly Total[];
}

/** What a read is asked over all rows of a list; every name in it is a field that may be seen. */
export interface Query {
  where?: Expression | undefined;
  sort: readonly SortKey[];
  group?: Grouping | undefined;
  /** The part of what fits that is shown. */
  page?: number | undefined;
  pagesize?: number | undefined;
}

/** What a field's name was read as: the field as CloudStack spells it, or why it cannot be asked. */
export type FoundName = { name: string } | { problem: string };

const maxKeys = 2;
const maxTotals = 6;
const maxSorts = 3;

/** The column that counts the rows of a group. */
export const countColumn = 'count';

/** Why a field may not be asked: its values are masked, so that comparing or sorting would tell them bit by bit. */
const problemWithSecret = (command: Command, field: string): string | undefined =>
  field.split('.').some((part) => isSecretName(part) || secretFieldsOf(command.name).has(part))
    ? `${toLabel(field)} is masked: it cannot be compared, sorted or grouped by`
    : undefined;

const createNames = (command: Command, find: (name: string) => FoundName, problems: string[]) => {
  const known = new Map<string, string>();
  const nameOf = (what: string, given: string): string => {
    const derived = readDerived(given);
    if (derived) return `${derived.by}(${nameOf(what, derived.field)})`;
    const before = known.get(given);
    if (before !== undefined) return before;
    const found = find(given);
    const name = 'name' in found ? found.name : given;
    known.set(given, name);
    const problem = problemWithSecret(command, name) ?? ('problem' in found ? found.problem : undefined);
    if (problem !== undefined) problems.push(`${what}: ${problem}`);
    return name;
  };
  return nameOf;
};

/** Reads an order of rows; what is wrong with it goes into `problems`. */
export const readSort = (given: unknown, nameOf: (name: string) => string, problems: string[]): SortKey[] => {
  const words = readList(given, maxSorts + 1).filter((one) => !isNothing(one));
  if (words.length > maxSorts) problems.push(`sort takes at most ${maxSorts} fields`);
  return words.slice(0, maxSorts).flatMap((word) => {
    const [, sign = '', field, order = ''] =
      /^([-+]?)\s*(\S+?)(?:\s+(asc|desc)(?:ending)?)?$/i.exec(String(word)) ?? [];
    if (field === undefined) {
      problems.push(`sort: "${toLabel(String(word))}" is not a field; write -size or size desc`);
      return [];
    }
    return [{ field: nameOf(field), descending: sign === '-' || order.toLowerCase() === 'desc' }];
  });
};

/** Reads what rows are counted by; what is wrong with it goes into `problems`. */
export const readGroup = (given: unknown, nameOf: (name: string) => string, problems: string[]): Grouping => {
  const words = readList(given, maxKeys + maxTotals + 1).filter((one) => !isNothing(one));
  const keys: string[] = [];
  const totals: Total[] = [];
  for (const word of words) {
    const text = String(word).trim();
    const [, by, inner] = /^(count|sum|avg|min|max)\s*\(([^()]*)\)$/i.exec(text) ?? [];
    // The count is always there.
    if (by?.toLowerCase() === 'count' || text.toLowerCase() === 'count') continue;
    if (by === undefined) keys.push(nameOf(text));
    else {
      const field = nameOf(inner!.trim());
      const figure = by.toLowerCase() as Total['by'];
      totals.push({ by: figure, field, name: `${figure}(${field})` });
    }
  }
  if (keys.length > maxKeys) problems.push(`group takes at most ${maxKeys} fields beside count, sum, avg, min and max`);
  if (totals.length > maxTotals) problems.push(`group takes at most ${maxTotals} of sum, avg, min and max`);
  return { keys: [...new Set(keys)], totals };
};

/** Whether anything was asked over rows. */
export const isAsked = ({ where, sort, group, all }: GivenQuery): boolean =>
  [where, sort, group].some((one) => !isNothing(one)) || readFlag(all) === true;

/**
 * Reads what was asked over the rows of a list command, with all that is wrong with it. `find`: how CloudStack spells a field,
 * or why there is none.
 */
export const readQuery = (
  command: Command,
  given: GivenQuery,
  find: (name: string) => FoundName,
): { ask: Query; problems: string[] } => {
  const problems: string[] = [];
  if (command.result !== 'list') {
    problems.push(`${command.name} shows no list; where, sort, group and all are for lists`);
    return { ask: { sort: [] }, problems };
  }
  const nameOf = createNames(command, find, problems);
  const ask: Query = { sort: [] };
  if (!isNothing(given.where)) {
    try {
      const isField = (word: string): boolean =>
        'name' in find(word) && fieldsOfResponse(command.response) !== undefined;
      const read = readExpression(String(given.where), isField);
      ask.where = renameFields(read, (name) => nameOf('where', name));
      problems.push(...problemsWithValues(command.response, ask.where));
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      problems.push(`where: ${error.message}`);
    }
  }
  if (!isNothing(given.group)) {
    ask.group = readGroup(given.group, (name) => nameOf('group', name), problems);
    const { keys, totals } = ask.group;
    const columns = new Map(
      [...keys, countColumn, ...totals.map(({ name }) => name)].map((one) => [spellingKey(one), one]),
    );
    const columnOf = (name: string): string => {
      const column = columns.get(spellingKey(name));
      if (column === undefined)
        problems.push(`sort: groups have ${[...columns.values()].join(', ')}, and no "${toLabel(name)}"`);
      return column ?? name;
    };
    if (!isNothing(given.sort)) ask.sort = readSort(given.sort, columnOf, problems);
  } else if (!isNothing(given.sort)) ask.sort = readSort(given.sort, (name) => nameOf('sort', name), problems);
  return { ask, problems };
};

/** Parameters that say whose things a list shows: giving one changes more than which rows fit. */
const scopes: ReadonlySet<string> = new Set(['account', 'domainid', 'projectid', 'listall', 'isrecursive']);

/** An equality that the cloud looks for itself. */
interface Filter {
  name: string;
  value: string;
  /** The cloud's filter means exactly the same, so that it need not be looked at again. */
  isExact: boolean;
}

const filterOf = (command: Command, expression: Expression): Filter | undefined => {
  if (expression.type !== 'compare' || expression.by !== '=') return undefined;
  const { left, right } = expression;
  if (left.type !== 'field' || right.type !== 'literal' || right.value.text === '') return undefined;
  const { text } = right.value;
  const parameter = command.params.find(({ name }) => name === left.name);
  if (!parameter || scopes.has(parameter.name) || !isForAll(parameter)) return undefined;
  const { name } = parameter;
  if (parameter.type === 'uuid') return { name, value: text, isExact: true };
  if (parameter.type === 'boolean')
    return /^(?:true|false)$/i.test(text) ? { name, value: text.toLowerCase(), isExact: true } : undefined;
  if (parameter.type !== 'string') return undefined;
  const set = findValues(command.name, name);
  if (!set) return { name, value: text, isExact: false };
  const value = set.values.map(String).find((one) => one.toLowerCase() === text.toLowerCase());
  return value === undefined ? undefined : { name, value, isExact: true };
};

/** CloudStack ignores parameters that an account or a release does not have. */
const isForAll = ({ admin, roles, releases, live }: Parameter): boolean =>
  admin !== true && live !== true && roles === undefined && releases === undefined;

/**
 * What of a question the cloud can look for itself: equalities of fields that are parameters of the command and that `isFree`,
 * with the question that is left. The question is undefined where the cloud answers all of it.
 */
export const splitQuery = (
  command: Command,
  ask: Query,
  isFree: (parameter: string) => boolean,
): { filters: Readonly<Record<string, string>>; left: Query } => {
  const { where } = ask;
  if (!where) return { filters: {}, left: ask };
  const parts = where.type === 'and' ? where.parts : [where];
  const filters: Record<string, string> = {};
  const left = parts.filter((part) => {
    const filter = filterOf(command, part);
    if (!filter || !isFree(filter.name) || filters[filter.name] !== undefined) return true;
    filters[filter.name] = filter.value;
    return !filter.isExact;
  });
  const [only] = left;
  return { filters, left: { ...ask, where: left.length > 1 ? { type: 'and', parts: left } : only } };
};

const fieldsIn = (expression: Expression): readonly string[] => {
  switch (expression.type) {
    case 'literal':
      return [];
    case 'field':
      return [baseOf(expression.name)];
    case 'list':
      return expression.items.flatMap(fieldsIn);
    case 'not':
      return fieldsIn(expression.of);
    case 'and':
    case 'or':
      return expression.parts.flatMap(fieldsIn);
    default:
      return [expression.left, expression.right].flatMap(fieldsIn);
  }
};

/** The fields that a question reads of each row. */
export const fieldsOf = ({ where, sort, group }: Query): readonly string[] => [
  ...(where ? fieldsIn(where) : []),
  ...(group
    ? [...group.keys.map(baseOf), ...group.totals.map(({ field }) => field)]
    : sort.map(({ field }) => baseOf(field))),
];
