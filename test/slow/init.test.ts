import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import type { AuditEntry } from '../../src/audit/entry.ts';
import { addToHost } from '../../src/setup/host-file.ts';
import { launchOf } from '../../src/setup/launch.ts';
import { listHosts } from '../../src/setup/hosts.ts';
import { eventually } from '../support/eventually.ts';
import { createHomes, writeFile } from '../support/homes.ts';
import { runCommand, startCloud, startCommand, startFake, type Cloud } from '../support/harness.ts';
import { checkHostFile, filesIn, hostIds, launch, platforms } from '../cli/host-files.ts';

const { newHome, close } = createHomes();
let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(async () => {
  await cloud.close();
  close();
});

// Every host on every layout: test/sweep/host-files has all that may stand in a file before

describe.each(platforms)('on %s', (platform) => {
  test.each(hostIds)('%s: valid, what was there is kept, twice is once, and removed without a trace', (id) =>
    checkHostFile({ platform, id, home: newHome() }, false),
  );
});

test.each<[what: string, id: string, text: string, message: RegExp]>([
  ['broken JSON', 'cursor', '{\n  "mcpServers": {\n    "a": {,}\n  }\n}', /line 3, column 11\).*left as it is/],
  [
    'a list where an object should be',
    'cursor',
    '{"mcpServers": []}',
    /line 1, column 16.*mcpServers is not an object/,
  ],
  ['broken TOML', 'codex', 'a = 1\nb =\n', /line 2/],
  ['a table within a line', 'codex', 'mcp_servers = { cloudstack = { command = "x" } }\n', /left as it is/],
  ['broken YAML', 'goose', 'a: 1\nb: [\n', /line \d, column \d/],
  ['a map in braces', 'goose', 'extensions: { a: { enabled: true } }\n', /in braces/],
  ['UTF-16', 'cursor', '\ufeff{}', /UTF-16/],
])('%s is left as it is and said', async (what, id, text, message) => {
  const home = newHome();
  const host = listHosts({ platform: 'linux', home, env: {} }).find((one) => one.id === id)!;
  writeFile(host.file, '');
  writeFileSync(host.file, text, what === 'UTF-16' ? 'utf16le' : 'utf8');
  const before = filesIn(home);
  await expect(addToHost(host, launch)).rejects.toThrow(message.source.includes('UTF') ? message : undefined);
  const error = await addToHost(host, launch).catch((thrown: unknown) => (thrown as Error).message);
  const [first, ...others] = message.source.split('.*');
  for (const part of [first!, ...others]) expect(error).toMatch(new RegExp(part));
  expect(filesIn(home)).toEqual(before);
});

test('a host is started as this program was: by Node, or through npx where its cache may be emptied', () => {
  const npx = '/home/a/.npm/_npx/1/node_modules/cloudstack-mcp-server/dist/main.js';
  expect(launchOf({ node: '/n/bin/node', script: '/p/main.js' }, { platform: 'linux' })).toEqual({
    command: '/n/bin/node',
    args: ['/p/main.js'],
  });
  expect(launchOf({ node: '/n/bin/node', script: npx }, { platform: 'darwin' })).toEqual({
    command: '/n/bin/npx',
    args: ['-y', 'cloudstack-mcp-server'],
  });
  expect(launchOf({ node: 'C:\\n\\node.exe', script: npx.replaceAll('/', '\\') }, { platform: 'win32' })).toEqual({
    command: 'cmd',
    args: ['/c', 'npx', '-y', 'cloudstack-mcp-server'],
  });
});

// The command

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
const config = (home: string): string => join(home, '.config/cloudstack-mcp/config.yaml');
const secretOf = (): string => cloud.simulator.credentials.secretKey;
const init = (home: string, flags: string[], env: Record<string, string> = {}) =>
  runCommand(['init', ...flags], { env: { HOME: home, ...env } });

let home: string;
beforeEach(() => {
  home = newHome();
  cloud.calls.splice(0);
});

