import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { commands } from '../../src/cli/commands.ts';
import { envNameOf, settings } from '../../src/config/settings.ts';
import { version } from '../../src/version.ts';
import { openHost, runCommand, startCloud } from '../support/harness.ts';

// What users and models rely on, in files that a reviewer sees. `npx vitest -u test/surface` writes them anew.

const root = fileURLToPath(new URL('../..', import.meta.url));

const withHost = async <T>(flags: string[], use: (host: Awaited<ReturnType<typeof openHost>>) => Promise<T>) => {
  const cloud = await startCloud();
  const host = await openHost({
    env: cloud.env,
    flags,
    human: () => ({ action: 'accept', content: { confirm: true } }),
  });
  try {
    return await use(host);
  } finally {
    await host.close();
    await cloud.close();
  }
};

test('the default tools: few, small, always the same', async () => {
  const { tools, again } = await withHost([], async ({ client }) => ({
    tools: (await client.listTools()).tools,
    again: (await client.listTools()).tools,
  }));
  expect(again).toEqual(tools);
  const size = encode(JSON.stringify(tools)).length;
  expect(size).toBeLessThanOrEqual(2500);
  expect(tools.length).toBeLessThanOrEqual(20);
  for (const name of ['find-tools', 'describe-tools', 'read', 'change', 'destroy', 'wait-for-job'])
    expect(tools.map((tool) => tool.name)).toContain(name);
  await expect(
    `${tools.length} tools, ${size} tokens (o200k)\n\n${JSON.stringify(tools, null, 2)}\n`,
  ).toMatchFileSnapshot('pinned/compact-tools.txt');
});

test('the default tools are annotated as what they are', async () => {
  const { tools } = await withHost([], ({ client }) => client.listTools());
  const hints = Object.fromEntries(
    tools.map(({ name, annotations }) => [name, [annotations?.readOnlyHint, annotations?.destructiveHint]]),
  );
  expect(hints).toMatchObject({
    'find-tools': [true, false],
    'describe-tools': [true, false],
    read: [true, false],
    change: [false, false],
    destroy: [false, true],
    'wait-for-job': [true, false],
  });
});

test('the help of every command', async () => {
  const sections: string[] = [];
  for (const words of [
    [],
    ...Object.keys(commands).map((name) => [name]),
    ['tools', 'list'],
    ['tools', 'find'],
    ['tools', 'show'],
    ['catalog', 'sync'],
    ['catalog', 'diff'],
  ])
    sections.push(
      `$ cloudstack-mcp-server ${[...words, '--help'].join(' ')}\n${(await runCommand([...words, '--help'])).stdout}`,
    );
  await expect(sections.join('\n')).toMatchFileSnapshot('pinned/help.txt');
});

test('the settings: names, variables, defaults', async () => {
  const lines = Object.entries(settings.shape).map(
    ([name, schema]) => `${name}  ${envNameOf(name)}  ${JSON.stringify(schema.parse(undefined))}`,
  );
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('pinned/settings.txt');
});

test('an audit entry', async () => {
  const entry = await withHost([], async (host) => {
    const vms = await host.call('read', { tool: 'listVirtualMachines', arguments: { listall: true }, pagesize: 1 });
    const [vm] = vms.structured['items'] as { name: string }[];
    await host.call('destroy', { tool: 'stop-virtual-machine', arguments: { id: vm!.name, forced: false } });
    return host.audit().at(-1)!;
  });
  const pinned = JSON.stringify(entry, null, 2)
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22,}/g, 'UUID')
    .replace(/\b[0-9a-f]{64}\b/g, 'SHA256')
    .replace(/127\.0\.0\.1:\d+/g, 'HOST')
    .replace(/\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, 'TIME')
    .replace(/"duration": \d+/, '"duration": 0')
    .replace(/"seq": \d+/, '"seq": 0');
  expect(entry.result).toBe('done');
  await expect(`${pinned}\n`).toMatchFileSnapshot('pinned/audit-entry.json');
});

// every command as a tool of its own

interface Schema {
  type?: unknown;
  items?: Schema;
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  description?: string;
}

const schemasIn = (schema: Schema): Schema[] => [
  schema,
  ...Object.values(schema.properties ?? {}).flatMap(schemasIn),
  ...(schema.items ? schemasIn(schema.items) : []),
  ...(typeof schema.additionalProperties === 'object' ? schemasIn(schema.additionalProperties) : []),
];

test('with --tools all every command is a tool, with its own schema and true annotations', async () => {
  const { tools } = await withHost(['--tools', 'all'], ({ client }) => client.listTools());
  const names = tools.map(({ name }) => name);
  expect(names.at(-1)).toBe('wait-for-job');
  expect(new Set(names).size).toBe(names.length);
  // The names themselves stand in docs/tools.md, which is written from the catalog.
  expect(names.slice(0, -1).sort()).toEqual(
    loadCatalog()
      .tools.map(({ name }) => name)
      .sort(),
  );
  for (const { name, inputSchema, annotations, description } of tools) {
    expect(name.length, name).toBeLessThanOrEqual(64);
    for (const schema of schemasIn(inputSchema as Schema)) {
      expect(typeof schema.type, `${name}: ${JSON.stringify(schema)}`).toBe('string');
      if (schema.type === 'array') expect(schema.items, name).toBeDefined();
    }
    const risk = loadCatalog().find(name)?.risk.risk;
    if (name === 'wait-for-job') continue;
    expect(description, name).toBeTruthy();
    expect(annotations?.readOnlyHint, name).toBe(risk === 'read');
    expect(annotations?.destructiveHint, name).toBe(risk === 'destroy');
  }
});

