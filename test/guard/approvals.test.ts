import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createApprovals } from '../../src/guard/approvals.ts';
import { openHost, runCommand, startCloud, type Cloud, type Host } from '../support/harness.ts';

let cloud: Cloud;
let state: string;
let env: Record<string, string>;
const hosts: Host[] = [];
beforeEach(async () => {
  cloud = await startCloud();
  state = mkdtempSync(join(tmpdir(), 'cloudstack-approvals-'));
  env = { ...cloud.env, CLOUDSTACK_MCP_STATE: state };
});
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.close();
  await cloud.close();
});

const open = async (options: Parameters<typeof openHost>[0] = {}): Promise<Host> => {
  const host = await openHost({ ...options, env: { ...env, ...options.env } });
  hosts.push(host);
  return host;
};
const sent = (command = 'destroyVirtualMachine'): number =>
  cloud.calls.filter((call) => call.command === command).length;
const firstVm = async (host: Host) => {
  const { structured } = await host.call('read', {
    tool: 'listVirtualMachines',
    arguments: { listall: true },
    fields: ['id', 'name', 'state'],
  });
  return (structured['items'] as { id: string; name: string; state: string }[]).find((vm) => vm.state === 'Running')!;
};
const codeIn = ({ text }: { text: string }): string => /Approval code: ([A-Z0-9]{4}-[A-Z0-9]{4})/.exec(text)![1]!;
const approve = (code: string | undefined, answers?: string[]) =>
  runCommand(['approve', ...(code ? [code] : [])], { env, ...(answers ? { answers } : {}) });

test('a code opens where nobody can ask; a person approves it at a terminal; the same call goes once', async () => {
  const host = await open();
  const vm = await firstVm(host);
  const args = { tool: 'destroyVirtualMachine', arguments: { id: vm.name } };
  const first = await host.call('destroy', args);
  expect(first.structured['error']).toMatchObject({ kind: 'unconfirmed' });
  const code = codeIn(first);
  // Asking again gives the same code.
  expect(codeIn(await host.call('destroy', args))).toBe(code);
  const folder = join(state, 'approvals');
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  for (const file of readdirSync(folder)) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);

  const listed = await approve(undefined);
  expect(listed).toMatchObject({ status: 0 });
  expect(listed.stdout).toContain(code);
  const blind = await approve(code);
  expect(blind.status).toBe(3);
  expect(blind.stderr).toContain('terminal');
  expect((await approve('AAAA-AAAA', ['yes'])).status).not.toBe(0);
  expect(sent()).toBe(0);

  const agreed = await approve(code.toLowerCase().replace('-', ''), ['yes']);
  expect(agreed).toMatchObject({ status: 0 });
  expect(agreed.stderr).toContain(vm.name);
  expect((await approve(undefined)).stdout).toContain('No call waits');
  // Another call does not use it.
  expect((await host.call('destroy', { ...args, arguments: { id: vm.id, volumeids: [vm.id] } })).isError).toBe(true);
  const done = await host.call('destroy', args);
  expect(done.isError).toBeUndefined();
  expect(sent()).toBe(1);
  expect(host.audit().at(-1)).toMatchObject({ confirmation: { by: 'approval' }, result: 'done' });
});

test('approved once is approved once', async () => {
  const host = await open();
  const vm = await firstVm(host);
  const args = { tool: 'rebootVirtualMachine', arguments: { id: vm.id } };
  const code = codeIn(await host.call('destroy', args));
  expect((await approve(code, ['y'])).status).toBe(0);
  const results = await Promise.all([
    host.call('destroy', args),
    host.call('destroy', args),
    host.call('destroy', args),
  ]);
  expect(results.filter(({ isError }) => !isError)).toHaveLength(1);
  expect(sent('rebootVirtualMachine')).toBe(1);
});

test('a critical call wants its phrase at the terminal too; with anything else it still waits, an empty line refuses it', async () => {
  const host = await open();
  const vm = await firstVm(host);
  const args = { tool: 'destroyVirtualMachine', arguments: { id: vm.id, expunge: true } };
  const code = codeIn(await host.call('destroy', args));
  const wrong = await approve(code, ['yes']);
  expect(wrong.status).toBe(3);
  expect(codeIn(await host.call('destroy', args))).toBe(code);
  expect((await approve(code, [''])).status).toBe(3);
  expect((await approve(code, [vm.name])).status).toBe(1);
  expect((await host.call('destroy', args)).text).toContain('refused it');
  expect(sent()).toBe(0);
  const again = codeIn(await host.call('destroy', args));
  expect(again).not.toBe(code);
  expect((await approve(again, [vm.name])).status).toBe(0);
  expect((await host.call('destroy', args)).isError).toBeUndefined();
  expect(sent()).toBe(1);
});

test('what changed between approval and call stops it', async () => {
  const host = await open();
  const vm = await firstVm(host);
  const args = { tool: 'destroyVirtualMachine', arguments: { id: vm.id } };
  const code = codeIn(await host.call('destroy', args));
  expect((await approve(code, ['yes'])).status).toBe(0);
  const { world } = cloud.simulator;
  world.update(world.get(vm.id)!, { state: 'Stopped' });
  const later = await host.call('destroy', args);
  expect(later.structured['error']).toMatchObject({ kind: 'unconfirmed' });
  expect(codeIn(later)).not.toBe(code);
  expect(sent()).toBe(0);
});

