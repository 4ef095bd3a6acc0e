import { CallError, describeError } from '../errors.ts';
import type { Outcome } from '../types.ts';

/** Rows of one answer that a browser is given. */
const maxRows = 500;

/** An answer as the page and the MCP Apps show it: values as they came, and in words. */
export const show = (outcome: Outcome): Record<string, unknown> => {
  const { items: _items, item: _item, ...rest } = outcome.structured;
  const { text: answer, columns, show: inWords } = outcome;
  const rows = outcome.rows().slice(0, maxRows);
  const cells = inWords && rows.map((row) => columns.map((column) => inWords(row, column)));
  return { ...rest, text: answer, columns, rows, cells, entries: outcome.entries?.() };
};

/** A read of the cloud that a view consists of. */
export interface ViewRead {
  tool: string;
  args?: Record<string, unknown>;
  fields?: string[];
  pagesize?: number;
}

/** Makes one read through the whole path, as the one who looks. Throws a CallError. */
export type ReadView = (read: ViewRead) => Promise<Outcome>;

/** The answer, or the problem that is shown in its place: the other parts of a view are there all the same. */
export const orProblem = <T>(answer: Promise<T>): Promise<T | { error: ReturnType<typeof describeError> }> =>
  answer.catch((error: unknown) => {
    if (error instanceof CallError) return { error: describeError(error, 'model') };
    throw error;
  });
