import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createCounts } from '../../src/guard/counts.ts';
import { startCloud, type Cloud } from '../support/harness.ts';
import { openApp, requestOf } from './counting.ts';

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
    args: ['--import', 'tsx', 'src/main.ts', 'serve', '--config', config],
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

test('a folder that cannot be used refuses what a limit is about, and nothing is sent', async () => {
  const state = join(folder, 'state');
  writeFileSync(state, 'a file');
  const policy = { limits: [{ name: 'few', match: { command: 'createSSHKeyPair' }, changes: 9, per: '1h' }] };
  const { app, times, close } = await openApp({ policy }, { env: { CLOUDSTACK_MCP_STATE: state } });
  const call = app.call(requestOf('createSSHKeyPair', { name: 'a' }));
  await expect(call).rejects.toMatchObject({ kind: 'unavailable' });
  expect(times('createSSHKeyPair')).toBe(0);
  // What no limit is about goes on.
  await app.call(requestOf('createAffinityGroup', { name: 'a', type: 'host affinity' }));
  expect(times('createAffinityGroup')).toBe(1);
  await close();
});

test('events count for their time, each key alone; files are the owner’s and go when they are too old', async () => {
  let now = 1_000_000;
  const count = createCounts(folder, () => now);
  const again = createCounts(folder, () => now);
  expect(await count('a', 60, false)).toBe(0);
  expect(readdirSync(folder)).toEqual([]);
  expect([await count('a', 60, true), await again('a', 60, true), await count('a', 60, false)]).toEqual([1, 2, 2]);
  expect([await count('b', 60, true), await count('a', 30, false)]).toEqual([1, 0]);
  now += 59_000;
  expect(await again('a', 60, true)).toBe(3);
  now += 2000;
  expect(await count('a', 60, false)).toBe(1);
  for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600);
  now += 600_000;
  expect([await count('a', 60, true), await count('b', 60, true)]).toEqual([1, 1]);
  expect(readdirSync(folder)).toHaveLength(2);
});

test('a clock that was set back, and a line that was torn, set nothing free', async () => {
  let now = 10_000_000;
  const count = createCounts(folder, () => now);
  expect(await count('a', 60, true)).toBe(1);
  now -= 5_000_000;
  expect(await count('a', 60, true)).toBe(2);
  const file = readdirSync(folder).at(-1)!;
  appendFileSync(join(folder, file), '49');
  expect(await count('a', 60, true)).toBe(3);
  expect(await count('a', 60, true)).toBe(4);
});
