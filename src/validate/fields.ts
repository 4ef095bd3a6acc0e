import { readDerived } from '../ask/derived.ts';
import { takes } from '../catalog/given.ts';
import { spellingKey } from '../catalog/names.ts';
import { findField, type FoundField } from '../catalog/response-fields.ts';
import type { Command } from '../catalog/types.ts';
import { limits } from '../limits.ts';
import { isNothing, readList } from '../read-values.ts';
import { closestWord, mayBeMeant } from '../spelling.ts';
import { toLabel } from '../text.ts';

/** Names that ask for fields where a command has no parameter of that name: ours, and cloudmonkey's. */
const askingNames = ['fields', 'filter'];

/** Takes the wish for fields out of a command's arguments; undefined where there is none. */
export const takeFields = (command: Command, args: Record<string, unknown>): unknown => {
  const name = askingNames.find((one) => Object.hasOwn(args, one) && !takes(command, one));
  if (name === undefined) return undefined;
  const { [name]: asked } = args;
  delete args[name];
  return asked;
};

const maxKnown = 12;

const refuse = (command: Command, name: string, { missing, of }: Extract<FoundField, { missing: string }>): string => {
  const known = [...of.keys()];
  const key = spellingKey(missing);
  const near = known.length && key.length <= limits.field ? closestWord(key, known) : '';
  const what = `${command.name} shows no field "${toLabel(name)}"`;
  if (near && mayBeMeant(key, near)) return `${what}; did you mean ${of.get(near)!.name}?`;
  const names = [...of.values()].map((field) => field.name);
  const more = names.length > maxKnown ? ` and ${names.length - maxKnown} more` : '';
  return names.length ? `${what}; it has ${names.slice(0, maxKnown).join(', ')}${more}` : what;
};

/**
 * A field as CloudStack spells it, or why the command shows none of that name; a cloud newer than the catalog (`newerRelease`)
 * may have it.
 */
export const findName = (
  command: Command,
  name: string,
  newerRelease: string | undefined,
): { name: string } | { problem: string } => {
  const found = findField(command.response, name);
  if (found && 'name' in found) return found;
  return found && newerRelease === undefined ? { problem: refuse(command, name, found) } : { name };
};

/**
 * The fields that were asked for, as CloudStack spells them: one that no answer of the command can have is a problem; a cloud newer than the
 * catalog (`newerRelease`) may have more, so there it is shown as it comes.
 */
export const readFields = (
  command: Command,
  given: unknown,
  newerRelease: string | undefined,
): { fields: readonly string[] | undefined; problems: string[] } => {
  if (isNothing(given)) return { fields: undefined, problems: [] };
  const list = readList(given, limits.fields);
  if (list.length > limits.fields)
    return { fields: undefined, problems: [`fields may have at most ${limits.fields} names`] };
  const asked = list.flatMap((field) => (isNothing(field) ? [] : [String(field).trim()]));
  if (!asked.length) return { fields: undefined, problems: [] };
  if (asked.includes('*')) return { fields: ['*'], problems: [] };
  const problems: string[] = [];
  const fields = asked.map((field) => {
    const derived = readDerived(field);
    const found = findName(command, derived?.field ?? field, newerRelease);
    if ('name' in found) return derived ? `${derived.by}(${found.name})` : found.name;
    problems.push(found.problem);
    return field;
  });
  return { fields: [...new Set(fields)], problems };
};
