import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openHost, runCommand, startCloud, startFake, type Cloud } from '../support/harness.ts';
import { newFolder } from './log.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(() => cloud.close());

let folder: string;
let path: string;
beforeEach(() => {
  folder = newFolder();
  path = join(folder, 'deep', 'audit.jsonl');
  cloud.renew();
  cloud.calls.length = 0;
});

const open = (audit: string, more: Record<string, string> = {}) =>
  openHost({ env: { ...cloud.env, CLOUDSTACK_MCP_AUDIT: audit, ...more } });
const read = { tool: 'list-zones', arguments: { keyword: 'a' } };
const group = (name: string) => ({ tool: 'create-security-group', arguments: { name } });
const lines = (): Record<string, any>[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, any>);
const sent = (command: string): number => cloud.calls.filter((call) => call.command === command).length;

test('an entry says who, from where, what, decided how, and how it ended; the log is its owner’s alone', async () => {
  const human = () => ({ action: 'accept' as const, content: { confirm: true } });
  const host = await openHost({ env: { ...cloud.env, CLOUDSTACK_MCP_AUDIT: path }, human });
  const { structured } = await host.call('read', { tool: 'list-virtual-machines', arguments: { listall: true } });
  const [{ name, id }] = structured['items'] as [{ name: string; id: string }];
  await host.call('destroy', { tool: 'destroy-virtual-machine', arguments: { id: name } });
  // The entry is there before the answer is.
  expect(lines()[1]).toEqual({
    seq: 2,
    prev: lines()[0]!['hash'],
    time: expect.stringMatching(/^20\d\d-\d\d-\d\dT.*Z$/) as string,
    call: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    principal: 'local',
    host: 'test-host 1.0.0',
    profile: 'default',
    tool: 'destroy-virtual-machine',
    endpoint: new URL(cloud.env['CLOUDSTACK_API_URL']!).host,
    command: 'destroyVirtualMachine',
    risk: 'destroy',
    severity: expect.any(String) as string,
    role: 'admin',
    rule: expect.stringContaining('confirm') as string,
    params: { id },
    names: [{ parameter: 'id', name, id }],
    question: expect.any(String) as string,
    confirmation: {
      by: 'elicitation',
      who: 'local',
      at: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      about: expect.stringContaining(name) as string,
    },
    requests: 1,
    job: expect.any(String) as string,
    pending: false,
    before: expect.objectContaining({ id, name }) as object,
    undo: expect.any(Object) as object,
    result: 'done',
    duration: expect.any(Number) as number,
    hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
  });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(`${path}.head`).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'deep')).mode & 0o777).toBe(0o700);
  await host.close();
  expect(await runCommand(['audit', 'verify', path])).toMatchObject({
    status: 0,
    stdout: `${path}: 2 entries, chain unbroken\n  from entry 1 of ${lines()[0]!['time'] as string} to entry 2 of ${lines()[1]!['time'] as string}\n`,
  });
});

test('no secret gets into the log, wherever it stands', async () => {
  const secret = 'hunter2 "öß& a passphrase longer than most';
  const id = '5f0f2d3c-0000-4000-8000-000000000001';
  // A cloud that repeats what it was given, spelt in every way.
  const fake = await startFake((command, response, _request, params) => {
    if (command === 'listUsers')
      return response.end(JSON.stringify({ listusersresponse: { count: 1, user: [{ id, username: 'bob' }] } }));
    if (command === 'listTags') return response.end(JSON.stringify({ listtagsresponse: {} }));
    const given = params.get('password') ?? '';
    const spellings = [given, encodeURIComponent(given), Buffer.from(given).toString('base64'), given.slice(0, 30)];
    return response
      .writeHead(431)
      .end(JSON.stringify({ updateuserresponse: { errorcode: 431, errortext: `bad: ${spellings.join(' or ')}` } }));
  });
  const human = () => ({ action: 'accept' as const, content: { confirm: true } });
  const host = await openHost({ env: { ...cloud.env, ...fake.env, CLOUDSTACK_MCP_AUDIT: path }, human });
  for (const password of [secret, 'hunter2', 'x'])
    await host.call('change', { tool: 'update-user', arguments: { id, password } });
  await host.call('read', { tool: 'no-such-tool', arguments: { details: [{ key: 'secretkey', value: secret }] } });
  await host.call('change', {
    tool: 'add-image-store',
    arguments: { provider: 'SMB', url: `cifs://filer/share?user=bob&password=hunter2-x`, name: 'http://u:hunter2-y@h' },
  });
  await host.close();
  await fake.close();
  const text = readFileSync(path, 'utf8');
  expect(lines()).toHaveLength(5);
  expect(text).not.toMatch(/hunter2/);
  expect(text).not.toContain(Buffer.from('hunter2').toString('base64').slice(0, 8));
  expect(lines()[2]!['error'].message).toContain('bad: •••••• or •••••• or');
  expect(lines()[4]!['params'].url).toBe('cifs://filer/share?user=bob&password=••••••');
});

