import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { AuditEntry } from '../../src/audit/entry.ts';
import { createStandingApprovals, textsInStore, type StandingApproval } from '../../src/guard/standing-approvals.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { acceptAll, openHost, runCommand, startCloud, type Cloud, type Host } from '../support/harness.ts';

const code = `/**
 * Stops a machine.
 * @input {string} vm Name of the machine
 * @input {boolean} [away] Destroy it, too
 * @input {string} [other] Another command
 */
if (inputs.other) return await cloudstack[inputs.other]({ id: inputs.vm });
await cloudstack.stopVirtualMachine({ id: inputs.vm });
if (inputs.away) await cloudstack.destroyVirtualMachine({ id: inputs.vm, expunge: true });
return 'stopped';
`;

let folder: string;
let cloud: Cloud;
let hosts: Host[];
let env: Record<string, string>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'standing-'));
  writeFileSync(join(folder, 'stop.js'), code);
  cloud = await startCloud();
  hosts = [];
  env = {
    ...cloud.env,
    CLOUDSTACK_MCP_SCRIPT_FOLDER: folder,
    CLOUDSTACK_MCP_STATE: join(folder, 'state'),
    CLOUDSTACK_MCP_AUDIT: join(folder, 'audit.jsonl'),
  };
});

afterEach(async () => {
  vi.useRealTimers();
  for (const host of hosts) await host.close();
  await cloud.close();
  rmSync(folder, { recursive: true });
});

const open = async (more: Record<string, string> = {}): Promise<Host> => {
  const host = await openHost({ env: { ...env, ...more }, human: acceptAll });
  hosts.push(host);
  return host;
};

const digestNow = async (): Promise<string> => {
  const { stdout } = await runCommand(['script', 'list'], { env });
  return / ([0-9a-f]{6})/.exec(stdout)![1]!;
};

/** Gives a standing approval as a person does; the words after the name. */
const give = async (words: string, more: Record<string, string> = {}, answers?: string[]) =>
  runCommand(['script', 'approve', 'stop', ...words.split(' ')], {
    env: { ...env, ...more },
    answers: answers ?? [`stop ${await digestNow()}`],
  });

const idIn = (text: string): string => /[A-Z\d]{4}-[A-Z\d]{4}/.exec(text)![0];

/** Runs the script; how many of its changes reached the cloud. */
const run = async (host: Host, inputs: Record<string, unknown>) => {
  const before = cloud.calls.length;
  const answer = await host.call('run-script', { name: 'stop', inputs });
  const left = cloud.calls.slice(before).map(({ command }) => command);
  const changes = left.filter((name) => /^(stop|destroy|reboot)/.test(name));
  return { answer, changes };
};

/** Each process that writes at the same time has a file of its own. */
const entries = (): AuditEntry[] =>
  readdirSync(folder)
    .filter((name) => /^audit.*\.jsonl$/.test(name))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').filter(Boolean))
    .map((line) => JSON.parse(line) as AuditEntry);

test('what a person approved beforehand runs unasked, so often, and the audit log says by which approval', async () => {
  const host = await open();
  const unasked = await run(host, { vm: 'web-1' });
  expect(unasked.changes).toEqual([]);
  expect(unasked.answer.text).toContain('cloudstack-mcp-server script approve stop');
  const given = await give('--for local,alice --times 2 --until 30d');
  expect(given.stderr).toContain('stopVirtualMachine (destroy/medium)');
  expect(given.stderr).toContain('The caller chooses: vm (string), away (boolean), other (string).');
  const id = idIn(given.stdout);
  expect((await run(host, { vm: 'web-1' })).changes).toEqual(['stopVirtualMachine']);
  expect((await run(host, { vm: 'web-2' })).changes).toEqual(['stopVirtualMachine']);
  expect(host.asked).toEqual([]);
  const listed = await runCommand(['script', 'approvals'], { env });
  expect(listed.stdout).toContain('2 of 2');
  // Spent.
  const spent = await run(host, { vm: 'db-1' });
  expect(spent.changes).toEqual([]);
  expect(spent.answer.text).toContain('needs a confirmation by a person');
  const log = entries();
  const used = log.filter(({ confirmation }) => confirmation?.by === 'standing approval');
  expect(used.map(({ command, result, confirmation }) => [command, result, confirmation?.standing])).toEqual([
    ['stopVirtualMachine', 'done', id],
    ['stopVirtualMachine', 'done', id],
  ]);
  expect(new Set(used.map(({ script }) => script)).size).toBe(1);
  const noted = log.find(({ tool, params }) => tool === 'script' && params?.['action'] === 'give');
  expect(noted).toMatchObject({
    result: 'done',
    confirmation: { by: 'terminal', standing: id },
    script: used[0]!.script,
  });
});

