import { serveStdio as serveSdk, StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createApp } from '../../src/app/app.ts';
import { loadConfig } from '../../src/config/config.ts';
import { createServerFactory } from '../../src/mcp/server.ts';
import { serveStdio } from '../../src/mcp/stdio.ts';

/** One line after the other, each once the one before has its answer; what comes back, beside notifications. */
const openLines = (stdin: PassThrough, stdout: PassThrough) => {
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  return async (message: object): Promise<Record<string, unknown>> => {
    stdin.write(`${JSON.stringify(message)}\n`);
    for (;;) {
      const { value } = (await lines.next()) as { value: string };
      const answer = JSON.parse(value) as Record<string, unknown>;
      if ('id' in answer) return answer;
    }
  };
};

const read = { name: 'read', arguments: { tool: 'list-zones', fresh: true } };

test('what is answered without the SDK is what the SDK answers', async () => {
  const app = createApp(await loadConfig({}, { CLOUDSTACK_MCP_SIMULATOR: 'true' }), { stderr: process.stderr });
  const [ours, sdk] = [0, 1].map(() => [new PassThrough(), new PassThrough()] as const) as [
    readonly [PassThrough, PassThrough],
    readonly [PassThrough, PassThrough],
  ];
  const served = serveStdio(app, { stdin: ours[0], stdout: ours[1], onerror: () => undefined });
  const handle = serveSdk(await createServerFactory(app), { transport: new StdioServerTransport(...sdk) });
  const [askOurs, askSdk] = [openLines(...ours), openLines(...sdk)];
  const initialize = (protocolVersion: string) => ({
    method: 'initialize',
    params: { protocolVersion, capabilities: { elicitation: {} }, clientInfo: { name: 'host', version: '1' } },
  });
  const call = (params: object) => ({ method: 'tools/call', params });
  const asked = [
    call(read),
    initialize('2025-06-18'),
    call(read),
    call({ ...read, _meta: { progressToken: 'a' } }),
    call({ ...read, more: 1 }),
    call({ name: 'read', arguments: 'text' }),
    call({ name: 'read', arguments: { tool: 'list-zones', colour: 'red' } }),
    call({ name: 'read', arguments: { tool: 'list-nothing' } }),
    call({ name: 'read' }),
    call({ name: 'no-such-tool' }),
    call({ name: 7 }),
    call({}),
    call({ name: 'describe-tools', arguments: { tools: ['list-zones'] } }),
    call({ name: 'whoami' }),
    call({ name: 'wait-for-job', arguments: { job: 'none' } }),
    call({ name: 'diagnose', arguments: { kind: 'vm', id: 'none' } }),
    call({ name: 'change', arguments: { tool: 'list-zones' } }),
    { method: 'ping' },
  ];
  for (const [id, message] of asked.entries()) {
    const line = { jsonrpc: '2.0', id, ...message };
    const [mine, theirs] = [await askOurs(line), await askSdk(line)];
    expect(mine, JSON.stringify(line)).toEqual(theirs);
  }
  for (const [stdin] of [ours, sdk]) stdin.end();
  await served;
  await handle.close();
  await app.close();
});
