import { serveStdio as serveSdk, StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import type { Readable, Writable } from 'node:stream';
import type { App } from '../app/app.ts';
import { createServerFactory } from './server.ts';

/** Serves MCP on a pair of streams until the input ends. All protocol versions; nothing but frames goes out. */
export const serveStdio = async (
  app: App,
  { stdin, stdout, onerror }: { stdin: Readable; stdout: Writable; onerror: (error: Error) => void },
): Promise<void> => {
  const factory = await createServerFactory(app);
  const ended = new Promise<void>((resolve) => {
    for (const event of ['end', 'close', 'error']) stdin.once(event, () => resolve());
    // A host that went away takes no more frames.
    stdout.once('error', () => resolve());
  });
  const handle = serveSdk(factory, { transport: new StdioServerTransport(stdin, stdout), onerror });
  await ended;
  await handle.close();
};
