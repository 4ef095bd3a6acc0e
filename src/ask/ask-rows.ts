import { isRecord, type Row } from '../rows.ts';
import { createCollector } from './collect.ts';
import { readExpression } from './expression.ts';
import { readGroup, readSort, type Query } from './query.ts';

/** Rows that are held at most. */
const maxRows = 50_000;

const asGiven = (name: string): string => name;

const readWords = (operation: string, words: string, isField: (word: string) => boolean): Query => {
  const problems: string[] = [];
  const query: Query = { sort: [] };
  if (operation === 'group') query.group = readGroup(words, asGiven, problems);
  else if (operation === 'sort') query.sort = readSort(words, asGiven, problems);
  else query.where = readExpression(words, isField);
  if (problems.length) throw new Error(problems.join('; '));
  return query;
};

/**
 * What `where`, `find`, `group` and `sort` make of rows that are there already, in the words of a read. Throws an Error for words that
 * cannot be read.
 */
export const askRows = (operation: string, given: unknown, words: string): readonly Row[] | Row | null => {
  const rows = (Array.isArray(given) ? (given as unknown[]) : []).filter(isRecord);
  const isField = (word: string): boolean => rows.some((row) => Object.hasOwn(row, word));
  const collector = createCollector(readWords(operation, words, isField), maxRows);
  collector.add(rows);
  const found = collector.result().rows;
  return operation === 'find' ? (found[0] ?? null) : found;
};