test('from the environment: tested, written with the secret in a file of its own, used without a flag, taken back', async () => {
  const before = filesIn(home);
  const flags = ['--from', 'environment', '--role', 'reader', '--hosts', 'claude-desktop,codex,goose'];
  const { CLOUDSTACK_API_URL: url, ...keys } = cloud.env;
  const env = { ...keys, CLOUDSTACK_API_URL: url!.replace('/client/api', '') };
  const first = await init(home, flags, env);
  expect(first.stderr).toContain('/client/api was added to the URL');
  expect(first).toMatchObject({ status: 0 });
  expect(first.stdout).toContain('It works: admin of ROOT');
  const files = filesIn(home);
  const holding = Object.keys(files).filter((path) => files[path]!.includes(secretOf()));
  expect(holding).toEqual([config(home).replace('.yaml', '.secret')]);
  for (const path of Object.keys(files)) expect(modeOf(path), path).toBe('600');
  expect(first.stdout + first.stderr).not.toContain(secretOf());
  expect(parseYaml(readFileSync(config(home), 'utf8'))).toMatchObject({
    readOnly: true,
    profiles: { default: { url } },
  });

  expect(await init(home, flags, env)).toMatchObject({ status: 0 });
  expect(filesIn(home)).toEqual(files);

  const called = await runCommand(['call', 'list-zones'], { env: { HOME: home } });
  expect(called.stdout).toContain('Frankfurt');
  const refused = await runCommand(['call', 'start-virtual-machine', 'id=web-1'], { env: { HOME: home } });
  expect(refused.status).toBe(3);

  const removed = await init(home, ['--remove']);
  expect(removed).toMatchObject({ status: 0, stderr: '' });
  expect(filesIn(home)).toEqual(before);
});

test('--print writes nothing, shows no secret, and asks no cloud', async () => {
  const { status, stdout } = await init(
    home,
    ['--from', 'environment', '--hosts', 'zed,continue', '--print'],
    cloud.env,
  );
  expect(status).toBe(0);
  expect(stdout).toContain('"context_servers"');
  expect(stdout).toContain('mcpServers:');
  expect(stdout).not.toContain(secretOf());
  expect(cloud.calls).toEqual([]);
  expect(filesIn(home)).toEqual({});
});

const ini = (section: string, keys: Record<string, string | undefined>): string =>
  `[${section}]\n${Object.entries(keys)
    .map(([key, value]) => `${key} = ${value}`)
    .join('\n')}\n`;

test.each([
  ['cloudmonkey', '.cmk/config', 'prod', ['url', 'apikey', 'secretkey']],
  ['cs', '.cloudstack.ini', 'cloudstack', ['endpoint', 'key', 'secret']],
])('from %s', async (source, path, section, [url, key, secret]) => {
  const { CLOUDSTACK_API_URL, CLOUDSTACK_API_KEY, CLOUDSTACK_SECRET_KEY } = cloud.env;
  writeFile(
    join(home, path),
    ini(section, { [url!]: CLOUDSTACK_API_URL, [key!]: CLOUDSTACK_API_KEY, [secret!]: CLOUDSTACK_SECRET_KEY }),
  );
  const { status, stdout } = await init(home, ['--from', source, '--role', 'all', '--hosts', 'none']);
  expect(stdout).toContain('It works: admin of ROOT');
  expect(status).toBe(0);
});

test('from Terraform variables, also those of cs and Ansible', async () => {
  const { CLOUDSTACK_API_URL = '', CLOUDSTACK_API_KEY = '', CLOUDSTACK_SECRET_KEY = '' } = cloud.env;
  const variables = {
    TF_VAR_api_url: CLOUDSTACK_API_URL,
    TF_VAR_cloudstack_api_key: CLOUDSTACK_API_KEY,
    TF_VAR_secret_key: CLOUDSTACK_SECRET_KEY,
  };
  expect(await init(home, ['--from', 'terraform', '--hosts', 'none'], variables)).toMatchObject({ status: 0 });
  const ofCs = {
    CLOUDSTACK_ENDPOINT: CLOUDSTACK_API_URL,
    CLOUDSTACK_KEY: CLOUDSTACK_API_KEY,
    CLOUDSTACK_SECRET: CLOUDSTACK_SECRET_KEY,
  };
  expect(await init(home, ['--from', 'environment', '--hosts', 'none'], ofCs)).toMatchObject({ status: 0 });
});