test('a changed script, another caller, another cloud and the time after its end are asked about', async () => {
  const host = await open();
  await give('--for local --times 50 --until 30d');
  writeFileSync(join(folder, 'stop.js'), `${code}\n`);
  expect((await run(host, { vm: 'web-1' })).changes).toEqual([]);
  expect((await runCommand(['script', 'approvals'], { env })).stdout).toContain('the script has changed since');
  writeFileSync(join(folder, 'stop.js'), code);
  // The same text, but not by its name: nothing bounds what it is given.
  const before = cloud.calls.length;
  await host.call('run-script', { code, inputs: { vm: 'web-1' } });
  expect(cloud.calls.slice(before).filter(({ command }) => command.startsWith('stop'))).toEqual([]);
  // A copy under another name.
  copyFileSync(join(folder, 'stop.js'), join(folder, 'copy.js'));
  await host.call('run-script', { name: 'copy', inputs: { vm: 'web-1' } });
  expect(cloud.calls.filter(({ command }) => command.startsWith('stop'))).toEqual([]);
  expect((await run(host, { vm: 'web-1', more: 'x' })).changes).toEqual([]);
  const bob = await open({ CLOUDSTACK_MCP_PRINCIPAL: 'bob' });
  expect((await run(bob, { vm: 'web-1' })).changes).toEqual([]);
  const elsewhere = await startCloud({ seed: 'other' } as never);
  const there = await open({ ...elsewhere.env });
  await there.call('run-script', { name: 'stop', inputs: { vm: 'web-1' } });
  expect(elsewhere.calls.filter(({ command }) => command.startsWith('stop'))).toEqual([]);
  await elsewhere.close();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31 * 86_400_000 });
  expect((await run(host, { vm: 'web-1' })).changes).toEqual([]);
  vi.useRealTimers();
});

test('runs within a time are counted anew when it is over', async () => {
  const host = await open();
  await give('--for local --times 1 --per 1h --until 30d');
  expect((await run(host, { vm: 'web-1' })).changes).toEqual(['stopVirtualMachine']);
  expect((await run(host, { vm: 'web-2' })).changes).toEqual([]);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * 3_600_000 });
  expect((await run(host, { vm: 'web-2' })).changes).toEqual(['stopVirtualMachine']);
});

test('what is critical, protected, blocked, or not named in the text is never covered', async () => {
  const given = await give('--for local --times 50 --until 30d');
  expect(given.status).toBe(0);
  const host = await open();
  const critical = await run(host, { vm: 'web-1', away: true });
  expect(critical.changes).toEqual(['stopVirtualMachine']);
  expect(critical.answer.text).toContain('line 9');
  expect((await run(host, { vm: 'web-2', other: 'rebootVirtualMachine' })).changes).toEqual([]);
  expect((await run(host, { vm: '5f0f2d3c-0000-4000-8000-000000000001' })).changes).toEqual([]);
  const tagged = await host.call('change', {
    tool: 'create-tags',
    arguments: { resourcetype: 'UserVm', resourceids: ['db-1'], tags: { protected: 'true' } },
  });
  expect(tagged.isError).toBeFalsy();
  expect((await run(host, { vm: 'db-1' })).answer.text).toContain('protected');
  expect((await run(host, { vm: 'db-1' })).changes).toEqual([]);
  const readOnly = await open({ CLOUDSTACK_MCP_READ_ONLY: 'true' });
  expect((await run(readOnly, { vm: 'web-2' })).changes).toEqual([]);
  writeFileSync(join(folder, 'stop.js'), 'await cloudstack.deleteZone({ id: inputs.zone })');
  expect((await give('--for local --times 1 --until 1d')).stderr).toContain('no command that can be approved');
});

