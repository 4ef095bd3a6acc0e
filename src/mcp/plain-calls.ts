import type { App } from '../app/app.ts';
import { isRecord } from '../rows.ts';
import { answerPlainCall, isOfHandshake, readPlainCall, type PlainCall } from './plain-call.ts';
import { isId } from './request-id.ts';
import type { HostCall } from './run.ts';
import { createRunning } from './running.ts';

/** The calls of a connection that are answered without the SDK. */
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

const isPlain = (call: PlainCall): boolean => {
  const token = call.meta?.['progressToken'];
  return isOfHandshake(call.meta) && (token === undefined || isId(token));
};

/** For connections that begin with a handshake, and the compact list, or one with more. */
export const createPlainCalls = (app: App, { write, pass, canPass }: PlainCallOptions): PlainCalls => {
  const running = createRunning();
  let asked: { id: unknown; client: HostCall['client'] } | undefined;
  let session: { client: HostCall['client'] } | undefined;

  const answer = async (call: PlainCall, message: unknown): Promise<void> => {
    const { id, meta } = call;
    await running.run(id, async (signal) => {
      const host: Omit<HostCall, 'consent'> = {
        app,
        call: app.call,
        door: { requester: { principal: app.config.principal, isLocal: true } },
        client: session?.client,
        meta,
        signal,
        onProgress: (params) => write({ method: 'notifications/progress', params, jsonrpc: '2.0' }),
      };
      const ended = await answerPlainCall(host, call, canPass);
      if (signal.aborted) return;
      if (ended) write({ ...ended, jsonrpc: '2.0', id });
      else pass(message);
    });
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
      if (method === 'notifications/cancelled') return running.cancel(message);
      const call = session && readPlainCall(message);
      if (!call || !isPlain(call) || running.has(call.id)) return false;
      void answer(call, message);
      return true;
    },
    opened: (id) => {
      if (asked && asked.id === id) session = { client: asked.client };
    },
    close: running.close,
  };
};
