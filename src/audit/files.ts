import { closeSync, existsSync, openSync, readdirSync, readSync, fstatSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { escapeRegExp } from '../text.ts';

const namesBeside = (path: string): string[] => {
  try {
    return readdirSync(dirname(path));
  } catch {
    return [];
  }
};

/** The name of a log's rotated file, oldest 1. */
export const partPath = (path: string, part: number): string => `${path}.${String(part).padStart(6, '0')}`;

/** The numbers of a log's rotated files, oldest first. */
export const listParts = (path: string): number[] => {
  const pattern = new RegExp(`^${escapeRegExp(basename(path))}\\.(\\d{6,})$`);
  return namesBeside(path)
    .flatMap((name) => pattern.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
};

/** A log's files that are there: the rotated ones, oldest first, and the current one. */
export const listFiles = (path: string): string[] =>
  [...listParts(path).map((part) => partPath(path, part)), path].filter((file) => existsSync(file));

/** The log of the nth process at once: audit.jsonl, audit-2.jsonl, … */
export const slotPath = (path: string, slot: number): string => {
  const end = extname(path);
  return slot === 1 ? path : `${path.slice(0, path.length - end.length)}-${slot}${end}`;
};

/** The logs of every process that ever wrote beside this one, this one first. */
export const listSlots = (path: string): string[] => {
  const end = extname(path);
  const pattern = new RegExp(`^${escapeRegExp(basename(path, end))}-(\\d+)${escapeRegExp(end)}(\\.head|\\.\\d{6,})?$`);
  const slots = namesBeside(path).flatMap((name) => pattern.exec(name)?.[1] ?? []);
  const others = [...new Set(slots.map(Number))].filter((slot) => slot > 1).sort((a, b) => a - b);
  return [path, ...others.map((slot) => slotPath(path, slot))];
};

/** The log that a file belongs to: itself, or the one it was rotated from. */
export const logOf = (path: string): string => path.replace(/\.\d{6,}$/, '');

/** Names of a log's companions, such as its locks: those that begin with the log's name and `infix`. */
export const listBeside = (path: string, infix: string): string[] =>
  namesBeside(path)
    .filter((name) => name.startsWith(basename(path) + infix))
    .map((name) => join(dirname(path), name));

/** Bytes of a file from `from` up to `to`, by default to its end. */
export const readRange = (path: string, from: number, to?: number): Buffer => {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(Math.max(0, (to ?? fstatSync(file).size) - from));
    let filled = 0;
    while (filled < bytes.length) {
      const count = readSync(file, bytes, filled, bytes.length - filled, from + filled);
      if (!count) break;
      filled += count;
    }
    return bytes.subarray(0, filled);
  } finally {
    closeSync(file);
  }
};

const chunk = 256 * 1024;

/** A file's whole lines, last to first, from `end` backwards; what comes after the last line feed is left out. */
export function* linesBackwards(path: string, end?: number): Generator<Buffer> {
  const file = openSync(path, 'r');
  try {
    let position = end ?? fstatSync(file).size;
    let rest = Buffer.alloc(0);
    let begun = false;
    while (position > 0) {
      const size = Math.min(chunk, position);
      position -= size;
      const buffer = Buffer.alloc(size);
      const bytes = Buffer.concat([buffer.subarray(0, readSync(file, buffer, 0, size, position)), rest]);
      let to = bytes.length;
      for (let at = bytes.lastIndexOf(10, to - 1); at >= 0; at = to > 0 ? bytes.lastIndexOf(10, to - 1) : -1) {
        if (begun) yield bytes.subarray(at + 1, to);
        begun = true;
        to = at;
      }
      rest = bytes.subarray(0, to);
    }
    if (begun) yield rest;
  } finally {
    closeSync(file);
  }
}
