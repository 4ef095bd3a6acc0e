import { usualKind } from './kinds.ts';
import type { Command, Parameter, ParameterType } from './types.ts';

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
  params?: readonly { name: string; type?: string; required?: boolean }[];
  response?: readonly LiveField[];
}

/** What is taken from a cloud's answer, as text that does not depend on the order in which it was said. */
export const toOrderedText = (apis: readonly LiveApi[]): string =>
  apis
    .map(({ name, isasync, params }) =>
      JSON.stringify([name, isasync === true, params?.map((p) => [p.name, p.type, p.required === true].join()).sort()]),
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
