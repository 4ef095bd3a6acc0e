import type { Resource } from './types.ts';
import type { World } from './world.ts';

/** A global setting's row, by name. */
export const findSetting = (world: World, name: string): Resource | undefined => {
  for (const row of world.where('Configuration', 'name', name)) return row;
  return undefined;
};

/** A global setting as text; empty if there is none of that name. */
export const settingOf = (world: World, name: string): string =>
  String(findSetting(world, name)?.fields['value'] ?? '');

/** A global setting as a number, or the fallback. */
export const numberSetting = (world: World, name: string, fallback: number): number => {
  const text = settingOf(world, name);
  const number = Number(text);
  return text === '' || Number.isNaN(number) ? fallback : number;
};

/** Whether a global setting is on. */
export const isOn = (world: World, name: string): boolean => settingOf(world, name) === 'true';

/** A setting as it is for a resource that may have its own value, such as a domain; undefined where the release does not have it. */
export const settingIn = (world: World, scope: string, name: string): string | undefined => {
  for (const { fields } of world.where('ScopedSetting', 'scopeid', scope))
    if (fields['name'] === name) return String(fields['value'] ?? '');
  const row = findSetting(world, name);
  return row && String(row.fields['value'] ?? '');
};
