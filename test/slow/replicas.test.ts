import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ToolResult } from '../support/call-tool.ts';
import { runCommand, startCloud, type Cloud } from '../support/harness.ts';
import { openClient, post, startDoor, type Door } from '../support/door.ts';
import { describeWithServer } from '../support/describe-with-server.ts';
import { password, startServer, type Server } from '../support/store-server.ts';
import { eventually } from '../support/eventually.ts';

const yes = { inputResponses: { confirm: { action: 'accept', content: { confirm: true } } } };

interface RawAnswer {
  result?: {
    resultType?: string;
    isError?: boolean;
    requestState?: string;
    content?: { text: string }[];
    structuredContent?: Record<string, any>;
  };
  error?: { code: number; message: string };
}

/** One request of the new era, as it may reach any replica. */
const send = async (door: Door, name: string, args: object, more: object = {}, elicits = true): Promise<RawAnswer> => {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': elicits ? { elicitation: { form: {} } } : {},
  };
  const params = { name, arguments: args, ...more, _meta };
  const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': name };
  const response = await post(door, { jsonrpc: '2.0', id: 1, method: 'tools/call', params }, headers);
  const text = await response.text();
  const data = /^data: (.*)$/m.exec(text)?.[1] ?? text;
  return JSON.parse(data) as RawAnswer;
};
const kindOf = ({ result, error }: RawAnswer): string =>
  error
    ? 'protocol error'
    : result?.isError
      ? String(result.structuredContent?.['error'].kind)
      : (result?.resultType ?? 'none');
const textOf = ({ result }: RawAnswer): string => result?.content?.map(({ text }) => text).join('\n') ?? '';
const codeIn = (answer: RawAnswer): string => /Approval code: ([A-Z0-9-]+)/.exec(textOf(answer))?.[1] ?? '';

