import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { findValues } from '../../src/catalog/values.ts';
import { readLeniently } from '../../src/validate/lenient.ts';
import { spellValues } from '../../src/validate/values.ts';
import { acceptAll, openHost, runCommand, startCloud, startFake, type Cloud, type Host } from '../support/harness.ts';

// What people write and CloudStack would read as something else, without a word: it is sent as it is meant, or refused.

let cloud: Cloud;
let host: Host;
beforeAll(async () => {
  cloud = await startCloud();
  host = await openHost({ env: cloud.env, human: acceptAll });
});
afterAll(async () => {
  await host.close();
  await cloud.close();
});
beforeEach(() => {
  cloud.calls.splice(0);
});
const last = (command: string) => cloud.calls.filter((call) => call.command === command).at(-1)?.params ?? {};

test.each([
  ['yes', 'true'],
  ['Yes', 'true'],
  [' on ', 'true'],
  ['1', 'true'],
  [1, 'true'],
  ['TRUE', 'true'],
  ['no', 'false'],
  ['off', 'false'],
  ['0', 'false'],
  [0, 'false'],
])('a yes or a no as %j is sent as %s, at both doors', async (forvpc, sent) => {
  await host.call('read', { tool: 'list-networks', arguments: { forvpc }, fresh: 'yes' });
  expect(last('listNetworks')).toMatchObject({ forvpc: sent });
  cloud.calls.splice(0);
  await runCommand(['call', 'list-networks', `forvpc=${forvpc}`], { env: cloud.env });
  expect(last('listNetworks')).toMatchObject({ forvpc: sent });
});

test.each(['ja', 'y', 2, '', 'true,false'])('%j is neither a yes nor a no: nothing is sent', async (forvpc) => {
  const { text } = await host.call('change', {
    tool: 'create-network-offering',
    arguments: { name: 'n', displaytext: 'n', guestiptype: 'Isolated', traffictype: 'Guest', forvpc },
  });
  expect(text).toContain('forvpc must be true or false');
  expect(last('createNetworkOffering')).toEqual({});
});

test('over the catalog: each parameter that is true or false takes all of these words', () => {
  for (const { command, ...tool } of loadCatalog().tools)
    for (const { name, type } of command.params)
      if (type === 'boolean')
        for (const [word, meant] of [
          ['yes', true],
          ['OFF', false],
          ['0', false],
        ] as const)
          expect(readLeniently({ command, ...tool }, { [name]: word }).values[name], `${command.name}.${name}`).toBe(
            meant,
          );
});

test('over the catalog: a known value in another letter case is sent in CloudStack’s own, also where plug-ins may add others', () => {
  for (const { command } of loadCatalog().tools)
    for (const { name, type } of command.params) {
      const set = type === 'string' ? findValues(command.name, name) : undefined;
      for (const value of set?.open ? set.values : []) {
        const values = { [name]: String(value).toUpperCase() };
        expect(spellValues(command, values, undefined).problems.size, `${command.name}.${name}`).toBe(0);
        expect(String(values[name]).toLowerCase(), `${command.name}.${name}`).toBe(String(value).toLowerCase());
        if (set!.values.filter((one) => String(one).toLowerCase() === String(value).toLowerCase()).length === 1)
          expect(String(values[name]), `${command.name}.${name}`).toBe(String(value));
        const own = { [name]: 'a-plugin-of-ours' };
        expect(spellValues(command, own, undefined).problems.size).toBe(0);
        expect(own[name]).toBe('a-plugin-of-ours');
      }
    }
});

test('an affinity group of a type in another letter case is made; CloudStack takes its own case only', async () => {
  const { isError } = await host.call('change', {
    tool: 'create-affinity-group',
    arguments: { name: 'apart', type: 'Host Anti-Affinity' },
  });
  expect(isError).toBeFalsy();
  expect(last('createAffinityGroup')).toMatchObject({ type: 'host anti-affinity' });
});