test('a password logs in once and gives way to the key pair of the user, which is made where there is none', async () => {
  const { password } = cloud.simulator.credentials;
  const secret = join(home, 'password');
  writeFileSync(secret, `${password}\n`, { mode: 0o600 });
  const flags = [
    '--url',
    cloud.url,
    '--username',
    'admin',
    '--password-file',
    secret,
    '--hosts',
    'none',
    '--role',
    'all',
  ];
  const plain = await init(home, flags);
  expect(plain.status).toBe(0);
  expect(readFileSync(config(home).replace('.yaml', '.secret'), 'utf8')).toBe(`${password}\n`);
  cloud.calls.splice(0);
  const paired = await init(home, [...flags, '--keys']);
  expect(paired.stdout).toContain("The user's key pair replaces the password.");
  expect(readFileSync(config(home).replace('.yaml', '.secret'), 'utf8')).toBe(`${secretOf()}\n`);
  const commands = cloud.calls.map(({ command }) => command);
  expect(commands.filter((command) => command === 'login')).toHaveLength(1);
  expect(commands).not.toContain('registerUserKeys');

  const created = [
    'create-user',
    'account=admin',
    'username=newcomer',
    'password=Sesame1!',
    'email=n@example.com',
    'firstname=N',
    'lastname=C',
  ];
  expect(await runCommand(['call', ...created], { env: cloud.env, answers: ['yes'] })).toMatchObject({ status: 0 });
  writeFileSync(secret, 'Sesame1!');
  const audit = join(home, 'made.jsonl');
  const made = await init(home, flags.map((word) => (word === 'admin' ? 'newcomer' : word)).concat('--keys'), {
    CLOUDSTACK_MCP_AUDIT: audit,
  });
  expect(made.stdout).toContain('The user had no key pair');
  expect(made.status).toBe(0);
  // No one was asked: the log says that the flag agreed.
  const entries = readFileSync(audit, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as AuditEntry);
  expect(entries.find(({ command }) => command === 'registerUserKeys')!.confirmation).toMatchObject({
    by: 'init --keys',
  });
  cloud.renew();
});

test.each<
  [what: string, status: number, words: string, flags: (home: string) => string[], env?: (cloud: Cloud) => object]
>([
  ['nothing said', 2, 'Which cloud?', () => []],
  ['no hosts said', 2, 'Which hosts?', () => ['--from', 'simulator']],
  ['an unknown host', 2, 'There is no host "emacs"', () => ['--from', 'simulator', '--hosts', 'emacs']],
  [
    'nothing of cloudmonkey',
    2,
    'No cloud was found in cloudmonkey',
    () => ['--from', 'cloudmonkey', '--hosts', 'none'],
  ],
  [
    'a secret that is wrong',
    1,
    'authentication',
    () => ['--from', 'environment', '--hosts', 'none'],
    ({ env }) => ({ ...env, CLOUDSTACK_SECRET_KEY: 'no' }),
  ],
  [
    'half a credential',
    2,
    'is incomplete',
    () => ['--from', 'environment', '--hosts', 'none'],
    ({ env }) => ({ ...env, CLOUDSTACK_SECRET_KEY: '' }),
  ],
  [
    'a cloud that is down',
    1,
    'unavailable',
    () => ['--from', 'environment', '--hosts', 'none'],
    ({ env }) => ({ ...env, CLOUDSTACK_API_URL: 'http://127.0.0.1:9/client/api' }),
  ],
  [
    'an authority that is no file',
    2,
    'caFile',
    () => ['--from', 'environment', '--hosts', 'none', '--ca', '/nowhere.pem'],
    ({ env }) => env,
  ],
])('%s: %i, and nothing is written', async (_what, status, words, flags, env) => {
  const run = await init(home, flags(home), (env?.(cloud) ?? {}) as Record<string, string>);
  expect(run.stderr).toContain(words);
  expect(run.status).toBe(status);
  expect(filesIn(home)).toEqual({});
});

