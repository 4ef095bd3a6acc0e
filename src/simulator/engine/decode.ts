import type { Command, Parameter } from '../../catalog/types.ts';
import { parseDate } from '../world/clock.ts';
import { ApiError, badParameter, badValue, unknownId } from '../world/errors.ts';
import type { Fields, Value } from '../world/types.ts';

// Control characters but line feed and carriage return, which user data may hold.
const hasControl = (text: string): boolean => {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if ((code < 32 && code !== 10 && code !== 13) || code === 127) return true;
  }
  return false;
};

/** What may be a host name: RFC 1123 labels. */
const hostName = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

const invalid = (command: Command, name: string, value: string): ApiError =>
  badParameter(
    `Unable to execute API command ${command.name.toLowerCase()} due to invalid value ${value} for parameter ${name}`,
  );

/** Entries of `name[0].field=value`, by index and field; 430 for anything else in brackets. */
const readMap = (name: string, params: ReadonlyMap<string, string>): Record<string, string>[] | undefined => {
  const entries = new Map<number, Record<string, string>>();
  for (const [key, value] of params) {
    if (!key.startsWith(`${name}[`)) continue;
    const match = /^\[(\d+)\]\.([^[\]]+)$/.exec(key.slice(name.length));
    if (!match) throw new ApiError(430, `The parameter ${key} is malformed: expected ${name}[index].field`, 9999);
    const index = Number(match[1]);
    const entry = entries.get(index) ?? {};
    entry[match[2] ?? ''] = value;
    entries.set(index, entry);
  }
  if (entries.size === 0) return undefined;
  return [...entries].sort(([a], [b]) => a - b).map(([, entry]) => entry);
};

const asMap = (parameter: Parameter, entries: Record<string, string>[]): Value => {
  const pairs = entries.every((entry) => Object.keys(entry).every((key) => key === 'key' || key === 'value'));
  const { form, index } = parameter.map ?? {};
  if (form === 'pairs' || (form === 'pairs|flat' && pairs))
    return Object.fromEntries(entries.map((entry) => [entry['key'] ?? '', entry['value']]));
  if (form === 'flat' && index === 0) return { ...entries[0] };
  if (form === 'flat' || form === 'pairs|flat') return Object.assign({}, ...entries) as Fields;
  return entries;
};

const readScalar = (command: Command, parameter: Parameter, text: string): Value => {
  const { name, type } = parameter;
  const trimmed = text.trim();
  switch (type) {
    case 'boolean':
      return trimmed.toLowerCase() === 'true';
    case 'integer':
    case 'long':
    case 'short':
      if (trimmed === '') return undefined;
      if (!/^-?\d{1,19}$/.test(trimmed)) throw invalid(command, name, text);
      return Number(trimmed);
    case 'double':
      if (trimmed === '') return undefined;
      if (Number.isNaN(Number(trimmed))) throw invalid(command, name, text);
      return Number(trimmed);
    case 'date': {
      if (trimmed === '') return undefined;
      if (parseDate(trimmed) === undefined)
        throw badParameter(`Unable to parse date ${text} for command ${command.name}`);
      return trimmed;
    }
    case 'list':
      return text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '');
    case 'uuid':
      if (trimmed === '') throw unknownId(command.name, name, text);
      return trimmed;
    default:
      if (text.length > (parameter.length ?? 255))
        throw badParameter(`Value greater than max allowed length ${parameter.length ?? 255} for param: ${name}`);
      return text;
  }
};

/** The values of a command's parameters, by declared name; unknown parameters are ignored, as CloudStack does. */
export const decodeParams = (command: Command, params: ReadonlyMap<string, string>, root: boolean): Fields => {
  const args: Fields = {};
  for (const parameter of command.params) {
    const { name, required, validations } = parameter;
    if (parameter.admin && !root) continue;
    const entries = parameter.type === 'map' ? readMap(name, params) : undefined;
    const text = params.get(name);
    if (text === undefined && entries === undefined) {
      if (!required) continue;
      throw badParameter(
        `Unable to execute API command ${command.name.toLowerCase()} due to missing parameter ${name}`,
      );
    }
    if (text !== undefined && entries === undefined && parameter.type === 'map' && required)
      throw badParameter(
        `Unable to execute API command ${command.name.toLowerCase()} due to missing parameter ${name}`,
      );
    if (text !== undefined && hasControl(text))
      throw badParameter(
        `Received value ${text} for parameter ${name} is invalid, contains illegal ASCII non-printable characters`,
      );
    if (entries) {
      args[name] = asMap(parameter, entries);
      continue;
    }
    if (text === undefined || parameter.type === 'map') continue;
    if (text.trim() === '' && (required || validations?.includes('NotNullOrEmpty')))
      throw badValue(`Invalid value provided for API arg: ${name}`);
    const value = readScalar(command, parameter, text);
    if (validations?.includes('RFCComplianceDomainName') && typeof value === 'string' && !hostName.test(value))
      throw badParameter(
        `Unable to execute API command ${command.name.toLowerCase()} due to invalid value. Invalid value provided for API arg: ${name} - ${value}`,
      );
    if (validations?.includes('PositiveNumber') && typeof value === 'number' && value <= 0)
      throw badValue(`Invalid value provided for API arg: ${name}`);
    if (value !== undefined) args[name] = value;
  }
  return args;
};
