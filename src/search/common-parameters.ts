import { neededBy } from '../catalog/requirements.ts';
import type { Command, Parameter } from '../catalog/types.ts';
import { loadData } from '../data.ts';

/** The optional parameters of a command that people use most, in that order: data/common-parameters.json. */
export const commonParameters = (command: Command, max: number): Parameter[] => {
  const needed = neededBy(command);
  const optional = new Map(
    command.params.filter(({ name }) => !needed.has(name)).map((parameter) => [parameter.name, parameter]),
  );
  return loadData<string[]>('common-parameters.json')
    .flatMap((name) => optional.get(name) ?? [])
    .slice(0, max);
};
