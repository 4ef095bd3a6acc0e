import { kindOfParameter, takesName } from './kinds.ts';
import { describeParameter } from './tool.ts';
import type { Command, Parameter } from './types.ts';

/** The part of JSON Schema 2020-12 that tools use: `type` is one string, arrays have `items`; some hosts insist. */
export interface JsonSchema {
  type?: string;
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  additionalProperties?: boolean | JsonSchema;
  format?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
}

const text: JsonSchema = { type: 'string' };

const rows = (keys: readonly string[], free: boolean): JsonSchema => ({
  type: 'array',
  items: {
    type: 'object',
    properties: Object.fromEntries(keys.map((key) => [key, text])),
    additionalProperties: free ? text : false,
  },
});

const shape = (parameter: Parameter): JsonSchema => {
  switch (parameter.type) {
    case 'boolean':
      return { type: 'boolean' };
    case 'integer':
    case 'long':
    case 'short':
      return parameter.validations?.includes('PositiveNumber') || parameter.name === 'page'
        ? { type: 'integer', minimum: 1 }
        : { type: 'integer' };
    case 'double':
      return { type: 'number' };
    case 'list':
      return { type: 'array', items: text };
    case 'map':
      return parameter.map?.form === 'rows'
        ? rows(parameter.map.keys ?? [], parameter.map.free ?? false)
        : { type: 'object', additionalProperties: text };
    default:
      return parameter.length === undefined ? text : { type: 'string', maxLength: parameter.length };
  }
};

const describe = (command: Command, parameter: Parameter): string => {
  const words = describeParameter(command.name, parameter.name) ?? '';
  const kind = kindOfParameter(command, parameter);
  const isId = parameter.type === 'uuid' || parameter.of === 'uuid';
  const takes = !isId
    ? parameter.type === 'date'
      ? 'date'
      : ''
    : takesName(command, parameter)
      ? `${kind!.title} id or name`
      : 'id';
  return [words, takes].filter(Boolean).join(words && takes ? ' · ' : '');
};

/** The JSON Schema of a command's parameters as hosts see it, required ones first. */
export const toInputSchema = (command: Command): JsonSchema => {
  const required = command.params.filter((parameter) => parameter.required);
  const ordered = [...required, ...command.params.filter((parameter) => !parameter.required)];
  return {
    type: 'object',
    properties: Object.fromEntries(
      ordered.map((parameter) => {
        const description = describe(command, parameter);
        return [parameter.name, { ...shape(parameter), ...(description ? { description } : {}) }];
      }),
    ),
    ...(required.length ? { required: required.map(({ name }) => name) } : {}),
    additionalProperties: false,
  };
};
