import { serveStdio as serveSdk, StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { pipeline, type Readable, type Writable } from 'node:stream';
import type { App } from '../app/app.ts';
import { createFrames } from './frames.ts';
import { createServerFactory } from './server.ts';

/** Serves MCP on a pair of streams until the input ends. All protocol versions; nothing but frames goes out. */
export const serveStdio = async (
  app: App,
  { stdin, stdout, onerror }: { stdin: Readable; stdout: Writable; onerror: (error: Error) => void },
): Promise<void> => {
  const factory = await createServerFactory(app);
  const frames = createFrames((id, message, code = -32_600) => {
    stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, error: { code, message } })}\n`);
    onerror(new Error(message));
  });
  const ended = new Promise<void>((resolve) => {
    // However the input ends, what came before is served.
    pipeline(stdin, frames, () => resolve());
    // A host that went away takes no more frames.
    stdout.once('error', () => resolve());
  });
  const handle = serveSdk(factory, { transport: new StdioServerTransport(frames, stdout), onerror });
  await ended;
  await handle.close();
};
