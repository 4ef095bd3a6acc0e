import { loadData } from '../data.ts';
import { derive, readDerived } from './derived.ts';
import type { Expression } from './expression.ts';
import type { Literal } from './literals.ts';

/** data/cells.json: by response type the fields that count bytes; by unit and response type those that count larger ones. */
interface SizedFields {
  bytes: Readonly<Record<string, readonly string[]>>;
  bytesWhere: Readonly<Record<string, { fields: readonly string[] }>>;
  units: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

const bytesIn: Readonly<Record<string, number>> = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** How many bytes one of a field is: 1 where it counts bytes; undefined where it is no size. */
export const bytesOf = (response: string, field: string): number | undefined => {
  const { bytes, bytesWhere, units } = loadData<SizedFields>('cells.json');
  const has = (names: readonly string[] | undefined): boolean => names?.includes(field) === true;
  if (has(bytes[response]) || has(bytesWhere[response]?.fields)) return 1;
  const unit = Object.keys(units).find((one) => has(units[one]![response]));
  return unit === undefined ? undefined : bytesIn[unit];
};

/** A size as a number of what a field counts; another value as it is. */
export const sizeIn = (response: string, field: string, value: Literal): Literal => {
  const bytes = bytesOf(response, field);
  return value.isSize && value.number !== undefined && bytes !== undefined
    ? { ...value, number: value.number / bytes }
    : value;
};

/** A moment before now as the part of a date that it lies in. */
const partIn = (by: string, value: Literal): Literal => {
  const [text] = value.time !== undefined && isAgo(value) ? derive(by, [new Date(value.time).toISOString()]) : [];
  return typeof text === 'string' ? { text } : value;
};

/** Whether a value is a time before now, such as "30 days ago". */
export const isAgo = ({ text, time }: Literal): boolean => time !== undefined && /\sago\s*$/i.test(text);

const eachLiteral = (side: Expression, change: (value: Literal) => Literal): Expression => {
  if (side.type === 'list') return { ...side, items: side.items.map((item) => eachLiteral(item, change)) };
  return side.type === 'literal' ? { ...side, value: change(side.value) } : side;
};

const hasSize = (side: Expression): boolean => {
  if (side.type === 'list') return side.items.some(hasSize);
  if (side.type === 'calculate') return hasSize(side.left) || hasSize(side.right);
  return side.type === 'literal' && side.value.isSize === true;
};

/** A calculation with every size in bytes. */
const inBytes = (response: string, side: Expression): Expression => {
  if (side.type === 'calculate')
    return { ...side, left: inBytes(response, side.left), right: inBytes(response, side.right) };
  const bytes = side.type === 'field' ? bytesOf(response, side.name) : undefined;
  return bytes === undefined || bytes === 1
    ? side
    : {
        type: 'calculate',
        by: '*',
        left: side,
        right: { type: 'literal', value: { text: String(bytes), number: bytes } },
      };
};

/** The same expression with values as the fields have them: 4 GiB are 4096 where a field counts MiB, "40 days ago" is a month. */
export const convertValues = (response: string, expression: Expression): Expression => {
  switch (expression.type) {
    case 'not':
      return { ...expression, of: convertValues(response, expression.of) };
    case 'and':
    case 'or':
      return { ...expression, parts: expression.parts.map((part) => convertValues(response, part)) };
    case 'compare': {
      const { left, right } = expression;
      const sides = [left, right];
      if (sides.some(({ type }) => type === 'calculate'))
        return sides.some(hasSize)
          ? { ...expression, left: inBytes(response, left), right: inBytes(response, right) }
          : expression;
      const field = sides.find((side) => side.type === 'field');
      if (!field) return expression;
      const derived = readDerived(field.name);
      const change = (value: Literal): Literal =>
        derived ? partIn(derived.by, value) : sizeIn(response, field.name, value);
      return { ...expression, left: eachLiteral(left, change), right: eachLiteral(right, change) };
    }
    default:
      return expression;
  }
};
