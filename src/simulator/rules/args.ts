import { badParameter, badValue } from '../world/errors.ts';
import type { Fields, Resource, Value } from '../world/types.ts';
import type { Call } from './call.ts';

/** A parameter's text; undefined when not given. */
export const textArg = ({ args }: Call, name: string): string | undefined => {
  const value = args[name];
  return value === undefined || value === null || typeof value === 'object' ? undefined : String(value);
};

/** A parameter's number; undefined when not given. */
export const numberArg = ({ args }: Call, name: string): number | undefined => {
  const value = args[name];
  return typeof value === 'number' ? value : undefined;
};

/** A boolean parameter; false when not given. */
export const flagArg = ({ args }: Call, name: string): boolean => args[name] === true;

/** A list parameter's elements; empty when not given. */
export const listArg = ({ args }: Call, name: string): string[] => {
  const value = args[name];
  return Array.isArray(value) ? value.map(String) : [];
};

/** A map parameter as field and value; empty when not given. */
export const mapArg = ({ args }: Call, name: string): Fields => {
  const value = args[name];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
};

/** Tags that are to be made; a key needs a value (TaggedResources.parseKeyValueMap). */
export const tagsArg = (call: Call): [key: string, value: Value][] => {
  const tags = Object.entries(mapArg(call, 'tags'));
  const [without] = tags.filter(([, value]) => value === undefined);
  if (without) throw badValue(`No value is passed in for key ${without[0]}`);
  return tags;
};

/** A map parameter's entries, each with its fields as text; empty when not given. */
export const entriesArg = ({ args }: Call, name: string): Record<string, string>[] => {
  const value = args[name];
  return Array.isArray(value) ? value.map((entry: Value) => entry as Record<string, string>) : [];
};

/** The resource that an id parameter names; undefined when not given. */
export const rowArg = ({ rows }: Call, name: string): Resource | undefined => rows.get(name)?.[0];

/** The resources that a list of ids names. */
export const rowsArg = ({ rows }: Call, name: string): Resource[] => rows.get(name) ?? [];

/** The resource that an id parameter names; 431 when there is none, also where the declaration calls it optional. */
export const needRow = (call: Call, name: string): Resource => {
  const row = rowArg(call, name);
  if (!row)
    throw badParameter(
      `Unable to execute API command ${call.command.name.toLowerCase()} due to missing parameter ${name}`,
    );
  return row;
};

/** A stored field as text; empty when absent. */
export const text = (row: Resource | undefined, name: string): string => String(row?.fields[name] ?? '');

/** A row's state. */
export const stateOf = (row: Resource): string => text(row, 'state');
