import type { Command } from '../catalog/types.ts';
import { fieldsOfResponse } from '../catalog/response-fields.ts';
import { spellingKey } from '../catalog/names.ts';
import { isNothing, readFlag, readList } from '../read-values.ts';
import { isSecretName, secretFieldsOf } from '../secrets/names.ts';
import { toLabel } from '../text.ts';
import { baseOf, derivedNames, readDerived } from './derived.ts';
import { convertValues, sizeIn } from './convert.ts';
import {
  comparisons,
  ExpressionError,
  readExpression,
  renameFields,
  type Expression,
  type Operator,
} from './expression.ts';
import { readLiteral, type Literal } from './literals.ts';
import { problemsWithGroups, problemsWithValues } from './value-problems.ts';

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

/** A figure over the rows of a group; `name`: its column, such as `sum(size)`. `distinct` counts the values that differ. */
export interface Total {
  by: 'sum' | 'avg' | 'min' | 'max' | 'distinct';
  field: string;
  name: string;
}

/** Rows are counted by the values of these fields; without any, all together. */
export interface Grouping {
  keys: readonly string[];
  totals: readonly Total[];
  /** Only groups of which all this holds are shown: `count > 5`. */
  having: readonly Having[];
}

/** What a column of a group is compared with. */
export interface Having {
  column: string;
  by: Operator;
  value: Literal;
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
const maxHavings = 3;

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
    const problem = problemWithFunction('sort', String(word).replace(/^\s*[-+]?\s*/, ''), groupNames);
    if (problem !== undefined) {
      problems.push(problem);
      return [];
    }
    const [, sign = '', field, order = ''] =
      /^([-+]?)\s*(\S+?)(?:\s+(asc|desc)(?:ending)?)?$/i.exec(String(word)) ?? [];
    if (field === undefined) {
      problems.push(`sort: "${toLabel(String(word))}" is not a field; write -size or size desc`);
      return [];
    }
    return [{ field: nameOf(field), descending: sign === '-' || order.toLowerCase() === 'desc' }];
  });
};

const figures = 'count|sum|avg|min|max|distinct';
const figure = new RegExp(`^(${figures})\\s*\\(([^()]*)\\)$`, 'i');
const condition = new RegExp(`^(count|(?:${figures})\\s*\\([^()]*\\))\\s*(<>|[<>=!]=|[<>=])(.*)$`, 'is');

/** What has brackets and is none of the functions that there are. */
const problemWithFunction = (what: string, text: string, names: readonly string[]): string | undefined => {
  const [, name] = /^([^()\s]+)\s*\(/.exec(text) ?? [];
  return name === undefined || names.includes(name.toLowerCase())
    ? undefined
    : `${what}: there is no ${toLabel(name)}(); there are ${names.map((one) => `${one}()`).join(', ')}`;
};

const groupNames = [...derivedNames, ...figures.split('|').filter((one) => !derivedNames.includes(one))];

/** Reads what rows are counted by; what is wrong with it goes into `problems`. `convert`: a value as the field has it. */
export const readGroup = (
  given: unknown,
  nameOf: (name: string) => string,
  problems: string[],
  convert: (field: string, value: Literal) => Literal = (_field, value) => value,
): Grouping => {
  const words = readList(given, maxKeys + maxTotals + maxHavings + 1).filter((one) => !isNothing(one));
  const keys: string[] = [];
  const totals: Total[] = [];
  const having: Having[] = [];
  /** The column of a figure, which is shown from now on; that of the count always is. */
  const columnOf = (by: string, inner: string): { column: string; field?: string } => {
    if (by === 'count') return { column: countColumn };
    const field = nameOf(inner.trim());
    const name = `${by}(${field})`;
    if (totals.every((total) => total.name !== name)) totals.push({ by: by as Total['by'], field, name });
    return { column: name, field };
  };
  for (const word of words) {
    const text = String(word).trim();
    const [, compared = text, mark, limit = ''] = condition.exec(text) ?? [];
    const [, by, inner = ''] = figure.exec(compared.trim()) ?? (/^count$/i.test(compared.trim()) ? ['', 'count'] : []);
    if (by === undefined) {
      const problem = problemWithFunction('group', text, groupNames);
      if (problem === undefined) keys.push(nameOf(text));
      else problems.push(problem);
      continue;
    }
    const { column, field } = columnOf(by.toLowerCase(), inner);
    if (mark === undefined) continue;
    const read = readLiteral(limit.trim().replace(/^(["'])(.*)\1$/s, '$2'));
    const value = field === undefined || by.toLowerCase() === 'distinct' ? read : convert(field, read);
    if (value.number === undefined && value.time === undefined)
      problems.push(`group: compare ${column} with a number or a date, not "${toLabel(value.text)}"`);
    having.push({ column, by: comparisons[mark]!, value });
  }
  if (keys.length > maxKeys)
    problems.push(`group takes at most ${maxKeys} fields beside ${figures.replaceAll('|', ', ')}`);
  if (totals.length > maxTotals) problems.push(`group takes at most ${maxTotals} of sum, avg, min, max and distinct`);
  if (having.length > maxHavings) problems.push(`group takes at most ${maxHavings} conditions such as count > 5`);
  return { keys: [...new Set(keys)], totals, having };
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
      const named = renameFields(read, (name) => nameOf('where', name));
      problems.push(...problemsWithValues(command.response, named));
      ask.where = convertValues(command.response, named);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      problems.push(`where: ${error.message}`);
    }
  }
  if (!isNothing(given.group)) {
    ask.group = readGroup(
      given.group,
      (name) => nameOf('group', name),
      problems,
      (field, value) => sizeIn(command.response, field, value),
    );
    const { keys, totals } = ask.group;
    problems.push(...problemsWithGroups(command.response, ask.group));
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
