import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openHost, runCommand, startCloud, startFake, type Cloud, type Host } from '../support/harness.ts';

let cloud: Cloud;
let host: Host;
let all: Host;
let id: string;
beforeAll(async () => {
  cloud = await startCloud();
  host = await openHost({ env: cloud.env });
  all = await openHost({ env: cloud.env, flags: ['--tools', 'all'] });
  const { structured } = await host.call('read', { tool: 'list-virtual-machines', pagesize: 1, page: 1 });
  id = (structured['items'] as { id: string }[])[0]!.id;
});
afterAll(async () => {
  await host.close();
  await all.close();
  await cloud.close();
});
beforeEach(() => {
  cloud.calls.splice(0);
});

const sent = (command: string) => cloud.calls.filter((call) => call.command === command);
const onWire = (command: string, name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(sent(command)[0]?.params ?? {}).filter(([key]) => key.startsWith(`${name}[`)));

const oneTag = { 'tags[0].key': 'foo', 'tags[0].value': 'bar' };

test.each<[what: string, tags: unknown]>([
  ['an object', { foo: 'bar' }],
  ['an object of key and value', { key: 'foo', value: 'bar' }],
  ['a list of objects', [{ foo: 'bar' }]],
  ['a list of keys and values', [{ key: 'foo', value: 'bar' }]],
  ['a text', 'foo=bar'],
  ['a list of texts', ['foo=bar']],
  ['JSON text', '{"foo":"bar"}'],
  ['JSON text of a list', '[{"key":"foo","value":"bar"}]'],
])('C25: tags as %s are one tag', async (_what, tags) => {
  await host.call('change', { tool: 'create-tags', arguments: { resourceids: [id], resourcetype: 'UserVm', tags } });
  expect(onWire('createTags', 'tags')).toEqual(oneTag);
});

test.each<[what: string, tags: unknown]>([
  ['a key without a value', { key: 'foo' }],
  ['a text that may be one tag or two', 'foo=bar,baz=qux'],
  ['two values of one key', [{ foo: 'bar' }, { foo: 'baz' }]],
  ['a text without a value', 'foo'],
])('C25: %s is refused with an example, and nothing is sent', async (_what, tags) => {
  const { isError, text } = await host.call('change', {
    tool: 'create-tags',
    arguments: { resourceids: [id], resourcetype: 'UserVm', tags },
  });
  expect(isError).toBe(true);
  expect(text).toContain('write "tags":{"foo":"bar"}');
  expect(sent('createTags')).toEqual([]);
});

test.each<[what: string, args: Record<string, unknown>]>([
  ['as an object', { details: { cpuNumber: 2, memory: '2048' } }],
  ['as rows', { 'details[0].cpuNumber': '2', 'details[0].memory': '2048' }],
  ['as names with a dot', { 'details.cpuNumber': '2', 'details.memory': '2048' }],
  ['as a list with one object', { details: [{ cpuNumber: '2', memory: '2048' }] }],
])('C25b: details %s are the same to MCP and to the command line', async (_what, details) => {
  const args = {
    zoneid: 'Frankfurt',
    templateid: 'Ubuntu 24.04 LTS',
    serviceofferingid: 'Small Instance',
    ...details,
  };
  await host.call('change', { tool: 'deploy-virtual-machine', arguments: args });
  const expected = { 'details[0].cpuNumber': '2', 'details[0].memory': '2048' };
  expect(onWire('deployVirtualMachine', 'details')).toEqual(expected);
  const words = Object.entries(args).map(([name, value]) =>
    typeof value === 'string' ? `${name}=${value}` : `${name}=${JSON.stringify(value)}`,
  );
  const { stdout } = await runCommand(['call', 'deploy-virtual-machine', ...words, '--dry-run'], { env: cloud.env });
  expect((JSON.parse(stdout) as { params: object }).params).toMatchObject(expected);
});

test.each<[what: string, given: Record<string, unknown>]>([
  ['a list', { fields: ['id', 'name'] }],
  ['JSON text', { fields: '["id","name"]' }],
  ['a text with commas', { fields: 'id, name' }],
  ['other letters', { fields: ['ID', 'Name'] }],
  ["cloudmonkey's filter", { filter: 'id,name' }],
  ["cloudmonkey's filter among the parameters", { arguments: { filter: 'id,name' } }],
])('M05, N18: fields as %s', async (_what, given) => {
  const { structured } = await host.call('read', { tool: 'list-zones', ...given });
  const [zone] = structured['items'] as object[];
  expect(Object.keys(zone!)).toEqual(['id', 'name']);
});