test('a schedule in europe/berlin runs in Europe/Berlin, not in GMT; CEST is refused', async () => {
  const { structured } = await host.call('read', { tool: 'list-volumes', pagesize: 1, page: 1, fields: ['id'] });
  const [{ id: volumeid }] = structured['items'] as [{ id: string }];
  const policy = { volumeid, intervaltype: 'DAILY', schedule: '30:03', maxsnaps: 2 };
  const make = (timezone: string) =>
    host.call('change', { tool: 'create-snapshot-policy', arguments: { ...policy, timezone } });
  const made = await make('europe/berlin');
  expect(last('createSnapshotPolicy')).toMatchObject({ timezone: 'Europe/Berlin' });
  expect(made.text).toContain('It runs every day 03:30 Europe/Berlin.');
  cloud.calls.splice(0);
  expect((await make('CEST')).text).toContain('timezone must be a time zone');
  expect(last('createSnapshotPolicy')).toEqual({});
});

test.each(['{ID}', 'urn:uuid:ID', ' {ID} '])('an id as %s is that id', async (form) => {
  const all = await host.call('read', { tool: 'list-zones' });
  const [{ id, name }] = all.structured['items'] as [{ id: string; name: string }];
  cloud.calls.splice(0);
  const { text } = await host.call('read', {
    tool: 'list-zones',
    arguments: { id: form.replace('ID', id.toUpperCase()) },
    fresh: true,
  });
  expect(text).toContain(`name: ${name}`);
  expect(last('listZones')).toMatchObject({ id });
});

test.each(['mcp__cloudstack__list-zones', 'cloudstack:list-zones', 'cloudstack.listZones', 'tools/list_zones'])(
  'a tool by the name that a host shows: %s',
  async (tool) => {
    expect((await host.call('read', { tool })).isError).toBeFalsy();
  },
);

test('several filters of an empty list are spoken of as several', async () => {
  const args = { startdate: '1999-01-01', enddate: '1999-01-02' };
  const { text } = await host.call('read', { tool: 'list-events', arguments: args });
  expect(text).toContain('None matches startdate and enddate: without them the list shows what there is.');
});

const zones = '{"listzonesresponse":{"count":1,"zone":[{"id":"6a97b44e-2dd4-45fa-be38-fa2d7174a38e","name":"Z"}]}}';
test.each<[what: string, headers: Record<string, string>, body: string, expected: RegExp]>([
  ['with a byte order mark', {}, `\ufeff${zones}`, /Z/],
  [
    'compressed unasked',
    { 'content-encoding': 'gzip' },
    '\u001f\ufffd',
    /the answer \(HTTP 200\) is compressed \(gzip\), although/,
  ],
  ['of words', {}, 'Not Found', /the answer \(HTTP 200\) is not JSON: Not Found/],
  ['cut', {}, zones.slice(0, 40), /the answer \(HTTP 200\) is incomplete JSON/],
])('an answer %s', async (_what, headers, body, expected) => {
  const fake = await startFake((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers });
    response.end(body);
  });
  const env = { ...fake.env, CLOUDSTACK_RETRIES: '0', CLOUDSTACK_MCP_DISCOVERY: 'false' };
  const { stdout, stderr } = await runCommand(['call', 'list-zones', '--fields', 'name'], { env });
  await fake.close();
  expect(stdout + stderr).toMatch(expected);
});

test('the URL of the web interface leads to the API, and a key with a line end is the key', async () => {
  const { origin } = new URL(cloud.url);
  for (const url of [`${origin}/client/#/user/login`, `${origin}/client/api?response=json`, `${origin}/#/dashboard`]) {
    const env = { ...cloud.env, CLOUDSTACK_API_URL: url, CLOUDSTACK_API_KEY: ` ${cloud.env['CLOUDSTACK_API_KEY']}\n` };
    expect((await runCommand(['call', 'list-zones'], { env })).status, url).toBe(0);
  }
});

test.each(['"', "'", '“'])('a key in quotes (%s) is named at once, and not shown', async (quote) => {
  const key = cloud.env['CLOUDSTACK_API_KEY']!;
  const env = { ...cloud.env, CLOUDSTACK_API_KEY: `${quote}${key}${quote}` };
  const { status, stderr } = await runCommand(['call', 'list-zones'], { env });
  expect(status).toBe(2);
  expect(stderr).toContain('apiKey has quotes around it');
  expect(stderr).not.toContain(key);
  expect(cloud.calls).toEqual([]);
});
