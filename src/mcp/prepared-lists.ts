import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { isRecord } from '../rows.ts';

/** More ways to ask for the same list than these are not prepared for, nor longer ones. */
const maxLists = 8;
const maxKey = 4096;

/** Results of `tools/list` as bytes of JSON, by what they depend on: a list of hundreds of tools is made once, and not again for each request. */
export interface ListResults {
  /** An answer with the result that is there: as JSON-RPC, between these texts. */
  answer(key: string, id: string | number, before?: string, after?: string): Buffer<ArrayBuffer> | undefined;
  /** Takes the result that the server is about to make; undefined where it is not to be kept. */
  expect(key: string): ((result: unknown) => void) | undefined;
  /** The list has changed: so has what is being made. */
  clear(): void;
}

/** No results yet. */
export const createListResults = (): ListResults => {
  const results = new Map<string, Buffer>();
  let change = 0;
  return {
    answer: (key, id, before = '', after = '') => {
      const result = results.get(key);
      if (!result) return undefined;
      const [head, end] = [`${before}{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":`, `}${after}`];
      return Buffer.concat([Buffer.from(head), result, Buffer.from(end)]);
    },
    expect: (key) => {
      const begun = change;
      return key.length > maxKey
        ? undefined
        : (result) => {
            if (begun === change && results.size < maxLists) results.set(key, Buffer.from(JSON.stringify(result)));
          };
    },
    clear: () => {
      change++;
      results.clear();
    },
  };
};

/** Answers to `tools/list` on one connection. */
export interface PreparedLists {
  /** The bytes that answer a message, with the line feed; undefined where the server has to. */
  answer(message: unknown): Buffer | undefined;
  /** Looks at each message that leaves: the server's own answer is the one that is given again. */
  save(message: JSONRPCMessage): void;
  /** The list has changed. */
  clear(): void;
}

/** What a request asks for beside its id; undefined for one that is not about the list, or wants to hear of its progress. */
const keyOf = (message: Record<string, unknown>): string | undefined => {
  if (message['method'] !== 'tools/list') return undefined;
  const { id: _id, ...asked } = message;
  const text = JSON.stringify(asked);
  return text.includes('"progressToken"') ? undefined : text;
};

/** No lists yet. */
export const createPreparedLists = (): PreparedLists => {
  const results = createListResults();
  const waiting = new Map<string | number, (result: unknown) => void>();
  const clear = (): void => {
    results.clear();
    waiting.clear();
  };
  return {
    clear,
    answer: (message) => {
      if (!isRecord(message)) return undefined;
      // What was agreed on before no longer holds.
      if (message['method'] === 'initialize') clear();
      const { id } = message;
      const key = keyOf(message);
      if (key === undefined || (typeof id !== 'string' && typeof id !== 'number')) return undefined;
      const prepared = results.answer(key, id, '', '\n');
      if (prepared) return prepared;
      const expected = waiting.size < maxLists ? results.expect(key) : undefined;
      if (expected) waiting.set(id, expected);
      return undefined;
    },
    save: (message) => {
      if (waiting.size === 0 || !('id' in message) || message.id === undefined || 'method' in message) return;
      const expected = waiting.get(message.id);
      waiting.delete(message.id);
      if ('result' in message) expected?.(message.result);
    },
  };
};
