import type { LiveApi, LiveField } from './live.ts';
import { extend } from './releases.ts';
import type { Command, CommandsFile, Field, ResponseType } from './types.ts';

/** What `listApis` tells of a command's answer. */
export type LiveResponse = Pick<Command, 'response' | 'result' | 'key'>;

/** The response of a command of whose answer `listApis` says nothing. */
export const unknownResponse = 'Unknown';

interface NamedField extends LiveField {
  name: string;
}

// Every type has them, so data/responses.json leaves them out but where an answer is about a job.
const inEveryType = new Set(['jobid', 'jobstatus']);

const namedOf = (fields: readonly LiveField[] = []): NamedField[] =>
  fields.filter((field): field is NamedField => !!field.name);

const fieldsOf = (fields?: readonly LiveField[]): NamedField[] =>
  namedOf(fields).filter(({ name }) => !inEveryType.has(name));

/** Equal for commands that answer with the same type: `listApis` names the fields of a type, but not the type. */
const shapeOf = (fields: readonly LiveField[] | undefined): string =>
  fieldsOf(fields)
    .map(({ name }) => name)
    .sort()
    .join();

const capitalize = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

/** `listDnsZones` → `DnsZone`. */
const nounOf = (command: string): string =>
  command
    .replace(/^[a-z]+/, '')
    .replace(/ies$/, 'y')
    .replace(/(ss|x)es$/, '$1')
    .replace(/(?<!s)s$/, '');

const plainTypes = new Set(['string', 'boolean', 'integer', 'long', 'float', 'double', 'date', 'map']);

/** Types by name, found and made by the shape of their fields. */
const createTypes = (known: readonly ResponseType[]) => {
  const types = new Map(known.map(({ name, fields }) => [name, { name, fields: [...fields] }]));
  const namesByShape = new Map<string, Set<string>>();

  /** Records which shape a type has in this release, and those within it. */
  const recordShape = (fields: readonly LiveField[] | undefined, name: string): void => {
    const shape = shapeOf(fields);
    const names = namesByShape.get(shape) ?? new Set();
    if (shape === '') return;
    namesByShape.set(shape, names.add(name));
    for (const { name: inner, response } of fieldsOf(fields)) {
      const ref = types.get(name)?.fields.find((field) => field.name === inner)?.ref;
      if (ref !== undefined) recordShape(response, ref);
    }
  };

  /** The one type of this shape; where there is none, or several look alike, a new one. */
  const typeOf = (fields: readonly LiveField[] | undefined, suggested: string): string => {
    const shape = shapeOf(fields);
    const [name, ...others] = namesByShape.get(shape) ?? [];
    if (name !== undefined && others.length === 0) return name;
    namesByShape.set(shape, new Set([suggested]));
    types.set(suggested, { name: suggested, fields: fieldsOf(fields).map((field) => toField(field, suggested)) });
    return suggested;
  };

  const toField = ({ name, type = 'string', response }: NamedField, parent: string): Field => {
    const list = type === 'list' || type === 'set' ? ({ list: true } as const) : {};
    if (shapeOf(response) !== '')
      return { name, type: 'object', ...list, ref: typeOf(response, `${parent}${capitalize(name)}`) };
    // What is no plain type is an enumeration, which is written as a string.
    return { name, type: plainTypes.has(type) ? (type as Field['type']) : 'string', ...list };
  };

  return { types, recordShape, typeOf, toField };
};

/** Adds the fields that a release brings to a type, and the release to those that not all have. */
const addFields = (
  type: ResponseType,
  fields: readonly NamedField[],
  toField: (field: NamedField, parent: string) => Field,
  release: string,
  axis: readonly string[],
): void => {
  for (const field of fields) {
    const at = type.fields.findIndex(({ name }) => name === field.name);
    const known = type.fields[at];
    if (!known && inEveryType.has(field.name)) continue;
    if (!known) type.fields.push({ ...toField(field, type.name), releases: `${release}-${release}` });
    else if (known.releases) type.fields[at] = { ...known, releases: extend(known.releases, release, axis) };
  }
};

/** The value that is there most often; the first of several. */
export const usualOf = <T>(values: readonly T[]): T | undefined => {
  const count = (value: T): number => values.filter((other) => other === value).length;
  return [...values].sort((a, b) => count(b) - count(a))[0];
};

/** The key under which most commands with this response and form put it, else the type in lower case. */
const usualKey = (commands: readonly Command[], response: string, result: Command['result']): string => {
  const same = commands.filter((command) => command.response === response && typeof command.key === 'string');
  const keys = (same.some((command) => command.result === result) ? same.filter((c) => c.result === result) : same).map(
    ({ key }) => String(key),
  );
  return usualOf(keys) ?? response.toLowerCase();
};

/**
 * The types of data/responses.json with what a release's `listApis` says of them, and the response of each command that
 * the catalog does not know yet. A new type is called after its commands: `listApis` does not say its name.
 */
export const syncResponses = (
  file: CommandsFile,
  known: readonly ResponseType[],
  apis: readonly LiveApi[],
  release: string,
): { types: ResponseType[]; responses: Map<string, LiveResponse> } => {
  const { types, recordShape, typeOf, toField } = createTypes(known);
  const axis = file.releases.includes(release) ? file.releases : [...file.releases, release];
  const responseOf = new Map(file.commands.map(({ name, response }) => [name, response]));
  const isNew = ({ name }: LiveApi): boolean => (responseOf.get(name) ?? unknownResponse) === unknownResponse;

  const old = apis.filter((api) => !isNew(api));
  for (const { name, response } of old) recordShape(response, responseOf.get(name)!);
  for (const { name, response } of old) {
    const type = types.get(responseOf.get(name)!);
    if (type) addFields(type, namedOf(response), toField, release, axis);
  }

  const fresh = apis.filter((api) => isNew(api) && shapeOf(api.response) !== '');
  const nouns = new Map<string, string>();
  for (const { name, response } of fresh) {
    const [shape, noun] = [shapeOf(response), nounOf(name)];
    if (noun.length < (nouns.get(shape)?.length ?? Infinity)) nouns.set(shape, noun);
  }
  const responses = new Map<string, LiveResponse>();
  for (const { name, response: fields } of fresh) {
    const noun = nouns.get(shapeOf(fields))!;
    const response = typeOf(fields, types.has(noun) ? capitalize(name) : noun);
    const result = response === 'Success' ? 'success' : /^list[A-Z]/.test(name) ? 'list' : 'object';
    responses.set(name, {
      response,
      result,
      key: result === 'success' ? null : usualKey(file.commands, response, result),
    });
  }
  return { types: [...types.values()], responses };
};
