import { isRecord, type Row } from '../rows.ts';
import { derive, readDerived } from './derived.ts';
import type { Operator, Expression } from './expression.ts';
import { readFigure, readTime, type Literal } from './literals.ts';

/** Values below a list of a row that are looked at: no list of CloudStack has as many. */
const maxValues = 1000;

const toScalar = (value: object): string => {
  const { key, value: inner } = value as { key?: unknown; value?: unknown };
  // A tag, a detail.
  return typeof key === 'string' && inner !== undefined ? `${key}=${String(inner)}` : JSON.stringify(value);
};

const collect = (value: unknown, path: readonly string[], at: number, into: unknown[]): void => {
  if (into.length >= maxValues || value === undefined || value === null || value === '') return;
  if (Array.isArray(value)) {
    for (const one of value) collect(one, path, at, into);
    return;
  }
  if (at === path.length) {
    into.push(typeof value === 'object' ? toScalar(value) : value);
    return;
  }
  if (!isRecord(value)) return;
  const { key, value: tagged } = value;
  // A tag is asked for by its key.
  if (typeof key === 'string' && !Object.hasOwn(value, path[at]!)) {
    if (key === path.slice(at).join('.')) collect(tagged, path, path.length, into);
    return;
  }
  if (Object.hasOwn(value, path[at]!)) collect(value[path[at]!], path, at + 1, into);
  // The names in a map may have dots of their own.
  if (at < path.length - 1) collect(value[path.slice(at).join('.')], path, path.length, into);
};

/** Where the values of a name are, and what is made of them. */
interface Way {
  path: readonly string[];
  by: string | undefined;
}

const ways = new Map<string, Way>();

const wayOf = (name: string): Way => {
  let way = ways.get(name);
  if (!way) {
    if (ways.size >= 1000) ways.clear();
    const derived = readDerived(name);
    ways.set(name, (way = { path: (derived?.field ?? name).split('.'), by: derived?.by }));
  }
  return way;
};

/**
 * The values of a field: one, none where it is missing or empty, several through a list; a dot reaches into an object, and to a tag
 * by its key. Of `day(created)` and the like, what is made of them.
 */
export const valuesOf = (row: Row, name: string): readonly unknown[] => {
  const { path, by } = wayOf(name);
  const values: unknown[] = [];
  collect(row, path, 0, values);
  return by === undefined ? values : derive(by, values);
};

/** A value as it is compared. A field's number or time is read only where the other side has one. */
const toOperand = (value: unknown): Literal => {
  if (typeof value === 'number') return { text: String(value), number: value };
  return { text: String(value) };
};

const operandsOf = (expression: Expression, row: Row): readonly Literal[] => {
  switch (expression.type) {
    case 'literal':
      return expression.value.text === '' ? [] : [expression.value];
    case 'list':
      return expression.items.flatMap((item) => operandsOf(item, row));
    case 'field':
      return valuesOf(row, expression.name).map(toOperand);
    case 'calculate': {
      const result = calculate(expression, row);
      return result === undefined ? [] : [{ text: String(result), number: result }];
    }
    default:
      return [{ text: String(holds(expression, row)) }];
  }
};

const numberOf = ({ number, text }: Literal): number | undefined => number ?? readFigure(text);

/** The number of one side of a calculation; undefined where there is none, such as in `Unlimited`. */
const amountOf = (expression: Expression, row: Row): number | undefined => {
  const [only, ...others] = operandsOf(expression, row);
  if (!only || others.length) return undefined;
  const number = numberOf(only);
  return number !== undefined && only.isPercent ? number / 100 : number;
};

const calculate = ({ by, left, right }: Extract<Expression, { type: 'calculate' }>, row: Row): number | undefined => {
  const [a, b] = [amountOf(left, row), amountOf(right, row)];
  if (a === undefined || b === undefined) return undefined;
  const result = by === '+' ? a + b : by === '-' ? a - b : by === '*' ? a * b : a / b;
  return Number.isFinite(result) ? result : undefined;
};

/** Negative where `a` comes before `b`; undefined where they cannot be put in an order. */
export const compareValues = (a: Literal, b: Literal): number | undefined => {
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined) return x - y;
  const [s, t] = [a.time ?? readTime(a.text), b.time ?? readTime(b.text)];
  if (s !== undefined && t !== undefined) return s - t;
  // A number and a word, such as a limit that is Unlimited, have no order.
  if ((x ?? s) !== undefined || (y ?? t) !== undefined) return undefined;
  return a.text.toLowerCase().localeCompare(b.text.toLowerCase(), 'en', { numeric: true });
};

/** What two equal values have in common: numbers as such, texts in any letter case and without blanks around them. */
export const keyOf = (operand: Literal): string => {
  const number = numberOf(operand);
  // CloudStack's database takes no notice of blanks at the end, and none of its names begins with one.
  return number === undefined ? operand.text.trim().toLowerCase() : String(number);
};

const equals = (left: readonly Literal[], right: readonly Literal[]): boolean => {
  if (!left.length || !right.length) return left.length === right.length;
  const keys = new Set(right.map(keyOf));
  return left.some((one) => keys.has(keyOf(one)));
};

const contains = (left: readonly Literal[], right: readonly Literal[]): boolean => {
  const [part] = right;
  if (!part) return false;
  const wanted = part.text.toLowerCase();
  return left.some(({ text }) => text.toLowerCase().includes(wanted));
};

/** The first or the last of some values in their order: of several, one that fits is enough. */
const extreme = (operands: readonly Literal[], sign: 1 | -1): Literal | undefined => {
  let best: Literal | undefined;
  for (const one of operands) if (!best || sign * (compareValues(one, best) ?? 0) > 0) best = one;
  return best;
};

const ordered = (by: '<' | '<=' | '>' | '>=', left: readonly Literal[], right: readonly Literal[]): boolean => {
  const isLess = by.startsWith('<');
  const [a, b] = [extreme(left, isLess ? -1 : 1), extreme(right, isLess ? 1 : -1)];
  const order = a && b ? compareValues(a, b) : undefined;
  if (order === undefined) return false;
  return order === 0 ? by.endsWith('=') : order < 0 === isLess;
};

const compare = (by: Operator, left: readonly Literal[], right: readonly Literal[]): boolean => {
  switch (by) {
    case '=':
      return equals(left, right);
    case 'in':
      return left.length > 0 && equals(left, right);
    case '!=':
      return !equals(left, right);
    case 'contains':
      return contains(left, right);
    default:
      return ordered(by, left, right);
  }
};

/** Whether a value compares so with another. */
export const compares = (value: Literal, by: Operator, other: Literal): boolean => compare(by, [value], [other]);

/** Whether an expression holds for a row. A field with several values fits where one of them does; a missing one is null. */
export const holds = (expression: Expression, row: Row): boolean => {
  switch (expression.type) {
    case 'and':
      return expression.parts.every((part) => holds(part, row));
    case 'or':
      return expression.parts.some((part) => holds(part, row));
    case 'not':
      return !holds(expression.of, row);
    case 'compare':
      return compare(expression.by, operandsOf(expression.left, row), operandsOf(expression.right, row));
    default:
      return operandsOf(expression, row).some(({ text }) => text.toLowerCase() !== 'false');
  }
};
