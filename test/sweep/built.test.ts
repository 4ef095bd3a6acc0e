import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { env } from 'node:process';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { readBudget } from '../../scripts/bench/rows.ts';
import { packPackage } from '../../scripts/release/pack.ts';
import { commands } from '../../src/cli/commands.ts';
import { version } from '../../src/version.ts';
import { openClient } from '../support/door.ts';

// The built program, as users start it.

const root = fileURLToPath(new URL('../..', import.meta.url));
const budget = readBudget();
const built = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

beforeAll(() => {
  if (existsSync(built)) return;
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/build.ts'], {
    cwd: root,
    encoding: 'utf8',
    timeout: 300_000,
  });
  expect(stderr.replace(/npm warn.*\n/g, '')).toBe('');
  expect(status).toBe(0);
});

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

// What hosts ask first is answered from prepared text where nothing but variables says what to do, else by the server.
const openings: Record<string, Reply[]> = {};
test.each([
  ['prepared', ['serve', '--simulator']],
  ['its own', ['serve', '--simulator', '--audit', 'stderr']],
])(
  'with %s opening the built server writes nothing but JSON-RPC frames, and ends with its input',
  async (opening, argv) => {
    const child = spawn(process.execPath, [built, ...argv], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: '', CLOUDSTACK_MCP_AUDIT: 'stderr' },
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
    openings[opening] = [replies.get(1)!, replies.get(2)!];
  },
);

test('both openings are the same', () => {
  expect(openings['prepared']).toEqual(openings['its own']);
});

test('a server that was only looked at ends with its input, and at once when it is asked to', async () => {
  for (const leave of [(child: ChildProcess) => child.stdin!.end(), (child: ChildProcess) => child.kill('SIGTERM')]) {
    const child = spawn(process.execPath, [built, '--simulator'], { stdio: ['pipe', 'pipe', 'ignore'], env: {} });
    const exited = once(child, 'exit');
    // Taken one by one: two that come at once are two.
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    for (const frame of frames.slice(0, 3)) child.stdin.write(`${JSON.stringify(frame)}\n`);
    for (let line = 0; line < 2; line++) expect((await lines.next()).done).toBe(false);
    leave(child);
    expect(await exited).toEqual([0, null]);
  }
});

test.each<[what: string, argv: string[], status: number, variables?: Record<string, string>]>([
  ['version', ['version'], 0],
  ['no cloud', ['serve'], 2],
  ['a wrong word', ['frob'], 2],
  ['incomplete credential', [], 2, { CLOUDSTACK_API_URL: 'https://cloud.example.com', CLOUDSTACK_API_KEY: 'key' }],
  ['a wrong setting', ['--simulator'], 2, { CLOUDSTACK_MCP_WAIT: '90' }],
])('the built program ends with the right status: %s', (_what, argv, status, variables = {}) => {
  const run = spawnSync(process.execPath, [built, ...argv], {
    encoding: 'utf8',
    env: { PATH: '', ...variables },
    input: '',
  });
  expect(run.status).toBe(status);
  if (status) expect(run.stdout).toBe('');
});

test.each([
  ['cloudstack-mcp-server', 'cloudstack-mcp-server'],
  ['cloudstack-mcp', 'cloudstack-mcp'],
  ['something-else.js', 'cloudstack-mcp-server'],
])('D1: started as %s, it calls itself %s', (name, shown) => {
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-names-'));
  const path = join(folder, name);
  symlinkSync(built, path);
  const run = (argv: string[]) => spawnSync(process.execPath, [path, ...argv], { encoding: 'utf8', env: { PATH: '' } });
  expect(run(['call', '--help']).stdout).toContain(`Usage: ${shown} call`);
  expect(run(['tools', 'show', 'frobnicate-everything-now']).stderr).toContain(`Search with ${shown} tools find TEXT`);
  const refused = run(['call', 'destroy-virtual-machine', 'id=web-1', '--simulator', '--state', folder]);
  expect(refused.stderr).toContain(`: ${shown} approve `);
  expect(refused.status).toBe(3);
  rmSync(folder, { recursive: true });
});

