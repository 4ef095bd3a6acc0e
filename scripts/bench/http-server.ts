/** The least an HTTP server of lists can be with the same SDK: its own handler over Node's server, and one request whose text is handed on. */
import { getRequestListener } from '@hono/node-server';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { askCloud } from './ask-cloud.ts';

const handler = createMcpHandler(() => {
  const server = new Server({ name: 'floor', version: '0.0.0' }, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/list', () => ({
    tools: [{ name: 'read', inputSchema: { type: 'object' as const } }],
  }));
  server.setRequestHandler('tools/call', async ({ params }) => {
    const { pagesize = 20 } = (params.arguments?.['arguments'] ?? {}) as { pagesize?: number };
    return { content: [{ type: 'text' as const, text: await askCloud(pagesize) }] };
  });
  return server;
});
const server = createServer(getRequestListener((request) => handler.fetch(request)) as never);
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}/mcp` })}\n`);
});
process.on('SIGTERM', () => process.exit());
