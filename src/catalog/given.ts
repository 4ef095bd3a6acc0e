import { once } from './once.ts';
import type { Command, Parameter } from './types.ts';

interface PlacedParameter {
  at: number;
  parameter: Parameter;
}

const placesOf = once(
  ({ params }: Command): ReadonlyMap<string, PlacedParameter> =>
    new Map(params.map((parameter, at) => [parameter.name, { at, parameter }])),
);

/** Whether a command has a parameter of that name. */
export const takes = (command: Command, name: string): boolean => placesOf(command).has(name);

/** The parameters that have a value, in the command's order: a command has dozens, a call gives a few. */
export const givenIn = (command: Command, values: Readonly<Record<string, unknown>>): readonly Parameter[] => {
  const places = placesOf(command);
  const given: PlacedParameter[] = [];
  for (const name of Object.keys(values)) {
    const place = values[name] === undefined ? undefined : places.get(name);
    if (place) given.push(place);
  }
  return given.sort((a, b) => a.at - b.at).map(({ parameter }) => parameter);
};