test('the built demo runs through', () => {
  const run = spawnSync(process.execPath, [built, 'demo'], { encoding: 'utf8', env: { PATH: '' }, timeout: 300_000 });
  expect(run.stdout).toContain('Done: found, deployed, seen, refused, confirmed and destroyed');
  expect(run.status).toBe(0);
});

/**
 * Loaded before the program: every name that is looked up and every connection that is opened goes to standard error. To
 * listen, Node looks up the address of this machine.
 */
const watch = `data:text/javascript,${encodeURIComponent(`
import dns from 'node:dns';
import net from 'node:net';
import { syncBuiltinESMExports } from 'node:module';
const tell = (what) => process.stderr.write('LEFT ' + JSON.stringify(what) + '\\n');
const { lookup } = dns;
dns.lookup = (name, ...rest) => (name === '127.0.0.1' || tell({ name }), lookup(name, ...rest));
for (const name of ['resolve', 'resolve4', 'resolve6']) dns[name] = (asked) => tell({ name: asked });
const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...args) {
  tell({ connect: true });
  return connect.apply(this, args);
};
syncBuiltinESMExports();
`)}`;

test('we send nothing home: with the simulator no name is looked up and no connection is opened', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-alone-'));
  const left = (argv: string[], input = ''): string[] => {
    const run = spawnSync(process.execPath, ['--import', watch, ...argv], {
      input,
      encoding: 'utf8',
      env: { PATH: '', HOME: folder },
      timeout: 120_000,
    });
    return run.stderr.split('\n').filter((line) => line.startsWith('LEFT'));
  };
  // The watch itself: what does connect is seen.
  expect(left(['-e', 'fetch("http://127.0.0.1:59999/").catch(() => 0)'])).not.toEqual([]);
  const lines = frames.map((frame) => JSON.stringify(frame)).join('\n');
  expect(left([built, 'serve', '--simulator'], `${lines}\n`)).toEqual([]);
  for (const argv of [['call', 'list-zones', '--simulator'], ['demo'], ['version'], ['tools', 'find', 'a disk']])
    expect(left([built, ...argv]), argv.join(' ')).toEqual([]);
  rmSync(folder, { recursive: true });
});

/** Command lines that print much and end by themselves. */
const printing = [
  'tools list',
  'tools find a disk',
  'tools show deploy-virtual-machine',
  'call list-os-types --simulator',
  'call list-os-types --simulator --output json',
  'call list-os-types --simulator --output csv',
  'call list-os-types --simulator --output yaml',
  'call deploy-virtual-machine --help',
  'whoami --simulator',
  'diagnose virtual-machine demo --simulator',
  'doctor --simulator',
  'doctor --simulator --json',
  'audit tail',
  'approve',
  'completion bash',
  'init --print --yes --from simulator --role reader --hosts cursor',
  'eval count-stopped --reference',
  'token new',
  'version',
  'demo',
];

test('a pipe that closes is no failure: every command, read by head -1 or by no one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-pipes-'));
  const helps = ['--help', ...Object.keys(commands).map((name) => `${name} --help`)];
  const pipes = [...helps.map((line) => [line, ':']), ...printing.map((line) => [line, 'head -1'])];
  const script = pipes
    .map(([line, to]) => `"$NODE" "$BUILT" ${line} </dev/null 2>/dev/null | ${to} >/dev/null || echo "$? ${line}"`)
    .join('\n');
  const { stdout } = spawnSync('bash', ['-c', `set -o pipefail\n${script}`], {
    encoding: 'utf8',
    env: { PATH: env['PATH'], HOME: folder, NODE: process.execPath, BUILT: built },
  });
  expect(stdout.split('\n').filter(Boolean)).toEqual([]);
  rmSync(folder, { recursive: true });
});

