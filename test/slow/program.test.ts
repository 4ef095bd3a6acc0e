import type { Client } from '@modelcontextprotocol/client';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import type { CommandsFile } from '../../src/catalog/types.ts';
import { unmetBy } from '../../src/catalog/requirements.ts';
import { demo } from '../../src/cli/demo.ts';
import { loadData } from '../../src/data.ts';
import { flagOf, secretSettings, serveSettings, settings } from '../../src/config/settings.ts';
import { version } from '../../src/version.ts';
import {
  openHost,
  runCommand,
  startCloud,
  startCommand,
  startFake,
  streamTransport,
  type Cloud,
} from '../support/harness.ts';
import { runCli } from '../../src/cli/program.ts';
import { eventually } from '../support/eventually.ts';

let cloud: Cloud;
let folder: string;
beforeAll(async () => {
  cloud = await startCloud();
  folder = mkdtempSync(join(tmpdir(), 'cloudstack-program-'));
});
afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true });
});

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

// help, version, wrong words

test('version is the version of the package', async () => {
  for (const argv of [['--version'], ['-V']])
    expect(await runCommand(argv)).toMatchObject({ status: 0, stdout: `${version}\n` });
  const [first, catalog, ...others] = (await runCommand(['version'])).stdout.trimEnd().split('\n');
  expect([first, ...others]).toEqual([version]);
  expect(catalog).toMatch(/^Catalog of \d{4}-\d\d-\d\d: CloudStack 4\.11\.0 to \d+\.\d+\.\d+$/);
  expect(version).toMatch(/^\d+\.\d+\.\d+/);
});

test('help says what there is; every command has help of its own, also by the word help', async () => {
  const { status, stdout } = await runCommand(['--help']);
  expect(status).toBe(0);
  for (const name of ['serve', 'call', 'tools', 'simulator', 'demo', 'catalog', 'version']) {
    expect(stdout).toContain(`  ${name} `);
    const own = await runCommand([name, '--help']);
    expect(own).toMatchObject({ status: 0, stderr: '' });
    expect(own.stdout).toContain(`Usage: cloudstack-mcp-server ${name}`);
    expect((await runCommand(['help', name])).stdout).toBe(own.stdout);
  }
});

test('D12: the help of a command lists its own options; the global ones are listed with --all', async () => {
  const own = (await runCommand(['call', '--help'])).stdout;
  expect(own).toContain('--dry-run');
  expect(own).not.toContain('--read-only');
  expect(own).toContain('--help --all');
  const all = (await runCommand(['call', '--help', '--all'])).stdout;
  const serve = (await runCommand(['serve', '--help', '--all'])).stdout;
  for (const name of Object.keys(settings.shape)) {
    if (secretSettings.has(name)) continue;
    if (!serveSettings.has(name)) expect(all, name).toMatch(new RegExp(`^ +${flagOf(name)}\\b`, 'm'));
    expect(serve, name).toMatch(new RegExp(`^ +${flagOf(name)}\\b`, 'm'));
  }
});

test.each([
  ['an unknown command', ['frob'], 'There is no command "frob"'],
  ['the name of a tool', ['list-zones'], 'call list-zones runs that tool'],
  ['another command misspelt', ['cal', 'list-zones'], 'Did you mean call?'],
  ['a command misspelt', ['tool', 'list'], 'Did you mean tools?'],
  ['an unknown subcommand', ['tools', 'frob'], ''],
  ['a command named like what every object has', ['constructor'], ''],
  ['an unknown option', ['call', 'list-zones', '--frob'], '--frob'],
  ['an option misspelt', ['call', 'list-zones', '--outptu', 'json'], 'Did you mean --output'],
  ['a global option misspelt', ['call', 'list-zones', '--read-onyl'], 'Did you mean --read-only'],
  ['an option without its value', ['call', 'list-zones', '--fields'], 'argument missing'],
  ['an unknown format', ['call', 'list-zones', '--output', 'xml'], 'Allowed choices are table, wide, json, yaml, csv'],
  ['a port that is none', ['simulator', '--port', 'http'], 'whole number'],
  ['a missing argument', ['call'], "missing required argument 'tool'"],
  ['a missing tool, with an example,', ['call'], 'call list-virtual-machines state=Running'],
  ['a number that is none', ['call', 'list-zones', '--budget', 'abc'], 'must be a number, not "abc"'],
  ['a toolset misspelt', ['serve', '--simulator', '--tools', 'computee'], 'Did you mean compute?'],
  ['nothing to find', ['tools', 'find'], 'missing required argument'],
  ['what to do about it', ['undo'], 'undo --help shows its options.'],
  ['a command below another', ['plan', 'list'], 'plan --help shows its options.'],
  ['options before the command', ['--profile', 'x', 'call', 'list-zones'], 'the command comes before its options'],
  ['a value given twice', ['call', 'list-zones', 'name=a', 'name=b'], 'name is given twice'],
])('D12, D13: %s ends with 2 and writes to standard error only', async (_what, argv, expected) => {
  const { status, stdout, stderr } = await runCommand(argv);
  expect(status).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).not.toBe('');
  expect(stderr).toContain(expected);
});

