import type { Command, Field } from '../../catalog/types.ts';
import { list } from './results.ts';
import { textArg } from './args.ts';
import { ApiError } from '../world/errors.ts';
import { kindOf } from '../world/kinds.ts';
import { isPermitted } from '../rules/permit.ts';
import type { Behaviour, Fields, Value } from '../world/types.ts';
import type { World } from '../world/world.ts';

const words = (name: string): string => name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();

const describeField = (world: World, field: Field, depth: number): Fields => {
  const nested = field.ref === undefined || depth > 1 ? [] : [...world.catalog.fields(field.ref).values()];
  return {
    name: field.name,
    description: words(field.name),
    type: field.list ? 'set' : field.type,
    ...(nested.length > 0 ? { response: nested.map((inner) => describeField(world, inner, depth + 1)) } : {}),
  };
};

const relatives = new WeakMap<World, Map<string, string[]>>();

const relatedTo = (world: World, kind: string): string[] => {
  let known = relatives.get(world);
  if (!known) {
    known = new Map();
    for (const command of world.catalog.commands.values()) {
      if (command.result !== 'list' && command.result !== 'object') continue;
      const made = kindOf(command);
      known.set(made, [...(known.get(made) ?? []), command.name]);
    }
    relatives.set(world, known);
  }
  return known.get(kind) ?? [];
};

const describe = (world: World, command: Command, root: boolean): Fields => ({
  name: command.name,
  description: `${words(command.name)} (simulated)`,
  isasync: command.async === true,
  related: relatedTo(world, kindOf(command))
    .filter((name) => name !== command.name)
    .join(','),
  params: command.params
    .filter(({ admin }) => root || !admin)
    .map((parameter): Fields => ({
      name: parameter.name,
      description: words(parameter.name),
      type: parameter.type,
      length: parameter.length ?? 255,
      required: parameter.required === true,
      ...(parameter.kind === undefined ? {} : { related: relatedTo(world, parameter.kind).join(',') }),
    })),
  response: [
    ...[...world.catalog.fields(command.response).values()].map((field): Value => describeField(world, field, 0)),
    {},
  ],
});

/** listApis: what the caller may use, straight from the catalog. */
export const listApis: Behaviour = (call) => {
  const { world, caller } = call;
  const name = textArg(call, 'name');
  const found = [...world.catalog.commands.values()].filter(
    (command) => (name === undefined || command.name === name) && isPermitted(world, caller, command),
  );
  if (found.length === 0)
    throw new ApiError(530, 'Api Discovery plugin was unable to find an api by that name or process any apis', 9999);
  return list(found.map((command) => describe(world, command, caller.root)));
};
