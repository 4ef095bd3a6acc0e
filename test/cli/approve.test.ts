import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createApprovals } from '../../src/guard/approvals.ts';
import { openHost, runCommand, startCloud, startCommand, type Cloud, type Host } from '../support/harness.ts';
import { eventually } from '../support/eventually.ts';

let cloud: Cloud;
let state: string;
beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(() => cloud.close());
beforeEach(() => {
  cloud.renew();
  cloud.calls.splice(0);
  state = mkdtempSync(join(tmpdir(), 'cloudstack-approve-'));
});
afterEach(() => rmSync(state, { recursive: true }));

const env = () => ({ ...cloud.env, CLOUDSTACK_MCP_STATE: state });
const sent = () => cloud.calls.filter(({ command }) => command === 'destroyVirtualMachine').length;

/** A host that cannot ask, and its call that waits for a person. */
const waiting = async (args: Record<string, unknown> = {}) => {
  const host = await openHost({ env: env() });
  const { structured } = await host.call('read', { tool: 'listVirtualMachines', arguments: { listall: true } });
  const [vm] = structured['items'] as { id: string; name: string }[];
  const call = () => host.call('destroy', { tool: 'destroyVirtualMachine', arguments: { id: vm!.id, ...args } });
  const { text } = await call();
  const code = /Approval code: ([A-Z0-9-]+)/.exec(text)?.[1] ?? '';
  expect(text).toContain(`cloudstack-mcp-server approve ${code}`);
  return { host, vm: vm!, call, code };
};

const close = async (host: Host) =>
  (await host.close()).audit.filter(({ command }) => command === 'destroyVirtualMachine');

test('a person approves at a terminal what a host cannot ask about; once, and the log says who', async () => {
  const { host, vm, call, code } = await waiting();
  const list = await runCommand(['approve'], { env: env() });
  expect(list.stdout).toContain(code);
  expect(list.stdout).toContain('local (test-host 1.0.0)');
  expect(list.stdout).toContain('destroyVirtualMachine');

  const yes = await runCommand(['approve', code.toLowerCase()], { env: env(), answers: ['yes'] });
  expect(yes.stderr).toContain(vm.name);
  expect(yes).toMatchObject({ status: 0, stdout: expect.stringContaining('Approved') as string });
  expect((await runCommand(['approve'], { env: env() })).stdout).toContain('No call waits');

  expect((await call()).isError).toBeUndefined();
  expect(sent()).toBe(1);
  expect((await call()).isError).toBe(true);
  expect(sent()).toBe(1);
  const entries = await close(host);
  expect(entries.map(({ result }) => result)).toEqual([
    'refused',
    'done',
    expect.stringMatching(/refused|failed/) as string,
  ]);
  expect(JSON.stringify(entries[1]!.confirmation)).toContain('approval');
});

test.each([
  ['a no', ['no']],
  ['nothing', ['']],
])('to %s the call no longer waits', async (_what, answers) => {
  const { host, call, code } = await waiting();
  expect((await runCommand(['approve', code], { env: env(), answers })).status).toBe(3);
  expect((await runCommand(['approve', code], { env: env(), answers: ['yes'] })).status).toBe(1);
  const refused = await call();
  expect(refused.text).toMatch(/‹\S+› refused it/);
  // It was told; who makes the call again asks anew.
  expect((await call()).text).toContain('Approval code: ');
  expect(sent()).toBe(0);
  await host.close();
});

test('without a terminal nobody can approve', async () => {
  const { host, call, code } = await waiting();
  const { status, stderr } = await runCommand(['approve', code], { env: env() });
  expect(status).toBe(3);
  expect(stderr).toContain('Only a person at a terminal');
  expect((await call()).isError).toBe(true);
  expect(sent()).toBe(0);
  await host.close();
});