test('D12: a port that is taken is said in a line, a tool has help of its own, and a program gets errors as JSON', async () => {
  const { port } = new URL(cloud.url);
  const taken = await runCommand(['simulator', '--port', port]);
  expect(taken.status).toBe(2);
  expect(taken.stderr).toBe(
    `configuration: The simulator cannot listen on port ${port}: EADDRINUSE.\nGive another with --port; 0 takes any that is free.\n`,
  );
  const { stdout } = await runCommand(['call', 'resizeVolume', '--help']);
  expect(stdout).toContain('Usage: cloudstack-mcp-server call');
  expect(stdout).toMatch(/^- shrinkok \(boolean\)/m);
  for (const words of [['-o', 'json'], ['--output=json'], ['--output', 'json']]) {
    const { stderr } = await runCommand(['call', 'list-zones', 'nmae=x', ...words], { env: cloud.env });
    expect(JSON.parse(stderr)).toMatchObject({
      error: { kind: 'invalid', message: expect.stringContaining('did you mean name') as string },
    });
  }
});

test('errors are JSON for whoever reads JSON, whatever is wrong and whichever flag says so', async () => {
  for (const argv of [
    ['call', 'list-zones', '--frob', '-o', 'json'],
    ['call', 'list-zones', '--frob', '-ojson'],
    ['call', '-o', 'json'],
    ['tools', 'list', '--toolset', 'frob', '--json'],
    ['tools', 'frob', '--json'],
    ['audit', 'tail', '--since', 'never', '--json'],
    ['plan', 'show', 'none', '--json', '--simulator'],
    ['frob', '--json'],
  ]) {
    const { status, stdout, stderr } = await runCommand(argv);
    expect(status, argv.join(' ')).toBeGreaterThan(0);
    expect(stdout).toBe('');
    expect(JSON.parse(stderr), argv.join(' ')).toMatchObject({ error: { message: expect.any(String) as string } });
  }
  // To call, --json is what it sends.
  expect((await runCommand(['call', 'list-zones', '--json', '{}', '--frob'])).stderr).toMatch(/^error: /);
});

test('D13: a key of the file that is no setting is named with its file and the nearest one', async () => {
  const path = file('misspelt.yaml', 'profils: {}\nbudgte: 5\n');
  const { status, stderr } = await runCommand(['call', 'list-zones', '--config', path], { env: cloud.env });
  expect(status).toBe(2);
  expect(stderr).toContain(`${path}: there is no setting "profils"; did you mean profiles?`);
  expect(stderr).toContain('did you mean budget?');
});

// serve

test('D20 M19: serve without a cloud stops with 2 and what to set', async () => {
  for (const argv of [['serve'], []]) {
    const { status, stdout, stderr } = await runCommand(argv);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    for (const what of [
      'CLOUDSTACK_API_URL',
      'CLOUDSTACK_API_KEY',
      'CLOUDSTACK_SECRET_KEY',
      'CLOUDSTACK_USERNAME',
      '--simulator',
    ])
      expect(stderr).toContain(what);
  }
});

