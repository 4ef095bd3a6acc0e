import type { Command, Parameter } from '../../src/catalog/types.ts';
import { findValues } from '../../src/catalog/values.ts';
import type { Simulator } from '../../src/simulator/index.ts';

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

/** Values by type for a command's chosen parameters; ids of resources that exist. */
export const fillParams = (
  simulator: Simulator,
  command: Command,
  chosen: (parameter: Parameter) => boolean,
): Record<string, string> => {
  const params: Record<string, string> = Object.assign(
    {},
    ...command.params.filter(chosen).map((parameter) => value(simulator, command, parameter)),
  );
  if (params['page']) Object.assign(params, { page: '1', pagesize: '10' });
  return params;
};
