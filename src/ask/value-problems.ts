import { fieldsOfResponse } from '../catalog/response-fields.ts';
import { spellingKey } from '../catalog/names.ts';
import type { Field } from '../catalog/types.ts';
import { loadData } from '../data.ts';
import { toLabel } from '../text.ts';
import { readDerived } from './derived.ts';
import type { Expression, Operator } from './expression.ts';
import type { Literal } from './literals.ts';

const isWhole = ({ type }: Field): boolean => type === 'long' || type === 'integer';

const isNumber = (type: Field['type']): boolean => ['long', 'integer', 'float', 'double'].includes(type);

/** Fields that hold bytes, as data/cells.json has them. */
const countsBytes = (response: string, field: string): boolean => {
  const { bytes, bytesWhere } = loadData<{
    bytes: Record<string, string[]>;
    bytesWhere: Record<string, { fields: string[] }>;
  }>('cells.json');
  return bytes[response]?.includes(field) === true || bytesWhere[response]?.fields.includes(field) === true;
};

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
      const known = field && fieldsOfResponse(response)?.get(spellingKey(field.name));
      if (!field || !known) return [];
      if (isWhole(known) && !countsBytes(response, field.name) && values.some(({ isSize }) => isSize))
        return [`where: ${field.name} does not count bytes; compare it with a number without a unit`];
      return values.map((value) => problemWithValue(known, expression.by, value)).filter((one) => one !== undefined);
    }
    default:
      return [];
  }
};