test('D5, D6, D16: the packed package is one package within its sizes, installs without a network, and answers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-packed-'));
  const run = (command: string, args: string[], cwd = folder, input = '') =>
    spawnSync(command, args, {
      cwd,
      input,
      encoding: 'utf8',
      env: { ...env, npm_config_update_notifier: 'false', CLOUDSTACK_MCP_STATE: folder },
      timeout: 120_000,
    });
  const { tarball, size, unpackedSize } = packPackage(folder);
  expect(size).toBeLessThan(budget['package, packed']!.maximum!);
  expect(unpackedSize).toBeLessThan(budget['package, unpacked']!.maximum!);
  const installed = run('npm', ['install', '--offline', '--cache', join(folder, 'cache'), '--prefix', folder, tarball]);
  expect(installed.stderr).not.toContain('warn');
  expect(installed.stderr + installed.stdout).toContain(
    `added ${budget['package, packages installed']!.maximum} package`,
  );
  const notices = join(folder, 'node_modules/cloudstack-mcp-server/dist/THIRD-PARTY-NOTICES.txt');
  for (const name of ['@modelcontextprotocol/server', 'undici', 'hono', 'zod'])
    expect(readFileSync(notices, 'utf8')).toContain(name);
  for (const named of [
    'dist/sbom.cdx.json',
    '.claude-plugin/plugin.json',
    '.cursor-plugin/plugin.json',
    '.codex-plugin/plugin.json',
    'gemini-extension.json',
  ])
    expect(existsSync(join(folder, 'node_modules/cloudstack-mcp-server', named)), named).toBe(true);
  const program = join(folder, 'node_modules/.bin/cloudstack-mcp-server');
  const answered = run(program, ['call', 'list-zones', '--simulator']);
  expect(answered.stdout).toContain('Frankfurt');
  expect(answered.status).toBe(0);
  // Whatever a page of the package leads to within it is there.
  const packageFolder = join(folder, 'node_modules/cloudstack-mcp-server');
  for (const name of readdirSync(packageFolder, { recursive: true, encoding: 'utf8' }).filter((one) =>
    /\.md$/.test(one),
  ))
    for (const [, target = ''] of readFileSync(join(packageFolder, name), 'utf8').matchAll(/\]\(([^)\s#]+)[^)]*\)/g))
      if (!/^[a-z][a-z+.-]*:/i.test(target))
        expect(existsSync(join(packageFolder, dirname(name), target)), `${name}: ${target}`).toBe(true);
  // The documents are not in the package: what a hint leads to is there all the same.
  writeFileSync(join(folder, 'wrong.yaml'), 'wait: soon\n');
  const refused = run(program, ['call', 'list-zones', '--config', 'wrong.yaml']);
  expect(refused.stderr).toMatch(/cloudstack-mcp-server serve --help --all|https:\/\//);
  expect(refused.stderr).not.toContain('See docs/');
  rmSync(folder, { recursive: true });
});

test('D16: the package says who made it, where it lives, what it is for and what it is to registries', () => {
  const described = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, unknown>;
  const { repository, homepage, bugs, mcpName, author, keywords, license, engines, bin, name } = described as {
    [key: string]: string;
  } & { repository: { url: string }; bugs: { url: string }; keywords: string[]; bin: object };
  const owned = /^git\+(https:\/\/[^/]+\/([^/]+)\/[^/]+)\.git$/.exec(repository.url);
  expect(owned).not.toBeNull();
  // One place is filled by the publisher; the others follow.
  expect(homepage).toBe(`${owned![1]}#readme`);
  expect(bugs.url).toBe(`${owned![1]}/issues`);
  expect(mcpName).toBe(`io.github.${owned![2]}/${name}`);
  expect([author, license, engines]).not.toContain(undefined);
  expect(keywords).toEqual(expect.arrayContaining(['cloudstack', 'mcp']));
  expect(Object.keys(bin)).toContain('cloudstack-mcp-server');
});

test('the process itself: ready on standard error, nothing on standard output, SIGTERM ends it with 0', async () => {
  const child = spawn(process.execPath, [built, 'serve', '--transport', 'http', '--port', '0', '--simulator'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { CLOUDSTACK_MCP_AUDIT: '/dev/null' },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ready = new Promise<string>((resolve) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      const origin = /Serving MCP on (\S+)\/mcp/.exec(line)?.[1];
      if (origin) resolve(origin);
    });
  });
  const origin = await ready;
  const host = await openClient({ url: `${origin}/mcp` });
  expect((await host.call('read', { tool: 'list-zones' })).text).toContain('Frankfurt');
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
  expect(output).toBe('');
  await host.close();
});
