import { serveStdio as serveSdk, StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { pipeline, type Readable, type Writable } from 'node:stream';
import type { App } from '../app/app.ts';
import { createFrames } from './frames.ts';
import { createPreparedLists } from './prepared-lists.ts';
import { createServerFactory } from './server.ts';

/** A connection's streams, and who is told of what goes wrong on it. */
interface StdioOptions {
  stdin: Readable;
  stdout: Writable;
  onerror: (error: Error) => void;
  /** Requests at the beginning of the input that have their answers already: the server reads them and says nothing. */
  answered?: readonly (string | number)[] | undefined;
}

/** Writes what comes in one turn of the event loop as one: answers that are ready together take one system call. */
const gatherWrites = (stream: Writable): { begin(): void; end(): void } => {
  let isGathering = false;
  const end = (): void => {
    if (isGathering) stream.uncork();
    isGathering = false;
  };
  return {
    begin: () => {
      if (isGathering) return;
      isGathering = true;
      stream.cork();
      setImmediate(end);
    },
    end,
  };
};

/** Serves MCP on a pair of streams until the input ends. All protocol versions; nothing but frames goes out. */
export const serveStdio = async (app: App, { stdin, stdout, onerror, answered = [] }: StdioOptions): Promise<void> => {
  const factory = await createServerFactory(app);
  const lists = createPreparedLists();
  const frames = createFrames(
    (id, message, code = -32_600) => {
      stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, error: { code, message } })}\n`);
      onerror(new Error(message));
    },
    (message) => {
      const bytes = lists.answer(message);
      if (bytes) stdout.write(bytes);
      return bytes !== undefined;
    },
  );
  const ended = new Promise<void>((resolve) => {
    // However the input ends, what came before is served.
    pipeline(stdin, frames, () => resolve());
    // A host that went away takes no more frames.
    stdout.once('error', () => resolve());
  });
  const transport = new StdioServerTransport(frames, stdout);
  const send = transport.send.bind(transport);
  const writes = gatherWrites(stdout);
  const repeated = new Set(answered);
  transport.send = (message) => {
    lists.save(message);
    if (repeated.size && 'id' in message && !('method' in message) && repeated.delete(message.id!))
      return Promise.resolve();
    writes.begin();
    return send(message);
  };
  const handle = serveSdk(factory, { transport, onerror });
  await ended;
  await handle.close();
  writes.end();
};