describeWithServer('two replicas over one store', () => {
  let server: Server;
  let cloud: Cloud;
  const doors: Door[] = [];
  // Questions that nobody answers take a principal's places: each test has a store of its own.
  beforeEach(async () => {
    server = await startServer();
    cloud = await startCloud();
  });
  afterEach(async () => {
    const open = doors.splice(0);
    await Promise.all(open.map((door) => door.close()));
    await cloud.close();
    await server.close();
    // Whatever happened: the password is in nothing that anybody reads.
    for (const { out } of open) expect(`${out.stdout}${out.stderr}`).not.toMatch(/c4nary/);
  });

  const replica = async (options: Parameters<typeof startDoor>[0] = {}): Promise<Door> => {
    const env = { ...cloud.env, CLOUDSTACK_MCP_REDIS_URL: server.url, ...options.env };
    const door = await startDoor({ ...options, env });
    doors.push(door);
    return door;
  };
  const pair = (options: Parameters<typeof startDoor>[0] = {}) => Promise.all([replica(options), replica(options)]);
  const sent = (command: string) => cloud.calls.filter((call) => call.command === command).length;
  const machines = async (door: Door): Promise<string[]> => {
    const args = { tool: 'listVirtualMachines', arguments: { listall: true } };
    const { result } = await send(door, 'read', args);
    const items = result!.structuredContent!['items'] as { id: string; state: string }[];
    return items.filter(({ state }) => state === 'Running').map(({ id }) => id);
  };
  const reboot = async (door: Door) => ({
    tool: 'rebootVirtualMachine',
    arguments: { id: (await machines(door))[0]! },
  });
  const audited = (door: Door, command: string) => door.audit().filter((entry) => entry.command === command);

  test('what one asks the other may hear the answer to, once; a nonce used here is used there', async () => {
    const [a, b] = await pair();
    const args = await reboot(a);
    const question = await send(a, 'destroy', args);
    expect(question.result?.resultType).toBe('input_required');
    const { requestState } = question.result!;
    const answers = await Promise.all(
      [a, b, a, b].map((door) => send(door, 'destroy', args, { requestState, ...yes })),
    );
    expect(answers.map(kindOf).sort()).toEqual(['complete', 'unconfirmed', 'unconfirmed', 'unconfirmed']);
    expect(answers.map(textOf).join()).toContain('already used');
    expect(sent('rebootVirtualMachine')).toBe(1);
    for (const door of [a, b])
      expect(kindOf(await send(door, 'destroy', args, { requestState, ...yes }))).toBe('unconfirmed');
    expect(sent('rebootVirtualMachine')).toBe(1);
  });

  test('a real client whose requests go to one replica after the other', async () => {
    const [a, b] = await pair();
    const client = new Client(
      { name: 'balanced', version: '1' },
      { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode: { pin: '2026-07-28' } } },
    );
    let asked = 0;
    client.setRequestHandler('elicitation/create', () => {
      asked++;
      return { action: 'accept', content: { confirm: true } } as never;
    });
    let turn = 0;
    const went: string[] = [];
    const transport = new StreamableHTTPClientTransport(new URL(a.url), {
      fetch: (_url, init) => {
        const door = turn++ % 2 ? b : a;
        if (String(init?.body).includes('tools/call')) went.push(door.url);
        return fetch(door.url, init);
      },
    });
    await client.connect(transport);
    const args = await reboot(a);
    const result = (await client.callTool({ name: 'destroy', arguments: args })) as unknown as ToolResult;
    expect(result.isError).toBeUndefined();
    expect(asked).toBe(1);
    expect(new Set(went).size).toBe(2);
    expect(sent('rebootVirtualMachine')).toBe(1);
    await client.close();
    await Promise.all([a.close(), b.close()]);
    doors.length = 0;
  });

  test('a question that was answered elsewhere leaves one entry in all', async () => {
    const [a, b] = await pair();
    const args = await reboot(a);
    const { requestState } = (await send(a, 'destroy', args)).result!;
    expect(kindOf(await send(b, 'destroy', args, { requestState, ...yes }))).toBe('complete');
    const other = { ...args, arguments: { id: (await machines(a))[1]! } };
    expect((await send(a, 'destroy', other)).result?.resultType).toBe('input_required');
    a.stop.abort();
    await a.exited;
    expect(audited(b, 'rebootVirtualMachine').map(({ result }) => result)).toEqual(['done']);
    // What nobody answered is what is left.
    const left = audited(a, 'rebootVirtualMachine');
    expect(left.map(({ result, params }) => [result, params?.['id']])).toEqual([['refused', other.arguments.id]]);
  });

  test('an approval that one opened and a person gave is the first one’s who comes', async () => {
    const [a, b] = await pair();
    const args = await reboot(a);
    const plain = (door: Door) => send(door, 'destroy', args, {}, false);
    const code = codeIn(await plain(a));
    expect(code).toMatch(/^[A-Z0-9]{4}-[A-Z0-9]{4}$/);
    expect(codeIn(await plain(b))).toBe(code);
    const env = { ...cloud.env, CLOUDSTACK_MCP_REDIS_URL: server.url };
    const listed = await runCommand(['approve'], { env });
    expect(listed.stdout).toContain(code);
    const nowhere = { ...cloud.env, CLOUDSTACK_MCP_STATE: '/nowhere' };
    expect((await runCommand(['approve'], { env: nowhere })).stdout).toContain('No call waits');
    const both = await Promise.all([1, 2].map(() => runCommand(['approve', code], { env, answers: ['yes'] })));
    expect(both.map(({ status }) => status).sort()).toEqual([0, 1]);
    expect(both.map(({ stderr }) => stderr).join()).toMatch(/answered just now|No call waits/);
    const answers = await Promise.all([b, a, b, a].map(plain));
    expect(answers.map(kindOf).sort()).toEqual(['complete', 'unconfirmed', 'unconfirmed', 'unconfirmed']);
    expect(sent('rebootVirtualMachine')).toBe(1);
    const declined = codeIn(await plain(a));
    expect(declined).not.toBe(code);
    expect((await runCommand(['approve', declined], { env, answers: ['no'] })).status).toBe(3);
    expect(kindOf(await plain(b))).toBe('unconfirmed');
    expect(sent('rebootVirtualMachine')).toBe(1);
  });

  test('a plan that both are to apply at the same moment is applied by one, once', async () => {
    const [a, b] = await pair();
    for (let round = 0; round < 3; round++) {
      cloud.calls.length = 0;
      const calls = [1, 2, 3].map((n) => ({
        tool: 'create-affinity-group',
        arguments: { name: `of-${round}-${n}`, type: 'host anti-affinity' },
      }));
      const { result } = await send(a, 'change', { calls, mode: 'plan' });
      const { id } = result!.structuredContent!['plan'] as { id: string };
      const apply = async (door: Door): Promise<RawAnswer> => {
        const asked = await send(door, 'change', { plan: id });
        const state = asked.result?.requestState;
        return state === undefined ? asked : send(door, 'change', { plan: id }, { ...yes, requestState: state });
      };
      const answers = await Promise.all([a, b, b, a].map(apply));
      expect(
        answers.map(kindOf).filter((kind) => kind === 'complete'),
        textOf(answers[0]!),
      ).toHaveLength(1);
      expect(sent('createAffinityGroup')).toBe(3);
    }
  });

  test('a standing approval is given at a terminal once, and both let through as many runs as it names', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'standing-'));
    const about = '/**\n * Stops a machine.\n * @input {string} vm Name of the machine\n */\n';
    const code = `${about}return await cloudstack.stopVirtualMachine({ id: inputs.vm });`;
    writeFileSync(join(folder, 'stop.js'), code);
    const env = { CLOUDSTACK_MCP_SCRIPT_FOLDER: folder };
    const [a, b] = await pair({ env });
    const run = (door: Door, vm: string) => send(door, 'run-script', { name: 'stop', inputs: { vm } }, {}, false);
    expect(kindOf(await run(a, 'web-1'))).toBe('unconfirmed');
    const own = { ...cloud.env, ...env, CLOUDSTACK_MCP_REDIS_URL: server.url };
    const [, digest] = / ([0-9a-f]{6})/.exec((await runCommand(['script', 'list'], { env: own })).stdout)!;
    const words = ['script', 'approve', 'stop', '--for', 'local', '--times', '2', '--until', '1d'];
    const given = await runCommand(words, { env: own, answers: [`stop ${digest}`] });
    expect(given.status, given.stderr).toBe(0);
    const machines = ['web-1', 'web-2', 'crm', 'jump-host'];
    const answers = await Promise.all(machines.map((vm, at) => run(at % 2 ? b : a, vm)));
    expect(answers.map(kindOf).sort()).toEqual(['complete', 'complete', 'unconfirmed', 'unconfirmed']);
    expect(sent('stopVirtualMachine')).toBe(2);
    const listed = await runCommand(['script', 'approvals'], { env: own });
    const [id] = /[A-Z\d]{4}-[A-Z\d]{4}/.exec(listed.stdout)!;
    expect((await runCommand(['script', 'revoke', id], { env: own })).stdout).toContain('is revoked');
    expect(kindOf(await run(b, 'monitoring'))).toBe('unconfirmed');
    expect(sent('stopVirtualMachine')).toBe(2);
    rmSync(folder, { recursive: true });
  });

  test('limits of the policy are counted together', async () => {
    const limits = [{ name: `few-${Date.now()}`, changes: 3, per: '1h' }];
    const [a, b] = await pair({ file: { policy: { limits } } });
    const create = (door: Door, name: string) =>
      send(door, 'change', { tool: 'createAffinityGroup', arguments: { name, type: 'host anti-affinity' } });
    const answers = [];
    for (let n = 0; n < 6; n++) answers.push(await create(n % 2 ? b : a, `group-${n}`));
    expect(answers.map(kindOf)).toEqual(['complete', 'complete', 'complete', 'refused', 'refused', 'refused']);
    expect(sent('createAffinityGroup')).toBe(3);
  });

  test('the rate limit is one bucket', async () => {
    // A principal of its own: other tests have their share of the local one's minute.
    const flags = ['--rate-limit', '6', '--principal', `counted-${Date.now()}`];
    const [a, b] = await pair({ flags });
    const statuses: number[] = [];
    for (let n = 0; n < 10; n++) statuses.push((await fetch((n % 2 ? b : a).url, { method: 'DELETE' })).status);
    expect(statuses.slice(0, 6)).not.toContain(429);
    expect(statuses.slice(6)).toEqual([429, 429, 429, 429]);
  });

  test('without the store reads go on, what needs it is refused before anything is sent, and it heals', async () => {
    const [a, b] = await pair();
    const args = await reboot(a);
    const { requestState } = (await send(a, 'destroy', args)).result!;
    await server.stop();
    const create = { tool: 'createAffinityGroup', arguments: { name: 'plain', type: 'host anti-affinity' } };
    const health = async (door: Door, path = '') => {
      const response = await fetch(`${door.origin}/health${path}`);
      return { status: response.status, body: (await response.json()) as any };
    };
    for (const door of [a, b]) {
      expect(await machines(door)).not.toHaveLength(0);
      const refused = [
        await send(door, 'destroy', args),
        await send(door, 'destroy', args, {}, false),
        await send(door, 'destroy', args, { requestState, ...yes }),
      ];
      expect(refused.map(kindOf)).toEqual(['unavailable', 'unavailable', 'unavailable']);
      expect(textOf(refused[0]!)).toContain('shared store');
      const { status, body } = await health(door);
      expect(status).toBe(200);
      expect(body).toMatchObject({
        status: 'degraded',
        components: { store: { status: 'degraded', kind: 'redis' }, cloudstack: { status: 'ok' } },
      });
      expect(JSON.stringify([refused, body])).not.toMatch(/c4nary|127\.0\.0\.1/);
      expect((await health(door, '/ready')).status).toBe(200);
    }
    // Nothing to confirm, nothing to count: it does not need the store.
    expect(kindOf(await send(a, 'change', create))).toBe('complete');
    expect(sent('rebootVirtualMachine')).toBe(0);
    expect(audited(a, 'rebootVirtualMachine').map(({ result }) => result)).toEqual(['failed', 'failed', 'failed']);
    const approve = await runCommand(['approve'], { env: { ...cloud.env, CLOUDSTACK_MCP_REDIS_URL: server.url } });
    expect(approve.status).toBe(1);
    expect(approve.stderr).toContain('shared store');
    expect(approve.stderr).not.toContain('c4nary');

    await server.start();
    for (const door of [a, b]) {
      await eventually(() => expect(door.out.stderr).toContain('can be reached again'));
      expect(door.out.stderr.match(/cannot be reached/g)).toHaveLength(1);
    }
    // Its memory is gone, and with it the key of the question from before.
    expect(kindOf(await send(b, 'destroy', args, { requestState, ...yes }))).toBe('protocol error');
    const again = (await send(a, 'destroy', args)).result!;
    expect(kindOf(await send(b, 'destroy', args, { requestState: again.requestState, ...yes }))).toBe('complete');
    expect(sent('rebootVirtualMachine')).toBe(1);
  });

  test('replicas that start while the store is away serve reads, and need no new start', async () => {
    await server.stop();
    const folder = mkdtempSync(join(tmpdir(), 'cloudstack-store-url-'));
    writeFileSync(join(folder, 'url'), `${server.url}\n`);
    const a = await replica({
      env: { CLOUDSTACK_MCP_REDIS_URL: '', CLOUDSTACK_MCP_REDIS_URL_FILE: join(folder, 'url') },
    });
    rmSync(folder, { recursive: true });
    await eventually(() => expect(a.out.stderr).toContain('cannot be reached'));
    const args = await reboot(a);
    expect(kindOf(await send(a, 'destroy', args))).toBe('unavailable');
    expect(sent('rebootVirtualMachine')).toBe(0);
    await server.start();
    await eventually(() => expect(a.out.stderr).toContain('can be reached again'));
    const { requestState } = (await send(a, 'destroy', args)).result!;
    expect(kindOf(await send(a, 'destroy', args, { requestState, ...yes }))).toBe('complete');
  });

  test('older clients, whose question is put within the call, use up their yes in the store too', async () => {
    const a = await replica();
    const host = await openClient(a, { human: () => ({ action: 'accept', content: { confirm: true } }) });
    const args = await reboot(a);
    expect((await host.call('destroy', args)).isError).toBeUndefined();
    server.freeze();
    const lost = await host.call('destroy', args);
    server.thaw();
    expect(lost.structured['error']).toMatchObject({ kind: 'unavailable' });
    expect(sent('rebootVirtualMachine')).toBe(1);
    await host.close();
  });

  test('a URL that is none stops the start, and is not repeated', async () => {
    const bad = `http://user:${password}@127.0.0.1/`;
    const { status, stderr } = await runCommand(['serve'], {
      env: { ...cloud.env, CLOUDSTACK_MCP_REDIS_URL: bad },
    });
    expect(status).toBe(2);
    expect(stderr).toContain('redis://');
    expect(stderr).not.toContain('c4nary');
  });
});