test('D20: where other tools are configured, every door says so and how to use that; seconds for milliseconds are warned of', async () => {
  const home = mkdtempSync(join(tmpdir(), 'cloudstack-home-'));
  mkdirSync(join(home, '.cmk'));
  writeFileSync(join(home, '.cmk', 'config'), `[lab]\nurl = ${cloud.url}\n`);
  writeFileSync(join(home, '.cloudstack.ini'), `[cloudstack]\nendpoint = ${cloud.url}\n`);
  const env = { HOME: home, CLOUDSTACK_ENDPOINT: cloud.url, CLOUDSTACK_KEY: 'k', CLOUDSTACK_SECRET: 's' };
  for (const argv of [['serve'], ['call', 'list-zones'], ['whoami']]) {
    const { status, stderr } = await runCommand(argv, { env: { ...env, CLOUDSTACK_TIMEOUT: '60' } });
    expect(status, argv.join(' ')).toBe(2);
    for (const words of [
      'No CloudStack is configured',
      '--credentials cloudmonkey uses it',
      '--credentials cs uses it',
      'CLOUDSTACK_ENDPOINT as CLOUDSTACK_API_URL',
    ])
      expect(stderr, argv.join(' ')).toContain(words);
  }
  const quick = await runCommand(['call', 'list-zones'], { env: { ...cloud.env, CLOUDSTACK_TIMEOUT: '600' } });
  expect(quick.stderr).toContain('CLOUDSTACK_TIMEOUT=600 means milliseconds here');
  rmSync(home, { recursive: true });
});

test.each([
  ['an unknown profile', ['serve', '--profile', 'nowhere'], 'There is no profile "nowhere"'],
  ['an unknown toolset', ['serve', '--tools', 'compute,frobs'], 'There is no toolset "frobs"'],
  ['an unknown transport', ['serve', '--transport', 'pigeon'], 'transport'],
  ['a file that is not there', ['serve', '--config', '/nowhere.yaml'], '/nowhere.yaml'],
])('serve with %s ends with 2', async (_what, argv, message) => {
  const { status, stderr } = await runCommand(argv, { env: cloud.env });
  expect(stderr).toContain(message);
  expect(status).toBe(2);
});

test('a profile may have the name of a command', async () => {
  const config = file('named.yaml', `profiles:\n${['demo', 'call'].map((name) => profile(name)).join('')}`);
  const host = await openHost({ flags: ['--config', config, '--profile', 'demo'] });
  expect((await host.call('read', { tool: 'list-zones' })).isError).toBeUndefined();
  await host.close();
  const { status, stderr } = await runCommand(['--config', config, '--profile', 'nobody']);
  expect(stderr).toContain('There is no profile "nobody"');
  expect(status).toBe(2);
});

test('D12: serve on a terminal says in two lines what it waits for and what to run instead', async () => {
  const { out, stop, ended } = startCommand(['serve'], { terminal: true, env: cloud.env });
  await eventually(() => expect(out.stderr.trim().split('\n')).toHaveLength(2));
  expect(out.stderr).toMatch(/host/);
  expect(out.stderr).toMatch(/cloudstack-mcp-server demo/);
  stop.abort();
  await ended;
  expect(out.stdout).toBe('');
});

test('serve ends with its input, and when it is asked to', async () => {
  const host = await openHost({ env: cloud.env });
  host.stop.abort();
  expect(await host.exited).toBe(0);
  const other = await openHost({ env: cloud.env });
  expect((await other.close()).status).toBe(0);
});

// profiles and logins

const profile = (name: string): string => {
  const { CLOUDSTACK_API_URL, CLOUDSTACK_API_KEY, CLOUDSTACK_SECRET_KEY } = cloud.env;
  return `  ${name}:\n    url: ${CLOUDSTACK_API_URL}\n    apiKey: ${CLOUDSTACK_API_KEY}\n    secretKey: ${CLOUDSTACK_SECRET_KEY}\n`;
};

test('two profiles of one file go to their own clouds, and no third can be made up', async () => {
  const fake = await startFake((_command, response) =>
    response.end('{"listzonesresponse":{"count":1,"zone":[{"id":"z","name":"Elsewhere"}]}}'),
  );
  const other = `  other:\n    url: ${fake.url}\n    apiKey: k\n    secretKey: s\n`;
  const config = file('two.yaml', `profile: main\ndiscover: false\nprofiles:\n${profile('main')}${other}`);
  try {
    expect((await runCommand(['call', 'list-zones', '--config', config])).stdout).toContain('Frankfurt');
    expect((await runCommand(['call', 'list-zones', '--config', config, '--profile', 'other'])).stdout).toContain(
      'Elsewhere',
    );

    const host = await openHost({ flags: ['--config', config] });
    expect((await host.call('read', { tool: 'list-zones' })).text).toContain('Frankfurt');
    expect((await host.call('read', { tool: 'list-zones', profile: 'other' })).text).toContain('Elsewhere');
    // An empty name is none.
    expect((await host.call('read', { tool: 'list-zones', profile: '' })).text).toContain('Frankfurt');
    for (const name of ['third', 'constructor', '__proto__', 'toString']) {
      const { structured, text } = await host.call('read', { tool: 'list-zones', profile: name });
      expect(structured['error'], name).toMatchObject({ kind: 'configuration' });
      expect(text).toContain('Available: ');
    }
    await host.close();
  } finally {
    await fake.close();
  }
});

