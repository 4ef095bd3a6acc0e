import { appendFileSync, copyFileSync, existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { openHost, runCommand, startCloud, type Cloud } from '../support/harness.ts';
import { openClient, startDoor } from '../support/door.ts';
import { newFolder } from '../audit/log.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(() => cloud.close());

const read = { tool: 'list-zones', arguments: { keyword: 'a' } };
const linesOf = (path: string): Record<string, any>[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, any>);
const edit = (path: string, change: (text: string) => string): void =>
  writeFileSync(path, change(readFileSync(path, 'utf8')));

/** What someone does to the log of a running server, and what its writer finds. */
const deeds: [string, (path: string) => void, RegExp][] = [
  [
    'deletes the log and its head',
    (path) => [path, `${path}.head`].forEach((file) => rmSync(file)),
    /^the file was deleted, and the head file was deleted after entry 2$/,
  ],
  ['deletes the log', (path) => rmSync(path), /^the file was deleted after entry 2$/],
  [
    'deletes the whole folder',
    (path) => rmSync(dirname(path), { recursive: true }),
    // The head may be due just then, and fail to be written.
    /^(the file was deleted, and the head file was deleted|the files were changed while they could not be written) after entry 2$/,
  ],
  ['deletes the head', (path) => rmSync(`${path}.head`), /^the head file was deleted after entry 2$/],
  ['moves the log aside', (path) => renameSync(path, `${path}.old`), /^the file was moved away after entry 2$/],
  [
    'moves the folder aside and makes an empty one',
    (path) => {
      renameSync(dirname(path), `${dirname(path)}-old`);
      mkdirSync(dirname(path));
    },
    /^the file was moved away, and the head file was moved away after entry 2$/,
  ],
  ['cuts the log', (path) => truncateSync(path, 100), /^the file was cut to 100 of \d+ bytes after entry 2$/],
  ['empties the log', (path) => truncateSync(path), /^the file was cut to 0 of \d+ bytes after entry 2$/],
  [
    'puts another file in its place',
    (path) => {
      writeFileSync(`${path}.new`, 'x\n');
      renameSync(`${path}.new`, path);
    },
    /^another file was put in its place after entry 2$/,
  ],
  [
    'puts a copy in its place',
    (path) => {
      copyFileSync(path, `${path}.new`);
      renameSync(`${path}.new`, path);
    },
    /^another file was put in its place after entry 2$/,
  ],
  ['adds a line', (path) => appendFileSync(path, '{}\n'), /^someone else wrote 3 bytes into the file after entry 2$/],
  [
    'changes the last entry in place',
    (path) => edit(path, (text) => text.replace(/"done"(?=[^\n]*\n$)/, '"lost"')),
    /^the last entry was changed after entry 2$/,
  ],
  [
    'changes the head in place',
    (path) => edit(`${path}.head`, (text) => text.replace(/"count":\d/, '"count":1')),
    /^the head file was changed after entry 2$/,
  ],
  [
    'puts another head in its place',
    (path) => {
      copyFileSync(`${path}.head`, `${path}.new`);
      renameSync(`${path}.new`, `${path}.head`);
    },
    /^another head file was put in its place after entry 2$/,
  ],
];

test.each(deeds)(
  'while it runs, someone %s: said in the log, on standard error, in health, by verify',
  async (_, deed, what) => {
    const path = join(newFolder(), 'deep', 'audit.jsonl');
    const door = await startDoor({ env: { ...cloud.env, CLOUDSTACK_MCP_AUDIT: path } });
    const host = await openClient(door);
    for (let call = 0; call < 2; call++) await host.call('read', read);
    // Its head is there and knows both: a deed before that would be one of another kind.
    await eventually(() => expect(readFileSync(`${path}.head`, 'utf8')).toContain('"count":2'));
    deed(path);
    expect((await host.call('read', read)).isError).toBeUndefined();
    const [recovery, call] = linesOf(path).slice(-2);
    expect(recovery).toMatchObject({ seq: 3, kind: 'recovery', broken: expect.stringMatching(what) as string });
    expect(call).toMatchObject({ seq: 4, prev: recovery!['hash'], command: 'listZones' });
    const { body } = await fetch(`${door.origin}/health`).then(async (response) => ({
      body: (await response.json()) as Record<string, any>,
    }));
    expect(body).toMatchObject({
      status: 'degraded',
      components: { audit: { status: 'degraded', problems: [expect.stringMatching(what)] } },
    });
    const printed = door.out.stderr.split('\n').filter((line) => line.includes('audit'));
    expect(printed).toEqual([expect.stringContaining(`${path}: ${recovery!['broken'] as string}`)]);
    await host.close();
    await door.close();
    expect(door.out.stderr.split('\n').filter((line) => line.includes('audit: '))).toEqual(printed);
    const { status, stdout } = await runCommand(['audit', 'verify', path]);
    expect(status).toBe(1);
    expect(stdout).toContain(`found by the writer at ${recovery!['time'] as string}: ${recovery!['broken'] as string}`);
    expect(stdout).toMatch(/to entry 4 of 20\d\d-/);
  },
);

test('the log is looked at before a change leaves, and what was done is written first', async () => {
  const path = join(newFolder(), 'audit.jsonl');
  cloud.calls.length = 0;
  const host = await openHost({ env: { ...cloud.env, CLOUDSTACK_MCP_AUDIT: path } });
  for (let call = 0; call < 5; call++) await host.call('read', read);
  for (const file of [path, `${path}.head`]) if (existsSync(file)) rmSync(file);
  for (const name of ['one', 'two']) await host.call('change', { tool: 'create-security-group', arguments: { name } });
  expect(cloud.calls.filter(({ command }) => command === 'createSecurityGroup')).toHaveLength(2);
  await host.close();
  expect(linesOf(path).map(({ seq, kind, command }) => [seq, kind ?? command])).toEqual([
    [6, 'recovery'],
    [7, 'createSecurityGroup'],
    [8, 'createSecurityGroup'],
  ]);
  const { status, stdout } = await runCommand(['audit', 'verify', path]);
  expect(status).toBe(1);
  expect(stdout).toContain('entries 1–5 are missing before it');
  expect(stdout).toContain('begins with a recovery entry');
});

test('a log that is deleted and never written again is found too, by the next sync', async () => {
  const path = join(newFolder(), 'audit.jsonl');
  const host = await openHost({ env: { ...cloud.env, CLOUDSTACK_MCP_AUDIT: path } });
  await host.call('read', read);
  for (const file of [path, `${path}.head`]) if (existsSync(file)) rmSync(file);
  await host.close();
  expect(linesOf(path)).toMatchObject([{ seq: 2, kind: 'recovery' }]);
  expect((await runCommand(['audit', 'verify', path])).status).toBe(1);
});

test('the lock, the log and its head go, and another process begins: the server says so in the log that it has then', async () => {
  const folder = newFolder();
  const path = join(folder, 'audit.jsonl');
  const env = { ...cloud.env, CLOUDSTACK_MCP_AUDIT: path };
  const host = await openHost({ env });
  await host.call('read', read);
  await eventually(() => expect(readFileSync(`${path}.head`, 'utf8')).toContain('"count":1'));
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
  const other = await openHost({ env });
  await other.call('read', read);
  await host.call('read', read);
  // Whichever of the two was first after the deed has the first log.
  const recoveries = [path, join(folder, 'audit-2.jsonl')].flatMap(linesOf).filter(({ kind }) => kind === 'recovery');
  expect(recoveries).toEqual([expect.objectContaining({ broken: expect.stringMatching(/after entry 1$/) as string })]);
  expect(host.stderr()).toContain(recoveries[0]!['broken']);
  await host.close();
  await other.close();
  expect((await runCommand(['audit', 'verify'], { env })).status).toBe(1);
});

test('what is found after a restart: the head left behind, a rotated file without its head', async () => {
  const path = join(newFolder(), 'audit.jsonl');
  const env = { ...cloud.env, CLOUDSTACK_MCP_AUDIT: path, CLOUDSTACK_MCP_AUDIT_ROTATE: '0.0005' };
  const call = async () => (await runCommand(['call', 'list-zones'], { env })).stderr;
  expect(await call()).toBe('');
  expect(await call()).toBe('');
  const rotated = readdirSync(dirname(path)).find((name) => name.endsWith('.000001'));
  expect(rotated).toBe('audit.jsonl.000001');
  rmSync(`${path}.head`);
  if (existsSync(path)) rmSync(path);
  expect(await call()).toMatch(/the head file is missing; entries after \d may be missing/);
  expect((await runCommand(['audit', 'verify'], { env })).status).toBe(1);
});
