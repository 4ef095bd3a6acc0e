import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand, startCloud } from '../support/harness.ts';
import { newFolder } from '../audit/log.ts';
import { eventually } from '../support/eventually.ts';

/** A server in a process of its own, many calls at once, and the names of those that were answered. */
const startUnderLoad = async (env: Record<string, string>, round: number) => {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: ['dist/main.js', 'serve'],
    env,
  });
  const client = new Client({ name: 'load', version: '0' }, { capabilities: {} });
  await client.connect(transport);
  const answered: string[] = [];
  let stopped = false;
  let next = 0;
  const work = async (): Promise<void> => {
    while (!stopped) {
      const number = next++;
      const keyword = `call-${round}-${number}`;
      const call =
        number % 3
          ? { name: 'read', arguments: { tool: 'list-zones', arguments: { keyword } } }
          : { name: 'change', arguments: { tool: 'create-security-group', arguments: { name: keyword } } };
      await client.callTool(call).then(
        () => answered.push(keyword),
        () => undefined,
      );
    }
  };
  const workers = Array.from({ length: 20 }, work);
  return {
    answered,
    kill: async (): Promise<void> => {
      process.kill(transport.pid!, 'SIGKILL');
      stopped = true;
      await client.close();
      await Promise.all(workers);
    },
  };
};

test('a server that is killed under load has an entry for every call that it answered', async () => {
  const cloud = await startCloud();
  const path = join(newFolder(), 'audit.jsonl');
  const env = { ...cloud.env, CLOUDSTACK_MCP_AUDIT: path, CLOUDSTACK_MCP_AUDIT_ROTATE: '0.03' };
  let answered = 0;
  try {
    for (let round = 0; round < 5; round++) {
      const server = await startUnderLoad(env, round);
      await eventually(() => expect(server.answered.length).toBeGreaterThan(20));
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 500));
      await server.kill();
      const { status, stdout } = await runCommand(['audit', 'verify', path]);
      expect({ round, status, stdout }).toMatchObject({ status: 0 });
      const { stdout: lines } = await runCommand(['audit', 'tail', path, '--json', '-n', '1000000']);
      const written = new Set(lines.match(/call-\d+-\d+/g));
      expect(server.answered.filter((name) => !written.has(name))).toEqual([]);
      answered += server.answered.length;
    }
    expect((await runCommand(['call', 'list-zones'], { env })).status).toBe(0);
    const { status, stdout } = await runCommand(['audit', 'verify'], { env });
    expect(status).toBe(0);
    expect(Number(/(\d+) entries in \d+ files, chain unbroken/.exec(stdout)?.[1])).toBeGreaterThan(answered);
    expect(stdout).not.toContain('audit-2');
    expect(readFileSync(`${path}.head`, 'utf8').length).toBe(512);
  } finally {
    await cloud.close();
  }
});
