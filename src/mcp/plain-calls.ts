import type { App } from '../app/app.ts';
import { AwaitingReply } from '../consent.ts';
import { isRecord } from '../rows.ts';
import { callTool, type HostCall } from './run.ts';

/** Calls that are answered without the SDK, which costs more to load, and then for each call, than most of them do. */
export interface PlainCalls {
  /** Looks at each message in turn. Whether it has, or will have, its answer here. */
  take(message: unknown): boolean;
  /** The `initialize` of this id was answered: what came with it holds. */
  opened(id: unknown): void;
  /** Ends what still runs. */
  close(): void;
}

interface PlainCallOptions {
  write: (message: object) => void;
  /** Hands a request over that needs the SDK after all. */
  pass: (message: unknown) => void;
  /** Whether requests can still be handed over. */
  canPass: () => boolean;
}

/** Tools of the compact list that hardly ever have a question for a person. */
const plainTools = new Set(['find-tools', 'describe-tools', 'read', 'wait-for-job', 'whoami', 'diagnose']);

const isId = (id: unknown): id is string | number => typeof id === 'string' || Number.isSafeInteger(id);

const isOptionalRecord = (value: unknown): value is Record<string, unknown> | undefined =>
  value === undefined || isRecord(value);

interface PlainCall {
  id: string | number;
  name: string;
  args: Record<string, unknown> | undefined;
  meta: Record<string, unknown> | undefined;
}

const isPlainMeta = (meta: Record<string, unknown> = {}): boolean => {
  const token = meta['progressToken'];
  // Versions of the protocol that need no handshake say in each request what else is agreed on.
  const isOfHandshake = Object.keys(meta).every((name) => !name.startsWith('io.modelcontextprotocol/'));
  return isOfHandshake && (token === undefined || isId(token));
};

/** A request of which every part is as it should be; undefined for any other message. */
const readCall = (message: Record<string, unknown>): PlainCall | undefined => {
  const { jsonrpc, id, method, params, ...others } = message;
  if (method !== 'tools/call' || jsonrpc !== '2.0' || !isId(id) || Object.keys(others).length) return undefined;
  if (!isRecord(params)) return undefined;
  const { name, arguments: args, _meta: meta, ...more } = params;
  if (Object.keys(more).length || typeof name !== 'string' || !plainTools.has(name)) return undefined;
  if (!isOptionalRecord(args) || !isOptionalRecord(meta) || !isPlainMeta(meta)) return undefined;
  return { id, name, args, meta };
};

const internalError = -32_603;

/** For connections that begin with a handshake, and the compact list, or one with more. */
export const createPlainCalls = (app: App, { write, pass, canPass }: PlainCallOptions): PlainCalls => {
  const running = new Map<string | number, AbortController>();
  let asked: { id: unknown; client: HostCall['client'] } | undefined;
  let session: { client: HostCall['client'] } | undefined;

  const answer = async ({ id, name, args, meta }: PlainCall, message: unknown): Promise<void> => {
    const controller = new AbortController();
    running.set(id, controller);
    const { signal } = controller;
    const host: HostCall = {
      app,
      call: app.call,
      door: { requester: { principal: app.config.principal, isLocal: true } },
      client: session?.client,
      meta,
      signal,
      // Who asks, the SDK knows: nothing was sent, and the call begins there anew.
      consent: (question) =>
        canPass() ? Promise.reject(new AwaitingReply(question, { isUnasked: true })) : Promise.resolve(undefined),
      onProgress: (params) => write({ method: 'notifications/progress', params, jsonrpc: '2.0' }),
    };
    try {
      const result = await callTool(host, name, args);
      if (!signal.aborted) write({ result, jsonrpc: '2.0', id });
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof AwaitingReply) pass(message);
      else
        write({
          jsonrpc: '2.0',
          id,
          error: { code: internalError, message: error instanceof Error ? error.message : String(error) },
        });
    } finally {
      if (running.get(id) === controller) running.delete(id);
    }
  };

  const cancel = ({ requestId, reason }: Record<string, unknown>): boolean => {
    const controller = isId(requestId) ? running.get(requestId) : undefined;
    controller?.abort(reason);
    return controller !== undefined;
  };

  return {
    take: (message) => {
      if (!isRecord(message)) return false;
      const { method, id, params } = message;
      if (method === 'initialize') {
        const client = isRecord(params) && isRecord(params['clientInfo']) ? params['clientInfo'] : {};
        asked = { id, client };
        session = undefined;
        return false;
      }
      if (method === 'notifications/cancelled') return isRecord(params) && cancel(params);
      const call = session && readCall(message);
      if (!call || running.has(call.id)) return false;
      void answer(call, message);
      return true;
    },
    opened: (id) => {
      if (asked && asked.id === id) session = { client: asked.client };
    },
    close: () => {
      for (const controller of running.values()) controller.abort();
    },
  };
};
