import { excessOf } from '../excess.ts';
import { pruneJson } from '../json.ts';
import { limits } from '../limits.ts';
import { isRecord } from '../rows.ts';

/** A message as far as it was read, or why it is refused; `id` answers it where it is a request. */
export type Message = { value: unknown; isWhole: boolean } | { excess: string; id: string | number | null };

const isExcessiveCall = (value: unknown): boolean =>
  isRecord(value) &&
  value['method'] === 'tools/call' &&
  isRecord(value['params']) &&
  excessOf(value['params']['arguments']) !== undefined;

/**
 * Reads the JSON text of a message no further than to its limits, so that a message of any size takes little time. A call
 * whose arguments are too much comes back with so many of them that it is refused further on, with its entry in the audit
 * log. Throws a SyntaxError for what is no JSON.
 */
export const readMessage = (text: string): Message => {
  const pruned = pruneJson(text, { depth: limits.depth, values: limits.messageValues });
  const value = JSON.parse(pruned) as unknown;
  const isWhole = pruned === text;
  if (isWhole || isExcessiveCall(value)) return { value, isWhole };
  const { id } = isRecord(value) ? value : {};
  return {
    excess: `The message nests deeper than ${limits.depth} levels or has more than ${limits.messageValues} values`,
    id: typeof id === 'string' || typeof id === 'number' ? id : null,
  };
};