test('an approval is for exactly that call', async () => {
  const { host, vm, code } = await waiting();
  await runCommand(['approve', code], { env: env(), answers: ['yes'] });
  const other = await host.call('destroy', { tool: 'destroyVirtualMachine', arguments: { id: vm.id, expunge: true } });
  expect(other.structured['error']).toMatchObject({ kind: 'unconfirmed' });
  expect(sent()).toBe(0);
  await host.close();
});

test('for what cannot be undone the name is typed there too', async () => {
  const { host, vm, call, code } = await waiting({ expunge: true });
  const wrong = await runCommand(['approve', code], { env: env(), answers: ['yes'] });
  expect(wrong).toMatchObject({ status: 3, stderr: expect.stringContaining('the call still waits') as string });
  expect((await call()).text).toContain(`Approval code: ${code}`);
  expect((await runCommand(['approve', code], { env: env(), answers: [vm.name] })).status).toBe(0);
  expect((await call()).isError).toBeUndefined();
  expect(sent()).toBe(1);
  await host.close();
});

test('a code that is none is not found; the list fits into the terminal', async () => {
  const unknown = await runCommand(['approve', 'XXXX-XXXX'], { env: env(), answers: ['yes'] });
  expect(unknown).toMatchObject({ status: 1, stderr: expect.stringContaining('No call waits under') as string });
  const { host } = await waiting();
  const running = startCommand(['approve'], { env: env(), terminal: true, columns: 60 });
  expect(await running.ended).toBe(0);
  for (const line of running.out.stdout.split('\n')) expect([...line].length).toBeLessThanOrEqual(60);
  await host.close();
});

// the folder that server and terminal share

const question = { digest: 'd1', message: 'Do it?' };
const caller = { principal: 'bob', host: 'h', profile: 'default' };

test('the same question keeps its code, and what waits is the owner’s alone', async () => {
  const approvals = createApprovals(join(state, 'approvals'));
  const code = await approvals.open(question, caller);
  expect(await approvals.open(question, caller)).toBe(code);
  expect(await approvals.open({ ...question, digest: 'd2' }, caller)).not.toBe(code);
  expect(await approvals.waiting()).toHaveLength(2);
  expect(statSync(join(state, 'approvals')).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(join(state, 'approvals')))
    expect(statSync(join(state, 'approvals', name)).mode & 0o777).toBe(0o600);
});

test('of those who answer at the same time one is heard: a call that was taken is not approved once more', async () => {
  const folder = join(state, 'approvals');
  for (let round = 0; round < 20; round++) {
    const approvals = createApprovals(folder);
    const code = await approvals.open({ ...question, digest: `${round}`.repeat(64).slice(0, 64) }, caller);
    const path = join(
      folder,
      readdirSync(folder).find((name) => name.startsWith(code))!,
    );
    // What another process wrote back after it had read the same call as waiting.
    const waitingText = readFileSync(path, 'utf8');
    const other = createApprovals(folder);
    const answers = await Promise.allSettled([approvals.approve(code, 'ann'), other.refuse(code, 'bob', 'no')]);
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const { digest } = JSON.parse(waitingText) as { digest: string };
    const taken = await Promise.all([approvals.take(digest), other.take(digest), approvals.take(digest)]);
    expect(taken.filter(Boolean)).toHaveLength(1);
    await expect(approvals.approve(code, 'ann')).rejects.toMatchObject({ kind: 'not-found' });
    expect(readdirSync(folder)).toEqual([]);
  }
});

test.each([
  ['a file', 'ENOTDIR', () => join(state, 'file')],
  // Node's own way to make a folder never returns there.
  ...(process.platform === 'linux' ? [['below /proc', 'ENOENT', () => '/proc/none/state'] as const] : []),
] as const)(
  'where the state folder is %s, what needs a person is refused with the reason, and nothing is sent',
  async (_where, code, at) => {
    writeFileSync(join(state, 'file'), '');
    const args = ['call', 'stopVirtualMachine', 'id=web-1'];
    const refused = await runCommand(args, {
      env: { ...env(), CLOUDSTACK_MCP_STATE: at(), CLOUDSTACK_MCP_AUDIT: join(state, 'audit.jsonl') },
    });
    expect(refused.stderr).toContain(`unavailable: Calls that wait for a person cannot be kept (${code})`);
    expect(refused.status).not.toBe(0);
    expect(cloud.calls.filter(({ command }) => command === 'stopVirtualMachine')).toEqual([]);
  },
);