test('a login session: one login, no key on the wire, logged out at the end', async () => {
  cloud.calls.splice(0);
  const { username, password } = cloud.simulator.credentials;
  const env = { CLOUDSTACK_API_URL: cloud.url, CLOUDSTACK_USERNAME: username, CLOUDSTACK_PASSWORD: password };
  const host = await openHost({ env });
  const results = await Promise.all([1, 2, 3].map(() => host.call('read', { tool: 'list-zones' })));
  for (const { text } of results) expect(text).toContain('Frankfurt');
  await host.close();
  const commands = cloud.calls.map(({ command }) => command);
  expect(commands.filter((command) => command === 'login')).toHaveLength(1);
  expect(commands[0]).toBe('login');
  expect(commands.at(-1)).toBe('logout');
  for (const { params } of cloud.calls) expect(Object.keys(params)).not.toContain('signature');

  const wrong = await runCommand(['call', 'list-zones'], { env: { ...env, CLOUDSTACK_PASSWORD: 'hunter2' } });
  expect(wrong.status).toBe(1);
  expect(wrong.stderr).toContain('Failed to authenticate user admin');
  expect(wrong.stderr).not.toContain('hunter2');
});

// tools

test('tools list: all, or those of a toolset; as a table or JSON', async () => {
  const all = await runCommand(['tools', 'list', '--json']);
  const { matches, total } = JSON.parse(all.stdout) as { matches: Record<string, unknown>[]; total: number };
  const { tools } = loadCatalog();
  expect(matches.map(({ tool }) => tool).sort()).toEqual(tools.map(({ name }) => name).sort());
  expect(total).toBe(tools.length);
  expect(Object.keys(matches[0]!)).toEqual(['tool', 'command', 'risk', 'summary', 'required']);
  const some = await runCommand(['tools', 'list', '--toolset', 'affinity-group']);
  expect(some.stdout).toContain('create-affinity-group');
  expect(some.stdout).toMatch(/^TOOL +RISK +SUMMARY\n/);
  expect(some.stdout).toMatch(new RegExp(`\\n5 of ${tools.length} commands\\n$`));
  expect((await runCommand(['tools', 'list', '--toolset', 'frobs'])).status).toBe(2);
});

test('D12: a table of tools fits into the terminal', async () => {
  const running = startCommand(['tools', 'list'], { terminal: true, columns: 72 });
  expect(await running.ended).toBe(0);
  const lines = running.out.stdout.split('\n');
  expect(lines.length).toBeGreaterThan(loadCatalog().tools.length);
  for (const line of lines) expect([...line].length).toBeLessThanOrEqual(72);
});

test('D12: tools find shows what fits, and says why on request', async () => {
  const { stdout, status } = await runCommand(['tools', 'find', 'stop', 'a', 'vm']);
  expect(status).toBe(0);
  expect(stdout.split('\n')[1]).toMatch(/^stop-virtual-machine +destroy +Stop/);
  const none = await runCommand(['tools', 'find', 'zzzzqqqq']);
  expect(none).toMatchObject({ status: 0, stdout: expect.stringContaining('Nothing found') as string });

  const explained = await runCommand(['tools', 'find', 'power', 'of', 'a', 'vm', '--explain']);
  expect(explained.stdout).toMatch(
    /^\d\.\d\d {2}[a-z-]+: ".+" [\d.]+, all that is said of it [\d.]+, what it likely means -?[\d.]+$/m,
  );
  const rare = await runCommand(['tools', 'find', 'netscaler', 'vpx', 'stop', '--explain', '--json']);
  const { matches } = JSON.parse(rare.stdout) as { matches: object[] };
  expect(matches[0]).toMatchObject({
    tool: 'stop-net-scaler-vpx',
    why: { phrasing: 'stop netscaler vpx', similarity: 1, commonness: 0.92 },
  });
  const named = await runCommand(['tools', 'find', 'listZones', '--explain']);
  expect(named.stdout).toContain('1.00  list-zones: its name\n');
});

