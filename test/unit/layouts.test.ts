import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cacheFolderOf, homeOf, ownConfigPath } from '../../src/config/places.ts';
import { keepCompiled } from '../../src/opening/compile-cache.ts';
import { signalsOf } from '../../src/opening/signals.ts';
import { launchOf } from '../../src/setup/launch.ts';
import { listHosts } from '../../src/setup/hosts.ts';
import { resolvePath } from '../../src/setup/system.ts';
import { runCommand, startCloud, type Cloud } from '../support/harness.ts';

// What differs between Linux, macOS and Windows, as far as it can be tried on any of them: docs/systems.md says what was not.

const home = '/home/ann';
describe.each<[NodeJS.Platform, Record<string, string>, apps: string, xdg: string, own: string]>([
  ['linux', {}, '/home/ann/.config', '/home/ann/.config', '/home/ann/.config'],
  ['linux', { XDG_CONFIG_HOME: '/x' }, '/x', '/x', '/x'],
  ['darwin', {}, '/home/ann/Library/Application Support', '/home/ann/.config', '/home/ann/.config'],
  ['darwin', { XDG_CONFIG_HOME: '/x' }, '/home/ann/Library/Application Support', '/x', '/x'],
  ['win32', { APPDATA: '/home/ann/Roaming' }, '/home/ann/Roaming', '/home/ann/.config', '/home/ann/Roaming'],
  ['win32', {}, '/home/ann/AppData/Roaming', '/home/ann/.config', '/home/ann/AppData/Roaming'],
])('%s with %j', (platform, env, apps, xdg, own) => {
  const system = { platform, home, env };
  const all = { ...env, HOME: home, USERPROFILE: home };

  test('paths', () => {
    expect(resolvePath('{apps}/A', system)).toBe(`${apps}/A`);
    expect(resolvePath('{xdg}/A', system)).toBe(`${xdg}/A`);
    expect(resolvePath('~/.a', system)).toBe(`${home}/.a`);
    expect(resolvePath('{A_HOME:~/.a}/b', { ...system, env: { ...env, A_HOME: '/elsewhere' } })).toBe('/elsewhere/b');
    expect(ownConfigPath(all, platform)).toBe(`${own}/cloudstack-mcp/config.yaml`);
  });

  test('every host has a place below the home or where variables say', () => {
    for (const { file, id } of listHosts(system)) expect(file.startsWith(home) || file.startsWith('/x'), id).toBe(true);
  });
});

test('what can be made anew has its own folder: in the cache of the user', () => {
  const folderOf = (env: Record<string, string>, platform: NodeJS.Platform): string =>
    cacheFolderOf({ HOME: home, USERPROFILE: home, ...env }, platform);
  expect(folderOf({}, 'linux')).toBe('/home/ann/.cache/cloudstack-mcp');
  expect(folderOf({ XDG_CACHE_HOME: '/x' }, 'linux')).toBe('/x/cloudstack-mcp');
  expect(folderOf({}, 'win32')).toBe('/home/ann/AppData/Local/cloudstack-mcp');
  expect(folderOf({ LOCALAPPDATA: '/y' }, 'win32')).toBe('/y/cloudstack-mcp');
  // Where it cannot be written, and on a Node that keeps nothing, the start goes on.
  expect(() => keepCompiled({ HOME: '/dev/null' })).not.toThrow();
});

test('the home folder is HOME, on Windows USERPROFILE', () => {
  const env = { HOME: '/of-a-shell', USERPROFILE: '/of-windows' };
  expect(['linux', 'darwin', 'win32'].map((platform) => homeOf(env, platform as NodeJS.Platform))).toEqual([
    '/of-a-shell',
    '/of-a-shell',
    '/of-windows',
  ]);
});

