import { unmetBy, type Requirement } from '../../src/catalog/requirements.ts';
import { findValues } from '../../src/catalog/values.ts';
import type { Command, Parameter } from '../../src/catalog/types.ts';

type Args<T> = Record<string, T>;

/** Sets of arguments, each of which a command takes, that together hold all of `args`. */
export const coverArguments = <T>(
  command: Command,
  args: Readonly<Args<T>>,
  valueOf: (parameter: Parameter, wanted: string | undefined) => T,
): Args<T>[] => {
  const sets: Args<T>[] = [];
  let left = Object.keys(args);
  while (left.length) {
    const set = fitArguments(command, args, valueOf, left.slice(0, 1));
    const rest = left.filter((name) => !(name in set));
    if (rest.length === left.length) throw new Error(`${command.name} never takes ${left[0]!}`);
    sets.push(set);
    left = rest;
  }
  return sets;
};

/** A value with which a condition does not hold, of a parameter that must be given; undefined where there is none. */
const otherwise = (
  command: Command,
  when: NonNullable<Requirement['when']>,
  fixed: readonly string[],
): string | undefined => {
  for (const [name, refused] of Object.entries(when)) {
    if (refused === true || fixed.includes(name)) continue;
    const value = findValues(command.name, name)?.values.find((one) => !refused.map(String).includes(String(one)));
    if (value !== undefined) return `${name}=${value}`;
  }
  return undefined;
};

/**
 * Arguments that a command takes together: what is missing of `args` is added, what is too much is left out, but for the
 * parameters named in `fixed`. `valueOf` gives a value for a parameter, the wanted one where there is one.
 */
export const fitArguments = <T>(
  command: Command,
  args: Readonly<Args<T>>,
  valueOf: (parameter: Parameter, wanted: string | undefined) => T,
  fixed: readonly string[] = [],
): Args<T> => {
  const fitted = { ...args };
  const dropped = new Set<string>();
  const byName = new Map(command.params.map((parameter) => [parameter.name, parameter]));
  const nameOf = (entry: string): string => entry.split('=')[0]!;
  const stays = (name: string): boolean => fixed.includes(name) || byName.get(name)?.required === true;
  const add = (entry: string): void => {
    fitted[nameOf(entry)] = valueOf(byName.get(nameOf(entry))!, entry.split('=')[1]);
  };
  const drop = (name: string): void => {
    dropped.add(name);
    delete fitted[name];
  };
  for (let step = 0; step < 100; step++) {
    const [unmet] = unmetBy(command, fitted);
    if (!unmet) return fitted;
    const { requirement, missing, excess } = unmet;
    const { rule, when = {}, unless = {} } = requirement;
    // What was made up goes before what is fixed, and nothing that went comes back.
    const [condition] = Object.keys(when).filter((name) => !stays(name));
    const fresh = missing.filter((entry) => !dropped.has(nameOf(entry)));
    if (missing.length) {
      if (rule === 'all' && fresh.length < missing.length && condition !== undefined) drop(condition);
      else if (rule === 'all') missing.forEach(add);
      else add(fresh[0] ?? missing[0]!);
    } else if (rule === 'none') {
      const [name, values] = Object.entries(unless)[0] ?? [];
      const other = otherwise(command, when, fixed);
      if (!excess.some(stays)) excess.forEach(drop);
      else if (condition !== undefined) drop(condition);
      else if (other !== undefined) add(other);
      else if (name !== undefined && Array.isArray(values)) add(`${name}=${String(values[0])}`);
      else excess.forEach(drop);
    } else {
      const first = excess.find((one) => fixed.includes(one)) ?? excess.find(stays) ?? excess[0];
      excess.filter((one) => one !== first).forEach(drop);
    }
  }
  throw new Error(`${command.name}: no arguments were found that go together: ${JSON.stringify(fitted)}`);
};

/** Arguments that do not meet one requirement of a command. */
export const violate = <T>(
  command: Command,
  { when = {}, unless = {}, rule, of }: Requirement,
  args: Readonly<Args<T>>,
  valueOf: (parameter: Parameter, wanted: string | undefined) => T,
): Args<T> => {
  const wrong = { ...args };
  const give = (name: string, wanted?: string): void => {
    wrong[name] = valueOf(
      command.params.find((parameter) => parameter.name === name)!,
      wanted,
    );
  };
  for (const [name, values] of Object.entries(when)) give(name, values === true ? undefined : String(values[0]));
  for (const name of Object.keys(unless)) delete wrong[name];
  for (const entry of of) delete wrong[entry.split('=')[0]!];
  if (rule === 'none' || rule === 'atMostOne') for (const entry of of) give(entry.split('=')[0]!);
  return wrong;
};
