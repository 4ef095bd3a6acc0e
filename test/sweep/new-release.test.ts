import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { toKebab } from '../../src/catalog/names.ts';
import { createSimulator } from '../support/seeded-worlds.ts';
import { send } from '../simulator/sign.ts';

// What a release of CloudStack with commands that nobody has seen takes: data, and nothing else. In a copy of the repository
// `catalog sync` reads its listApis, then a person adds what listApis does not say. Seven invented commands of a release to come stand for it.

interface Api {
  name: string;
  params: { name: string }[];
}

const root = join(import.meta.dirname, '..', '..');
const fixtures = join(import.meta.dirname, '..', 'support', 'new-release');
const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T;
const apis = readJson<Api[]>(join(fixtures, 'listapis.json'));
const names = apis.map(({ name }) => name);
const tools = names.map(toKebab);

const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-release-'));
const copy = join(folder, 'repository');
const answer = join(folder, 'listapis.json');
afterAll(() => rmSync(folder, { recursive: true }));

const run = (program: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: copy, encoding: 'utf8', maxBuffer: 2 ** 26 });
  return { status, output: `${stdout}${stderr}` };
};
const runScript = (path: string, ...args: string[]) => run(process.execPath, '--import', 'tsx', path, ...args);
const runTests = (...paths: string[]) =>
  run(process.execPath, 'node_modules/vitest/vitest.mjs', 'run', '--project', 'fast', ...paths);

const leftOut = ['.git', 'node_modules', 'dist', 'coverage', 'release'];

/** Every file of the copy that is neither built nor installed, with its text. */
const readFiles = (path = ''): [string, string][] =>
  readdirSync(join(copy, path))
    .filter((name) => !leftOut.includes(name))
    .map((name) => join(path, name))
    .flatMap((file) =>
      statSync(join(copy, file)).isDirectory()
        ? readFiles(file)
        : [[file, readFileSync(join(copy, file), 'latin1')] as [string, string]],
    );
let before: Map<string, string>;
const changedFiles = (): string[] =>
  readFiles()
    .filter(([path, text]) => before.get(path) !== text)
    .map(([path]) => path)
    .sort();

beforeAll(async () => {
  const skipped = leftOut.map((name) => join(root, name));
  cpSync(root, copy, { recursive: true, filter: (path) => !skipped.includes(path) });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  before = new Map(readFiles());
  // What a cloud of the newest known release says, and the new commands.
  const { body } = await send(createSimulator({ seed: 'empty' }), 'listApis');
  const api = [...(body['api'] as object[]), ...apis];
  writeFileSync(answer, JSON.stringify({ listapisresponse: { count: api.length, api } }));
});

/** A host of the server that was built in the copy, with the simulator behind it; a person says yes to every question. */
const openHost = async () => {
  const asked: string[] = [];
  const client = new Client({ name: 'host', version: '1.0.0' }, { capabilities: { elicitation: { form: {} } } });
  client.setRequestHandler('elicitation/create', ({ params }) => {
    asked.push(params.message);
    const phrase = /"([^"]*)"/.exec(params.message)?.[1];
    return { action: 'accept', content: phrase === undefined ? { confirm: true } : { phrase } };
  });
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [
        join(copy, 'dist/main.js'),
        'serve',
        '--simulator',
        '--audit',
        '/dev/null',
        '--state',
        join(folder, 'state'),
      ],
    }),
  );
  const call = async (name: string, args: Record<string, unknown>) => {
    const { isError, content, structuredContent } = (await client.callTool({ name, arguments: args })) as {
      isError?: boolean;
      content: { text: string }[];
      structuredContent: Record<string, any>;
    };
    return { ...structuredContent, isError, text: content.map(({ text }) => text).join('\n') } as Record<string, any>;
  };
  return { asked, call, close: () => client.close() };
};
const server = { name: 'ns1', url: 'https://192.0.2.53', provider: 'Chrony', nameservers: ['ns1.example'] };

test('sync and a build are all that it takes to call the new commands, and they are asked about', async () => {
  const sync = ['catalog', 'sync', '--from', answer, '--release', '24.0.0'];
  expect(runScript('src/main.ts', ...sync)).toMatchObject({ status: 0 });
  expect(changedFiles()).toEqual(['data/commands.json', 'data/responses.json']);
  expect(runScript('scripts/build.ts', '--quick')).toEqual({ status: 0, output: '' });

  const host = await openHost();
  const found = await host.call('find-tools', { query: 'ntp servers', limit: 10 });
  expect(found['matches'].map(({ tool }: { tool: string }) => tool)).toContain('list-ntp-servers');
  const described = await host.call('describe-tools', { tools });
  expect(described['tools'].map(({ command }: { command: string }) => command)).toEqual(names);
  // What only looks by its name is asked about with a plain yes.
  for (const { command, risk, severity } of described['tools'])
    expect([risk, severity]).toEqual(/^list/.test(command) ? ['sensitive', 'high'] : ['destroy', 'critical']);

  // The answer's form was read from listApis: a list under one key, one object, its fields.
  const wrong = await host.call('destroy', { tool: 'add-ntp-server', arguments: { ...server, prot: 53 } });
  expect(wrong['error']).toMatchObject({ kind: 'invalid', message: expect.stringContaining('did you mean port') });
  const added = await host.call('destroy', {
    tool: 'add-ntp-server',
    arguments: { ...server, port: 53, ntpapikey: 'not-a-real-key' },
  });
  expect(added['item']).toMatchObject({ ...server, port: 53 });
  expect(host.asked.at(-1)).toContain('no one has judged what it does');
  const refused = await host.call('read', { tool: 'list-ntp-servers' });
  expect(refused['error']).toMatchObject({ kind: 'refused' });
  const listed = await host.call('change', { tool: 'list-ntp-servers' });
  expect(listed['items']).toMatchObject([{ id: added['item'].id, name: 'ns1' }]);
  await host.close();
});