test('closing the window of Windows stops, and reloads nowhere; elsewhere SIGHUP reloads', () => {
  expect(signalsOf('linux')).toEqual(signalsOf('darwin'));
  expect(signalsOf('linux').reload).toEqual(['SIGHUP']);
  expect(signalsOf('win32').stop).toContain('SIGBREAK');
  expect(signalsOf('win32').stop).toContain('SIGHUP');
  expect(signalsOf('win32').reload).toEqual([]);
  for (const platform of ['linux', 'darwin', 'win32'] as const)
    expect(signalsOf(platform).stop).toEqual(expect.arrayContaining(['SIGINT', 'SIGTERM']));
});

test('npx is a script of cmd on Windows, which no program starts without it', () => {
  const script = 'C:\\Users\\A B\\npm-cache\\_npx\\1\\node_modules\\cloudstack-mcp-server\\dist\\main.js';
  expect(launchOf({ node: 'C:\\n\\node.exe', script }, { platform: 'win32' })).toEqual({
    command: 'cmd',
    args: ['/c', 'npx', '-y', 'cloudstack-mcp-server'],
  });
});

describe('line ends of Windows and a byte order mark', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-lines-'));
  let cloud: Cloud;
  beforeAll(async () => {
    cloud = await startCloud();
  });
  afterAll(async () => {
    await cloud.close();
    rmSync(folder, { recursive: true });
  });
  const file = (name: string, lines: readonly string[]): string => {
    writeFileSync(join(folder, name), `\ufeff${lines.join('\r\n')}\r\n`, { mode: 0o600 });
    return join(folder, name);
  };
  const pair = () => cloud.simulator.credentials;

  test.each<[what: string, flags: () => string[], env?: () => Record<string, string>]>([
    [
      'the configuration in YAML, its secret in a file',
      () => [
        '--config',
        file('c.yaml', [
          'profiles:',
          '  a:',
          `    url: ${cloud.url}`,
          `    apiKey: ${pair().apiKey}`,
          `    secretKeyFile: ${file('secret', [pair().secretKey])}`,
        ]),
      ],
    ],
    [
      'the configuration in JSON',
      () => [
        '--config',
        file('c.json', [
          '{',
          ` "profiles": { "a": { "url": "${cloud.url}", "apiKey": "${pair().apiKey}", "secretKey": "${pair().secretKey}" } }`,
          '}',
        ]),
      ],
    ],
    [
      "CloudMonkey's configuration",
      () => [
        '--credentials',
        file('cmk', [
          'profile = lab',
          '[lab]',
          `url = ${cloud.url}`,
          `apikey = ${pair().apiKey}`,
          `secretkey = ${pair().secretKey}`,
        ]),
      ],
    ],
    [
      "cs' configuration",
      () => [
        '--credentials',
        file('cs.ini', [
          '[cloudstack]',
          `endpoint = ${cloud.url}`,
          `key = ${pair().apiKey}`,
          `secret = ${pair().secretKey}`,
        ]),
      ],
    ],
    [
      'a file of a variable',
      () => [],
      () => ({
        CLOUDSTACK_API_URL: cloud.url,
        CLOUDSTACK_API_KEY: pair().apiKey,
        CLOUDSTACK_SECRET_KEY_FILE: file('key', [pair().secretKey]),
      }),
    ],
  ])('%s', async (_what, flags, env = () => ({})) => {
    const { status, stdout, stderr } = await runCommand(
      ['call', 'list-zones', '--fields', 'name', '-o', 'csv', ...flags()],
      { env: env() },
    );
    expect(status, stderr).toBe(0);
    // Lines of CSV end with a line feed on every system, as spreadsheets and shells read it.
    expect(stdout).toMatch(/^name\nFrankfurt\n/);
    expect(stdout).not.toContain('\r');
  });

  test('the hash of a token', async () => {
    const token = 'a-token-that-is-long-enough';
    const plain = await runCommand(['token', 'hash'], { input: token });
    const windows = await runCommand(['token', 'hash'], { input: `${token}\r\n` });
    expect(windows.stdout).toBe(plain.stdout);
  });
});
