import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { initialize, jsonHeaders, openClient } from '../support/door.ts';
import { eventually } from '../support/eventually.ts';
import { startCloud, type Cloud } from '../support/harness.ts';
import { startHttpServer, type ServerProcess } from '../support/process.ts';

let cloud: Cloud;
let folder: string;
let server: ServerProcess;

const start = (...flags: string[]): Promise<ServerProcess> =>
  startHttpServer({
    args: ['--port', '0', '--workers', '2', ...flags],
    env: {
      ...cloud.env,
      PATH: '/usr/bin:/bin',
      CLOUDSTACK_MCP_AUDIT: join(folder, 'audit.jsonl'),
      CLOUDSTACK_MCP_STATE: folder,
      CLOUDSTACK_MCP_POLL_INTERVAL: '5',
    },
  });

beforeAll(async () => {
  cloud = await startCloud();
  folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-workers-'));
  server = await start();
});
beforeEach(() => {
  cloud.calls.length = 0;
});
afterAll(async () => {
  await server.stop();
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Reply {
  status: number;
  headers: IncomingMessage['headers'];
  text: string;
}

/** A request on a connection of its own: connections go to one process after the other. */
const ask = (path: string, body?: unknown, headers: Record<string, string> = {}, to = server): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const options = { method: body === undefined ? 'GET' : 'POST', headers: { ...jsonHeaders, ...headers } };
    const sent = request(`${to.origin}${path}`, { ...options, agent: new Agent() }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });

interface Result {
  resultType?: string;
  isError?: boolean;
  requestState?: string;
  content?: { text: string }[];
  structuredContent?: { items?: { id: string; state: string; displayname?: string }[] };
}

/** A call of the newer protocol version, as it may reach either process. */
const call = async (name: string, args: object, more: object = {}): Promise<Result> => {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } },
  };
  const params = { name, arguments: args, ...more, _meta };
  const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': name };
  const { text } = await ask('/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/call', params }, headers);
  return (JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text) as { result: Result }).result;
};
const textOf = ({ content = [] }: Result): string => content.map(({ text }) => text).join('\n');
const workerOf = async (): Promise<string> =>
  (JSON.parse((await ask('/health')).text) as { components: { mcp: { worker: string } } }).components.mcp.worker;
const listMachines = async () =>
  (
    await call('read', {
      tool: 'listVirtualMachines',
      arguments: { listall: true },
      fields: ['id', 'state', 'displayname'],
    })
  ).structuredContent?.items ?? [];
const running = async () => (await listMachines()).find(({ state }) => state === 'Running')!.id;

test('two processes serve one port; requests of a session find its process, whichever is asked', async () => {
  expect(new Set([await workerOf(), await workerOf()]).size).toBe(2);
  const ids = await Promise.all(
    [1, 2].map(async () => String((await ask('/mcp', initialize)).headers['mcp-session-id'])),
  );
  expect(new Set(ids.map((id) => id.split('.')[0])).size).toBe(2);
  const list = { jsonrpc: '2.0', id: 2, method: 'tools/list' };
  for (const id of [...ids, ...ids]) {
    const { status, text } = await ask('/mcp', list, { 'mcp-session-id': id, 'mcp-protocol-version': '2025-11-25' });
    expect({ status, text }).toEqual({ status: 200, text: expect.stringContaining('find-tools') });
  }
});

test.each(['old', 'new'] as const)('%s protocol: a client asks, is asked, and changes something', async (protocol) => {
  const host = await openClient(
    { url: `${server.origin}/mcp` },
    { protocol, human: () => ({ action: 'accept', content: { confirm: true } }) },
  );
  const result = await host.call('destroy', { tool: 'rebootVirtualMachine', arguments: { id: await running() } });
  expect(result.isError).toBeFalsy();
  expect(cloud.calls.filter(({ command }) => command === 'rebootVirtualMachine')).toHaveLength(1);
  await host.close();
});

test('what one process asks the other hears the answer to, once', async () => {
  const args = { tool: 'rebootVirtualMachine', arguments: { id: await running() } };
  const { requestState, resultType } = await call('destroy', args);
  expect(resultType).toBe('input_required');
  const yes = { requestState, inputResponses: { confirm: { action: 'accept', content: { confirm: true } } } };
  const answers = await Promise.all([1, 2, 3, 4].map(() => call('destroy', args, yes)));
  expect(answers.filter(({ isError }) => !isError)).toHaveLength(1);
  expect(answers.map(textOf).join()).toContain('already used');
  expect(cloud.calls.filter(({ command }) => command === 'rebootVirtualMachine')).toHaveLength(1);
});

test('a change in one process makes what the other keeps stale', async () => {
  // Both keep the list.
  for (let at = 0; at < 4; at++) await listMachines();
  const id = await running();
  const changed = await call('change', { tool: 'updateVirtualMachine', arguments: { id, displayname: 'renamed' } });
  expect(changed.isError).toBeFalsy();
  for (let at = 0; at < 4; at++)
    expect((await listMachines()).find((machine) => machine.id === id)?.displayname).toBe('renamed');
});

test('the rate limit of a principal counts what all processes are asked', async () => {
  const limited = await start('--rate-limit', '6');
  try {
    const statuses: number[] = [];
    for (let at = 0; at < 8; at++) statuses.push((await ask('/mcp', initialize, {}, limited)).status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(6);
    expect(statuses.filter((status) => status === 429)).toHaveLength(2);
  } finally {
    expect(await limited.stop()).toBe(0);
  }
});

test('metrics are those of all processes', async () => {
  const countOf = async (): Promise<number> =>
    Number(
      /http_requests_total\{route="\/health\/live",method="GET",status="2xx"\} (\d+)/.exec(
        (await ask('/metrics')).text,
      )?.[1] ?? 0,
    );
  const before = await countOf();
  for (let at = 0; at < 6; at++) await ask('/health/live');
  expect((await countOf()) - before).toBe(6);
  expect((await ask('/metrics')).text).toMatch(/build_info\{[^}]*\} 1\n/);
});

test('a process that dies is replaced, and its sessions are gone; asked to stop, all end', async () => {
  const workers = () => readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8').trim().split(' ');
  const ids = await Promise.all(
    [1, 2].map(async () => String((await ask('/mcp', initialize)).headers['mcp-session-id'])),
  );
  const before = workers();
  expect(before).toHaveLength(2);
  process.kill(Number(before[0]), 'SIGKILL');
  await eventually(() => {
    expect(workers()).toHaveLength(2);
    expect(workers()).not.toContain(before[0]);
  });
  await eventually(async () => expect(new Set([await workerOf(), await workerOf()]).size).toBe(2));
  const list = { jsonrpc: '2.0', id: 2, method: 'tools/list' };
  const statuses = await Promise.all(
    ids.map(
      async (id) => (await ask('/mcp', list, { 'mcp-session-id': id, 'mcp-protocol-version': '2025-11-25' })).status,
    ),
  );
  expect(statuses.sort()).toEqual([200, 404]);
  const all = workers();
  expect(await server.stop()).toBe(0);
  expect(all.filter((pid) => isThere(Number(pid)))).toEqual([]);
  server = await start();
});

const isThere = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('the embedded simulator is in one process', async () => {
  await expect(
    startHttpServer({
      args: ['--port', '0', '--workers', '2', '--simulator'],
      env: { PATH: '/usr/bin:/bin', CLOUDSTACK_MCP_STATE: folder },
    }),
  ).rejects.toThrow('The embedded simulator is in one process');
});
