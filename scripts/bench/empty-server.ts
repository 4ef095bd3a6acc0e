/** The least an MCP server can be with the same SDK: one tool that answers at once. What ours is measured against. */
import { Server } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';

serveStdio(() => {
  const server = new Server({ name: 'empty', version: '0.0.0' }, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/list', () => ({
    tools: [{ name: 'ping', inputSchema: { type: 'object' as const } }],
  }));
  server.setRequestHandler('tools/call', () => ({ content: [{ type: 'text' as const, text: 'pong' }] }));
  return server;
});
process.stdin.on('end', () => process.exit());
