/** The least a server of lists can be with the same SDK: it asks the cloud and hands the text on as it came. */
import { Server } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { askCloud } from './ask-cloud.ts';

serveStdio(() => {
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
process.stdin.on('end', () => process.exit());