test('where the log cannot be written, changes are refused and nothing leaves; reads are answered', async () => {
  writeFileSync(join(folder, 'deep'), 'a file where a folder should be');
  const host = await open(path);
  expect((await host.call('read', read)).isError).toBeUndefined();
  for (const tool of ['create-security-group', 'create-ssh-key-pair']) {
    const refused = await host.call('change', { tool, arguments: { name: 'x' } });
    expect(refused.structured['error']).toMatchObject({ kind: 'unavailable' });
    expect(refused.text).toContain('Nothing was sent');
    expect(refused.text).toContain(path);
  }
  expect((await host.call('read', read)).isError).toBeUndefined();
  expect(cloud.calls.filter(({ command }) => command.startsWith('create'))).toEqual([]);
  expect(host.stderr()).toContain(`audit: The audit log ${path} cannot be written`);

  // When it can be written again, what was kept in memory comes first, and changes run.
  rmSync(join(folder, 'deep'));
  expect((await host.call('change', group('works-again'))).isError).toBeUndefined();
  expect(lines().map(({ command, result }) => [command, result])).toEqual([
    ['listZones', 'done'],
    ['createSecurityGroup', 'failed'],
    ['createSSHKeyPair', 'failed'],
    ['listZones', 'done'],
    ['createSecurityGroup', 'done'],
  ]);
  await host.close();
  expect((await runCommand(['audit', 'verify', path])).status).toBe(0);
});

test('a log that turns unwritable while it is used stops changes too', async () => {
  const host = await open(path);
  expect((await host.call('change', group('before'))).isError).toBeUndefined();
  rmSync(join(folder, 'deep'), { recursive: true });
  writeFileSync(join(folder, 'deep'), '');
  expect((await host.call('change', group('while'))).structured['error']).toMatchObject({ kind: 'unavailable' });
  expect((await host.call('read', read)).isError).toBeUndefined();
  expect(sent('createSecurityGroup')).toBe(1);
  await host.close();
});

test('a change that was sent is answered with its result although the disk is full by then; stderr has its entry', async () => {
  const host = await open('/dev/full');
  const first = await host.call('change', group('sent'));
  expect(first.isError).toBeUndefined();
  expect(first.structured['item']).toMatchObject({ name: 'sent' });
  expect(host.stderr()).toMatch(/A change was made whose entry is not in the log: \{.*"createSecurityGroup".*\}/);
  const second = await host.call('change', group('not-sent'));
  expect(second.structured['error']).toMatchObject({ kind: 'unavailable' });
  expect(second.text).toContain('ENOSPC');
  expect((await host.call('read', read)).isError).toBeUndefined();
  expect(sent('createSecurityGroup')).toBe(1);
  await host.close();
  expect(host.stderr()).toContain('were not written to the audit log /dev/full');
});

test('a pipe in place of the log is never waited for: without a reader, or with one that is asleep, changes are refused', async () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const host = await open(pipe);
  const unread = await host.call('change', group('unread'));
  expect(unread.structured['error']).toMatchObject({ kind: 'unavailable' });
  expect(unread.text).toContain('ENXIO');
  expect((await host.call('read', read)).isError).toBeUndefined();
  expect(sent('createSecurityGroup')).toBe(0);

  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  let made = 0;
  let refused: string | undefined;
  while (refused === undefined && made < 1000) {
    const { isError, text } = await host.call('change', {
      tool: 'create-security-group',
      arguments: { name: `piped-${made}`, description: 'd'.repeat(250) },
    });
    if (isError) refused = text;
    else made++;
  }
  expect(refused).toContain('EAGAIN');
  expect(made).toBeGreaterThan(10);
  const begun = sent('createSecurityGroup');
  const buffer = Buffer.alloc(2 ** 20);
  const lines = (text: string): unknown[] =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as unknown);
  const first = buffer.toString('utf8', 0, readSync(reader, buffer));
  // Once it is read again, what was begun is ended, and the next change is made.
  await host.call('change', group('after'));
  const second = buffer.toString('utf8', 0, readSync(reader, buffer));
  expect(lines(first + second).length).toBeGreaterThan(made);
  expect(sent('createSecurityGroup')).toBe(begun + 1);
  await host.close();
  closeSync(reader);
});

