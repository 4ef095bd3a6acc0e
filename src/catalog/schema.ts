import { kindOfParameter, takesName, typeParameterOf } from './kinds.ts';
import { describeRequirement, neededBy, requirementsOf } from './requirements.ts';
import { describeParameter } from './tool.ts';
import type { Command, Parameter } from './types.ts';
import { unitOf } from './units.ts';
import { findValues, listValues, type ValueSet } from './values.ts';

/** The part of JSON Schema 2020-12 that tools use: `type` is one string, arrays have `items`; some hosts insist. */
export interface JsonSchema {
  type?: string;
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  additionalProperties?: boolean | JsonSchema;
  enum?: readonly (string | number)[];
  format?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
}

const text: JsonSchema = { type: 'string' };

/** A schema of one value; `enum` where the set is closed and nothing else is taken. */
const ofValues = (schema: JsonSchema, set: ValueSet | undefined): JsonSchema =>
  set && !set.open && set.upTo === undefined ? { ...schema, enum: set.values } : schema;

const rows = (keys: readonly string[], free: boolean, valuesOf: (key: string) => ValueSet | undefined): JsonSchema => ({
  type: 'array',
  items: {
    type: 'object',
    properties: Object.fromEntries(keys.map((key) => [key, ofValues(text, valuesOf(key))])),
    additionalProperties: free ? text : false,
  },
});

/** What a parameter's value looks like: its schema without the words. */
export const shapeOf = (command: Command, parameter: Parameter): JsonSchema => {
  const set = findValues(command.name, parameter.name);
  switch (parameter.type) {
    case 'boolean':
      return { type: 'boolean' };
    case 'integer':
    case 'long':
    case 'short':
      return parameter.validations?.includes('PositiveNumber') || parameter.name === 'page'
        ? { type: 'integer', minimum: 1 }
        : ofValues({ type: 'integer' }, set);
    case 'double':
      return { type: 'number' };
    case 'list':
      return { type: 'array', items: ofValues(text, set) };
    case 'map':
      return parameter.map?.form === 'rows'
        ? rows(parameter.map.keys ?? [], parameter.map.free ?? false, (key) =>
            findValues(command.name, parameter.name, key),
          )
        : { type: 'object', additionalProperties: text };
    default:
      return set?.list
        ? text
        : ofValues(parameter.length === undefined ? text : { type: 'string', maxLength: parameter.length }, set);
  }
};

/** Values that no `enum` can tell: an open set, several by comma, numbers with what they stand for. */
const describeValues = (set: ValueSet | undefined, isText: boolean): string => {
  if (!set) return '';
  if (set.open) return `such as ${listValues(set)}`;
  if (set.list && isText) return `one or more of ${listValues(set)}, by comma`;
  return set.names || set.upTo !== undefined ? `one of ${listValues(set)}` : '';
};

const describe = (command: Command, parameter: Parameter): string => {
  const words = describeParameter(command.name, parameter.name) ?? '';
  const kind = kindOfParameter(command, parameter);
  const isId = parameter.type === 'uuid' || parameter.of === 'uuid';
  const takes = !isId
    ? parameter.type === 'date'
      ? 'date'
      : typeParameterOf(command, parameter) === undefined
        ? ''
        : 'id or name'
    : takesName(command, parameter)
      ? `${kind!.title} id or name`
      : 'id';
  const values = describeValues(findValues(command.name, parameter.name), parameter.type === 'string');
  const unit = unitOf(command.name, parameter.name);
  const size = unit === undefined || words.includes(unit) ? '' : `in ${unit}`;
  return [words, takes, values, size].filter(Boolean).join(' · ');
};

/** What the parameters need of each other, a sentence; hosts refuse schemas that say it with `anyOf`. What excludes what is left out. */
const describeTogether = (command: Command): string => {
  const needed = requirementsOf(command).filter(
    ({ when, unless, rule, of }) =>
      rule !== 'atMostOne' && (when !== undefined || unless !== undefined || (rule !== 'all' && of.length > 1)),
  );
  const text = needed.map(describeRequirement).join('; ');
  return text && `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
};

/** The JSON Schema of a command's parameters as hosts see it, required ones first. */
export const toInputSchema = (command: Command): JsonSchema => {
  const needed = neededBy(command);
  const required = command.params.filter(({ name }) => needed.has(name));
  const ordered = [...required, ...command.params.filter(({ name }) => !needed.has(name))];
  const together = describeTogether(command);
  return {
    type: 'object',
    ...(together ? { description: together } : {}),
    properties: Object.fromEntries(
      ordered.map((parameter) => {
        const description = describe(command, parameter);
        return [parameter.name, { ...shapeOf(command, parameter), ...(description ? { description } : {}) }];
      }),
    ),
    ...(required.length ? { required: required.map(({ name }) => name) } : {}),
    additionalProperties: false,
  };
};
