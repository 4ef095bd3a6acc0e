import type { Command, Parameter } from '../../src/catalog/types.ts';
import { findValues } from '../../src/catalog/values.ts';
import type { Simulator } from '../../src/simulator/index.ts';
import { makeAny } from '../../src/simulator/world/insert.ts';
import { fitArguments } from '../support/fit.ts';

const value = (
  simulator: Simulator,
  command: Command,
  { name, type, kind, of, map }: Parameter,
): Record<string, string> => {
  const known = (key?: string): string | undefined => findValues(command.name, name, key)?.values[0]?.toString();
  const isId =
    type === 'uuid' ||
    of === 'uuid' ||
    (type === 'string' && name.endsWith('id')) ||
    (kind === 'Region' && type === 'integer');
  // The first key pair signs these calls.
  if (kind === 'ApiKeyPair') return { [name]: makeAny(simulator.world, kind).id };
  if (kind !== undefined && isId) return { [name]: simulator.world.ensure(kind) };
  const first = known();
  if (first !== undefined) return { [name]: first };
  switch (type) {
    case 'boolean':
      return { [name]: 'true' };
    case 'integer':
    case 'long':
    case 'short':
    case 'double':
      return { [name]: '1' };
    case 'date':
      return { [name]: '2030-01-31' };
    case 'map': {
      if (map?.form === 'flat') return { [`${name}[0].some`]: 'thing' };
      return Object.fromEntries((map?.keys ?? ['key', 'value']).map((key) => [`${name}[0].${key}`, known(key) ?? 'x']));
    }
    default:
      return { [name]: `x-${name}` };
  }
};

/** The value of a parameter that no text alone is: its parts by their names on the wire. */
type Wire = string | Record<string, string>;

/** A value for a parameter, by its type; ids of resources that exist. */
export const wireOf = (simulator: Simulator, command: Command, parameter: Parameter): Wire => {
  const made = value(simulator, command, parameter);
  return made[parameter.name] ?? made;
};

/** Values by parameter as they go over the wire. */
export const toParams = (args: Readonly<Record<string, Wire>>): Record<string, string> =>
  Object.assign(
    {},
    ...Object.entries(args).map(([name, made]) => (typeof made === 'string' ? { [name]: made } : made)),
  );

/** Values for a command's chosen parameters, and what has to be given beside them. */
export const fillArgs = (
  simulator: Simulator,
  command: Command,
  chosen: (parameter: Parameter) => boolean,
): Record<string, Wire> =>
  fitArguments(
    command,
    Object.fromEntries(
      command.params.filter(chosen).map((parameter) => [parameter.name, wireOf(simulator, command, parameter)]),
    ),
    (parameter, wanted) => wanted ?? wireOf(simulator, command, parameter),
  );

/** The same as they go over the wire. */
export const fillParams = (
  simulator: Simulator,
  command: Command,
  chosen: (parameter: Parameter) => boolean,
): Record<string, string> => {
  const params = toParams(fillArgs(simulator, command, chosen));
  if (params['page']) Object.assign(params, { page: '1', pagesize: '10' });
  return params;
};
