import { givenIn, takes } from '../catalog/given.ts';
import { once } from '../catalog/once.ts';
import { neededBy } from '../catalog/requirements.ts';
import { shapeOf, type JsonSchema } from '../catalog/schema.ts';
import type { Command } from '../catalog/types.ts';
import { isRecord } from '../rows.ts';

/** A value that has not the shape its parameter asks for, or a parameter that is missing or not known. */
export interface Mismatch {
  /** Where it is, such as `details[0].key`; of what is missing or not known, the object that lacks or has it. */
  at: string;
  /** The parameter that `at` begins with; empty for the arguments as a whole. */
  parameter: string;
  problem: 'missing' | 'unknown' | 'type' | 'minimum' | 'maxLength';
  /** The parameter or key that is missing or not known. */
  key?: string;
  schema: JsonSchema;
  value: unknown;
}

const isOfType: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  integer: (value) => Number.isInteger(value),
  number: (value) => Number.isFinite(value),
  array: Array.isArray,
  object: isRecord,
};

const toNumber = (value: unknown): unknown => {
  if (typeof value === 'boolean' || value === null) return Number(value);
  return typeof value === 'string' && value !== '' ? Number(value) : value;
};

const toBoolean = (value: unknown): unknown => {
  if (value === 'true' || value === 1) return true;
  return value === 'false' || value === 0 || value === null ? false : value;
};

const toText = (value: unknown): unknown => {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return value === null ? '' : value;
};

/** What stands for a value of another type without doubt. */
const conversions: Readonly<Record<string, (value: unknown) => unknown>> = {
  string: toText,
  boolean: toBoolean,
  integer: toNumber,
  number: toNumber,
};

/** The value as one of the type, where it can be told: of a text, a number or a flag also a list of one. */
const convert = (type: string, value: unknown): { value: unknown; isOf: boolean } => {
  const is = isOfType[type]!;
  if (is(value)) return { value, isOf: true };
  const conversion = conversions[type];
  if (!conversion) {
    const list = type === 'array' && (typeof value !== 'object' || value === null);
    return list ? { value: [value], isOf: true } : { value, isOf: false };
  }
  const one: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  const converted = is(one) ? one : conversion(one);
  return is(converted) ? { value: converted, isOf: true } : { value: one, isOf: false };
};

/** JSON Schema counts characters, JavaScript units of UTF-16, which are never fewer. */
const exceeds = (text: string, maxLength: number): boolean => text.length > maxLength && [...text].length > maxLength;

/** The parameters that every call needs, in the command's order. */
const neededOf = once((command: Command) => command.params.filter(({ name }) => neededBy(command).has(name)));

/**
 * Compares values with what a command's parameters ask for, converting them in place: "5" for a number, one value for a
 * list. Says the same as the JSON Schema that hosts see, but for closed sets, and ends after `max` mismatches.
 */
export const findMismatches = (command: Command, values: Record<string, unknown>, max: number): Mismatch[] => {
  const found: Mismatch[] = [];
  let parameter = '';
  const report = (mismatch: Omit<Mismatch, 'parameter'>): void => {
    if (found.length < max) found.push({ ...mismatch, parameter });
  };
  const readItems = (items: JsonSchema, list: unknown[], at: string): void => {
    for (let index = 0; index < list.length && found.length < max; index++)
      list[index] = read(items, list[index], `${at}[${index}]`);
  };
  const readKeys = (schema: JsonSchema, row: Record<string, unknown>, at: string): void => {
    const { properties = {}, additionalProperties } = schema;
    for (const key of Object.keys(row)) {
      if (found.length >= max) return;
      if (Object.hasOwn(properties, key)) continue;
      if (typeof additionalProperties === 'object') row[key] = read(additionalProperties, row[key], `${at}.${key}`);
      else report({ at, problem: 'unknown', key, schema, value: row });
    }
    for (const [key, one] of Object.entries(properties))
      if (Object.hasOwn(row, key)) row[key] = read(one, row[key], `${at}.${key}`);
  };
  const read = (schema: JsonSchema, given: unknown, at: string): unknown => {
    const { value, isOf } = convert(schema.type!, given);
    if (!isOf) report({ at, problem: 'type', schema, value });
    else if (Array.isArray(value)) readItems(schema.items!, value as unknown[], at);
    else if (isRecord(value)) readKeys(schema, value, at);
    else if (typeof value === 'number' && schema.minimum !== undefined && value < schema.minimum)
      report({ at, problem: 'minimum', schema, value });
    else if (typeof value === 'string' && schema.maxLength !== undefined && exceeds(value, schema.maxLength))
      report({ at, problem: 'maxLength', schema, value });
    return value;
  };
  const needed = neededBy(command);
  for (const { name } of neededOf(command))
    if (values[name] === undefined) report({ at: '', problem: 'missing', key: name, schema: {}, value: values });
  for (const key of Object.keys(values))
    if (!takes(command, key)) report({ at: '', problem: 'unknown', key, schema: {}, value: values });
  const given = givenIn(command, values);
  // In the order in which hosts see them.
  for (const isNeeded of [true, false])
    for (const one of given) {
      const { name } = one;
      if (needed.has(name) !== isNeeded) continue;
      parameter = name;
      values[name] = read(shapeOf(command, one), values[name], name);
    }
  return found;
};
