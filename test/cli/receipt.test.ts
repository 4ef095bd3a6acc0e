import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { publicKeyOf } from '../../src/audit/receipt-key.ts';
import { readReceipt, writeReceipt } from '../../src/audit/receipt.ts';
import { acceptAll, openHost, runCommand, startCloud, type Cloud } from '../support/harness.ts';

let cloud: Cloud;
let folder: string;
let env: Record<string, string>;
/** Receipts as they were given: of a call, and of a plan of two steps; the public key. */
const made = { call: '', plan: '', key: '' };
let code = '';

const run = (...argv: string[]) => runCommand(['receipt', ...argv], { env });

beforeAll(async () => {
  cloud = await startCloud();
  folder = mkdtempSync(join(tmpdir(), 'cloudstack-receipt-'));
  env = { ...cloud.env, CLOUDSTACK_MCP_STATE: folder, CLOUDSTACK_MCP_AUDIT: join(folder, 'audit.jsonl') };
  const host = await openHost({ env });
  const stop = () => host.call('destroy', { tool: 'stopVirtualMachine', arguments: { id: 'web-1', forced: true } });
  code = /Approval code: ([A-Z0-9-]+)/.exec((await stop()).text)![1]!;
  await runCommand(['approve', code], { env, answers: ['yes'] });
  expect((await stop()).isError).toBeUndefined();
  await host.close();
  const asking = await openHost({ env, human: acceptAll });
  const calls = ['One', 'Two'].map((displayname) => ({
    tool: 'updateVirtualMachine',
    arguments: { id: 'web-2', displayname },
  }));
  const plan = await asking.call('change', { calls, mode: 'plan' });
  const { id } = plan.structured['plan'] as { id: string };
  expect((await asking.call('change', { plan: id })).text).toContain('2 of 2 steps');
  await asking.close();
  made.call = (await run('show', code)).stdout;
  made.key = (await run('key')).stdout.trim();
  const entries = readFileSync(join(folder, 'audit.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('"step":1'))
    .map((line) => JSON.parse(line) as { call: string });
  made.plan = (await run('show', entries.at(-1)!.call)).stdout;
});
afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

const save = (text: string): string => {
  const path = join(folder, 'given.receipt');
  writeFileSync(path, text);
  return path;
};

test('a receipt says what was approved, who asked, who approved, how and when, what came of it, and where the log has it', async () => {
  const [, line = ''] = made.call.split('\n');
  expect(readFileSync(join(folder, 'audit.jsonl'), 'utf8').split('\n')).toContain(line);
  const verified = await run('verify', save(made.call), '--json', '--against', join(folder, 'audit.jsonl'));
  expect(verified.status).toBe(0);
  expect(JSON.parse(verified.stdout)).toMatchObject({
    isGenuine: true,
    key: made.key,
    lines: [
      {
        command: 'stopVirtualMachine',
        params: { forced: true },
        principal: 'local',
        endpoint: expect.any(String) as string,
        question: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        confirmation: {
          by: 'approval',
          means: 'terminal',
          code,
          at: expect.stringMatching(/^20.*Z$/) as string,
          about: expect.stringContaining('web-1') as string,
        },
        result: 'done',
        seq: expect.any(Number) as number,
        hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      },
    ],
  });
  const { stdout } = await run('verify', save(made.call));
  for (const part of ['genuine', 'stopVirtualMachine: done', 'asked by ‹local›', '(terminal)', code, 'entry '])
    expect(stdout).toContain(part);
  expect((await run('list')).stdout).toMatch(/stopVirtualMachine +done +local +\S+ \(terminal\)/);
  expect(statSync(join(folder, 'receipt-key')).mode & 0o777).toBe(0o600);
});

test('the receipt of a plan holds the plan and each of its steps', async () => {
  const verified = await run('verify', save(made.plan), '--json');
  const { lines } = JSON.parse(verified.stdout) as { lines: { step?: number; confirmation: { about?: string } }[] };
  expect(lines.map(({ step }) => step)).toEqual([1, 2, undefined]);
  expect(lines.at(-1)!.confirmation.about).toContain('A plan of 2 steps');
});

test('what a person refused has a receipt, too: a call or a plan, with the question; nothing was sent', async () => {
  const declining = await openHost({ env, human: () => ({ action: 'decline' as const }) });
  const before = cloud.calls.length;
  const args = { id: 'web-2', forced: true };
  await declining.call('destroy', { tool: 'stopVirtualMachine', arguments: args });
  const calls = [{ tool: 'rebootVirtualMachine', arguments: { id: 'web-1' } }];
  await declining.call('destroy', { calls: [...calls, ...calls] });
  const changes = ['stopVirtualMachine', 'rebootVirtualMachine'];
  expect(cloud.calls.slice(before).filter(({ command }) => changes.includes(command))).toEqual([]);
  const entries = readFileSync(join(folder, 'audit.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('"refusal":'))
    .map((line) => JSON.parse(line) as { call: string });
  await declining.close();
  expect(entries).toHaveLength(2);
  for (const [at, words] of ['web-2', 'A plan of 2 steps'].entries()) {
    const { call } = entries[at]!;
    const shown = await run('show', call);
    const verified = await run('verify', save(shown.stdout));
    expect(verified.status).toBe(0);
    for (const part of ['genuine', 'refused by ‹local› (elicitation)', words]) expect(verified.stdout).toContain(part);
    expect(verified.stdout).not.toContain('approved by');
    const changed = await run('verify', save(shown.stdout.replace('"refusal"', '"confirmation"')));
    expect(changed.status).toBe(1);
  }
  expect((await run('list')).stdout).toMatch(/stopVirtualMachine +refused +local +no: \S+ \(elicitation\)/);
});

test('a no at a terminal is in the log with its receipt at once, whether or not the call is made again; nothing was sent', async () => {
  const host = await openHost({ env });
  const before = cloud.calls.length;
  const steps = [{ tool: 'rebootVirtualMachine', arguments: { id: 'web-2' } }];
  const asked = [
    {
      args: { tool: 'rebootVirtualMachine', arguments: { id: 'web-2' } },
      words: ['rebootVirtualMachine: refused', 'web-2'],
    },
    { args: { calls: [...steps, ...steps] }, words: ['plan: refused', 'A plan of 2 steps'] },
  ];
  for (const { args, words } of asked) {
    const waits = /Approval code: ([A-Z0-9-]+)/.exec((await host.call('destroy', args)).text)![1]!;
    const no = await runCommand(['approve', waits], { env, answers: ['no'] });
    expect(no).toMatchObject({ status: 3, stderr: expect.stringContaining(`receipt show ${waits}`) as string });
    const verified = await run('verify', save((await run('show', waits)).stdout));
    expect(verified.status).toBe(0);
    for (const part of ['genuine', ...words, 'refused by ‹', `(terminal)`, waits])
      expect(verified.stdout).toContain(part);
    expect(verified.stdout).toContain(new URL(cloud.url).host);
    // Made again, it is told, and that stands in the log, too.
    expect((await host.call('destroy', args)).text).toContain('refused it');
    expect((await run('verify', save((await run('show', waits)).stdout))).status).toBe(0);
  }
  expect(cloud.calls.slice(before).filter(({ command }) => command === 'rebootVirtualMachine')).toEqual([]);
  expect((await runCommand(['audit', 'verify'], { env })).status).toBe(0);
  await host.close();
});

test('it is verified where there is no server, no log and no state: with the public key alone', async () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'cloudstack-auditor-'));
  const bare = { HOME: elsewhere, XDG_STATE_HOME: elsewhere };
  const given = save(made.call);
  const right = await runCommand(['receipt', 'verify', given, '--key', made.key], { env: bare });
  expect(right).toMatchObject({ status: 0, stdout: expect.stringContaining('genuine') as string });
  const other = publicKeyOf(generateKeyPairSync('ed25519').privateKey);
  expect((await runCommand(['receipt', 'verify', given, '--key', other], { env: bare })).status).toBe(1);
  expect((await runCommand(['receipt', 'verify', given, '--key', 'ed25519:short'], { env: bare })).status).toBe(2);
  expect((await runCommand(['receipt', 'verify', `${given}.no`, '--key', made.key], { env: bare })).status).toBe(2);
  expect(existsSync(join(elsewhere, 'cloudstack-mcp'))).toBe(false);
  rmSync(elsewhere, { recursive: true });
});

const reorder = (text: string, one: number, other: number): string => {
  const lines = text.split('\n');
  [lines[one], lines[other]] = [lines[other]!, lines[one]!];
  return lines.join('\n');
};
const without = (text: string, at: number): string => {
  const lines = text.split('\n');
  return [...lines.slice(0, at), ...lines.slice(at + 1)].join('\n');
};
/** What a forger would do who has no key of ours: signs all of it anew. */
const forge = (text: string): string =>
  writeReceipt(text.split('\n').slice(1, -2), generateKeyPairSync('ed25519').privateKey);

test.each<[what: string, change: () => string]>([
  ['signed with another key', () => forge(made.call)],
  ['signed with another key that says it is ours', () => forge(made.call).replace(/ed25519:[\w-]{43}/, made.key)],
  ['another outcome', () => made.call.replace('"result":"done"', '"result":"refused"')],
  ['another approver', () => made.call.replace(/"who":"[^"]*"/, '"who":"someone"')],
  ['another time of signing', () => made.call.replace(/"made":"20/, '"made":"19')],
  ['one space more', () => made.call.replace('","call"', '", "call"')],
  ['a name twice in one object', () => made.call.replace('{"receipt":1,', '{"receipt":1,"receipt":1,')],
  ['line ends of another kind', () => made.call.replaceAll('\n', '\r\n')],
  ['an empty line', () => made.call.replace('\n', '\n\n')],
  ['a line after it', () => `${made.call}{}\n`],
  ['no last line feed', () => made.call.slice(0, -1)],
  ['no signature', () => without(made.call, 2)],
  ['an empty signature', () => made.call.replace(/"signature":"[^"]*"/, '"signature":""')],
  [
    'the signature of another receipt',
    () => made.call.replace(/\{"signature".*/, /\{"signature".*/.exec(made.plan)![0]),
  ],
  ['no entry', () => without(made.call, 1)],
  ['the first step cut out', () => without(made.plan, 1)],
  ['the plan cut out', () => without(made.plan, 3)],
  ['a step cut out, and not counted', () => without(made.plan, 2).replace('"entries":3', '"entries":2')],
  ['a step twice', () => made.plan.replace(/\n(\{"seq".*\n)/, '\n$1$1').replace('"entries":3', '"entries":4')],
  ['steps in another order', () => reorder(made.plan, 1, 2)],
  ['the entry of another call', () => made.call.replace(/\{"seq".*/, made.plan.split('\n')[1]!)],
  ['nothing', () => ''],
  ['no receipt', () => 'a\nb\nc\nd\n'],
  ['more than any receipt holds', () => made.call.replace('\n', `\n${' '.repeat(2 ** 22)}`)],
])('refused: %s', async (_what, change) => {
  const changed = change();
  expect(changed).not.toBe(made.call);
  const { status, stdout } = await run('verify', save(changed));
  expect(status).toBe(1);
  expect(stdout).toContain('refused: ');
  expect(stdout).not.toContain('genuine');
});

test('with our own key, entries of two approvals and entries out of order are no receipt', () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const lines = (text: string): string[] => text.split('\n').slice(1, -2);
  const read = (all: string[]) => readReceipt(writeReceipt(all, privateKey), [publicKeyOf(privateKey)]);
  expect(read(lines(made.plan)).lines).toHaveLength(3);
  expect(() => read(lines(made.plan).reverse())).toThrow('out of order');
  expect(() => read([...lines(made.call), ...lines(made.plan)])).toThrow('not those of one approval');
  expect(() => read(['{"seq":1}'])).toThrow('not from an audit log');
});

test('entries that a log does not have are refused, and so are ids that no approved call has', async () => {
  const other = join(folder, 'other.jsonl');
  writeFileSync(other, '');
  expect((await run('verify', save(made.call), '--against', other)).status).toBe(1);
  for (const id of ['nothing-here', '../../etc/passwd', code.slice(0, 4)])
    expect((await run('show', id)).stderr).toContain('not-found');
  writeFileSync(join(folder, 'receipt-key'), 'broken');
  expect(await run('key')).toMatchObject({ status: 2, stderr: expect.stringContaining('holds no key') as string });
});
