import { findKind } from '../catalog/kinds.ts';
import { spellingKey } from '../catalog/names.ts';
import { fieldsOfResponse } from '../catalog/response-fields.ts';
import { shapeOf, type JsonSchema } from '../catalog/schema.ts';
import { neededBy } from '../catalog/requirements.ts';
import type { Tool } from '../catalog/tool.ts';

/** Values that are written out one by one. */
const maxValues = 12;

/** A schema as a type of TypeScript. */
const typeOf = ({ type, enum: values, items, properties, additionalProperties }: JsonSchema): string => {
  if (values && values.length <= maxValues) return values.map((value) => JSON.stringify(value)).join(' | ');
  if (type === 'integer' || type === 'number') return 'number';
  if (type === 'boolean') return 'boolean';
  if (type === 'array') return `Array<${typeOf(items ?? {})}>`;
  if (type !== 'object') return 'string';
  const fields = Object.entries(properties ?? {}).map(([name, schema]) => `${name}?: ${typeOf(schema)}`);
  return fields.length && !additionalProperties ? `{ ${fields.join('; ')} }` : 'Record<string, string>';
};

const fieldTypes: Readonly<Record<string, string>> = { boolean: 'boolean', integer: 'number', long: 'number' };

/** What a command gives to a script: the fields of its kind's table, which are those that are used; others may be there too. */
const answerOf = ({ command }: Tool): string => {
  const { response } = command;
  const fields = fieldsOfResponse(response);
  const columns = (findKind(response)?.columns ?? []).map((column) => column.replace(/[.?].*/, ''));
  const shown = [...new Set(columns)].map((name) => {
    const type = fields?.get(spellingKey(name))?.type ?? '';
    return `${name}?: ${fieldTypes[type] ?? (type === 'string' ? 'string' : 'any')}`;
  });
  const row = `{ ${[...shown, '[field: string]: any'].join('; ')} }`;
  return command.result === 'list' ? `Array<${row}>` : row;
};

/** A command as `run-script` has it: the type of its arguments, of those that are shown, and of what it gives. */
export const signatureOf = (tool: Tool, shown: ReadonlySet<string>): string => {
  const needed = neededBy(tool.command);
  const fields = tool.command.params
    .filter(({ name }) => shown.has(name))
    .map((parameter) => {
      const mark = needed.has(parameter.name) ? '' : '?';
      return `${parameter.name}${mark}: ${typeOf(shapeOf(tool.command, parameter))}`;
    });
  return `cloudstack.${tool.command.name}(arguments${needed.size ? '' : '?'}: { ${fields.join('; ')} }): Promise<${answerOf(tool)}>`;
};