test('tools show tells everything, in text and as JSON, in any spelling', async () => {
  const { stdout, status } = await runCommand(['tools', 'show', 'destroy_virtual_machine']);
  expect(status).toBe(0);
  expect(stdout).toContain('destroy-virtual-machine (destroyVirtualMachine)');
  expect(stdout).toContain('risk destroy (high, reversible)');
  expect(stdout).toContain('- id* (string)');
  const json = JSON.parse((await runCommand(['tools', 'show', 'deploy-virtual-machine', '--json'])).stdout) as Record<
    string,
    any
  >;
  expect(json).toMatchObject({ tool: 'deploy-virtual-machine', async: true, risk: 'change', toolset: 'compute' });
  expect(json['example']).toMatchObject({ name: 'change', arguments: { tool: 'deploy-virtual-machine' } });
  const wrong = await runCommand(['tools', 'show', 'deploy-virtual-machin']);
  expect(wrong).toMatchObject({ status: 2, stdout: '' });
  expect(wrong.stderr).toContain('Did you mean deploy-virtual-machine?');
  expect((await runCommand(['tools', 'show', 'make-me-a-sandwich'])).stderr).toContain('tools find');
});

test('every command can be shown, with an example of its required parameters', async () => {
  const { tools } = loadCatalog();
  for (const tool of tools.filter((_tool, at) => at % 7 === 0)) {
    const { stdout } = await runCommand(['tools', 'show', tool.name, '--json']);
    const { example, required } = JSON.parse(stdout) as {
      example: { arguments: { arguments: Record<string, unknown> } };
      required: string[];
    };
    expect(Object.keys(example.arguments.arguments), tool.name).toEqual(expect.arrayContaining(required));
    expect(unmetBy(tool.command, example.arguments.arguments), tool.name).toEqual([]);
  }
});

test('where a cloud is configured, its own commands are listed', async () => {
  const old = await startCloud({ release: '4.15.0' });
  try {
    const { stdout } = await runCommand(['tools', 'list', '--json'], { env: old.env });
    const { total } = JSON.parse(stdout) as { total: number };
    expect(total).toBeGreaterThan(500);
    expect(total).toBeLessThan(loadCatalog().tools.length);
  } finally {
    await old.close();
  }
});

// simulator

test('the simulator says where it is in one line, answers, and stops when it is asked to', async () => {
  const { out, stop, ended } = startCommand(['simulator', '--port', '0', '--vms', '3', '--job-millis', '0']);
  await eventually(() => expect(out.stdout).toContain('\n'));
  expect(out.stdout.trimEnd().split('\n')).toHaveLength(1);
  const { url, apiKey, secretKey } = JSON.parse(out.stdout) as Record<string, string>;
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/client\/api$/);
  const env = { CLOUDSTACK_API_URL: url!, CLOUDSTACK_API_KEY: apiKey!, CLOUDSTACK_SECRET_KEY: secretKey! };
  expect((await runCommand(['call', 'list-zones'], { env })).stdout).toContain('Frankfurt');
  stop.abort();
  expect(await ended).toBe(0);
  await expect(fetch(url!)).rejects.toThrow();
});

test('an empty simulator has what CloudStack itself installs, and no zone', async () => {
  const { out, stop, ended } = startCommand(['simulator', '--port', '0', '--empty']);
  await eventually(() => expect(out.stdout).toContain('\n'));
  const { url, apiKey, secretKey } = JSON.parse(out.stdout) as Record<string, string>;
  const env = { CLOUDSTACK_API_URL: url!, CLOUDSTACK_API_KEY: apiKey!, CLOUDSTACK_SECRET_KEY: secretKey! };
  expect((await runCommand(['call', 'list-zones'], { env })).stdout).toContain('0 of 0');
  stop.abort();
  expect(await ended).toBe(0);
});

