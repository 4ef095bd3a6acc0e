import { parseNested } from './json.ts';
import { isRecord } from './rows.ts';

/**
 * How values are read that came in from outside, whichever door they came through: the arguments of commands, those of
 * the tools of the compact list, and words of the command line.
 */

/** Whether a value says nothing: null, or a text of blanks. */
export const isNothing = (value: unknown): boolean =>
  value === null || value === undefined || (typeof value === 'string' && value.trim() === '');

/** A nested value may come as JSON text. */
export const readNested = (value: unknown): unknown =>
  typeof value === 'string' ? (parseNested(value) ?? value) : value;

/** A list: as one, as JSON text, as a text with commas, or one value alone. */
export const readList = (given: unknown, maxLength?: number): unknown[] => {
  const value = readNested(given);
  const limit = maxLength === undefined ? undefined : maxLength + 1;
  if (typeof value === 'string') return value.split(',', limit).map((part) => part.trim());
  return Array.isArray(value) ? (value as unknown[]).slice(0, limit) : [value];
};

const flags: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  '1': true,
  false: false,
  no: false,
  off: false,
  '0': false,
};

/**
 * A yes or a no in any letter case, as `true`, `yes`, `on` or 1, `false`, `no`, `off` or 0; anything else as it is. CloudStack
 * takes every word but `true` for false, without a word.
 */
export const readFlag = (value: unknown): unknown => {
  if (typeof value !== 'string' && typeof value !== 'number') return value;
  const word = String(value).trim().toLowerCase();
  return Object.hasOwn(flags, word) ? flags[word] : value;
};

/** A number, also as text; anything else as it is: `true` is none, though it would count as 1. */
export const readNumber = (value: unknown): unknown => {
  if (typeof value !== 'string' || value.trim() === '') return value;
  const number = Number(value);
  return Number.isNaN(number) ? value : number;
};

/** What a map was read as, or why it cannot be told what was meant; undefined where the value is no map at all. */
export type MapReading = { entries: [name: string, value: unknown][] } | { ambiguous: string } | undefined;

/** `foo=bar`; a comma before another `=` could belong to the value or begin an entry. */
const readPair = (text: string): MapReading => {
  const at = text.indexOf('=');
  if (at < 1) return undefined;
  const value = text.slice(at + 1);
  if (/,[^,=]+=/.test(value)) return { ambiguous: 'may be one entry or several' };
  return { entries: [[text.slice(0, at).trim(), value]] };
};

const isKeyAndValue = (entry: Record<string, unknown>): boolean =>
  'key' in entry && Object.keys(entry).every((name) => name === 'key' || name === 'value');

const readEntry = (entry: unknown): MapReading => {
  if (typeof entry === 'string') return readPair(entry);
  if (!isRecord(entry)) return undefined;
  return { entries: isKeyAndValue(entry) ? [[String(entry['key']), entry['value']]] : Object.entries(entry) };
};

/**
 * A map in every form in which people and models write one: `{"foo":"bar"}`, `{"key":"foo","value":"bar"}`, a list of
 * either, `foo=bar`, `["foo=bar"]`, and each as JSON text.
 */
export const readMap = (given: unknown): MapReading => {
  const value = readNested(given);
  if (isRecord(value) && isKeyAndValue(value) && !('value' in value))
    return { ambiguous: 'may be an entry called "key" or a key without its value' };
  if (!Array.isArray(value)) return readEntry(value);
  const entries: [string, unknown][] = [];
  for (const one of value as unknown[]) {
    const reading = readEntry(readNested(one));
    if (!reading || 'ambiguous' in reading) return reading;
    entries.push(...reading.entries);
  }
  const seen = new Map<string, unknown>();
  for (const [name, inner] of entries) {
    if (seen.has(name) && seen.get(name) !== inner) return { ambiguous: `gives "${name}" two values` };
    seen.set(name, inner);
  }
  return { entries };
};

/** A list of rows: as one, one row alone, and each as JSON text. */
export const readRows = (given: unknown): unknown[] => {
  const value = readNested(given);
  return (Array.isArray(value) ? (value as unknown[]) : [value]).map(readNested);
};

// Without a prototype, which an argument called __proto__ would reach.
const empty = <T>(): Record<string, T> => Object.create(null) as Record<string, T>;

/**
 * Arguments whose names reach into a value, as CloudStack and cloudmonkey write them, put together: `details.cpuNumber`,
 * `details[0].cpuNumber`, `tags[0].key`, `ids[1]`. They follow what was given under the plain name. `isName`: whether a
 * name is a parameter's.
 */
export const joinNames = (
  args: Readonly<Record<string, unknown>>,
  isName: (name: string) => boolean,
): Record<string, unknown> => {
  const joined = empty<unknown>();
  const parts = new Map<string, Record<string, unknown>>();
  for (const [name, value] of Object.entries(args)) {
    const [, base, index = '', key] = /^(\w+)(?:\[(\d{1,3})\])?(?:\.(.+))?$/s.exec(name) ?? [];
    if (base === undefined || isName(name) || (index === '' && key === undefined) || !isName(base))
      joined[name] = value;
    else {
      const rows = parts.get(base) ?? empty<unknown>();
      parts.set(base, rows);
      // Object keys that are numbers come in their order, others after them.
      const at = index === '' ? 'own' : String(Number(index));
      rows[at] = key === undefined ? value : Object.assign(empty(), rows[at], { [key]: value });
    }
  }
  for (const [base, rows] of parts)
    joined[base] = [...(joined[base] === undefined ? [] : readRows(joined[base])), ...Object.values(rows)];
  return joined;
};