test.each([-1, 1])('a clock that is set by %i days makes no approval, and none longer', async (days) => {
  let now = Date.now();
  const approvals = createApprovals(join(state, 'approvals'), () => now);
  await approvals.approve(await approvals.open(question, caller), 'ann');
  await approvals.open({ ...question, digest: 'd2' }, caller);
  now += days * 86_400_000;
  expect(await approvals.take('d1')).toBeUndefined();
  expect(await approvals.waiting()).toEqual([]);
});

test('codes and approvals run out', async () => {
  let now = 0;
  const approvals = createApprovals(join(state, 'approvals'), () => now);
  const code = await approvals.open(question, caller);
  now = 15 * 60_000 - 1;
  expect(await approvals.waiting()).toHaveLength(1);
  await approvals.approve(code, 'ann');
  expect(await approvals.waiting()).toEqual([]);
  now += 5 * 60_000;
  expect(await approvals.take('d1')).toBeUndefined();
  await approvals.open(question, caller);
  now += 15 * 60_000;
  expect(await approvals.waiting()).toEqual([]);
  const late = Promise.resolve().then(() => approvals.approve(code, 'ann'));
  await expect(late).rejects.toMatchObject({ kind: 'not-found' });
});

test('of many that take one approval, one gets it', async () => {
  const [a, b] = [createApprovals(state), createApprovals(state)];
  await a.approve(await a.open(question, caller), 'ann');
  const taken = await Promise.all(Array.from({ length: 20 }, (_, at) => (at % 2 ? a : b).take('d1')));
  expect(taken.filter(Boolean)).toHaveLength(1);
  expect(taken.find(Boolean)).toMatchObject({ by: 'ann', caller });
});

test('what is no approval in the folder stops nobody', async () => {
  const approvals = createApprovals(state);
  writeFileSync(join(state, 'broken.json'), '{');
  await approvals.open(question, caller);
  expect(await approvals.waiting()).toHaveLength(1);
  expect(await createApprovals(join(state, 'nowhere')).waiting()).toEqual([]);
});

// the simulator's files

test('the simulator keeps its world in a file', async () => {
  const path = join(state, 'world.json');
  const run = async (use: (env: Record<string, string>) => Promise<void>) => {
    const { out, stop, ended } = startCommand(['simulator', '--port', '0', '--job-millis', '0', '--state', path]);
    await eventually(() => expect(out.stdout).toContain('\n'));
    const { url, apiKey, secretKey } = JSON.parse(out.stdout) as Record<string, string>;
    await use({ CLOUDSTACK_API_URL: url!, CLOUDSTACK_API_KEY: apiKey!, CLOUDSTACK_SECRET_KEY: secretKey! });
    stop.abort();
    expect(await ended).toBe(0);
  };
  const group = ['createAffinityGroup', 'name=kept', 'type=host anti-affinity'];
  await run(async (env) => expect((await runCommand(['call', ...group], { env })).status).toBe(0));
  await run(async (env) =>
    expect((await runCommand(['call', 'listAffinityGroups', 'listall=true'], { env })).stdout).toContain('kept'),
  );
});

test('a plan of faults breaks it on purpose; a plan that cannot be read ends with 2', async () => {
  for (const [name, text] of [
    ['broken.yaml', 'a: [1'],
    ['odd.yaml', 'frobs: 1'],
  ] as const) {
    writeFileSync(join(state, name), text);
    const { status, stdout, stderr } = await runCommand(['simulator', '--port', '0', '--faults', join(state, name)]);
    expect(stderr).toContain(name === 'odd.yaml' ? 'configuration' : 'cannot be read as YAML');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  }
});