test.each([
  [['--admin-password', 'password'], '4.23.0.0'],
  [['--profile-of', '4.22.0'], '4.22.0.0'],
])(
  'a simulator with %s takes unsigned requests on its integration port, and that password',
  async (chosen, release) => {
    const flags = ['--port', '0', '--integration-port', '0', ...chosen];
    const { out, stop, ended } = startCommand(['simulator', ...flags]);
    await eventually(() => expect(out.stdout).toContain('\n'));
    const { url, integrationUrl } = JSON.parse(out.stdout) as Record<string, string>;
    const unsigned = await fetch(`${new URL('/', integrationUrl).href}?command=listZones&response=json`);
    expect(await unsigned.text()).toContain('Frankfurt');
    const capable = await fetch(`${integrationUrl}?command=listCapabilities&response=json`);
    expect(await capable.text()).toContain(`"cloudstackversion":"${release}"`);
    expect((await fetch(`${url}?command=listZones&response=json`)).status).toBe(401);
    const login = { command: 'login', username: 'admin', password: 'password', response: 'json' };
    expect((await fetch(url!, { method: 'POST', body: new URLSearchParams(login) })).status).toBe(200);
    stop.abort();
    expect(await ended).toBe(0);
  },
);

test('a simulator has the plug-ins whose settings are given, and no others', async () => {
  const offered = async (...flags: string[]): Promise<string> => {
    const { out, stop, ended } = startCommand(['simulator', '--port', '0', '--integration-port', '0', ...flags]);
    await eventually(() => expect(out.stdout).toContain('\n'));
    const { integrationUrl } = JSON.parse(out.stdout) as { integrationUrl: string };
    const text = await (await fetch(`${integrationUrl}?command=listApis&response=json`)).text();
    stop.abort();
    expect(await ended).toBe(0);
    return text;
  };
  expect(await offered()).not.toContain('"quotaSummary"');
  expect(await offered('--setting', 'quota.enable.service=true')).toContain('"quotaSummary"');
});

test('without a cloud --simulator is one', async () => {
  const { status, stdout } = await runCommand(['call', 'list-zones', '--simulator']);
  expect(status).toBe(0);
  expect(stdout).toContain('Frankfurt');
});

// catalog

const catalogFile = (): string =>
  file('commands.json', readFileSync(new URL('../../data/commands.json', import.meta.url), 'utf8'));

