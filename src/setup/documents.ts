import { isRecord } from '../rows.ts';

/** Where an entry stands in a document: below these keys, by its name; in a list, as the item whose `name` it is. */
export interface EntryPlace {
  under: readonly string[];
  name: string;
  isList?: boolean | undefined;
}

/** Changes a document as little as possible: what else is in it, comments too, stays as it is, letter by letter. */
export interface DocumentFormat {
  /** The document's value. Throws a DocumentError where it has none. */
  parse(text: string): unknown;
  /** The text with an entry put or replaced at a place. Throws a DocumentError where that cannot be done. */
  set(text: string, place: EntryPlace, entry: Entry): string;
  /** The text without the entry; with `parents` also without those keys above it that then hold nothing. */
  remove(text: string, place: EntryPlace, parents: boolean): string;
}

/** The value of an entry. */
export type Entry = Readonly<Record<string, unknown>>;

/** Why a document cannot be read or changed, and where, counted from 1. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError';
  readonly line: number | undefined;
  readonly column: number | undefined;
  constructor(message: string, line?: number, column?: number) {
    super(message);
    this.line = line;
    this.column = column;
  }
}

/** The line end that a text has. */
export const lineEndOf = (text: string): string => (/\r?\n/.exec(text)?.[0] === '\r\n' ? '\r\n' : '\n');

const isNamed = (name: string) => (item: unknown) => isRecord(item) && item['name'] === name;

const containerIn = (data: unknown, under: readonly string[]): unknown =>
  under.reduce((value: unknown, key) => (isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined), data);

/** Whether a document's value has that under which entries stand. */
export const hasContainer = (data: unknown, { under }: EntryPlace): boolean => containerIn(data, under) !== undefined;

/** All entries that a document's value has under the keys of a place, by their names. */
export const entriesIn = (
  data: unknown,
  { under, isList }: Pick<EntryPlace, 'under' | 'isList'>,
): Record<string, unknown> => {
  const container = containerIn(data, under);
  if (!isList) return isRecord(container) ? container : {};
  const items = Array.isArray(container) ? container.filter(isRecord) : [];
  return Object.fromEntries(items.map((item) => [String(item['name']), item]));
};

/** The entry that a document's value has at a place; undefined where there is none. */
export const entryIn = (data: unknown, { under, name, isList }: EntryPlace): unknown => {
  const container = containerIn(data, under);
  if (isList) return Array.isArray(container) ? container.find(isNamed(name)) : undefined;
  return isRecord(container) && Object.hasOwn(container, name) ? container[name] : undefined;
};

/** The value of a document without an entry, and without what is empty around it: what must be the same before and after. */
export const withoutEntry = (data: unknown, { under, name, isList }: EntryPlace): unknown => {
  const [key, ...rest] = under;
  if (key !== undefined) {
    if (!isRecord(data)) return data;
    const { [key]: inner, ...others } = data;
    const left = withoutEntry(inner, { under: rest, name, isList });
    const isEmpty = left === undefined || left === null || (typeof left === 'object' && !Object.keys(left).length);
    return isEmpty ? others : { ...others, [key]: left };
  }
  if (isList) return Array.isArray(data) ? data.filter((item) => !isNamed(name)(item)) : data;
  if (!isRecord(data)) return data;
  const { [name]: _entry, ...others } = data;
  return others;
};
