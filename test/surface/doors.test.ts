import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openHost, startCloud, type Cloud, type Host } from '../support/harness.ts';

let cloud: Cloud;
let host: Host;
let all: Host;
beforeAll(async () => {
  cloud = await startCloud();
  host = await openHost({ env: cloud.env });
  all = await openHost({ env: cloud.env, flags: ['--tools', 'all'] });
});
afterAll(async () => {
  await host.close();
  await all.close();
  await cloud.close();
});

interface Match {
  tool: string;
  command: string;
  risk: string;
  summary: string;
  required: string[];
}

test('find-tools gives name, command, risk, summary and required parameters with their types', async () => {
  const { text, structured } = await host.call('find-tools', { query: 'launch a vm', limit: 3 });
  const matches = structured['matches'] as Match[];
  expect(matches.length).toBeLessThanOrEqual(3);
  expect(matches[0]).toMatchObject({
    tool: 'deploy-virtual-machine',
    command: 'deployVirtualMachine',
    risk: 'change',
    summary: expect.any(String) as string,
    required: expect.arrayContaining(['zoneid', 'serviceofferingid']) as string[],
  });
  const typed = await host.call('find-tools', { query: 'set a resource limit' });
  expect((typed.structured['matches'] as Match[])[0]).toMatchObject({ needs: { resourcetype: 'integer' } });
  expect(text).toMatch(/^deploy-virtual-machine \[change\] .+\(needs .*zoneid: uuid/);
  expect(encode(text).length).toBeLessThanOrEqual(250);
  for (const query of ['create a network', 'load balancer', 'who changed the limits', 'migrate a machine']) {
    const short = await host.call('find-tools', { query });
    for (const form of [short.text, JSON.stringify(short.structured)])
      expect(encode(form).length, query).toBeLessThanOrEqual(250);
  }

  const enabling = await host.call('find-tools', { query: 'cordon a hypervisor' });
  expect(enabling.text).toMatch(/^update-host .+\(needs id: uuid; set allocationstate=Disable/);
  expect(enabling.structured['matches']).toHaveProperty('0.set', 'allocationstate=Disable');
  const within = await host.call('find-tools', { query: 'create', toolset: 'vpc' });
  expect((within.structured['matches'] as Match[]).length).toBeLessThanOrEqual(10);
  const nothing = await host.call('find-tools', { query: 'zzzzqqqq' });
  expect(nothing).toMatchObject({
    text: expect.stringContaining('Nothing found') as string,
    structured: { matches: [], total: 0 },
  });
});

test('describe-tools gives schema, risk, releases and an example; lists may come as text', async () => {
  const { text, structured } = await host.call('describe-tools', {
    tools: ['listVMSnapshot', 'destroy-virtual-machine'],
  });
  const tools = structured['tools'] as Record<string, unknown>[];
  expect(tools.map(({ command }) => command)).toEqual(['listVMSnapshot', 'destroyVirtualMachine']);
  expect(tools[1]).toMatchObject({ risk: 'destroy', async: true, since: '4.11.0', example: { name: 'destroy' } });
  expect(text).toContain('- id* (string): ');
  const asText = await host.call('describe-tools', { tools: 'list-zones, create-tags' });
  expect((asText.structured['tools'] as Match[]).map(({ tool }) => tool)).toEqual(['list-zones', 'create-tags']);
  const shown = await host.call('describe-tools', { tools: ['createNetworkOffering', 'listVolumes', 'quotaCredits'] });
  expect(shown.text).toContain('of {service, provider}');
});

test('an example calls the right door with every required parameter', async () => {
  const commands = [
    'createTags',
    'listZones',
    'getUserKeys',
    'deleteZone',
    'createServiceOffering',
    'assignToLoadBalancerRule',
    'quotaCredits',
    'importRole',
  ];
  const { structured } = await host.call('describe-tools', { tools: commands });
  for (const { example, required, risk } of structured['tools'] as (Match & {
    example: { name: string; arguments: { arguments: Record<string, unknown> } };
  })[]) {
    expect(Object.keys(example.arguments.arguments)).toEqual(expect.arrayContaining([...required]));
    expect(example.name).toBe({ read: 'read', sensitive: 'change', change: 'change', destroy: 'destroy' }[risk]);
  }
});

const wrong: [what: string, tool: string, args: Record<string, unknown>, says: string][] = [
  ['an unknown toolset', 'find-tools', { query: 'x', toolset: 'frobs' }, 'There is no toolset "frobs"'],
  ['no query', 'find-tools', {}, 'query'],
  ['a limit too large', 'find-tools', { query: 'x', limit: 1000 }, 'limit'],
  ['an unknown tool to describe', 'describe-tools', { tools: ['list-zone'] }, 'Did you mean list-zones?'],
  ['a tool that nothing is like', 'describe-tools', { tools: ['make-me-a-sandwich'] }, 'Search with find-tools'],
  ['nothing to describe', 'describe-tools', { tools: [] }, 'tools'],
  ['no tool', 'read', {}, 'tool'],
  ['parameters beside arguments', 'read', { tool: 'list-zones', name: 'x' }, 'go into `arguments`'],
  ['arguments that are a list', 'read', { tool: 'list-zones', arguments: ['name'] }, 'arguments'],
  ['arguments that are broken text', 'read', { tool: 'list-zones', arguments: '{name' }, 'arguments'],
  ['page 0', 'read', { tool: 'list-zones', page: 0 }, 'page'],
  ['a wait too long', 'change', { tool: 'startVirtualMachine', wait: 600 }, 'wait'],
  ['no job', 'wait-for-job', {}, 'job'],
  ['a job that is none', 'wait-for-job', { job: 'my-job' }, 'jobid must be an id'],
];

/** What a server reads beside its first call, whenever that comes. */
const besides = ['listApis', 'listAccounts', 'listEvents'];
const asked = (): number => cloud.calls.filter(({ command }) => !besides.includes(command)).length;

test.each(wrong)('%s: an error with what is wrong, and nothing is sent', async (_what, tool, args, expected) => {
  await host.call('read', { tool: 'list-zones' });
  const before = asked();
  const { isError, text, structured } = await host.call(tool, args);
  expect(isError).toBe(true);
  expect(text).toContain(expected);
  expect(structured['error']).toMatchObject({ kind: 'invalid', hint: expect.stringMatching(/./) as string });
  expect(asked()).toBe(before);
});

test('arguments may come as JSON text, fields as text with commas', async () => {
  const { structured } = await host.call('read', {
    tool: 'list-zones',
    arguments: '{"name":"Frankfurt"}',
    fields: 'name, id',
  });
  expect(structured['items']).toEqual([{ name: 'Frankfurt', id: expect.any(String) as string }]);
});

test('R8: a job that nobody knows is not found', async () => {
  const { structured } = await host.call('wait-for-job', { job: '00000000-0000-4000-8000-00000000dead' });
  expect(structured['error']).toMatchObject({ kind: 'not-found' });
});

test('every spelling of a listed command runs it; an unknown tool is an error of the protocol', async () => {
  for (const name of ['list-zones', 'list_zones', 'listZones'])
    expect((await all.call(name, { name: 'Frankfurt' })).structured['count'], name).toBe(1);
  for (const name of ['list-zone', 'read', 'constructor'])
    await expect(all.call(name), name).rejects.toThrow('Unknown tool');
  for (const name of ['list-zones', 'constructor', ''])
    await expect(host.call(name), name).rejects.toThrow('Unknown tool');
});

test('a destroy that is listed as its own tool is asked about all the same', async () => {
  const { structured } = await host.call('read', { tool: 'listVirtualMachines', arguments: { listall: true } });
  const [vm] = structured['items'] as { id: string }[];
  const refused = await all.call('destroy-virtual-machine', { id: vm!.id });
  expect(refused.structured['error']).toMatchObject({ kind: 'unconfirmed' });
  expect(cloud.calls.filter(({ command }) => command === 'destroyVirtualMachine')).toEqual([]);
});