test('one broken file keeps no other host back; a read-only home is said', async () => {
  writeFile(join(home, '.cursor/mcp.json'), '{ broken');
  const flags = ['--from', 'simulator', '--hosts', 'cursor,gemini'];
  const run = await init(home, flags);
  expect(run.status).toBe(1);
  expect(run.stderr).toContain(`${join(home, '.cursor/mcp.json')}, line 1`);
  expect(run.stdout).toContain('Gemini CLI: written');
  expect(readFileSync(join(home, '.cursor/mcp.json'), 'utf8')).toBe('{ broken');
  // A folder that stands where the file goes: whoever runs the tests, it cannot be written.
  mkdirSync(join(home, '.lmstudio/mcp.json'), { recursive: true });
  const closed = await init(home, ['--from', 'simulator', '--hosts', 'lm-studio']);
  expect(closed.status).not.toBe(0);
  expect(closed.stderr).toContain('mcp.json');
});

test('what a person wrote of what an assistant may do is not widened, nor taken out', async () => {
  const flags = ['--from', 'environment', '--hosts', 'none'];
  const home = newHome();
  const written = 'readOnly: true\nprincipals:\n  local:\n    role: viewer\n';
  writeFile(config(home), written);
  expect((await init(home, [...flags, '--role', 'all'], cloud.env)).status).toBe(0);
  expect(parseYaml(readFileSync(config(home), 'utf8'))).toMatchObject(parseYaml(written) as object);
  const refused = await init(home, [...flags, '--role', 'operator'], cloud.env);
  expect(refused.status).toBe(2);
  expect(refused.stderr).toContain('has principals of its own');
  expect((await init(home, ['--remove'])).status).toBe(0);
  expect(parseYaml(readFileSync(config(home), 'utf8'))).toMatchObject({ principals: { local: { role: 'viewer' } } });

  // A role that init gave is changed by the next.
  const other = newHome();
  for (const role of ['reader', 'operator', 'all'])
    expect((await init(other, [...flags, '--role', role], cloud.env)).status).toBe(0);
  expect(Object.keys(parseYaml(readFileSync(config(other), 'utf8')) as object)).toEqual(['profiles']);
});

test('a link stays a link, a file keeps its mode', async () => {
  const target = join(home, 'dotfiles.json');
  writeFile(target, '{}\n');
  chmodSync(target, 0o644);
  mkdirSync(join(home, '.cursor'));
  symlinkSync(target, join(home, '.cursor/mcp.json'));
  expect(await init(home, ['--from', 'simulator', '--hosts', 'cursor'])).toMatchObject({ status: 0 });
  expect(readFileSync(target, 'utf8')).toContain('--simulator');
  expect(modeOf(target)).toBe('644');
  expect(await init(home, ['--remove'])).toMatchObject({ status: 0 });
  expect(readFileSync(target, 'utf8')).toBe('{}\n');
});

test('at a terminal it asks: cloud, role, hosts, and whether to go on', async () => {
  mkdirSync(join(home, '.cursor'));
  const { stdin, out, ended } = startCommand(['init'], { env: { HOME: home, ...cloud.env }, terminal: true });
  Object.assign(stdin, { setRawMode: () => stdin });
  const answer = async (question: string, keys: string): Promise<void> => {
    await eventually(() => expect(out.stderr).toContain(question));
    stdin.write(keys);
  };
  await answer('Which cloud?', '\r');
  await answer('What may assistants do?', '\r');
  await answer('Which hosts?', '\r');
  await answer('Continue?', '\r');
  expect(await ended).toBe(0);
  expect(out.stdout).toContain('Cursor: written');
  expect(existsSync(config(home))).toBe(true);
  expect(parseYaml(readFileSync(config(home), 'utf8'))).toMatchObject({ readOnly: true });
});

test('who leaves has changed nothing', async () => {
  const { stdin, out, ended } = startCommand(['init'], { env: { HOME: home }, terminal: true });
  Object.assign(stdin, { setRawMode: () => stdin });
  await eventually(() => expect(out.stderr).toContain('Which cloud?'));
  stdin.write('\u0003');
  expect(await ended).not.toBe(0);
  expect(filesIn(home)).toEqual({});
});

test('a fake that answers as a web page is no CloudStack, and that is said', async () => {
  const fake = await startFake((_command, response) => response.end('<html>welcome</html>'));
  const run = await init(home, ['--from', 'environment', '--hosts', 'none'], fake.env);
  await fake.close();
  expect(run.status).toBe(1);
  expect(run.stderr).toContain('/client/api');
});
