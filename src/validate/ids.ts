import { givenIn } from '../catalog/given.ts';
import { kindOfParameter } from '../catalog/kinds.ts';
import type { Command, Parameter } from '../catalog/types.ts';
import { loadData } from '../data.ts';
import { isRecord } from '../rows.ts';
import { isId } from '../text.ts';

/** One spelling of an id: CloudStack's database compares without letter case and trailing blanks, everything here does not. */
const spell = (value: unknown): unknown => {
  if (typeof value !== 'string') return value;
  const text = value.trim();
  // In braces or as a URN, as other programs copy it, it is the same id.
  const id = /^(?:\{|urn:uuid:)?([0-9a-f-]{36})\}?$/i.exec(text)?.[1] ?? text;
  return isId(id) ? id.toLowerCase() : text;
};

const spellAll = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(spell);
  if (typeof value !== 'string' || !value.includes(',')) return spell(value);
  const parts = value.split(',').map((part) => part.trim());
  return parts.some(isId) ? parts.map(spell).join(',') : value;
};

/** The entries of a map that hold an id, by data/references.json. */
const spellEntries = (value: unknown, entries: Readonly<Record<string, string>>): unknown => {
  if (Array.isArray(value)) return value.map((entry) => spellEntries(entry, entries));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      Object.hasOwn(entries, key.trim().toLowerCase()) ? spellAll(inner) : inner,
    ]),
  );
};

const holdsIds = (command: Command, parameter: Parameter, byType: Readonly<Record<string, string>>): boolean =>
  parameter.type === 'uuid' ||
  parameter.of === 'uuid' ||
  Object.hasOwn(byType, parameter.name) ||
  kindOfParameter(command, parameter) !== undefined;

/**
 * Writes every id in a call as CloudStack lists it: in lower case, without blanks around it, wherever an id can stand
 * (parameters and lists of ids, beside a type, in entries of maps). So two spellings of one thing are one thing to the guard.
 */
export const spellIds = (command: Command, values: Record<string, unknown>): void => {
  const { byType, entries } = loadData<Record<'byType' | 'entries', Record<string, string>>>('references.json');
  for (const parameter of givenIn(command, values)) {
    const { name } = parameter;
    if (parameter.type === 'map') values[name] = spellEntries(values[name], entries);
    else if (holdsIds(command, parameter, byType)) values[name] = spellAll(values[name]);
  }
};
