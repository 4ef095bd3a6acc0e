/**
 * npm run host-check: hosts themselves read what `init` wrote for them, in a home of its own, with the simulator as the cloud:
 * Claude Code and Gemini CLI start the server, Codex and Cline list it, Continue's parser validates its file. They come from
 * npm, some 800 MB once, into node_modules/.cache/hosts. Exits with 1 when one does not take it, with 3 when one cannot be had.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { env as own } from 'node:process';
import { createChecks } from '../checks.ts';

interface HostProgram {
  id: string;
  package: string;
  /** What is asked, in the folder where the package is installed. */
  ask: readonly [program: string, ...args: string[]];
  /** It has understood the entry. */
  understood: RegExp;
  env?: Record<string, string>;
}

const validate = `const m = await import('@continuedev/config-yaml'); const { readFileSync } = await import('node:fs');
const config = m.parseConfigYaml(readFileSync(process.env.HOME + '/.continue/config.yaml', 'utf8'));
console.log(JSON.stringify([m.validateConfigYaml(config), config.mcpServers.map(({ name }) => name)]));`;

const programs: readonly HostProgram[] = [
  {
    id: 'claude-code',
    package: '@anthropic-ai/claude-code@2.1.197',
    ask: ['node_modules/.bin/claude', 'mcp', 'get', 'cloudstack'],
    understood: /Connected/,
    env: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', DISABLE_AUTOUPDATER: '1' },
  },
  {
    id: 'codex',
    package: '@openai/codex@0.167.2',
    ask: ['node_modules/.bin/codex', 'mcp', 'get', 'cloudstack', '--json'],
    understood: /"enabled": true,[^]*"type": "stdio"/,
  },
  {
    id: 'gemini',
    package: '@google/gemini-cli@0.61.0',
    ask: ['node_modules/.bin/gemini', 'mcp', 'list'],
    understood: /cloudstack: .*Connected/,
    env: { GEMINI_CLI_TRUST_WORKSPACE: 'true' },
  },
  {
    id: 'cline',
    package: 'cline@3.0.65',
    ask: ['node_modules/.bin/cline', 'config', 'mcp'],
    understood: /cloudstack \[stdio\]/,
  },
  {
    id: 'continue',
    package: '@continuedev/config-yaml@1.42.0',
    ask: [process.execPath, '--input-type=module', '-e', validate],
    understood: /^\[\[\],\["cloudstack"\]\]$/m,
  },
];

const { check, print, passed, failed } = createChecks(process.stdout);
const missing: string[] = [];
const wanted = process.argv.slice(2);
const home = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-hosts-'));

const install = (id: string, name: string): string | undefined => {
  const folder = resolve('node_modules/.cache/hosts', name.replaceAll('/', '-'));
  if (existsSync(join(folder, 'node_modules'))) return folder;
  mkdirSync(folder, { recursive: true });
  const { status } = spawnSync('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', name], {
    encoding: 'utf8',
  });
  if (status === 0) return folder;
  rmSync(folder, { recursive: true, force: true });
  missing.push(id);
  return undefined;
};

try {
  const env = { PATH: own['PATH'], HOME: home, LANG: 'C.UTF-8' };
  for (const { id, package: name, ask, understood, env: more } of programs) {
    if (wanted.length && !wanted.includes(id)) continue;
    const folder = install(id, name);
    if (folder === undefined) continue;
    const init = ['dist/main.js', 'init', '--yes', '--from', 'simulator', '--hosts', id];
    const written = spawnSync(process.execPath, init, { encoding: 'utf8', env });
    const [program, ...args] = ask;
    const { stdout, stderr } = spawnSync(program, args, {
      cwd: folder,
      encoding: 'utf8',
      env: { ...env, ...more },
      timeout: 120_000,
    });
    const isRead = written.status === 0 && understood.test(`${stdout}${stderr}`);
    check(`${id} (${name}) reads what init wrote`, isRead, isRead ? '' : `${written.stderr}${stdout}${stderr}`);
  }
} finally {
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}
print(`${passed()} passed, ${failed()} failed${missing.length ? `; could not be had: ${missing.join(' ')}` : ''}`);
process.exit(failed() ? 1 : missing.length ? 3 : 0);