test('a list of toolsets lists their commands beside the default tools', async () => {
  const { tools } = await withHost(['--tools', 'vpc, affinity-group'], ({ client }) => client.listTools());
  const names = tools.map(({ name }) => name);
  expect(names).toContain('find-tools');
  expect(names).toContain('create-vpc');
  expect(names).toContain('create-affinity-group');
  expect(names).not.toContain('deploy-virtual-machine');
});

// the built program

const built = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

beforeAll(() => {
  if (existsSync(built)) return;
  const { status, stderr } = spawnSync('npx', ['tsx', 'scripts/build.ts'], { cwd: root, encoding: 'utf8' });
  expect(stderr.replace(/npm warn.*\n/g, '')).toBe('');
  expect(status).toBe(0);
}, 60_000);

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
};
interface Reply {
  id?: number;
  result?: Record<string, any>;
  error?: { code: number };
}
const frames = [
  initialize,
  { jsonrpc: '2.0', method: 'notifications/initialized' },
  { jsonrpc: '2.0', id: 2, method: 'tools/list' },
  { jsonrpc: '2.0', id: 3, method: 'tools/call', params: { name: 'read', arguments: { tool: 'list-zones' } } },
  { jsonrpc: '2.0', id: 4, method: 'tools/call', params: { name: 'read', arguments: { tool: 'list-zone' } } },
  { jsonrpc: '2.0', id: 5, method: 'tools/call', params: { name: 'no-such-tool', arguments: {} } },
];

test('the built server writes nothing but JSON-RPC frames to standard output, and ends with its input', async () => {
  const child = spawn(process.execPath, [built, 'serve', '--simulator', '--audit', 'stderr'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: '' },
  });
  const errors = text(child.stderr);
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const replies = new Map<number, Reply>();
  const lines: string[] = [];
  const allAnswered = new Promise<void>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      const frame = JSON.parse(line) as Reply;
      if (frame.id !== undefined) replies.set(frame.id, frame);
      if (replies.size === 5) resolve();
    });
  });
  for (const frame of frames) child.stdin.write(`${JSON.stringify(frame)}\n`);
  await allAnswered;
  child.stdin.end();
  expect((await exited)[0]).toBe(0);
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' });
  expect(replies.get(1)!.result).toMatchObject({ serverInfo: { name: 'cloudstack-mcp-server', version } });
  expect(replies.get(3)!.result!['structuredContent']).toMatchObject({ items: expect.any(Array) as object[] });
  expect(replies.get(4)!.result).toMatchObject({ isError: true });
  expect(replies.get(5)!.error).toMatchObject({ code: -32602 });
  expect(await errors).toContain('"tool":"list-zones"');
}, 30_000);

test.each([
  ['version', ['version'], 0],
  ['no cloud', ['serve'], 2],
  ['a wrong word', ['frob'], 2],
])('the built program ends with the right status: %s', (_what, argv, status) => {
  const run = spawnSync(process.execPath, [built, ...argv], { encoding: 'utf8', env: { PATH: '' }, input: '' });
  expect(run.status).toBe(status);
  if (status) expect(run.stdout).toBe('');
});

test.each([
  ['cloudstack-mcp-server', 'cloudstack-mcp-server'],
  ['cloudstack-mcp', 'cloudstack-mcp'],
  ['something-else.js', 'cloudstack-mcp-server'],
])('started as %s, it calls itself %s', (name, shown) => {
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-names-'));
  const path = join(folder, name);
  symlinkSync(built, path);
  const run = (argv: string[]) => spawnSync(process.execPath, [path, ...argv], { encoding: 'utf8', env: { PATH: '' } });
  expect(run(['call', '--help']).stdout).toContain(`Usage: ${shown} call`);
  expect(run(['tools', 'show', 'frobnicate-everything-now']).stderr).toContain(`: ${shown} tools find TEXT`);
  const refused = run(['call', 'destroy-virtual-machine', 'id=web-1', '--simulator', '--state', folder]);
  expect(refused.stderr).toContain(`: ${shown} approve `);
  expect(refused.status).toBe(3);
  rmSync(folder, { recursive: true });
});

test('the built demo runs through', () => {
  const run = spawnSync(process.execPath, [built, 'demo'], { encoding: 'utf8', env: { PATH: '' }, timeout: 60_000 });
  expect(run.stdout).toContain('Done: found, deployed, seen, refused, confirmed and destroyed');
  expect(run.status).toBe(0);
}, 60_000);
