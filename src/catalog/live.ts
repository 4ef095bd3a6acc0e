import { isRecord, type Row } from '../rows.ts';
import { loadData } from '../data.ts';
import { toLabel } from '../text.ts';
import { usualKind } from './kinds.ts';
import { compareReleases } from './releases.ts';
import type { Command, CommandsFile, Parameter, ParameterType } from './types.ts';

/** A field of an answer as `listApis` describes it; `response` are the fields of an object, or of the objects of a list. */
export interface LiveField {
  name?: string;
  type?: string;
  response?: readonly LiveField[];
}

/** One command as a cloud's `listApis` describes it. */
export interface LiveApi {
  name: string;
  isasync?: boolean;
  description?: string;
  /** The release that brought it. */
  since?: string;
  /** `related`: commands that answer with what an id stands for, joined by commas. */
  params?: readonly { name: string; type?: string; required?: boolean; related?: string; since?: string }[];
  response?: readonly LiveField[];
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '' && value.length <= 256;
const isGiven = (value: unknown, type: 'string' | 'boolean'): boolean => value === undefined || typeof value === type;

const isLiveParameter = (value: unknown): boolean =>
  isRecord(value) && isText(value['name']) && isGiven(value['type'], 'string') && isGiven(value['required'], 'boolean');

const isLiveApi = (row: Row): row is Row & LiveApi =>
  isText(row['name']) &&
  /^[A-Za-z][A-Za-z0-9]*$/.test(row['name']) &&
  isGiven(row['isasync'], 'boolean') &&
  isGiven(row['description'], 'string') &&
  (row['params'] === undefined || (Array.isArray(row['params']) && row['params'].every(isLiveParameter))) &&
  (row['response'] === undefined || (Array.isArray(row['response']) && row['response'].every(isRecord)));

/** The entries of a `listApis` answer that can be read; the others, without a name or with wrong types, are only counted. */
export const readLiveApis = (rows: readonly Row[]): { apis: LiveApi[]; skipped: number } => {
  const apis = rows.filter(isLiveApi);
  return { apis, skipped: rows.length - apis.length };
};

/** The newest release that a cloud's commands and parameters name, where it is newer than all that the catalog knows. */
export const newerReleaseOf = (apis: readonly LiveApi[]): string | undefined => {
  const known = loadData<CommandsFile>('commands.json').releases.at(-1) ?? '';
  return apis
    .flatMap(({ since, params = [] }) => [since, ...params.map((parameter) => parameter.since)])
    .filter((since) => typeof since === 'string' && /^\d{1,4}(?:\.\d{1,4}){1,3}$/.test(since))
    .reduce<string | undefined>(
      (newest, since) => (compareReleases(since!, newest ?? known) > 0 ? since : newest),
      undefined,
    );
};

/** What is taken from a cloud's answer, as text that does not depend on the order in which it was said. */
export const toOrderedText = (apis: readonly LiveApi[]): string =>
  apis
    .map(({ name, isasync, description, params }) =>
      JSON.stringify([
        name,
        isasync === true,
        description,
        params?.map((p) => [p.name, p.type, p.required === true].join()).sort(),
      ]),
    )
    .sort()
    .join('\n');

const types = new Set<ParameterType>(['boolean', 'date', 'double', 'integer', 'list', 'long', 'map', 'short', 'uuid']);

const typeOf = (type: string | undefined): ParameterType => {
  if (type === 'float') return 'double';
  if (type === 'tzdate') return 'date';
  return types.has(type as ParameterType) ? (type as ParameterType) : 'string';
};

const liveParameter = (live: NonNullable<LiveApi['params']>[number]): Parameter => {
  const kind = usualKind(live);
  return {
    name: live.name,
    type: typeOf(live.type),
    ...(live.required ? { required: true } : {}),
    ...(live.type === 'list' ? { of: kind === undefined ? 'string' : 'uuid' } : {}),
    ...(live.type === 'map' ? { map: { form: 'pairs', keys: ['key', 'value'] } } : {}),
    ...(kind === undefined ? {} : { kind }),
  };
};

/** A command the catalog has never seen, as far as `listApis` tells. */
export const liveCommand = (live: LiveApi, release = 'unknown'): Command => ({
  name: live.name,
  releases: release === 'unknown' ? release : `${release}-${release}`,
  ...(live.isasync ? { async: true } : {}),
  result: /^list[A-Z]/.test(live.name) ? 'list' : 'object',
  wrapper: `${live.name.toLowerCase()}response`,
  key: null,
  response: 'Unknown',
  ...(live.description ? { words: toLabel(live.description, 200) } : {}),
  params: (live.params ?? []).map(liveParameter),
});

/** The catalog's command with the parameters, flags and requirements that the connected cloud has. */
export const joinCommand = (command: Command, live: LiveApi): Command => {
  if (!live.params) return command;
  const known = new Map(command.params.map((parameter) => [parameter.name.toLowerCase(), parameter]));
  const { async: _async, ...facts } = command;
  return {
    ...facts,
    ...(live.isasync ? { async: true } : {}),
    params: live.params.map((parameter) => {
      const facts = known.get(parameter.name.toLowerCase());
      if (!facts) return { ...liveParameter(parameter), live: true };
      const { required: _required, ...rest } = facts;
      return parameter.required ? { ...rest, required: true } : rest;
    }),
  };
};
