/** Eight hexadecimal digits that the placeholders of one plan begin with. */
export type PlanSeed = string;

const middle = '0000-4000-8000';

/** The id that stands for what a step of a plan will make: a UUID that no cloud gives. Steps are counted from 1. */
export const placeholderOf = (seed: PlanSeed, number: number): string =>
  `${seed}-${middle}-${number.toString(16).padStart(12, '0')}`;

const ofAny = new RegExp(`\\b[0-9a-f]{8}-${middle}-[0-9a-f]{12}\\b`, 'g');

/** The placeholders of a plan that stand in a value, at any depth. */
export const placeholdersIn = (seed: PlanSeed, value: unknown): string[] =>
  (JSON.stringify(value) ?? '').match(ofAny)?.filter((id) => id.startsWith(seed)) ?? [];

/** A copy of a value with other texts for some ids, wherever they stand in it. */
export const replaceIds = <T>(value: T, by: ReadonlyMap<string, string>): T => {
  if (!by.size) return value;
  const replaced = JSON.stringify(value).replace(ofAny, (id) => by.get(id) ?? id);
  return JSON.parse(replaced) as T;
};