test('a server and a call beside it write logs of their own, and verify reads both', async () => {
  const host = await open(path);
  await host.call('read', read);
  const env = { ...cloud.env, CLOUDSTACK_MCP_AUDIT: path };
  expect((await runCommand(['call', 'list-zones'], { env })).status).toBe(0);
  await host.call('read', read);
  const beside = join(folder, 'deep', 'audit-2.jsonl');
  const { status, stdout } = await runCommand(['audit', 'verify'], { env });
  expect(stdout).toContain(`${path}: 2 entries, chain unbroken`);
  expect(stdout).toContain(`${beside}: 1 entry, chain unbroken`);
  expect(status).toBe(0);
  await host.close();
  expect((await runCommand(['call', 'list-zones'], { env })).status).toBe(0);
  expect((await runCommand(['audit', 'verify'], { env })).stdout).toContain(`${path}: 3 entries, chain unbroken`);
});

test('the setting auditRotate rotates', async () => {
  const env = { ...cloud.env, CLOUDSTACK_MCP_AUDIT: path, CLOUDSTACK_MCP_AUDIT_ROTATE: '0.0005' };
  for (let at = 0; at < 4; at++) await runCommand(['call', 'list-zones'], { env });
  const { status, stdout } = await runCommand(['audit', 'verify'], { env });
  expect(stdout).toMatch(/4 entries in [23] files, chain unbroken/);
  expect(status).toBe(0);
});

test('a setting that is no place for a log is refused', async () => {
  for (const audit of ['syslog:', 'syslog:host:port', 'stdout', 'otlp,journal']) {
    const { status, stderr } = await runCommand(['call', 'list-zones'], {
      env: { ...cloud.env, CLOUDSTACK_MCP_AUDIT: audit },
    });
    expect(status, audit).toBe(2);
    expect(stderr).toContain('is not a place for the audit log');
  }
  const env = { ...cloud.env, CLOUDSTACK_MCP_AUDIT: 'otlp', OTEL_EXPORTER_OTLP_ENDPOINT: 'nowhere' };
  expect((await runCommand(['call', 'list-zones'], { env })).stderr).toContain('OTEL_EXPORTER_OTLP_ENDPOINT');
  mkdirSync(join(folder, 'deep'));
  expect((await runCommand(['audit', 'verify'], { env })).stderr).toContain('is not a file here');
});

test('a read that has to be asked about leaves one entry, whatever the cloud shows of it meanwhile', async () => {
  const id = '5f0f2d3c-0000-4000-8000-000000000001';
  let looks = 0;
  const fake = await startFake((command, response) => {
    const virtualmachine = [{ id, name: 'web-1', state: looks++ % 2 ? 'Running' : 'Stopped' }];
    const body = command === 'listVirtualMachines' ? { count: 1, virtualmachine } : {};
    response.end(JSON.stringify({ [`${command.toLowerCase()}response`]: body }));
  });
  const config = join(folder, 'config.json');
  const rule = { name: 'look', match: { command: 'listVirtualMachines' }, action: 'confirm' };
  writeFileSync(config, JSON.stringify({ policy: { rules: [rule] } }));
  for (const human of [() => ({ action: 'decline' as const }), undefined]) {
    const host = await openHost({
      env: { ...fake.env, CLOUDSTACK_MCP_CONFIG: config },
      ...(human ? { human } : {}),
    });
    expect((await host.call('read', { tool: 'list-virtual-machines', arguments: { id } })).text).toContain(
      'unconfirmed',
    );
    const { audit } = await host.close();
    expect(audit.map(({ command, result }) => [command, result])).toEqual([['listVirtualMachines', 'refused']]);
  }
  await fake.close();
});
