import { spellingKey } from '../catalog/names.ts';
import type { Command, Parameter } from '../catalog/types.ts';
import { loadData } from '../data.ts';
import { isRecord } from '../rows.ts';
import { parseNested } from '../json.ts';

/** A model may hand over a nested value as JSON text. */
const parsed = (value: unknown): unknown => (typeof value === 'string' ? (parseNested(value) ?? value) : value);

const texts = (entry: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(entry)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([key, value]) => [key, typeof value === 'number' || typeof value === 'boolean' ? String(value) : value]),
  );

const isKeyAlone = ({ name }: Parameter): boolean =>
  loadData<{ keyAlone: string[] }>('quirks.json').keyAlone.includes(name);

/** The entries of a map; where nothing would be left of tags, keys alone: deleteTags without any takes all tags away. */
const entriesOf = (parameter: Parameter, map: Record<string, unknown>): Record<string, unknown> => {
  const entries = texts(map);
  if (Object.keys(entries).length || !isKeyAlone(parameter)) return entries;
  return Object.fromEntries(Object.keys(map).map((key) => [key, '']));
};

const asMap = (parameter: Parameter, given: unknown): unknown => {
  const value = parsed(given);
  if (parameter.map?.form === 'rows') {
    const list = Array.isArray(value) ? (value as unknown[]) : [value];
    return list.map((entry) => (isRecord(entry) ? texts(entry) : entry));
  }
  // [{key, value}, …] is how CloudStack's own documents write a map; a key alone is an entry, too, with any value.
  if (Array.isArray(value) && value.every((entry) => isRecord(entry) && 'key' in entry))
    return texts(
      Object.fromEntries(
        (value as Record<string, unknown>[]).map(({ key, value: inner }): [string, unknown] => [
          String(key),
          inner ?? (isKeyAlone(parameter) ? '' : undefined),
        ]),
      ),
    );
  return isRecord(value) ? entriesOf(parameter, value) : value;
};

const asType = (parameter: Parameter, value: unknown): unknown => {
  switch (parameter.type) {
    case 'boolean':
      return typeof value === 'string' ? value.trim().toLowerCase() : value;
    case 'list': {
      const list = parsed(value);
      if (typeof list === 'string') return list.split(',').map((part) => part.trim());
      return Array.isArray(list) ? list : [list];
    }
    case 'map':
      return asMap(parameter, value);
    default:
      return value;
  }
};

/**
 * Accepts the harmless habits of models and people: another spelling of a parameter's name, `"true"` for a boolean,
 * one value for a list, JSON text for a map, null for nothing. What it does not understand it leaves as it is.
 */
export const readLeniently = (command: Command, args: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const exact = new Map(command.params.map((parameter) => [parameter.name, parameter]));
  const bySpelling = new Map(command.params.map((parameter) => [spellingKey(parameter.name), parameter]));
  const given = Object.entries(args).filter(([, value]) => value !== null && value !== undefined);
  // Not by assignment, which would take an argument called __proto__ for a prototype.
  return Object.fromEntries(
    given.map(([name, value]) => {
      const parameter = exact.get(name) ?? bySpelling.get(spellingKey(name));
      return parameter ? [parameter.name, asType(parameter, value)] : [name, value];
    }),
  );
};