test('the approval of one principal is none for another', async () => {
  const alice = await open({ flags: ['--principal', 'alice'] });
  const bob = await open({ flags: ['--principal', 'bob'] });
  const vm = await firstVm(alice);
  const args = { tool: 'destroyVirtualMachine', arguments: { id: vm.id } };
  const code = codeIn(await alice.call('destroy', args));
  expect((await approve(code, ['yes'])).status).toBe(0);
  expect((await bob.call('destroy', args)).isError).toBe(true);
  expect(sent()).toBe(0);
  expect((await alice.call('destroy', args)).isError).toBeUndefined();
});

test('the strict preset sends what is critical to the terminal, also where a host could ask', async () => {
  const file = join(state, 'config.yaml');
  writeFileSync(file, 'policy: {preset: strict}');
  const host = await open({
    flags: ['--config', file],
    human: () => ({ action: 'accept', content: { confirm: true, phrase: 'x' } }),
  });
  const vm = await firstVm(host);
  const args = { tool: 'destroyVirtualMachine', arguments: { id: vm.id, expunge: true } };
  const code = codeIn(await host.call('destroy', args));
  expect(host.asked).toEqual([]);
  expect((await approve(code, [vm.name])).status).toBe(0);
  expect((await host.call('destroy', args)).isError).toBeUndefined();
  expect(sent()).toBe(1);
});

const question = { digest: 'd'.repeat(64), message: 'Do it?' };
const caller = { principal: 'p', host: 'h', profile: 'default' };

test('codes and approvals expire', async () => {
  let now = 0;
  const approvals = createApprovals(join(state, 'a'), () => now);
  const code = await approvals.open(question, caller);
  now = 15 * 60_000 - 1;
  expect(await approvals.waiting()).toHaveLength(1);
  now += 1;
  expect(await approvals.waiting()).toEqual([]);
  await expect(approvals.approve(code, 'me')).rejects.toMatchObject({ kind: 'not-found' });
  const second = await approvals.open(question, caller);
  await approvals.approve(second, 'me');
  now += 5 * 60_000 - 1;
  const third = await approvals.open({ ...question, digest: 'e'.repeat(64) }, caller);
  await approvals.approve(third, 'me');
  now += 1;
  expect(await approvals.take(question.digest)).toBeUndefined();
  expect(await approvals.take('e'.repeat(64))).toMatchObject({ by: 'me' });
  expect(await approvals.take('e'.repeat(64))).toBeUndefined();
  // What expired leaves no file.
  await approvals.waiting();
  expect(readdirSync(join(state, 'a'))).toEqual([]);
});

test('calls that wait are limited, and a broken file is no approval', async () => {
  const folder = join(state, 'b');
  const approvals = createApprovals(folder);
  const digestOf = (n: number): string => `${n}`.padStart(64, 'x').split('').reverse().join('');
  const ask = (n: number, principal: string) =>
    approvals.open({ ...question, digest: digestOf(n) }, { ...caller, principal });
  for (let n = 0; n < 10; n++) await ask(n, 'mallory');
  await expect(ask(10, 'mallory')).rejects.toMatchObject({
    kind: 'unconfirmed',
    message: expect.stringContaining('10 calls of mallory wait') as string,
  });
  // The places of others are not hers, nor is the code of a call that waits already lost.
  expect(await ask(11, 'alice')).toMatch(/-/);
  expect(await ask(9, 'mallory')).toMatch(/-/);
  for (let n = 12; n < 101; n++) await ask(n, `p${n}`);
  await expect(ask(101, 'bob')).rejects.toMatchObject({
    kind: 'unconfirmed',
    message: expect.stringContaining('100 calls wait') as string,
  });
  const other = join(state, 'c');
  mkdirSync(other);
  writeFileSync(join(other, `AAAA-AAAA.${question.digest.slice(0, 16)}.json`), '{"digest":"');
  expect(await createApprovals(other).take(question.digest)).toBeUndefined();
});

test('the file holds the question without its secrets', async () => {
  const host = await open();
  const vm = await firstVm(host);
  const { structured } = await host.call('read', { tool: 'listUsers', arguments: { listall: true } });
  const [user] = structured['items'] as { id: string }[];
  expect(vm).toBeDefined();
  const file = join(state, 'config.yaml');
  writeFileSync(file, 'policy: {preset: strict}');
  const strict = await open({ flags: ['--config', file] });
  await strict.call('change', { tool: 'updateUser', arguments: { id: user!.id, password: 'hunter2-canary' } });
  const folder = join(state, 'approvals');
  const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  expect(texts.length).toBeGreaterThan(0);
  expect(texts.join('\n')).not.toContain('hunter2-canary');
});

test('a yes for one cloud is none for another with the same state folder, commands, ids and profile name', async () => {
  const lab = await open();
  const production = await startCloud();
  const args = { tool: 'removeRawUsageRecords', arguments: { interval: 1 } };
  const asked = await lab.call('destroy', args);
  expect(asked.text).toContain('Approval code:');
  const waiting = await approve(undefined);
  expect(waiting.stdout).toContain('removeRawUsageRecords');
  const output = await approve(codeIn(asked), ['yes']);
  expect((output.stderr + output.stdout).replace(/\s+/g, ' ')).toContain(
    `on ${new URL(cloud.env['CLOUDSTACK_API_URL']!).host}`,
  );

  const other = await open({ env: production.env });
  expect((await other.call('destroy', args)).structured['error']).toMatchObject({ kind: 'unconfirmed' });
  expect(production.calls.filter(({ command }) => command === 'removeRawUsageRecords')).toEqual([]);
  // In its own cloud the same yes is good.
  expect((await lab.call('destroy', args)).structured['error']).toBeUndefined();
  expect(sent('removeRawUsageRecords')).toBe(1);
  await production.close();
});
