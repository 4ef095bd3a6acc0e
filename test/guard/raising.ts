import { fits } from '../../src/catalog/patterns.ts';
import { findValues } from '../../src/catalog/values.ts';
import type { Condition, Raise } from '../../src/catalog/risk.ts';
import type { Command, Parameter } from '../../src/catalog/types.ts';
import { fitArguments } from '../support/fit.ts';
import { requiredOf, valueFor } from './counting.ts';

const asNumber = (type: Parameter['type']): boolean => ['integer', 'long', 'short', 'double'].includes(type);

/** The values of a closed set that are not among these; undefined where there is no such set. */
const othersOf = (command: Command, name: string, not: readonly string[]): (string | number)[] | undefined => {
  const plain = (value: unknown): string => String(value).replace(/\s/g, '').toLowerCase();
  const set = findValues(command.name, name);
  return set?.values.filter((value) => !not.includes(plain(value)));
};

/** Whether validation takes a value for which a rule is meant. */
export const canHappen = (command: Command, { when }: Raise): boolean =>
  Object.entries(when).every(([name, { not }]) => !not || othersOf(command, name, not)?.length !== 0);

/** A value that fits a condition and that validation takes; undefined where nothing is to be given. */
const valueThat = (condition: Condition, command: Command, parameter: Parameter): unknown => {
  const { is, not, below, world, keys, absent } = condition;
  const inList = (value: unknown): unknown => (parameter.type === 'list' ? [value] : value);
  if (keys) {
    const key = keys[0]!.replaceAll('*', '');
    if (parameter.map?.form !== 'rows') return { [key]: 'x' };
    const field = parameter.map.keys!.find((one) => fits(keys, one));
    return [field ? { [field]: 'x' } : { [parameter.map.keys![0]!]: key }];
  }
  if (world) return inList(/ipv6/i.test(command.name) ? '::/0' : '0.0.0.0/0');
  if (below !== undefined) return below - 1;
  if (is)
    return parameter.type === 'boolean' ? is[0] === 'true' : asNumber(parameter.type) ? Number(is[0]) : inList(is[0]);
  if (not && absent && !parameter.required) return undefined;
  // Of a closed set only what is in it is taken.
  const other = not && othersOf(command, parameter.name, not)?.[0];
  if (other !== undefined) return inList(asNumber(parameter.type) ? Number(other) : other);
  if (not && parameter.type === 'boolean') return !not.includes('true');
  if (not && asNumber(parameter.type)) return 7777;
  return valueFor(parameter, command.name);
};

/** Arguments with which a rule is about a command: what it requires, and what the rule looks at. */
export const argumentsThat = (command: Command, { when }: Raise): Record<string, unknown> => {
  const args = requiredOf(command);
  for (const [name, condition] of Object.entries(when)) {
    const parameter = command.params.find((one) => one.name === name)!;
    const value = valueThat(condition, command, parameter);
    if (value === undefined) delete args[name];
    else args[name] = value;
  }
  return fitArguments<unknown>(
    command,
    args,
    (parameter, wanted) => wanted ?? valueFor(parameter, command.name),
    Object.keys(when),
  );
};
