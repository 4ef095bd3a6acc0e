import type { Command } from '../../catalog/types.ts';
import { findValues, takesValue, type ValueSet } from '../../catalog/values.ts';
import { ApiError } from '../world/errors.ts';
import type { Fields, Value } from '../world/types.ts';

const textsOf = (set: ValueSet, value: Value): string[] => {
  const parts = Array.isArray(value) ? value : set.list && typeof value === 'string' ? value.split(',') : [value];
  return parts
    .filter((part) => typeof part === 'string' || typeof part === 'number')
    .map((part) => String(part).trim())
    .filter((part) => part !== '');
};

const refusal = ({ unknown, code, text }: ValueSet, name: string, value: string): ApiError => {
  const reported = text?.replace('{value}', () => value);
  return unknown === 'error'
    ? new ApiError(530, reported ?? `Unknown value ${value} of parameter ${name}`, code ?? 4250)
    : new ApiError(431, reported ?? `Invalid value ${value} for parameter ${name}`, code ?? 4350);
};

/**
 * Does with values outside closed sets what data/values.json says of CloudStack: throws its refusal, or takes away the
 * ones that it ignores. True where the list stays empty because of one.
 */
export const checkValues = (command: Command, args: Fields): boolean => {
  let matchesNothing = false;
  for (const { name, map } of command.params) {
    const value = args[name];
    if (value === undefined) continue;
    for (const key of ['', ...(map?.keys ?? [])]) {
      const set = findValues(command.name, name, key);
      if (!set || set.open) continue;
      const values = key === '' ? [value] : [value].flat().map((row) => (row as Fields)[key]);
      const wrong = values.flatMap((each) => textsOf(set, each)).find((text) => !takesValue(set, text));
      if (wrong === undefined) continue;
      if (set.unknown === 'ignored') delete args[name];
      else if (set.unknown === 'nothing') matchesNothing = true;
      else throw refusal(set, name, wrong);
    }
  }
  return matchesNothing;
};
