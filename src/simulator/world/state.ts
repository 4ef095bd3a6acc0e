import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import type { Resource } from './types.ts';
import type { World } from './world.ts';

interface Saved {
  format: 1;
  counters: [string, number][];
  random: number;
  rows: Resource[];
}

/** A world as text: all that is there, without what was removed and what is still to happen. */
export const textOf = (world: World): string => {
  const saved: Saved = {
    format: 1,
    counters: [...world.counters],
    random: world.random.state(),
    rows: [...world.tables.values()].flatMap((table) => [...table.live()]),
  };
  return JSON.stringify(saved);
};

/** Writes a world to a file in one step: a reader finds the old or the new one, never a part. */
const saveWorld = (world: World, file: string): void => {
  const part = `${file}.${process.pid}.part`;
  const handle = openSync(part, 'w', 0o600);
  try {
    writeSync(handle, textOf(world));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(part, file);
};

/** Fills an empty world from its text. Throws for what is not a saved world. `from` says in errors where the text is from. */
export const fillWorld = (world: World, text: string, from: string): void => {
  let saved: Saved;
  try {
    saved = JSON.parse(text) as Saved;
  } catch (error) {
    throw new Error(`${from} is not a saved simulator: it is not JSON. Move it away to start afresh.`, {
      cause: error,
    });
  }
  if (saved.format !== 1)
    throw new Error(`${from} is not a simulator saved by this version. Move it away to start afresh.`);
  for (const [series, number] of saved.counters) world.counters.set(series, number);
  world.random.resume(saved.random);
  for (const { kind, id, no, owner, fields, hidden } of saved.rows)
    world.insert(kind, fields, { id, no, hidden, ...(owner === undefined ? {} : { owner }) });
};

/** The text of a saved world; undefined where there is none yet. */
export const readWorld = (file: string): string | undefined =>
  existsSync(file) ? readFileSync(file, 'utf8') : undefined;

/** Saves a world soon after it changes, and when it is closed. */
export interface Saver {
  /** Says that a request was answered, after which there may be something to save. */
  saveSoon(): void;
  close(): void;
}

const debounceMs = 250;

/** Saves to one file; without a file, nothing. */
export const createSaver = (world: World, file: string | undefined): Saver => {
  let saved = world.version();
  let timer: NodeJS.Timeout | undefined;
  const save = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (file === undefined || saved === world.version()) return;
    saved = world.version();
    saveWorld(world, file);
  };
  return {
    saveSoon: () => {
      if (file === undefined || timer !== undefined || saved === world.version()) return;
      timer = setTimeout(save, debounceMs);
      timer.unref();
    },
    close: save,
  };
};
