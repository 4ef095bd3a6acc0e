import { excessOf } from '../excess.ts';
import { pruneJson } from '../json.ts';
import { limits } from '../limits.ts';
import { isRecord } from '../rows.ts';
import { toLabel } from '../text.ts';
import { isId } from './request-id.ts';

/** A message as far as it was read, or why it is refused; `id` answers it where it is a request. */
export type Message = { value: unknown; isWhole: boolean } | { excess: string; id: string | number | null };

/** Codes of JSON-RPC. */
const invalidRequest = -32_600;
const invalidParams = -32_602;

/** What a request consists of. */
const parts: ReadonlySet<string> = new Set(['jsonrpc', 'id', 'method', 'params']);

const relatedTask = 'io.modelcontextprotocol/related-task';

/** What is wrong with `_meta` of a request, of those of its fields that MCP gives a type to. */
const problemWithMeta = (meta: unknown): string | undefined => {
  if (meta === undefined) return undefined;
  if (!isRecord(meta)) return '_meta must be an object';
  const { progressToken, [relatedTask]: task } = meta;
  if (progressToken !== undefined && !isId(progressToken))
    return `_meta.progressToken must be a text or a whole number, at most ${Number.MAX_SAFE_INTEGER}`;
  if (task !== undefined && (!isRecord(task) || typeof task['taskId'] !== 'string'))
    return `_meta["${relatedTask}"] must be an object with a taskId (text)`;
  return undefined;
};

const isClient = (params: Record<string, unknown>): boolean =>
  typeof params['protocolVersion'] === 'string' &&
  isRecord(params['capabilities']) &&
  isRecord(params['clientInfo']) &&
  typeof params['clientInfo']['name'] === 'string';

/** Why a message that is waited for, because it has an id, cannot be read; on stdio the SDK drops these without an answer. */
export const problemWith = (
  message: unknown,
): { problem: string; id: string | number | null; code: number } | undefined => {
  if (!isRecord(message)) return undefined;
  const { id, method, params } = message;
  const isResponse = !('method' in message) && ('result' in message || 'error' in message);
  if (!('id' in message) || isResponse) return undefined;
  if (!isId(id))
    return {
      problem: `The id must be a text or a whole number, at most ${Number.MAX_SAFE_INTEGER}`,
      id: null,
      code: invalidRequest,
    };
  if (message['jsonrpc'] !== '2.0' || typeof method !== 'string')
    return { problem: 'A request needs jsonrpc "2.0" and a method', id, code: invalidRequest };
  const unknown = Object.keys(message).find((name) => !parts.has(name));
  if (unknown !== undefined)
    return {
      problem: `A request has no ${toLabel(unknown)}; it has ${[...parts].join(', ')}`,
      id,
      code: invalidRequest,
    };
  if (params === undefined || params === null) return undefined;
  if (!isRecord(params)) return { problem: 'params must be an object', id, code: invalidParams };
  const wrong = problemWithMeta(params['_meta']);
  if (wrong !== undefined) return { problem: wrong, id, code: invalidParams };
  if (method === 'initialize' && !isClient(params))
    return { problem: 'initialize needs protocolVersion (text), capabilities and clientInfo', id, code: invalidParams };
  return undefined;
};

const isExcessiveCall = (value: unknown): boolean =>
  isRecord(value) &&
  value['method'] === 'tools/call' &&
  isRecord(value['params']) &&
  excessOf(value['params']['arguments']) !== undefined;

/** Records in the params of a method whose values are texts, each by its way: what is null in them is not given, either. */
const textsOf: Readonly<Record<string, readonly string[]>> = {
  'prompts/get': ['arguments'],
  'completion/complete': ['context', 'arguments'],
};

const isMissing = (value: unknown): boolean => value === null;

/** The entries of a record that are not null; undefined where all of them are. */
const givenOf = (record: Record<string, unknown>): Record<string, unknown> | undefined =>
  Object.values(record).some(isMissing)
    ? Object.fromEntries(Object.entries(record).filter(([, value]) => !isMissing(value)))
    : undefined;

/** A record of texts at the end of a way, as texts: a number that a host did not quote is one. */
const withTexts = (
  record: Record<string, unknown>,
  [name = '', ...way]: readonly string[],
): Record<string, unknown> => {
  const inner = record[name];
  if (!isRecord(inner)) return record;
  if (way.length) {
    const changed = withTexts(inner, way);
    return changed === inner ? record : { ...record, [name]: changed };
  }
  const isPlain = (value: unknown): boolean => typeof value === 'number' || typeof value === 'boolean';
  const given = givenOf(inner) ?? inner;
  if (given === inner && !Object.values(inner).some(isPlain)) return record;
  const texts = Object.entries(given).map(([key, value]) => [key, isPlain(value) ? String(value) : value]);
  return { ...record, [name]: Object.fromEntries(texts) };
};

/** The same message where nothing stands as null that MCP wants as it is or not at all: some hosts write out what they leave empty. */
const withoutNulls = (message: unknown): unknown => {
  if (!isRecord(message)) return message;
  const { params, ...rest } = message;
  if (params === null) return rest;
  if (!isRecord(params)) return message;
  const { method } = message;
  const ways = typeof method === 'string' && Object.hasOwn(textsOf, method) ? textsOf[method]! : [];
  const given = givenOf(params) ?? params;
  const changed = ways.length ? withTexts(given, ways) : given;
  return changed === params ? message : { ...message, params: changed };
};

/**
 * Reads the JSON text of a message no further than to its limits, so that a message of any size takes little time. A call
 * whose arguments are too much comes back with so many of them that it is refused further on, with its entry in the audit
 * log. Throws a SyntaxError for what is no JSON.
 */
export const readMessage = (text: string): Message => {
  const pruned = pruneJson(text, { depth: limits.depth, values: limits.messageValues });
  const value = JSON.parse(pruned) as unknown;
  const isWhole = pruned === text;
  if (isWhole || isExcessiveCall(value)) {
    const given = withoutNulls(value);
    return { value: given, isWhole: isWhole && given === value };
  }
  const { id } = isRecord(value) ? value : {};
  return {
    excess: `The message nests deeper than ${limits.depth} levels or has more than ${limits.messageValues} values`,
    id: isId(id) ? id : null,
  };
};
