import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startCloud, type Cloud } from '../support/harness.ts';

let cloud: Cloud;
let folder: string;
const open: { close: () => Promise<void> }[] = [];
beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(() => cloud.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloudstack-limits-'));
  cloud.calls.length = 0;
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
  rmSync(folder, { recursive: true });
});

const sent = (command: string): number => cloud.calls.filter((call) => call.command === command).length;

/** A server in a process of its own, as a host starts one; all of a test share a state folder. */
const startServer = async (limits: string) => {
  const config = join(folder, 'config.yaml');
  writeFileSync(config, `policy: {limits: ${limits}}\n`);
  const client = new Client({ name: 'test-host', version: '1.0.0' });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: ['dist/main.js', 'serve', '--config', config],
    env: {
      ...cloud.env,
      CLOUDSTACK_MCP_STATE: join(folder, 'state'),
      CLOUDSTACK_MCP_AUDIT: join(folder, 'audit.jsonl'),
    },
    stderr: 'ignore',
  });
  await client.connect(transport);
  open.push(client);
  return {
    close: () => client.close(),
    kill: () => process.kill(transport.pid!, 'SIGKILL'),
    /** How the same small change ends: `done`, or the kind of its error. */
    change: async (): Promise<string> => {
      const { structuredContent } = (await client.callTool({
        name: 'change',
        arguments: { tool: 'createSSHKeyPair', arguments: { name: crypto.randomUUID() } },
      })) as { structuredContent?: { error?: { kind: string } } };
      return structuredContent?.error?.kind ?? 'done';
    },
  };
};

test('servers one after another count together: of three with one change an hour, the first makes it', async () => {
  const ends: string[] = [];
  for (let n = 0; n < 3; n++) {
    const server = await startServer('[{name: few, changes: 1, per: 1h}]');
    ends.push(await server.change());
    // A crash loses nothing of what was sent.
    if (n === 0) server.kill();
    await server.close();
  }
  expect(ends).toEqual(['done', 'refused', 'refused']);
  expect(sent('createSSHKeyPair')).toBe(1);
});

test('servers at the same time count together: no more than the limit leave, and all of it does', async () => {
  const limits = '[{name: some, changes: 5, per: 1h}]';
  const servers = await Promise.all([startServer(limits), startServer(limits)]);
  const ends = await Promise.all(servers.flatMap(({ change }) => Array.from({ length: 9 }, change)));
  expect(ends.filter((end) => end === 'done')).toHaveLength(5);
  expect(ends.filter((end) => end === 'refused')).toHaveLength(13);
  expect(sent('createSSHKeyPair')).toBe(5);
});
