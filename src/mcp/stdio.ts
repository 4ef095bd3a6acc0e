import type { Server } from '@modelcontextprotocol/server';
import { once } from 'node:events';
import { pipeline, type Readable, type Writable } from 'node:stream';
import type { App } from '../app/app.ts';
import { isRecord } from '../rows.ts';
import { createFrames } from './frames.ts';
import { createPlainCalls } from './plain-calls.ts';
import { createPreparedLists } from './prepared-lists.ts';

/** A connection's streams, and who is told of what goes wrong on it. */
interface StdioOptions {
  stdin: Readable;
  stdout: Writable;
  onerror: (error: Error) => void;
  /** Requests at the beginning of the input that have their answers already: the server reads them and says nothing. */
  answered?: readonly (string | number)[] | undefined;
}

/** Bytes of messages that wait for the SDK, at most: with more, the input would stop. */
const maxWaiting = 4096;

/** Writes lines; those of one turn of the event loop as one: answers that are ready together take one system call. */
const createWriter = (stream: Writable): { write(message: object): void; end(): void } => {
  let isGathering = false;
  const end = (): void => {
    if (isGathering) stream.uncork();
    isGathering = false;
  };
  return {
    write: (message) => {
      if (!isGathering) {
        isGathering = true;
        stream.cork();
        setImmediate(end);
      }
      stream.write(`${JSON.stringify(message)}\n`);
    },
    end,
  };
};

/** Serves MCP on a pair of streams until the input ends. All protocol versions; nothing but frames goes out. */
export const serveStdio = async (app: App, { stdin, stdout, onerror, answered = [] }: StdioOptions): Promise<void> => {
  const { write, end } = createWriter(stdout);
  const lists = createPreparedLists();
  const repeated = new Set<unknown>(answered);
  const calls = createPlainCalls(app, {
    write,
    // Where the input has ended, no one is left to be asked.
    canPass: () => !frames.writableEnded,
    pass: (message) => {
      frames.push(`${JSON.stringify(message)}\n`);
      startSdk();
    },
  });
  // Where every command is a tool of its own, its argument says what the SDK's handler checks.
  const takesCalls = app.config.tools !== 'all';

  /** By the id of a subscription of the newer protocol: ends it. */
  const endings = new Map<unknown, () => void>();

  /** Subscriptions what a subscription asks for, and hands on the rest of it. */
  const listen = (message: unknown): void => {
    startSdk();
    void sdk?.then(
      ({ subscription, toSubscribable }) => {
        const { message: left, uris } = toSubscribable(message);
        frames.push(`${JSON.stringify(left)}\n`);
        // What cannot be read is not subscribed.
        for (const uri of uris) void subscription.add(uri).catch(() => undefined);
        if (isRecord(message) && uris.length)
          endings.set(message['id'], () => uris.forEach((uri) => subscription.remove(uri)));
      },
      () => undefined,
    );
  };

  const stopListening = (message: unknown): void => {
    const { params } = isRecord(message) ? message : {};
    const id = isRecord(params) ? params['requestId'] : undefined;
    endings.get(id)?.();
    endings.delete(id);
  };

  /** Whether a message needs no answer of the SDK's. */
  const isAnswered = (message: unknown): boolean => {
    const bytes = lists.answer(message);
    if (bytes) {
      stdout.write(bytes);
      return true;
    }
    if (takesCalls && calls.take(message)) return true;
    const { id, method } = isRecord(message) ? message : {};
    if (repeated.has(id)) calls.opened(id);
    if (method === 'subscriptions/listen') {
      listen(message);
      return true;
    }
    if (method === 'notifications/cancelled') stopListening(message);
    const isOpening = repeated.has(id) || method === 'notifications/initialized';
    if (!isOpening || frames.readableLength > maxWaiting) startSdk();
    return false;
  };
  const frames = createFrames((id, message, code = -32_600) => {
    write({ jsonrpc: '2.0', id, error: { code, message } });
    onerror(new Error(message));
  }, isAnswered);

  const loadSdk = async () => {
    const [
      { serveStdio: serve, StdioServerTransport },
      { createServerFactory },
      { createSubscriptions, toSubscribable },
    ] = await Promise.all([
      import('@modelcontextprotocol/server/stdio'),
      import('./server.ts'),
      import('./subscriptions.ts'),
    ]);
    let server: Server | undefined;
    const subscriptions = createSubscriptions(app, app.call);
    const subscription = subscriptions.open({
      door: { requester: { principal: app.config.principal, isLocal: true } },
      // A host that went away is told nothing.
      notify: (uri) => void server?.sendResourceUpdated({ uri }).catch(() => undefined),
    });
    const factory = await createServerFactory(app, {
      call: subscriptions.following(app.call),
      subscriptions,
      onListChange: () => {
        lists.clear();
        // A host that went away is told nothing.
        server?.sendToolListChanged().catch(() => undefined);
      },
    });
    const transport = new StdioServerTransport(frames, stdout);
    transport.send = (message) => {
      if (!stdout.writable) return Promise.reject(new Error('The host went away'));
      lists.save(message);
      if ('id' in message && !('method' in message)) {
        if (repeated.delete(message.id)) return Promise.resolve();
        if ('result' in message) calls.opened(message.id);
      }
      write(message);
      return Promise.resolve();
    };
    const handle = serve(async (from) => (server = await factory(from)), { transport, onerror });
    return { handle, subscription, toSubscribable };
  };
  let sdk: ReturnType<typeof loadSdk> | undefined;
  const startSdk = (): void => {
    sdk ??= loadSdk();
    // Said where it is waited for.
    sdk.catch(() => stdin.destroy());
  };
  // What was not answered before the start, and a setting that is wrong, is the SDK's.
  if (!answered.length) {
    startSdk();
    await sdk;
  }

  await new Promise<void>((resolve) => {
    // However the input ends, what came before is served.
    pipeline(stdin, frames, () => resolve());
    // A host that went away takes no more frames.
    stdout.once('error', () => resolve());
  });
  const handle = (await sdk)?.handle;
  // It may have been loaded for the last of them.
  if (handle && frames.writableFinished && !frames.readableEnded && !frames.destroyed) await once(frames, 'end');
  calls.close();
  (await sdk)?.subscription.close();
  await handle?.close();
  end();
};
