import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { env } from 'node:process';
import { createInterface } from 'node:readline';

/** A package as a tarball, the program that it installs, and how that is started. */
export interface Candidate {
  tarball: string;
  program: string;
  args: readonly string[];
}

/** What one installation took. */
export interface FirstAnswer {
  seconds: number;
  /** Packages that npm added. */
  packages: number;
}

const requests = [
  {
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'newcomer', version: '1' } },
  },
  { method: 'notifications/initialized' },
  { id: 2, method: 'tools/call', params: { name: 'read', arguments: { tool: 'list-zones' } } },
];

/** Starts an installed server and has it answer its first call. Returns when that came (ms). Throws where it is an error. */
const askOnce = async (command: string, args: readonly string[], folder: string): Promise<number> => {
  const child = spawn(command, args, {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: env['PATH'], HOME: folder, CLOUDSTACK_MCP_STATE: folder },
  });
  for (const request of requests) child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...request })}\n`);
  for await (const line of createInterface({ input: child.stdout })) {
    const { id, result } = JSON.parse(line) as { id?: number; result?: { isError?: boolean } };
    if (id !== 2) continue;
    if (!result || result.isError) throw new Error(`the first call failed: ${line}`);
    const at = performance.now();
    child.stdin.end();
    await once(child, 'exit');
    return at;
  }
  throw new Error(`${command} ended before it answered`);
};

/** Installs a tarball into an empty folder with an empty npm cache and has it answer one call of an MCP client. */
export const measureFirstAnswer = async ({ tarball, program, args }: Candidate): Promise<FirstAnswer> => {
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-newcomer-'));
  try {
    const begun = performance.now();
    const installed = spawnSync('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: env['PATH'], HOME: folder, npm_config_cache: join(folder, 'cache') },
    });
    const packages = Number(/added (\d+) package/.exec(installed.stdout)?.[1]);
    if (installed.status !== 0) throw new Error(installed.stderr);
    const answered = await askOnce(join(folder, 'node_modules/.bin', program), args, folder);
    return { seconds: (answered - begun) / 1000, packages };
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
};

/** The least that a package with a server can be, as a tarball in `folder`: what npm and Node cost by themselves. */
export const packFloor = (folder: string): Candidate => {
  const source = join(folder, 'floor');
  mkdirSync(source);
  writeFileSync(
    join(source, 'package.json'),
    JSON.stringify({ name: 'floor', version: '1.0.0', type: 'module', bin: { floor: 'main.js' } }),
  );
  writeFileSync(
    join(source, 'main.js'),
    `#!/usr/bin/env node
import { createInterface } from 'node:readline';
for await (const line of createInterface({ input: process.stdin })) {
  const { id } = JSON.parse(line);
  if (id !== undefined) console.log(JSON.stringify({ jsonrpc: '2.0', id, result: {} }));
}
`,
  );
  const { stdout } = spawnSync('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: source,
    encoding: 'utf8',
  });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  return { tarball: join(folder, filename), program: 'floor', args: [] };
};
