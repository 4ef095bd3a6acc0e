import { givenIn } from '../catalog/given.ts';
import type { Command, Parameter } from '../catalog/types.ts';
import { findValues, listValues, showValue, spellValue, type ValueSet } from '../catalog/values.ts';
import { limits } from '../limits.ts';
import { isRecord } from '../rows.ts';
import { closestWord, countTypos, mayBeMeant } from '../spelling.ts';
import { toLabel } from '../text.ts';

/** What was found of values that a closed set lacks: problems and notes by parameter. */
export interface ValueFindings {
  problems: Map<string, string>;
  notes: string[];
}

/** The value that was probably meant. */
const nearest = (set: ValueSet, text: string): string | undefined => {
  const { values, names } = set;
  // The distance takes time by the product of both lengths.
  if (text.length > limits.field) return undefined;
  const known = new Map(
    values.flatMap((value) => [String(value), names?.[value] ?? []].flat().map((word) => [word.toLowerCase(), value])),
  );
  const given = text.toLowerCase();
  const near = closestWord(given, [...known.keys()]);
  if (!mayBeMeant(given, near) && countTypos(given, near) > near.length / 2) return undefined;
  return showValue(set, known.get(near)!);
};

const refuse = (name: string, set: ValueSet, text: string): string => {
  const near = nearest(set, text);
  const [only] = set.values;
  const which = set.values.length === 1 && set.upTo === undefined ? String(only) : `one of ${listValues(set)}`;
  return `${name} must be ${which}, not "${toLabel(text)}"${near === undefined ? '' : `; did you mean ${near}?`}`;
};

/**
 * Writes values of sets as CloudStack spells them, in place. A value that a closed set lacks is a problem; a cloud
 * newer than the catalog (`newerRelease`) may know more values, so there it is a note.
 */
export const spellValues = (
  command: Command,
  values: Record<string, unknown>,
  newerRelease: string | undefined,
): ValueFindings => {
  const problems = new Map<string, string>();
  const notes: string[] = [];
  const spell = (name: string, label: string, set: ValueSet, value: unknown): unknown => {
    if (typeof value !== 'string' && typeof value !== 'number') return value;
    const text = String(value).trim();
    if (text === '') return value;
    const spelt = spellValue(set, text);
    if (spelt !== undefined) return spelt;
    if (set.open) return value;
    const problem = refuse(label, set, text);
    if (newerRelease === undefined) problems.set(name, problem);
    else
      notes.push(
        `${label} "${toLabel(text)}" is not known here; it was sent because the cloud is newer (${newerRelease}).`,
      );
    return value;
  };
  const spellAll = (parameter: Parameter, set: ValueSet, value: unknown): unknown => {
    const { name } = parameter;
    if (Array.isArray(value)) return value.map((part) => spell(name, name, set, part));
    if (set.list && typeof value === 'string')
      return value
        .split(',')
        .map((part) => spell(name, name, set, part))
        .join(',');
    return spell(name, name, set, value);
  };
  const spellRow = ({ name, map }: Parameter, row: unknown, at: number): unknown => {
    if (!isRecord(row)) return row;
    const spelt = { ...row };
    for (const key of map?.keys ?? []) {
      const set = findValues(command.name, name, key);
      if (set && Object.hasOwn(spelt, key)) spelt[key] = spell(name, `${name}[${at}].${key}`, set, spelt[key]);
    }
    return spelt;
  };
  for (const parameter of givenIn(command, values)) {
    const { name } = parameter;
    const value = values[name];
    const set = findValues(command.name, name);
    if (set) values[name] = spellAll(parameter, set, value);
    else if (parameter.map?.form === 'rows' && Array.isArray(value))
      values[name] = value.map((row, at) => spellRow(parameter, row, at));
  }
  return { problems, notes };
};