test('the tests of the data name what the new commands lack, and the file in which to write it', () => {
  const { status, output } = runTests('test/data');
  expect(status).toBe(1);
  for (const name of names)
    for (const lack of [
      'no toolset; add it to the commands of one in data/toolsets.json',
      'no summary; write one in data/texts.json, commands',
      'no risk; judge it in data/risks.json',
      'no question; ask one in test/sweep/questions',
      'no phrasings; write eight in data/phrasings.json',
    ])
      expect(output).toContain(`${name}: ${lack}`);
  expect(output).toContain('addNtpServer: no text for ntpapikey; write one in data/texts.json, parameters');
});

type Json = null | string | number | boolean | Json[] | { [key: string]: Json };

const nameOf = (value: Json): Json | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value['name'] : undefined;

/** What a person adds: keys to objects, rows to lists; a row with a name that is there already is completed. */
const add = (known: Json | undefined, more: Json): Json => {
  if (Array.isArray(known) && Array.isArray(more))
    return [
      ...known.map((row) => {
        const same = more.find((other) => nameOf(other) !== undefined && nameOf(other) === nameOf(row));
        return same === undefined ? row : add(row, same);
      }),
      ...more.filter((row) => !known.some((other) => nameOf(row) !== undefined && nameOf(other) === nameOf(row))),
    ];
  if (typeof known !== 'object' || known === null || typeof more !== 'object' || more === null) return more;
  const [base, extra] = [known, more] as { [key: string]: Json }[];
  return {
    ...base,
    ...Object.fromEntries(Object.entries(extra!).map(([key, value]) => [key, add(base![key], value)])),
  };
};

test('with their texts and risks the tests pass, and the documents name them when they are written anew', () => {
  const additions = readJson<Record<string, Json>>(join(fixtures, 'additions.json'));
  for (const [file, more] of Object.entries(additions)) {
    const path = join(copy, 'data', file);
    writeFileSync(path, JSON.stringify(add(readJson<Json>(path), more)));
  }
  // As few rounds as find the new commands: all of them take half a minute.
  expect(runScript('scripts/train-search.ts', '--rounds', '2')).toEqual({ status: 0, output: '' });
  cpSync(join(fixtures, 'questions.json'), join(copy, 'test/sweep/questions/new-release.json'));
  for (const { status, output } of [
    runTests('test/data', 'test/unit/catalog.test.ts', 'test/unit/search.test.ts'),
    runTests('test/surface/surface.test.ts', '--testNamePattern', 'tools'),
  ])
    expect(status, output).toBe(0);
  expect(runScript('scripts/write-docs.ts')).toEqual({ status: 0, output: '' });
  expect(runScript('scripts/build.ts', '--quick')).toEqual({ status: 0, output: '' });
  const changed = changedFiles();
  const isData = (path: string): boolean => path.startsWith('data/') || path.startsWith('test/sweep/questions/');
  expect(changed.filter((path) => !isData(path) && !path.endsWith('.md'))).toEqual([]);
  const documents = changed
    .filter((path) => path.endsWith('.md'))
    .map((path) => readFileSync(join(copy, path), 'utf8'));
  for (const name of [...names, ...tools]) expect(documents.join('\n')).toContain(`\`${name}\``);
});

test('then they are judged, found and called as the data says', async () => {
  const host = await openHost();
  const found = await host.call('find-tools', { query: 'ntp servers' });
  expect(found['matches'][0]).toMatchObject({ tool: 'list-ntp-servers', risk: 'read', summary: 'List NTP servers' });
  const within = await host.call('find-tools', { query: 'create', toolset: 'ntp' });
  expect(within['matches'][0]).toMatchObject({ command: 'createNtpPool', risk: 'change' });

  const arguments_ = { ...server, ntpapikey: 'not-a-real-key', details: { ntpServerId: 'localhost' } };
  const added = await host.call('change', { tool: 'addNtpServer', arguments: arguments_ });
  expect(host.asked).toHaveLength(1);
  expect(host.asked[0]).toContain("CloudStack sends names of tenants' machines to this server");
  const { id } = added['item'];
  expect((await host.call('read', { tool: 'list_ntp_servers' }))['items']).toMatchObject([{ id, name: 'ns1' }]);

  const zone = { name: 'shop.example', ntpserverid: id };
  const made = await host.call('change', { tool: 'create-ntp-pool', arguments: zone });
  expect(made['job']).toMatchObject({ status: 'succeeded' });
  expect(made['item']).toMatchObject(zone);
  expect(host.asked).toHaveLength(1);
  const joined = { ntppoolid: made['item'].id, networkid: 'web-net' };
  const unknown = await host.call('change', { tool: 'associate-ntp-pool-to-network', arguments: joined });
  expect(unknown['error'].message).toContain('associateNtpPoolToNetwork is not simulated');

  const deleted = await host.call('destroy', { tool: 'delete-ntp-server', arguments: { id } });
  expect(deleted['job']).toMatchObject({ status: 'succeeded' });
  expect(host.asked).toHaveLength(2);
  expect(host.asked[1]).toContain('Zones and records that CloudStack keeps there are no longer managed.');
  expect((await host.call('read', { tool: 'list-ntp-servers' }))['items']).toEqual([]);
  await host.close();
});
