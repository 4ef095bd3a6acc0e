import { closeSync, existsSync, fdatasyncSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { linesOf } from '../../lines.ts';
import type { Fields, Resource, Value } from './types.ts';
import type { World } from './world.ts';

/**
 * One line of a saved world: rows as they were then, and what was removed before them. The first line names the format; a
 * file of format 1 is that line alone.
 */
interface SavedRecord {
  format?: number;
  counters: [string, number][];
  random: number;
  /** Kind and id of each. */
  gone?: (readonly [string, string])[];
  rows: Resource[];
}

const rowsInLine = 500;

const lineOf = (world: World, rows: readonly Resource[], more: Partial<SavedRecord> = {}): string =>
  `${JSON.stringify({ ...more, counters: [...world.counters], random: world.random.state(), rows })}\n`;

/** The lines of a whole world: all that is there, without what was removed and what is still to happen. */
function* textsOf(world: World): Generator<string> {
  yield lineOf(world, [], { format: 2 });
  let rows: Resource[] = [];
  for (const table of world.tables.values())
    for (const row of table.live()) {
      rows.push(row);
      if (rows.length < rowsInLine) continue;
      yield lineOf(world, rows);
      rows = [];
    }
  if (rows.length > 0) yield lineOf(world, rows);
}

/** A world as text. */
export const textOf = (world: World): string => [...textsOf(world)].join('');

const changesOf = (before: Readonly<Fields>, after: Readonly<Fields>): Fields => ({
  ...Object.fromEntries(Object.keys(before).map((name) => [name, undefined])),
  ...after,
});

const putRow = (world: World, { kind, id, no, owner, fields, hidden }: Resource): void => {
  const known = world.stored(kind, id);
  if (!known) {
    world.insert(kind, fields, { id, no, hidden, ...(owner === undefined ? {} : { owner }) });
    return;
  }
  world.update(known, changesOf(known.fields, fields));
  world.hide(known, changesOf(known.hidden, hidden));
  if (known.owner !== owner) world.give(known, owner);
};

const putRecord = (world: World, { counters, random, gone = [], rows }: SavedRecord): void => {
  for (const [series, number] of counters) world.counters.set(series, number);
  world.random.resume(random);
  for (const [kind, id] of gone) {
    const row = world.stored(kind, id);
    if (row) world.forget(row);
  }
  for (const row of rows) putRow(world, row);
};

/** What was found in a saved world. */
interface ReadState {
  /** Rows that were read, also those that later lines have again. */
  rows: number;
  /** Whether more lines may be written after what was read. */
  whole: boolean;
  /** Whether the last line was cut off when it was written. */
  torn: boolean;
}

const refusal = (from: string, what: string, cause?: unknown): Error =>
  new Error(`${from} is not a ${what}. Move it away to start afresh.`, { cause });

/** Fills an empty world from its lines; the last is passed over where it was not written to its end. Throws for what is no saved world. */
const fillFrom = (
  world: World,
  lines: Iterable<{ bytes: Buffer | string; ended: boolean }>,
  from: string,
): ReadState => {
  const read: ReadState = { rows: 0, whole: true, torn: false };
  let format: number | undefined;
  for (const { bytes, ended } of lines) {
    read.whole &&= ended;
    let record: SavedRecord;
    try {
      record = JSON.parse(bytes.toString()) as SavedRecord;
    } catch (error) {
      read.torn = format === 2 && !ended;
      if (read.torn) break;
      throw refusal(from, 'saved simulator: it is not JSON', error);
    }
    format ??= record.format;
    if (format !== 1 && format !== 2) throw refusal(from, 'simulator saved by this version');
    if (format === 1) read.whole = false;
    putRecord(world, record);
    read.rows += record.rows.length;
  }
  if (format === undefined) throw refusal(from, 'saved simulator: it is empty');
  return read;
};

/** What a world is filled from, any number of times. `deep`: rows that have more than plain values. */
export type WorldRecords = readonly (SavedRecord & { deep: ReadonlySet<Resource> })[];

const isPlain = (fields: Readonly<Fields>): boolean =>
  Object.values(fields).every((value) => typeof value !== 'object' || value === null);

/** The records of a world as it is now. They are read from its texts once, however many worlds are filled from them. */
export const recordsOf = (world: World): WorldRecords =>
  Array.from(textsOf(world), (line) => {
    const record = JSON.parse(line) as SavedRecord;
    return { ...record, deep: new Set(record.rows.filter((row) => !isPlain(row.fields) || !isPlain(row.hidden))) };
  });

const copyValue = (value: Value): Value => {
  if (Array.isArray(value)) return value.map(copyValue);
  return typeof value === 'object' && value !== null ? copyFields(value) : value;
};
const copyFields = (fields: Readonly<Fields>): Fields => {
  const copy = { ...fields };
  for (const name in copy) if (typeof copy[name] === 'object') copy[name] = copyValue(copy[name]);
  return copy;
};

/** Fills an empty world, which shares nothing with the records that could change: the world itself copies plain fields. */
export const fillWorld = (world: World, records: WorldRecords): void => {
  const own = (row: Resource, deep: ReadonlySet<Resource>): Resource =>
    deep.has(row)
      ? { ...row, fields: copyFields(row.fields), hidden: copyFields(row.hidden) }
      : { ...row, hidden: { ...row.hidden } };
  for (const record of records) putRecord(world, { ...record, rows: record.rows.map((row) => own(row, record.deep)) });
};

/** Saves a world soon after it changes, and when it is closed. */
export interface Saver {
  /** Says that a request was answered, after which there may be something to save. */
  saveSoon(): void;
  close(): void;
}

const debounceMs = 250;

/** Writes a whole world in one step: a reader finds the old or the new one, never a part. */
const writeWhole = (world: World, file: string): void => {
  const part = `${file}.${process.pid}.part`;
  const handle = openSync(part, 'w', 0o600);
  try {
    for (const line of textsOf(world)) writeFileSync(handle, line);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(part, file);
};

const countRows = (world: World): number => {
  let count = 0;
  for (const table of world.tables.values()) count += table.live().length;
  return count;
};

const createJournal = (world: World, file: string, read: ReadState | undefined): Saver => {
  const changed = new Set<Resource>();
  let written = read?.rows ?? 0;
  let timer: NodeJS.Timeout | undefined;
  const rewrite = (): void => {
    writeWhole(world, file);
    written = countRows(world);
    changed.clear();
  };
  const append = (line: string): void => {
    const handle = openSync(file, 'a');
    try {
      writeFileSync(handle, line);
      fdatasyncSync(handle);
    } finally {
      closeSync(handle);
    }
  };
  world.onChange((row) => changed.add(row));
  if (read?.whole !== true) rewrite();
  const save = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (changed.size === 0) return;
    const rows = [...changed].filter(({ removed }) => removed === undefined);
    const gone = [...changed].flatMap(({ kind, id, removed }) => (removed === undefined ? [] : [[kind, id] as const]));
    changed.clear();
    append(lineOf(world, rows, { gone }));
    written += rows.length;
    // Most of the rows in the file are then no longer true.
    if (written > 2 * countRows(world) + 10_000) rewrite();
  };
  return {
    saveSoon: () => {
      if (timer !== undefined || changed.size === 0) return;
      timer = setTimeout(save, debounceMs);
      timer.unref();
    },
    close: save,
  };
};

/** A world and its file. */
export interface SavedWorld {
  /** Whether the world was in the file. */
  found: boolean;
  /** Begins to save what changes: call it once the world is as its first request is to find it, or just read. */
  open(): Saver;
}

/**
 * Fills an empty world from its file, where there is one. Changes are then written at the end of the file, each as a line; a
 * last line that was cut off by the end of a process is passed over, and `onWarning` says so. Throws for a file that is no
 * saved world.
 */
export const readSaved = (world: World, file: string, onWarning: (text: string) => void): SavedWorld => {
  if (!existsSync(file)) return { found: false, open: () => createJournal(world, file, undefined) };
  const read = fillFrom(world, linesOf(file), file);
  if (read.torn) onWarning(`The simulator skips the last change in ${file}: only a part of it was written.`);
  return { found: true, open: () => createJournal(world, file, read) };
};
