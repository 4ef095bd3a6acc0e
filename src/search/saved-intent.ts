import { createHash } from 'node:crypto';
import { loadData } from '../data.ts';
import { loadForeignQuestions } from './foreign.ts';
import { inHalves, noIntent, type Intent } from './intent.ts';
import type { SearchIndex } from './search-index.ts';

/** data/search-weights.json: what was learned, by the names of what it is about; rows are in base64. */
export interface SavedIntent {
  /** Of what it was learned from. */
  digest: string;
  size: number;
  scale: number;
  names: string[];
  actions: string[];
  objects: string[];
  commands: string[];
  /** The rows of the names. */
  rows: string;
  ofAction: string;
  ofObject: string;
  ofCommand: string;
  /** What tells that a text is foreign, by name, and what else does. */
  foreignRows: string;
  foreign: Intent['foreign'];
}

/** A text from which the search learns, the command that it means, and how often it counts. */
export interface Lesson {
  text: string;
  command: string;
  times: number;
}

/** Says whether what was learned is of today: what people say, the words of one meaning. Reworded summaries make no difference. */
export const digestOf = (lessons: readonly Lesson[]): string => {
  const asked = lessons.map(({ text, command, times }) => (times === 1 ? [command, text] : [command]));
  return createHash('sha256')
    .update(JSON.stringify([asked, loadData('synonyms.json'), loadForeignQuestions()]))
    .digest('hex')
    .slice(0, 16);
};

const toBytes = (text: string): Int8Array => new Int8Array(Buffer.from(text, 'base64'));

/** The rows of some names in the order of others; zeros where nothing is known. */
const reorder = (rows: Int8Array, size: number, known: readonly string[], names: readonly string[]): Int8Array => {
  const rowOf = new Map(known.map((name, row) => [name, row]));
  const result = new Int8Array(names.length * size);
  names.forEach((name, at) => {
    const row = rowOf.get(name);
    if (row !== undefined) result.set(rows.subarray(row * size, (row + 1) * size), at * size);
  });
  return result;
};

/** What was learned, as an index numbers terms and commands. */
export const fitIntent = (saved: SavedIntent, index: Omit<SearchIndex, 'intent'>): Intent => {
  const { size, scale } = saved;
  const terms = new Set(index.terms);
  const others = saved.names.filter((name) => !terms.has(name));
  const known = new Set(saved.commands);
  return {
    ...noIntent,
    size,
    scale,
    terms: index.terms.length,
    names: others,
    rows: inHalves(reorder(toBytes(saved.rows), size, saved.names, [...index.terms, ...others])),
    ofAction: reorder(toBytes(saved.ofAction), size, saved.actions, index.actions),
    ofObject: reorder(toBytes(saved.ofObject), size, saved.objects, index.objects),
    ofCommand: reorder(toBytes(saved.ofCommand), size, saved.commands, index.commands),
    foreignRows: reorder(toBytes(saved.foreignRows), 1, saved.names, [...index.terms, ...others]),
    foreign: saved.foreign,
    trained: Int8Array.from(index.commands, (name) => (known.has(name) ? 1 : 0)),
  };
};