test('it is given at a terminal only, with the phrase, within bounds, by someone else where the policy wants that', async () => {
  const host = await open();
  const none = async (words: string, more?: Record<string, string>, answers?: string[]) => {
    const given = await give(words, more, answers);
    expect(given.status, words).not.toBe(0);
    expect((await run(host, { vm: 'web-1' })).changes).toEqual([]);
    return given.stderr;
  };
  expect(await none('--for local --times 5 --until 30d', {}, ['yes'])).toContain('was not given');
  expect(await none('--for local --times 0 --until 30d')).toContain('number of runs');
  expect(await none('--for local --times 5 --until 91d')).toContain('within 90 days');
  expect(await none('--for local --times 5 --until 2020-01-01')).toContain('has an end');
  expect(await none('--for local --times 5 --until soon')).toContain('is not a time');
  expect(await none('--for local --times 5 --per 2d --until 1d')).toContain('longer than the approval');
  const words = ['script', 'approve', 'stop', '--for', 'local', '--times', '5', '--until', '1d'];
  expect((await runCommand(words, { env })).stderr).toContain('Only a person at a terminal');
  const config = join(folder, 'config.yaml');
  writeFileSync(config, 'policy:\n  fourEyes: true\n');
  const eyes = { CLOUDSTACK_MCP_CONFIG: config };
  expect(await none('--for local --times 5 --until 1d', eyes)).toContain('someone other');
  // Given where that was not asked for; used where it is.
  const own = idIn((await give('--for local --times 5 --until 1d')).stdout);
  const strict = await open(eyes);
  expect((await run(strict, { vm: 'web-1' })).changes).toEqual([]);
  expect((await runCommand(['script', 'revoke', own.toLowerCase()], { env })).stdout).toContain('is revoked');
  expect((await run(host, { vm: 'web-1' })).changes).toEqual([]);
  expect((await runCommand(['script', 'revoke', own], { env })).stderr).toContain('There is no standing approval');
  expect(entries().some(({ params }) => params?.['action'] === 'revoke' && params['standing'] === own)).toBe(true);
  await give('--for local --times 5 --until 1d', { ...eyes, CLOUDSTACK_MCP_PRINCIPAL: 'carol' });
  expect((await run(strict, { vm: 'web-1' })).changes).toEqual(['stopVirtualMachine']);
});

test('of several runs at the same moment, in two processes, as many are let through as were approved', async () => {
  const [one, two] = [await open(), await open()];
  await give('--for local --times 2 --until 1d');
  const machines = ['web-1', 'web-2', 'db-1', 'db-replica'];
  const before = cloud.calls.length;
  await Promise.all(
    machines.map((vm, at) => (at % 2 ? one : two).call('run-script', { name: 'stop', inputs: { vm } })),
  );
  const left = cloud.calls.slice(before).filter(({ command }) => command === 'stopVirtualMachine');
  expect(left).toHaveLength(2);
});

test('what lies in the state folder is no approval unless the credential made it, under this id', async () => {
  await give('--for local --times 1 --until 1d');
  const saved = join(folder, 'state', 'standing');
  const [name] = readdirSync(saved);
  const text = readFileSync(join(saved, name!), 'utf8');
  expect(text).not.toContain('stopVirtualMachine');
  const host = await open();
  expect((await run(host, { vm: 'web-1' })).changes).toEqual(['stopVirtualMachine']);
  // A second life for one that is spent.
  writeFileSync(join(saved, 'AAAA-AAAA.json'), text);
  writeFileSync(join(saved, 'BBBB-BBBB.json'), '{"profile":"default","encrypted":"AAAA"}');
  expect((await run(host, { vm: 'web-2' })).changes).toEqual([]);
});

test('replicas share them in a store', async () => {
  const store = createMemoryStore();
  const secretOf = (profile: string): string => `secret of ${profile}`;
  const [one, two] = [0, 1].map(() => createStandingApprovals(textsInStore(store, 60_000), secretOf));
  const approval = { id: 'ABCD-EFGH', profile: 'default', given: Date.now(), until: Date.now() + 60_000 };
  await one!.save(approval as StandingApproval);
  expect(await two!.list()).toEqual([approval]);
  expect(await createStandingApprovals(textsInStore(store, 60_000), () => 'another').list()).toEqual([]);
  expect(await two!.remove(approval.id)).toBe(true);
  expect(await one!.remove(approval.id)).toBe(false);
  expect(await one!.list()).toEqual([]);
});