test('N03: fields of a tool of its own, of a change, and of the command line', async () => {
  const { structured } = await all.call('list-zones', { fields: ['id', 'name'] });
  expect(Object.keys((structured['items'] as object[])[0]!)).toEqual(['id', 'name']);
  const made = await host.call('change', {
    tool: 'create-affinity-group',
    arguments: { name: 'of-fields', type: 'host anti-affinity' },
    fields: ['name', 'type'],
  });
  expect(made.structured['item']).toEqual({ name: 'of-fields', type: 'host anti-affinity' });
  for (const words of [['--fields', 'id,name'], ['filter=id,name']]) {
    const { stdout } = await runCommand(['call', 'list-zones', ...words, '-o', 'json'], { env: cloud.env });
    expect(Object.keys((JSON.parse(stdout) as { items: object[] }).items[0]!)).toEqual(['id', 'name']);
  }
});

test('C03b, D11, part 4.6: a field that does not exist is refused with the nearest one, through every door', async () => {
  for (const [door, tool, args] of [
    [host, 'read', { tool: 'list-zones', fields: ['id', 'nmae'] }],
    [host, 'read', { tool: 'list-zones', arguments: { filter: 'id,nmae' } }],
    [all, 'list-zones', { fields: 'id,nmae' }],
  ] as const) {
    cloud.calls.splice(0);
    const { isError, text } = await door.call(tool, args);
    expect(isError).toBe(true);
    expect(text).toContain('listZones shows no field "nmae"; did you mean name?');
    expect(sent('listZones')).toEqual([]);
  }
  const { status, stderr, stdout } = await runCommand(['call', 'list-zones', '--fields', 'nmae'], { env: cloud.env });
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain('did you mean name?');
});

test('a field that is empty in all rows is told from one that does not exist', async () => {
  const { text, structured, isError } = await host.call('read', {
    tool: 'list-zones',
    fields: ['name', 'description'],
  });
  expect(isError).toBeUndefined();
  expect(structured['notes']).toEqual(['Empty in these rows: description.']);
  expect(text).toContain('Empty in these rows: description.');
});

test('M02, M03: null and empty texts count as not given', async () => {
  const plain = await host.call('read', { tool: 'list-zones' });
  for (const nothing of [null, '']) {
    const given = {
      fields: nothing,
      page: nothing,
      pagesize: nothing,
      scope: nothing,
      fresh: nothing,
      profile: nothing,
    };
    const { structured } = await host.call('read', { tool: 'list-zones', ...given });
    expect(structured['items']).toEqual(plain.structured['items']);
    expect(
      (await host.call('find-tools', { query: 'zones', toolset: nothing, limit: nothing })).isError,
    ).toBeUndefined();
  }
  const { text, structured } = await host.call('read', { tool: 'list-zones', arguments: { name: '' }, fresh: true });
  expect(structured['items']).toEqual(plain.structured['items']);
  expect(text).toContain('name was empty and was left out.');
});

test('M02: a call whose arguments are null is a call without any', async () => {
  const { tools } = await all.client.listTools();
  expect(tools.length).toBeGreaterThan(0);
  const result = await all.client.callTool({
    name: 'list-zones',
    arguments: null as unknown as Record<string, unknown>,
  });
  expect(result.isError).toBeUndefined();
});

const large = '9007199254740993';

test('C45: numbers beyond 2^53 keep their digits in text, data, and every format of the command line', async () => {
  const fake = await startFake((_command, response) =>
    response.end(
      `{"listvolumesresponse":{"count":1,"volume":[{"id":"v","name":"a","miniops":${large},"maxiops":9223372036854775807}]}}`,
    ),
  );
  const env = { ...fake.env, CLOUDSTACK_MCP_DISCOVER: 'false' };
  const other = await openHost({ env });
  const fields = ['id', 'miniops', 'maxiops'];
  const { text, structured } = await other.call('read', { tool: 'list-volumes', fields });
  for (const digits of [large, '9223372036854775807']) {
    expect(JSON.stringify(structured)).toContain(digits);
    expect(text).toContain(digits);
    for (const format of ['json', 'yaml', 'csv', 'table']) {
      const { stdout } = await runCommand(['call', 'list-volumes', '--fields', fields.join(), '-o', format], { env });
      expect(stdout, format).toContain(digits);
    }
  }
  await other.close();
  await fake.close();
});

test('a number beyond 2^53 is sent with all its digits as text, and refused as a number, which has lost some', async () => {
  const args = { name: 'v', zoneid: 'Frankfurt', diskofferingid: 'Custom' };
  const { stdout } = await runCommand(
    ['call', 'create-volume', ...Object.entries(args).map(([k, v]) => `${k}=${v}`), `maxiops=${large}`, '--dry-run'],
    { env: cloud.env },
  );
  expect((JSON.parse(stdout) as { params: Record<string, string> }).params['maxiops']).toBe(large);
  const { isError, text } = await host.call('change', {
    tool: 'create-volume',
    arguments: { ...args, maxiops: Number(large) },
  });
  expect(isError).toBe(true);
  expect(text).toContain('give it as text');
  expect(sent('createVolume')).toEqual([]);
});
