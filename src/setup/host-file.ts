import { existsSync, readFileSync, rmSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { readText } from '../config/read-text.ts';
import { CallError } from '../errors.ts';
import {
  DocumentError,
  entriesIn,
  entryIn,
  hasContainer,
  withoutEntry,
  type DocumentFormat,
  type Entry,
  type EntryPlace,
} from './documents.ts';
import type { Host, HostLaunch } from './hosts.ts';
import { writeWhole } from './write-whole.ts';

const mend = 'Make it writable for you, or add what init --print shows by hand.';

/** What was, or would be, done with a host's file. */
export interface HostChange {
  host: Host;
  action: 'written' | 'unchanged' | 'removed' | 'absent';
  /** The file as it is afterwards; undefined where it is deleted, or was not there. */
  text: string | undefined;
}

/** Where the file as it was before the first entry is saved. */
export const backupOf = (file: string): string => `${file}.before-cloudstack`;

/** Whether two values are the same, whatever their parsers make objects of. */
const isSameValue = (one: unknown, other: unknown): boolean => {
  const toPlain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));
  return isDeepStrictEqual(toPlain(one), toPlain(other));
};

const byteOrderMark = '\ufeff';

/** A file's text without its byte order mark; undefined where there is no file. */
const readFile = ({ file, title }: Pick<Host, 'file' | 'title'>): { mark: string; text: string } | undefined => {
  if (!existsSync(file)) return undefined;
  const text = readText(file, `The configuration of ${title}`);
  return { mark: readFileSync(file).subarray(0, 3).toString('hex') === 'efbbbf' ? byteOrderMark : '', text };
};

const explain = ({ title, file }: Host, error: unknown): unknown => {
  if (!(error instanceof DocumentError)) return error;
  const { line, column, message } = error;
  const place = line === undefined ? '' : `, line ${line}, column ${column}`;
  return new CallError(
    'configuration',
    `The configuration of ${title} (${file}${place}) was left as it is: ${message}.`,
    `Correct it, or add the entry by hand: init --print shows it.`,
    { cause: error },
  );
};

const reading = <T>(host: Host, read: () => T): T => {
  try {
    return read();
  } catch (error) {
    throw explain(host, error);
  }
};

/** The text with the entry: nothing else of its value may have changed. */
const setSafely = (format: DocumentFormat, text: string, place: EntryPlace, entry: Entry): string => {
  const changed = format.set(text, place, entry);
  const data = format.parse(changed);
  const isSame = isSameValue(withoutEntry(data, place), withoutEntry(format.parse(text) ?? {}, place));
  if (isSame && isSameValue(entryIn(data, place), entry)) return changed;
  throw new DocumentError('it is written in a way that this program does not change');
};

const removeSafely = (format: DocumentFormat, text: string, place: EntryPlace, parents: boolean): string => {
  const changed = format.remove(text, place, parents);
  const data = format.parse(changed) ?? {};
  const isSame = isSameValue(withoutEntry(data, place), withoutEntry(format.parse(text), place));
  if (isSame && entryIn(data, place) === undefined) return changed;
  throw new DocumentError('it is written in a way that this program does not change');
};

/** What an entry is added to: a file without content begins as a new one does. */
const beginningOf = ({ empty }: Host, text: string): string => (text.trim() || !empty ? text : empty);

/** Puts the server into a host's configuration; twice is once. With `print` nothing is written. Throws a CallError that says why not. */
export const addToHost = async (host: Host, launch: HostLaunch, { print = false } = {}): Promise<HostChange> => {
  const format = await host.format();
  const place = host.placeOf(launch.name);
  const entry = host.entryOf(launch);
  const found = readFile(host);
  const { mark, text } = found ?? { mark: '', text: host.empty };
  const before = reading(host, () => entryIn(format.parse(text), place));
  if (found && isSameValue(before, entry)) return { host, action: 'unchanged', text };
  const changed = reading(host, () => setSafely(format, beginningOf(host, text), place, entry));
  if (print) return { host, action: 'written', text: changed };
  if (found && before === undefined) writeWhole(backupOf(host.file), mark + text, { mend });
  writeWhole(host.file, mark + changed, { mend });
  return { host, action: 'written', text: changed };
};

/** The entry of this name in a host's configuration; undefined where there is none. Throws a CallError for a broken file. */
export const entryOfHost = async (host: Host, name: string): Promise<unknown> => {
  const found = readFile(host);
  if (!found) return undefined;
  const format = await host.format();
  return reading(host, () => entryIn(format.parse(found.text), host.placeOf(name)));
};

/** The servers that a host's configuration has, by their names. Throws a CallError for a broken file. */
export const entriesOfHost = async (host: Host): Promise<Record<string, unknown>> => {
  const found = readFile(host);
  if (!found) return {};
  const format = await host.format();
  return reading(host, () => entriesIn(format.parse(found.text), host.placeOf('')));
};

/** The file without the entry: as it was before, where nothing else has changed since; undefined where it was not there. */
const textBefore = (
  host: Host,
  format: DocumentFormat,
  { text, place, entry }: { text: string; place: EntryPlace; entry: Entry },
): string | undefined => {
  const backup = readFile({ ...host, file: backupOf(host.file) })?.text;
  if (backup !== undefined && format.set(beginningOf(host, backup), place, entry) === text) return backup;
  const former = backup === undefined ? undefined : format.parse(backup);
  const hadParents = former !== undefined && hasContainer(former, place);
  const left = removeSafely(format, text, place, !hadParents);
  const isNew = backup === undefined && isSameValue(format.parse(left) ?? {}, format.parse(host.empty) ?? {});
  return isNew ? undefined : left;
};

/** Takes the server out of a host's configuration, and leaves what was there. */
export const removeFromHost = async (host: Host, name: string, { print = false } = {}): Promise<HostChange> => {
  const entry = (await entryOfHost(host, name)) as Entry | undefined;
  const found = readFile(host);
  if (!found || entry === undefined) return { host, action: 'absent', text: found?.text };
  const format = await host.format();
  const { mark, text } = found;
  const left = reading(host, () => textBefore(host, format, { text, place: host.placeOf(name), entry }));
  if (print) return { host, action: 'removed', text: left };
  if (left === undefined) rmSync(host.file);
  else writeWhole(host.file, mark + left, { mend });
  rmSync(backupOf(host.file), { force: true });
  return { host, action: 'removed', text: left };
};
