import { Client } from '@modelcontextprotocol/client';
import { spawn } from 'node:child_process';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createStreamLedger } from '../../src/audit/stream-ledger.ts';
import { eventually } from '../support/eventually.ts';
import { openHost, startCloud, streamTransport, type Cloud } from '../support/harness.ts';
import { openClient, startDoor } from '../support/door.ts';
import { entryOf } from '../audit/log.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(() => cloud.close());

const sent = (): number => cloud.calls.filter(({ command }) => command === 'createSecurityGroup').length;
const group = (name: string) => ({ tool: 'create-security-group', arguments: { name } });

test('standard error as the only log: what is known of a change is written before it is sent, then its entry', async () => {
  const host = await openHost({ env: { ...cloud.env, CLOUDSTACK_MCP_AUDIT: 'stderr' } });
  await host.call('read', { tool: 'list-zones' });
  await host.call('change', group('known'));
  const lines = host
    .stderr()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, any>);
  expect(lines).toMatchObject([
    { command: 'listZones', result: 'done' },
    { kind: 'sending', command: 'createSecurityGroup', params: { name: 'known' }, risk: 'change' },
    { command: 'createSecurityGroup', params: { name: 'known' }, result: 'done', call: lines[1]!['call'] as string },
  ]);
  expect(lines[1]).not.toHaveProperty('result');
  await host.close();
});

test('once standard error is closed, changes are refused before they are sent; reads go on, and so does the server', async () => {
  const server = spawn(process.execPath, ['dist/main.js', 'serve'], {
    env: { ...cloud.env, CLOUDSTACK_MCP_AUDIT: 'stderr' },
  });
  try {
    let printed = '';
    server.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    const client = new Client({ name: 'test-host', version: '1.0.0' }, { capabilities: {} });
    await client.connect(streamTransport(server.stdin as never, server.stdout as never));
    const call = (name: string, args: Record<string, unknown>) => client.callTool({ name, arguments: args });
    const before = sent();
    expect((await call('change', group('open'))).isError).toBeUndefined();
    expect(sent()).toBe(before + 1);
    await eventually(() => expect(printed).toContain('"result":"done"'));
    server.stderr.destroy();
    for (const name of ['closed', 'closed-again']) {
      const refused = await call('change', group(name));
      expect(refused.isError).toBe(true);
      expect(JSON.stringify(refused.content)).toMatch(/on standard error cannot be written.*Nothing was sent/);
      expect((await call('read', { tool: 'list-zones' })).isError).toBeUndefined();
    }
    expect(sent()).toBe(before + 1);
    expect(server.exitCode).toBeNull();
    await client.close();
  } finally {
    server.kill();
  }
});

test('a stream that takes no line for five seconds stops a change; when it takes them again, the lost ones are counted', async () => {
  vi.useFakeTimers();
  try {
    const waiting: (() => void)[] = [];
    const lines: string[] = [];
    const ledger = createStreamLedger({
      write: (text, done) => {
        lines.push(text.trimEnd());
        waiting.push(() => done?.());
      },
    });
    const ready = Promise.resolve(ledger.ready(() => '{"kind":"sending"}')).catch((error: unknown) => error as Error);
    await vi.advanceTimersByTimeAsync(5000);
    expect(((await ready) as Error).message).toContain('no line was taken for 5 s');
    expect(ledger.write([{ entry: entryOf(), text: '{}' }])).toEqual([undefined]);
    await expect(ledger.ready()).rejects.toThrow('on standard error');
    for (const take of waiting.splice(0)) take();
    await ledger.ready();
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { kind: 'sending' },
      { kind: 'lost', count: 1 },
    ]);
  } finally {
    vi.useRealTimers();
  }
});

// What a terminal obeys or what turns text round: ESC, a title, C1 controls, a right-to-left mark, line separators.
const hostile = 'Zz9\u001b[2J\u001b]0;x\u0007\u009b31m\u202e\u2028\u0085\r\nAB12';
// oxlint-disable-next-line no-control-regex
const codes = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2028\u2029]/;

test.each(['text', 'json'])(
  'no words of others reach standard error with their codes: log as %s, clients, principals, tools, arguments, errors',
  async (log) => {
    // A file that cannot be written reports its entries, too.
    for (const audit of ['stderr', '/dev/full,stderr']) {
      const env = { ...cloud.env, CLOUDSTACK_MCP_AUDIT: audit, CLOUDSTACK_MCP_LOG: log };
      const door = await startDoor({ env, flags: ['--principal', hostile] });
      const host = await openClient(door, { name: hostile });
      for (const name of ['change', 'read'])
        for (const args of [
          group(hostile),
          { tool: hostile },
          { tool: 'list-zones', arguments: { [hostile]: hostile, keyword: hostile, id: hostile } },
          { tool: 'list-zones', profile: hostile },
        ])
          await host.call(name, args).catch(() => undefined);
      await fetch(`${door.origin}/${encodeURIComponent(hostile)}`, { headers: { 'x-request-id': '\u009b31m' } });
      await host.close();
      await door.close();
      expect(door.out.stderr).toContain('Zz9');
      expect(door.out.stderr).not.toMatch(codes);
    }
  },
);
