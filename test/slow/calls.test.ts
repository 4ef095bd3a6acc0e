import { afterEach, beforeEach, expect, test } from 'vitest';
import { startCloud, type Asked, type Cloud } from '../support/harness.ts';
import { openClient, startDoor, type ClientOptions, type Door } from '../support/door.ts';
import { expectCancelEndsLooks, startEndlessJobs } from '../support/endless-jobs.ts';
import { createTestClock } from '../simulator/clock.ts';

let cloud: Cloud;
let door: Door;
beforeEach(async () => {
  cloud = await startCloud({ jobMillis: 60 });
  door = await startDoor({ env: cloud.env });
});
afterEach(async () => {
  await door.close();
  await cloud.close();
});

const protocols = ['old', 'new'] as const;
const sent = (): number => cloud.calls.filter(({ command }) => command === 'destroyVirtualMachine').length;
const quoted = ({ message }: Asked): string => /"([^"]*)"/.exec(message)?.[1] ?? '';

const firstVm = async (options: ClientOptions) => {
  const host = await openClient(door, options);
  const { structured } = await host.call('read', {
    tool: 'listVirtualMachines',
    arguments: { listall: true },
    fields: ['id', 'name'],
  });
  const [vm] = structured['items'] as { id: string; name: string }[];
  return { host, vm: vm! };
};

test.each(protocols)('%s era: tools are listed, a command is found, described and run', async (protocol) => {
  const host = await openClient(door, { protocol });
  const { tools } = await host.client.listTools();
  expect(tools.map(({ name }) => name)).toContain('destroy');
  expect((await host.call('find-tools', { query: 'list zones' })).text).toContain('list-zones');
  expect((await host.call('describe-tools', { tools: ['list-zones'] })).text).toContain('listZones');
  const zones = await host.call('read', { tool: 'list-zones' });
  expect(zones.text).toContain('Frankfurt');
  await expect(host.client.callTool({ name: 'no-such-tool', arguments: {} })).rejects.toThrow('Unknown tool');
  await host.close();
  expect(door.audit()).toMatchObject([{ command: 'listZones', principal: 'local', host: 'web-host 1.0.0' }]);
});

test.each(protocols)('%s era: after a yes a destroy leaves once', async (protocol) => {
  const asked: Asked[] = [];
  const { host, vm } = await firstVm({
    protocol,
    human: (question) => {
      asked.push(question);
      return { action: 'accept', content: { confirm: true } };
    },
  });
  const result = await host.call('destroy', { tool: 'destroy-virtual-machine', arguments: { id: vm.name } });
  expect(result.isError, result.text).toBeUndefined();
  expect(asked).toHaveLength(1);
  expect(sent()).toBe(1);
  await host.close();
});

test.each(protocols)(
  '%s era: what cannot be undone wants the name typed; a no or nobody to ask is a no',
  async (protocol) => {
    let answer: (asked: Asked) => unknown = () => ({ action: 'decline' });
    const { host, vm } = await firstVm({ protocol, human: (asked) => answer(asked) });
    const args = { tool: 'destroy-virtual-machine', arguments: { id: vm.id, expunge: true } };
    expect((await host.call('destroy', args)).structured['error']).toMatchObject({ kind: 'unconfirmed' });
    answer = () => ({ action: 'accept', content: { phrase: 'something else' } });
    expect((await host.call('destroy', args)).structured['error']).toMatchObject({ kind: 'unconfirmed' });
    const mute = await openClient(door, { protocol });
    expect((await mute.call('destroy', args)).isError).toBe(true);
    expect(sent()).toBe(0);
    answer = (asked) => ({ action: 'accept', content: { phrase: quoted(asked) } });
    expect((await host.call('destroy', args)).isError).toBeUndefined();
    expect(sent()).toBe(1);
    await host.close();
    await mute.close();
  },
);

test.each(protocols)('%s era: a deploy reports progress, then the virtual machine', async (protocol) => {
  // The job is done when its progress has been seen.
  const clock = createTestClock(Date.now());
  const timed = await startCloud({ jobMillis: 60, clock });
  const other = await startDoor({ env: timed.env });
  const seen: string[] = [];
  const onprogress = (message: string): void => {
    seen.push(message);
    clock.pass(60);
  };
  const host = await openClient(other, { protocol, onprogress });
  const { structured, text } = await host.call('change', {
    tool: 'deploy-virtual-machine',
    arguments: {
      name: 'web-vm',
      zoneid: 'Frankfurt',
      serviceofferingid: 'Small Instance',
      templateid: 'Ubuntu 24.04 LTS',
    },
  });
  expect(structured['item'], text).toMatchObject({ name: 'web-vm', state: 'Running' });
  expect(seen[0]).toContain('deployVirtualMachine');
  await host.close();
  await other.close();
  await timed.close();
});

test.each(protocols)('%s era: a cancelled call stops looking at its job', async (protocol) => {
  const jobs = await startEndlessJobs();
  const other = await startDoor({ env: jobs.env });
  const host = await openClient(other, { protocol });
  await expectCancelEndsLooks(jobs, { call: host.call, audit: other.audit });
  await host.close();
  await other.close();
  await jobs.close();
});

test('an answer to a question of one principal is no answer for another call', async () => {
  const { vm } = await firstVm({});
  const envelope = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } },
    'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
  };
  const ask = async (params: object) => {
    const response = await fetch(door.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'destroy',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { ...params, _meta: envelope } }),
    });
    return (await response.json()) as { result?: any; error?: any };
  };
  const call = { name: 'destroy', arguments: { tool: 'destroyVirtualMachine', arguments: { id: vm.id } } };
  const { result } = await ask(call);
  expect(result.resultType).toBe('input_required');
  const reply = { confirm: { action: 'accept', content: { confirm: true } } };
  const forged = await ask({ ...call, inputResponses: reply, requestState: `${result.requestState}x` });
  expect(forged.error ?? forged.result).toBeDefined();
  expect(sent()).toBe(0);
  const other = { ...call, arguments: { ...call.arguments, arguments: { id: vm.id, expunge: true } } };
  await ask({ ...other, inputResponses: reply, requestState: result.requestState });
  expect(sent()).toBe(0);
  expect((await ask({ ...call, inputResponses: reply, requestState: result.requestState })).result.isError).toBeFalsy();
  expect(sent()).toBe(1);
  await ask({ ...call, inputResponses: reply, requestState: result.requestState });
  expect(sent()).toBe(1);
});
