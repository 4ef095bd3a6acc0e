import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { isRecord } from '../rows.ts';

/** More ways to ask for the same list than these are not prepared for. */
const maxLists = 8;

/** Answers to `tools/list` as bytes: a list of hundreds of tools is made once for a connection, and not again for each request. */
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
  const results = new Map<string, Buffer>();
  const waiting = new Map<string | number, string>();
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
      const result = results.get(key);
      if (!result) {
        if (results.size + waiting.size < maxLists) waiting.set(id, key);
        return undefined;
      }
      return Buffer.concat([Buffer.from(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":`), result]);
    },
    save: (message) => {
      if (waiting.size === 0 || !('id' in message) || message.id === undefined || 'method' in message) return;
      const key = waiting.get(message.id);
      waiting.delete(message.id);
      if (key !== undefined && 'result' in message)
        results.set(key, Buffer.from(`${JSON.stringify(message.result)}}\n`));
    },
  };
};
