import { serveStdio, StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import type { App } from '../../src/app/app.ts';
import { createServerFactory } from '../../src/mcp/server.ts';

export interface RawResult {
  resultType?: string;
  isError?: boolean;
  content?: { text: string }[];
  structuredContent?: Record<string, any>;
  inputRequests?: Record<string, { params: { message: string; requestedSchema: object } }>;
  requestState?: string;
}

export interface RawAnswer {
  result?: RawResult;
  error?: { code: number; message: string };
}

/** A client of the new era that sends what it likes, for one principal of an app. */
export const openRaw = async (
  app: App,
  { principal = app.config.principal, elicits = true }: { principal?: string; elicits?: boolean } = {},
) => {
  const factory = await createServerFactory(app, {
    contextOf: () => ({ requester: { principal, isLocal: true } }),
  });
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const handle = serveStdio(factory, { transport: new StdioServerTransport(stdin, stdout) });
  const waiting = new Map<number, (answer: RawAnswer) => void>();
  createInterface({ input: stdout }).on('line', (line) => {
    const message = JSON.parse(line) as RawAnswer & { id?: number };
    if (message.id !== undefined) waiting.get(message.id)?.(message);
  });
  let last = 0;
  const send = (method: string, params: Record<string, unknown>): Promise<RawAnswer> => {
    const id = ++last;
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': elicits ? { elicitation: { form: {} } } : {},
    };
    const answer = new Promise<RawAnswer>((resolve) => waiting.set(id, resolve));
    stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta: meta } })}\n`);
    return answer;
  };
  return {
    /** A request of any method. */
    send,
    call: (name: string, args: Record<string, unknown>, more: Record<string, unknown> = {}) =>
      send('tools/call', { name, arguments: args, ...more }),
    complete: (name: string, argument: { name: string; value: string }) =>
      send('completion/complete', { ref: { type: 'ref/prompt', name }, argument }),
    close: () => handle.close(),
  };
};

export type Raw = Awaited<ReturnType<typeof openRaw>>;
