import { fieldsOfResponse } from '../catalog/response-fields.ts';
import { spellingKey } from '../catalog/names.ts';
import type { Field } from '../catalog/types.ts';
import { toLabel } from '../text.ts';
import { problemWithPart, readDerived } from './derived.ts';
import type { Expression, Operator } from './expression.ts';
import type { Literal } from './literals.ts';
import { bytesOf, isAgo } from './convert.ts';

const isWhole = ({ type }: Field): boolean => type === 'long' || type === 'integer';

const isNumber = (type: Field['type']): boolean => ['long', 'integer', 'float', 'double'].includes(type);

/** Why a field cannot be compared with a value: numbers go with numbers only, dates with dates, yes and no with themselves. */
const problemWithValue = (
  { type, name }: Pick<Field, 'type' | 'name'>,
  by: Operator,
  { text, number, time }: Literal,
): string | undefined => {
  if (text === '' || by === 'contains') return undefined;
  if (type === 'date' && time === undefined)
    return `where: ${name} is a date; compare it with one, such as 2026-01-31 or "30 days ago", not "${toLabel(text)}"`;
  if (type === 'date' && !/^[<>]/.test(by) && text.trim().length <= 10)
    return `where: ${name} has a time of day; write day(${name}) ${by} ${toLabel(text)}`;
  if (isNumber(type) && number === undefined)
    return `where: ${name} is a number; compare it with a number, not "${toLabel(text)}"`;
  if (type === 'boolean' && !/^(?:true|false)$/i.test(text))
    return `where: ${name} is true or false, not "${toLabel(text)}"`;
  return undefined;
};

const literalsOf = (expression: Expression): readonly Literal[] => {
  if (expression.type === 'list') return expression.items.flatMap(literalsOf);
  return expression.type === 'literal' ? [expression.value] : [];
};

/** What is a number, whatever the field: a calculation, a count. */
const isFigure = (side: Expression): boolean =>
  side.type === 'calculate' || (side.type === 'field' && readDerived(side.name)?.by === 'count');

/** A part of a date that no date has, such as 30 February. A moment before now stands for the part that it lies in. */
const problemsWithParts = (name: string, by: string, values: readonly Literal[]): string[] =>
  values.flatMap((value) => {
    const problem = value.text === '' || isAgo(value) ? undefined : problemWithPart(by, value.text);
    return problem === undefined ? [] : [`where: ${name} ${problem}, not "${toLabel(value.text)}"`];
  });

/** Why values cannot be compared with a field: a size with one that counts no bytes, a word with a number, a date, a yes or no. */
export const problemsWithValues = (response: string, expression: Expression): string[] => {
  switch (expression.type) {
    case 'not':
      return problemsWithValues(response, expression.of);
    case 'and':
    case 'or':
      return expression.parts.flatMap((part) => problemsWithValues(response, part));
    case 'compare': {
      const sides = [expression.left, expression.right];
      const values = sides.flatMap(literalsOf);
      if (sides.some(isFigure))
        return values.flatMap(
          (value) => problemWithValue({ type: 'long', name: 'the figure' }, expression.by, value) ?? [],
        );
      const field = sides.find((side) => side.type === 'field');
      const part = field && readDerived(field.name);
      if (part && expression.by !== 'contains') return problemsWithParts(field.name, part.by, values);
      const known = field && fieldsOfResponse(response)?.get(spellingKey(field.name));
      if (!field || !known) return [];
      if (isWhole(known) && bytesOf(response, known.name) === undefined && values.some(({ isSize }) => isSize))
        return [`where: ${field.name} is not a size; compare it with a number without a unit`];
      return values.map((value) => problemWithValue(known, expression.by, value)).filter((one) => one !== undefined);
    }
    default:
      return [];
  }
};

/** Why rows cannot be counted by a date, as each moment would be a group of its own, or a figure cannot be made of a field. */
export const problemsWithGroups = (
  response: string,
  { keys, totals }: { keys: readonly string[]; totals: readonly { by: string; field: string }[] },
): string[] => {
  const fields = fieldsOfResponse(response);
  const typeOf = (name: string): Field['type'] | undefined => fields?.get(spellingKey(name))?.type;
  return [
    ...keys
      .filter((key) => typeOf(key) === 'date')
      .map((key) => `group: ${key} has a time of day; write day(${key}), week(${key}) or month(${key})`),
    ...totals
      .filter(({ by, field }) => (by === 'sum' || by === 'avg') && ['date', 'boolean'].includes(typeOf(field) ?? ''))
      .map(({ by, field }) => `group: ${field} is not a number, and has no ${by}; min, max and distinct work`),
  ];
};
