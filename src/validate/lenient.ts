import { spellingKey } from '../catalog/names.ts';
import type { Tool } from '../catalog/tool.ts';
import type { Command, Parameter } from '../catalog/types.ts';
import { loadData } from '../data.ts';
import { isExcessiveJson } from '../json.ts';
import { limits } from '../limits.ts';
import { isNothing, joinNames, readFlag, readList, readMap, readRows } from '../read-values.ts';
import { isRecord } from '../rows.ts';
import { toLabel } from '../text.ts';
import { takeFields } from './fields.ts';

/** Arguments as they were meant. */
export interface ReadArguments {
  values: Record<string, unknown>;
  /** The fields to show, where they were asked for among the arguments. */
  fields: unknown;
  /** What cannot be told, by parameter. */
  problems: Map<string, string>;
  /** What was left out, a sentence each. */
  notes: string[];
}

const toText = (value: unknown): unknown =>
  typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;

const toTexts = (entries: readonly (readonly [string, unknown])[]): Record<string, unknown> =>
  Object.fromEntries(entries.flatMap(([key, value]) => (isGiven(value) ? [[key, toText(value)] as const] : [])));

const isGiven = (value: unknown): boolean => value !== null && value !== undefined;

const isKeyAlone = ({ name }: Parameter): boolean =>
  loadData<{ keyAlone: string[] }>('quirks.json').keyAlone.includes(name);

/** Entries of a map; where nothing would be left of tags, keys alone: deleteTags without any takes all tags away. */
const toMap = (parameter: Parameter, entries: readonly [string, unknown][]): Record<string, unknown> => {
  const map = toTexts(entries);
  if (Object.keys(map).length || !isKeyAlone(parameter)) return map;
  return Object.fromEntries(entries.map(([key]) => [key, '']));
};

/** How a map is written, for a message. */
export const exampleOf = ({ name, map }: Parameter): string =>
  map?.form === 'rows'
    ? `"${name}":[{${(map.keys ?? ['key'])
        .slice(0, 2)
        .map((key) => `"${key}":"…"`)
        .join(',')}}]`
    : `"${name}":{"foo":"bar"}`;

const readAsMap = (parameter: Parameter, given: unknown): { value: unknown } | { problem: string } => {
  if (parameter.map?.form === 'rows')
    return { value: readRows(given).map((row) => (isRecord(row) ? toTexts(Object.entries(row)) : row)) };
  const reading = readMap(given);
  if (!reading) return { value: given };
  if ('ambiguous' in reading)
    return { problem: `${parameter.name} ${toLabel(reading.ambiguous)}; write ${exampleOf(parameter)}` };
  const { entries } = reading;
  // Keys alone stand for any value, where a list names them.
  const named = entries.map(([key, value]): [string, unknown] => [
    key,
    isGiven(value) || !isKeyAlone(parameter) || isRecord(given) ? value : '',
  ]);
  return { value: toMap(parameter, named) };
};

const largeNumbers = (value: unknown): boolean =>
  typeof value === 'number'
    ? Number.isInteger(value) && !Number.isSafeInteger(value)
    : typeof value === 'object' && value !== null && Object.values(value).some(largeNumbers);

const readValue = (parameter: Parameter, value: unknown): { value: unknown } | { problem: string } => {
  if (parameter.type !== 'double' && largeNumbers(value))
    return {
      problem: `${parameter.name} has a number beyond 2^53, whose last digits were lost on the way; give it as text, such as "9007199254740993"`,
    };
  if ((parameter.type === 'list' || parameter.type === 'map') && typeof value === 'string' && isExcessiveJson(value))
    return {
      problem: `${parameter.name} has more than ${limits.values} values, or nests deeper than ${limits.argumentDepth} levels; make several calls`,
    };
  switch (parameter.type) {
    case 'boolean':
      return { value: readFlag(value) };
    case 'list':
      return { value: readList(value) };
    case 'map':
      return readAsMap(parameter, value);
    default:
      return { value };
  }
};

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.every((one) => isNothing(one));

/** An empty id is no "all of them": a script's variable may have been empty. */
const isId = ({ type, of }: Parameter): boolean => type === 'uuid' || of === 'uuid';

/**
 * Whether a read goes without it: hosts fill in what is optional with empty texts, and CloudStack would look for things
 * that are called nothing. In a change an empty text may be the new value.
 */
const isLeftOut = ({ risk }: Tool, parameter: Parameter, value: unknown): boolean =>
  risk.risk === 'read' &&
  !parameter.required &&
  (isId(parameter) ? isEmptyArray(value) : isNothing(value) || isEmptyList(value));

const isEmptyArray = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

type FindParameter = (name: string) => Parameter | undefined;
const finders = new WeakMap<Command, FindParameter>();

const findParameter = (command: Command): FindParameter => {
  const known = finders.get(command);
  if (known) return known;
  const exact = new Map(command.params.map((parameter) => [parameter.name, parameter]));
  const bySpelling = new Map(command.params.map((parameter) => [spellingKey(parameter.name), parameter]));
  const find: FindParameter = (name) => exact.get(name) ?? bySpelling.get(spellingKey(name));
  finders.set(command, find);
  return find;
};

/**
 * Accepts the harmless habits of models and people: another spelling of a parameter's name, names that reach into a value
 * (`details[0].cpuNumber`), `"true"` for a boolean, one value for a list, a map in any form, JSON text, null for nothing.
 * What it does not understand it leaves as it is.
 */
export const readLeniently = (tool: Tool, args: Readonly<Record<string, unknown>>): ReadArguments => {
  const find = findParameter(tool.command);
  const problems = new Map<string, string>();
  const notes: string[] = [];
  const given = Object.fromEntries(Object.entries(args).filter(([, value]) => isGiven(value)));
  const fields = takeFields(tool.command, given);
  const joined = joinNames(given, (name) => find(name) !== undefined);
  const values = Object.entries(joined).flatMap(([name, value]): [string, unknown][] => {
    const parameter = find(name);
    if (!parameter) return [[name, value]];
    if (isLeftOut(tool, parameter, value)) {
      notes.push(`${parameter.name} was empty and was left out.`);
      return [];
    }
    const reading = readValue(parameter, value);
    if ('problem' in reading) problems.set(parameter.name, reading.problem);
    return [[parameter.name, 'problem' in reading ? value : reading.value]];
  });
  // Not by assignment, which would take an argument called __proto__ for a prototype.
  return { values: Object.fromEntries(values), fields, problems, notes };
};