test('catalog diff finds nothing new in the cloud that the catalog describes', async () => {
  const { status, stdout } = await runCommand(['catalog', 'diff', '--file', catalogFile()], { env: cloud.env });
  expect(status).toBe(0);
  expect(stdout).toMatch(/^\d+ differences; \d+ commands of the catalog are not in this cloud's list\.\n$/m);
  expect(stdout).not.toContain('new command');
});

const api = [
  {
    name: 'listZones',
    isasync: true,
    params: [
      { name: 'id', type: 'uuid' },
      { name: 'brandnew', type: 'integer', required: true },
    ],
  },
  { name: 'frobnicateCloud', isasync: false, params: [{ name: 'x', type: 'string' }] },
];

test.each([
  ['whole', { listapisresponse: { count: 2, api } }],
  ['out of its envelope', { count: 2, api }],
])('catalog diff and sync read a saved answer, %s', async (_what, answer) => {
  const [saved, path] = [file('apis.json', JSON.stringify(answer)), catalogFile()];
  const diff = await runCommand(['catalog', 'diff', '--from', saved, '--file', path]);
  expect(diff.status).toBe(0);
  for (const line of [
    '+ frobnicateCloud (new command, 1 parameters)',
    '+ listZones.brandnew (integer)',
    '~ listZones: now asynchronous',
  ])
    expect(diff.stdout).toContain(line);
  const known = loadCatalog().tools.length;
  expect(diff.stdout).toContain(`${known - 1} commands of the catalog are not in this cloud`);
  expect(readFileSync(path, 'utf8')).toBe(readFileSync(catalogFile(), 'utf8'));

  const sync = await runCommand(['catalog', 'sync', '--from', saved, '--file', path, '--release', '4.99.0']);
  expect(sync.status).toBe(0);
  expect(sync.stdout).toContain('updated from 4.99.0');
  const after = JSON.parse(readFileSync(path, 'utf8')) as {
    releases: string[];
    commands: { name: string; params: { name: string }[] }[];
  };
  expect(after.commands).toHaveLength(known + 1);
  expect(after.releases.at(-1)).toBe('4.99.0');
  const again = await runCommand(['catalog', 'diff', '--from', saved, '--file', path]);
  expect(again.stdout).not.toContain('+ ');
});

test('catalog sync takes the release from the cloud, and changes nothing that it knows already', async () => {
  const path = catalogFile();
  const before = loadData<{ commands: unknown[] }>('commands.json').commands.length;
  const { status, stdout } = await runCommand(['catalog', 'sync', '--file', path], { env: cloud.env });
  expect(status).toBe(0);
  expect(stdout).toMatch(/updated from \d+\.\d+\.\d+\./);
  expect((JSON.parse(readFileSync(path, 'utf8')) as { commands: unknown[] }).commands).toHaveLength(before);
});

test('D19, R11: catalog diff compares with what the program brings where there is no file, and by the release of the cloud', async () => {
  const old = await startCloud({ release: '4.19.0' });
  const here = process.cwd();
  process.chdir(folder);
  try {
    const { status, stdout, stderr } = await runCommand(['catalog', 'diff'], { env: old.env });
    expect(status, stderr).toBe(0);
    expect(stdout).toBe("0 differences; 0 commands of the catalog are not in this cloud's list.\n");
    const sync = await runCommand(['catalog', 'sync'], { env: old.env });
    expect(sync.stderr).toContain('data/commands.json is not there');
    expect(sync.status).toBe(2);
  } finally {
    process.chdir(here);
    await old.close();
  }
});

test('R12: catalog sync changes the lines of what differs, and no others', async () => {
  const path = catalogFile();
  const before = readFileSync(path, 'utf8').split('\n');
  const newest = await startCloud({ release: loadData<CommandsFile>('commands.json').releases.at(-1)! });
  const { stdout } = await runCommand(['catalog', 'sync', '--file', path], { env: newest.env });
  await newest.close();
  const after = readFileSync(path, 'utf8').split('\n');
  const changed = after.filter((line, at) => line !== before[at]);
  expect(stdout).toContain(`${changed.length} commands updated`);
  expect(changed).toEqual([]);
});

test.each([
  ['a release that nobody knows', ['sync', '--from', 'apis.json'], 'release is not known'],
  ['a release that is none', ['sync', '--from', 'apis.json', '--release', 'newest'], 'release is not known'],
  ['a file that is not there', ['diff', '--from', 'nowhere.json'], 'nowhere.json cannot be read: ENOENT'],
  ['a file that is not JSON', ['diff', '--from', 'words.txt'], 'cannot be read as JSON'],
  ['a file without APIs', ['diff', '--from', 'zones.json'], 'holds no list of APIs'],
])('catalog with %s ends with 2', async (_what, [verb = '', flag = '', name = '', ...rest], expectedText) => {
  file('apis.json', JSON.stringify({ api }));
  file('words.txt', 'words');
  file('zones.json', '{"r":{"count":0}}');
  const { status, stderr } = await runCommand([
    'catalog',
    verb,
    flag,
    join(folder, name),
    ...rest,
    '--file',
    catalogFile(),
  ]);
  expect(stderr).toContain(expectedText);
  expect(status).toBe(2);
});

// demo

test('the demo does the main job, asks twice, and leaves the destroy to the yes', async () => {
  const stdout = new PassThrough();
  let printed = '';
  stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const io = {
    stdin: new PassThrough(),
    stdout,
    stderr: new PassThrough(),
    env: {},
    signal: new AbortController().signal,
  };
  const status = await demo(io, async (client: Client, env) => {
    const [serverIn, serverOut] = [new PassThrough(), new PassThrough()];
    void runCli(['serve'], { ...io, stdin: serverIn, stdout: serverOut, env });
    await client.connect(streamTransport(serverIn, serverOut));
  });
  expect(status).toBe(0);
  expect(printed).toContain('deploy-virtual-machine');
  expect(printed.match(/the user says (yes|no)/g)).toEqual(['the user says no', 'the user says yes']);
  expect(printed).toMatch(/deployVirtualMachine: succeeded/);
  expect(printed).toContain('Done: found, deployed, seen, refused, confirmed and destroyed');
  const lines = printed.trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(40);
  for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
  expect(printed).not.toContain('\u001b');
  expect(printed).not.toMatch(/[{}]/);
  expect(lines.slice(-3).map((line) => line.trim().split(' ')[1])).toEqual(['init', 'call', 'doctor']);
});
