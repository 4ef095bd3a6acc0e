import { excessOf } from '../excess.ts';
import { pruneJson } from '../json.ts';
import { limits } from '../limits.ts';
import { isRecord } from '../rows.ts';

/** A message as far as it was read, or why it is refused; `id` answers it where it is a request. */
export type Message = { value: unknown; isWhole: boolean } | { excess: string; id: string | number | null };

/** Codes of JSON-RPC. */
const invalidRequest = -32_600;
const invalidParams = -32_602;

const isId = (id: unknown): id is string | number => typeof id === 'string' || Number.isInteger(id);

const isClient = (params: Record<string, unknown>): boolean =>
  typeof params['protocolVersion'] === 'string' &&
  isRecord(params['capabilities']) &&
  isRecord(params['clientInfo']) &&
  typeof params['clientInfo']['name'] === 'string';

/** Why a message that is waited for, because it has an id, cannot be read; on stdio the SDK drops some of these without an answer. */
export const problemWith = (
  message: unknown,
): { problem: string; id: string | number | null; code: number } | undefined => {
  if (!isRecord(message)) return undefined;
  const { id, method, params } = message;
  if (!('id' in message) || 'result' in message || 'error' in message) return undefined;
  if (!isId(id)) return { problem: 'The id must be a text or a whole number', id: null, code: invalidRequest };
  if (message['jsonrpc'] !== '2.0' || typeof method !== 'string')
    return { problem: 'A request needs jsonrpc "2.0" and a method', id, code: invalidRequest };
  if (params === undefined || params === null) return undefined;
  if (!isRecord(params)) return { problem: 'params must be an object', id, code: invalidParams };
  if (method === 'initialize' && !isClient(params))
    return { problem: 'initialize needs protocolVersion (text), capabilities and clientInfo', id, code: invalidParams };
  return undefined;
};

const isExcessiveCall = (value: unknown): boolean =>
  isRecord(value) &&
  value['method'] === 'tools/call' &&
  isRecord(value['params']) &&
  excessOf(value['params']['arguments']) !== undefined;

/** Whether something stands as null where MCP wants an object or nothing: some hosts write out what they leave empty. */
const hasNulls = (value: unknown): boolean =>
  isRecord(value) && (value['params'] === null || (isRecord(value['params']) && value['params']['arguments'] === null));

/** The same message; what is null is left out. */
const withoutNulls = (message: unknown): unknown => {
  if (!isRecord(message)) return message;
  const { params, ...rest } = message;
  if (!isRecord(params)) return params === null ? rest : message;
  const { arguments: args, ...others } = params;
  return args === null ? { ...message, params: others } : message;
};

/**
 * Reads the JSON text of a message no further than to its limits, so that a message of any size takes little time. A call
 * whose arguments are too much comes back with so many of them that it is refused further on, with its entry in the audit
 * log. Throws a SyntaxError for what is no JSON.
 */
export const readMessage = (text: string): Message => {
  const pruned = pruneJson(text, { depth: limits.depth, values: limits.messageValues });
  const value = JSON.parse(pruned) as unknown;
  if (hasNulls(value)) return { value: withoutNulls(value), isWhole: false };
  const isWhole = pruned === text;
  if (isWhole || isExcessiveCall(value)) return { value, isWhole };
  const { id } = isRecord(value) ? value : {};
  return {
    excess: `The message nests deeper than ${limits.depth} levels or has more than ${limits.messageValues} values`,
    id: typeof id === 'string' || typeof id === 'number' ? id : null,
  };
};
