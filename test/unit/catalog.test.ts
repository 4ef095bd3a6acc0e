import { expect, test } from 'vitest';
import { joinCatalog, loadCatalog } from '../../src/catalog/catalog.ts';
import { findKind, kindOfParameter, takesName } from '../../src/catalog/kinds.ts';
import { joinCommand, liveCommand, type LiveApi } from '../../src/catalog/live.ts';
import { compareReleases, inReleases } from '../../src/catalog/releases.ts';
import { toInputSchema } from '../../src/catalog/schema.ts';
import { createSearch } from '../../src/search/search.ts';
import { diffCommands, formatCommands, formatLines, syncCommands } from '../../src/catalog/sync.ts';
import { syncResponses } from '../../src/catalog/sync-responses.ts';
import type { Command, CommandsFile, ResponseType } from '../../src/catalog/types.ts';

// releases

test.each([
  ['4.9.0', '4.11.0', -1],
  ['4.11.0', '4.11.0', 0],
  ['4.22.1', '4.22.0', 1],
  ['4.22', '4.22.0', 0],
  ['4.22.0.1', '4.22.0', 1],
  ['4.22.1.0', '4.22.1', 0],
  ['4.9', '4.23', -1],
  ['4.23', '4.100', -1],
  ['4.100.0', '24.0.0', -1],
])('%s against %s', (a, b, order) => expect(Math.sign(compareReleases(a, b))).toBe(order));

test.each([
  ['4.11.0-4.13.1 4.15.0-4.22.1', '4.12.0', true],
  ['4.11.0-4.13.1 4.15.0-4.22.1', '4.13.1', true],
  ['4.11.0-4.13.1 4.15.0-4.22.1', '4.14.0', false],
  ['4.11.0-4.13.1 4.15.0-4.22.1', '4.15.0', true],
  ['4.11.0-4.13.1 4.15.0-4.22.1', '4.9.0', false],
  ['4.11.0-4.13.1 4.15.0-4.22.1', '4.23.0', false],
])('is %s %s: %s', (ranges, release, is) => expect(inReleases(ranges, release)).toBe(is));

// what a cloud says of its commands

test('D17: a command that nobody knows comes in with what the cloud says of it', () => {
  const api: LiveApi = {
    name: 'listFrobs',
    isasync: true,
    params: [
      { name: 'id', type: 'uuid', required: true },
      { name: 'size', type: 'float' },
      { name: 'when', type: 'tzdate' },
      { name: 'ids', type: 'list' },
      { name: 'details', type: 'map' },
      { name: 'odd', type: 'frob' },
      { name: 'plain' },
    ],
  };
  expect(liveCommand(api)).toMatchObject({
    name: 'listFrobs',
    async: true,
    result: 'list',
    releases: 'unknown',
    wrapper: 'listfrobsresponse',
    params: [
      { name: 'id', type: 'uuid', required: true },
      { name: 'size', type: 'double' },
      { name: 'when', type: 'date' },
      { name: 'ids', type: 'list', of: 'string' },
      { name: 'details', type: 'map', map: { form: 'pairs' } },
      { name: 'odd', type: 'string' },
      { name: 'plain', type: 'string' },
    ],
  });
  expect(liveCommand({ name: 'frobAll' }, '4.23.0')).toMatchObject({
    result: 'object',
    params: [],
    releases: '4.23.0-4.23.0',
  });
});

test('a parameter that only the cloud has takes the kind that its name has everywhere else', () => {
  const { params } = liveCommand({
    name: 'failoverVirtualMachine',
    params: [
      { name: 'virtualmachineid', type: 'uuid', required: true },
      { name: 'networkids', type: 'list' },
      { name: 'id', type: 'uuid' },
      { name: 'zoneid', type: 'string' },
    ],
  });
  expect(params.map(({ name, kind, of }) => [name, kind, of])).toEqual([
    ['virtualmachineid', 'UserVm', undefined],
    ['networkids', 'Network', 'uuid'],
    ['id', undefined, undefined],
    ['zoneid', undefined, undefined],
  ]);
});

test('the catalog is joined with the cloud: its commands, its parameters, its requirements', () => {
  const live = joinCatalog([
    {
      name: 'listZones',
      isasync: false,
      params: [
        { name: 'ID', type: 'uuid' },
        { name: 'name', type: 'string', required: true },
        { name: 'plugin', type: 'integer' },
      ],
    },
    { name: 'startVirtualMachine' },
    { name: 'frobnicateCloud' },
  ]);
  expect(live.tools.map(({ name }) => name)).toEqual(['list-zones', 'start-virtual-machine', 'frobnicate-cloud']);
  expect(live.find('destroyVirtualMachine')).toBeUndefined();
  expect(live.nearest('destroyVirtualMachine')?.name).not.toBe('destroy-virtual-machine');

  const zones = live.find('listZones')!;
  expect(zones.command.params.map(({ name, type, required }) => [name, type, required])).toEqual([
    ['id', 'uuid', undefined],
    ['name', 'string', true],
    ['plugin', 'integer', undefined],
  ]);
  expect(zones.risk.risk).toBe('read');
  expect(zones.toolset).toBe('zone-pod-cluster');

  const start = live.find('startVirtualMachine')!;
  expect(start.command).toEqual(loadCatalog().find('startVirtualMachine')!.command);

  const unknown = live.find('frobnicate-cloud')!;
  expect(unknown).toMatchObject({
    toolset: 'other',
    summary: 'Run frobnicateCloud (not in the catalog)',
    risk: { risk: 'destroy', severity: 'critical', category: 'unknown', reversible: false },
  });
  expect(unknown.risk.phrase).toBeTruthy();
  expect(unknown.risk.warning).toBeTruthy();
});

test('what was asynchronous is so only where the cloud says it', () => {
  const start = loadCatalog().find('startVirtualMachine')!.command;
  expect(start.async).toBe(true);
  expect(joinCommand(start, { name: 'startVirtualMachine', params: [] }).async).toBeUndefined();
  expect(joinCommand(start, { name: 'startVirtualMachine', isasync: true, params: [] }).async).toBe(true);
});

// sync and diff

const command = (name: string, more: Partial<Command> = {}): Command => ({
  name,
  releases: '4.11.0-4.22.1',
  result: 'object',
  wrapper: `${name.toLowerCase()}response`,
  key: null,
  response: 'X',
  params: [],
  ...more,
});
const releases = ['4.11.0', '4.13.0', '4.15.0', '4.22.1'];
const file = (...commands: Command[]): CommandsFile => ({ date: '2026-01-01', releases, commands });
const parameters = (...names: string[]) => names.map((name) => ({ name, type: 'string' }) as const);

test('a release adds commands, parameters and itself, and forgets nothing', () => {
  const before = file(
    command('keepAll', { params: [{ name: 'id', type: 'uuid', required: true, kind: 'Zone' }] }),
    command('goneNow'),
    command('changed', { async: true, params: parameters('old', 'Same') }),
  );
  const after = syncCommands(
    before,
    [
      { name: 'keepAll', params: [{ name: 'ID', type: 'uuid' }] },
      {
        name: 'changed',
        params: [
          { name: 'same', required: true },
          { name: 'brandnew', type: 'integer' },
        ],
      },
      { name: 'newOne', isasync: true, params: [{ name: 'a' }] },
    ],
    '4.23.0',
  );
  expect(after.releases).toEqual([...releases, '4.23.0']);
  const by = (name: string) => after.commands.find((found) => found.name === name)!;
  expect(by('keepAll')).toEqual({
    ...before.commands[0],
    releases: '4.11.0-4.23.0',
    params: [{ name: 'id', type: 'uuid', kind: 'Zone' }],
  });
  expect(by('goneNow')).toEqual(before.commands[1]);
  expect(by('changed').async).toBeUndefined();
  expect(by('changed').params).toEqual([
    { name: 'Same', type: 'string', required: true },
    { name: 'brandnew', type: 'integer', releases: '4.23.0-4.23.0' },
    { name: 'old', type: 'string', releases: '4.11.0-4.22.1' },
  ]);
  expect(by('newOne')).toMatchObject({ async: true, releases: '4.23.0-4.23.0' });
});

test.each([
  ['4.22.1', '4.11.0-4.13.0 4.22.1-4.22.1'],
  ['4.15.0', '4.11.0-4.15.0'],
  ['4.13.0', '4.11.0-4.13.0'],
  ['4.9.0', '4.9.0-4.9.0 4.11.0-4.13.0'],
])('a range seen again in %s is %s', (release, ranges) => {
  const known = file(
    command('x', { releases: '4.11.0-4.13.0', params: [{ name: 'p', type: 'string', releases: '4.11.0-4.13.0' }] }),
  );
  const [synced] = syncCommands(known, [{ name: 'x', params: [{ name: 'p' }] }], release).commands;
  expect(synced!.releases).toBe(ranges);
  expect(synced!.params[0]!.releases).toBe(ranges);
});

test('to learn a release twice is to learn it once', () => {
  const apis: LiveApi[] = [
    { name: 'x', params: [{ name: 'q' }] },
    { name: 'y', isasync: true },
  ];
  const once = syncCommands(file(command('x', { params: parameters('p') })), apis, '4.23.0');
  expect(syncCommands(once, apis, '4.23.0')).toEqual(once);
});

test('a parameter that a release within the range lacks stays as it is', () => {
  const known = file(command('x', { params: parameters('p') }));
  expect(syncCommands(known, [{ name: 'x', params: [] }], '4.15.0').commands[0]!.params).toEqual(parameters('p'));
});

const fields = (...names: string[]) => names.map((name) => ({ name, type: 'string' }));
const responseTypes: ResponseType[] = [
  { name: 'Success', fields: [{ name: 'success', type: 'boolean' }] },
  {
    name: 'Machine',
    fields: [
      { name: 'id', type: 'string' },
      { name: 'nic', type: 'object', list: true, ref: 'Nic' },
      { name: 'old', type: 'string', releases: '4.15.0-4.22.1' },
    ],
  },
  { name: 'Nic', fields: [{ name: 'mac', type: 'string' }] },
  { name: 'Planner', fields: [{ name: 'name', type: 'string' }] },
  { name: 'Provider', fields: [{ name: 'name', type: 'string' }] },
];
const knownCommands = file(
  command('listMachines', { result: 'list', key: 'machine', response: 'Machine' }),
  command('startMachine', { key: 'virtualmachine', response: 'Machine' }),
  command('deleteMachine', { result: 'success', response: 'Success' }),
  command('listPlanners', { result: 'list', key: 'planner', response: 'Planner' }),
  command('listProviders', { result: 'list', key: 'provider', response: 'Provider' }),
);
const machineFields = [
  ...fields('id', 'old', 'jobid', 'jobstatus'),
  { name: 'nic', type: 'set', response: fields('mac') },
  {},
];
const knownApis: LiveApi[] = [
  { name: 'listMachines', response: machineFields },
  { name: 'startMachine', response: machineFields },
  { name: 'deleteMachine', response: fields('success') },
  { name: 'listPlanners', response: fields('name') },
  { name: 'listProviders', response: fields('name') },
];

test.each<[string, LiveApi, object]>([
  [
    'a known type, under the key that its commands use',
    { name: 'failoverMachine', response: machineFields },
    { response: 'Machine', result: 'object', key: 'virtualmachine' },
  ],
  [
    'a list of a known type',
    { name: 'listSpareMachines', response: machineFields },
    { response: 'Machine', result: 'list', key: 'machine' },
  ],
  [
    'a success',
    { name: 'deleteZones', response: fields('success') },
    { response: 'Success', result: 'success', key: null },
  ],
  [
    'a type that nobody knows',
    { name: 'listDnsZones', response: fields('id', 'dns') },
    { response: 'DnsZone', result: 'list', key: 'dnszone' },
  ],
  [
    'a shape that several types have',
    { name: 'listDnsProviders', response: fields('name') },
    { response: 'DnsProvider', result: 'list', key: 'dnsprovider' },
  ],
  [
    'a noun that another type has already',
    { name: 'exportMachine', response: fields('url') },
    { response: 'ExportMachine', result: 'object', key: 'exportmachine' },
  ],
])('what a new command answers with is read from listApis: %s', (_what, api, expected) => {
  const { responses } = syncResponses(knownCommands, responseTypes, [...knownApis, api], '4.23.0');
  expect(responses.get(api.name)).toEqual(expected);
  expect([...responses.keys()]).toEqual([api.name]);
  const { commands } = syncCommands(knownCommands, [api], '4.23.0', responses);
  expect(commands.find(({ name }) => name === api.name)).toMatchObject(expected);
});

test('new types have the fields that listApis names; those within them are found, too', () => {
  const zone = [
    { name: 'id', type: 'string' },
    { name: 'port', type: 'integer' },
    { name: 'state', type: 'resourcestate' },
    { name: 'servers', type: 'list' },
    { name: 'nic', type: 'list', response: fields('mac') },
    { name: 'owner', type: 'ownerresponse', response: fields('account', 'domain') },
  ];
  const apis: LiveApi[] = [
    ...knownApis,
    { name: 'createDnsZone', response: zone },
    { name: 'listDnsZones', response: zone },
  ];
  const { types, responses } = syncResponses(knownCommands, responseTypes, apis, '4.23.0');
  expect([...responses.values()].map(({ response }) => response)).toEqual(['DnsZone', 'DnsZone']);
  expect(types.slice(responseTypes.length)).toEqual([
    {
      name: 'DnsZoneOwner',
      fields: [
        { name: 'account', type: 'string' },
        { name: 'domain', type: 'string' },
      ],
    },
    {
      name: 'DnsZone',
      fields: [
        { name: 'id', type: 'string' },
        { name: 'port', type: 'integer' },
        { name: 'state', type: 'string' },
        { name: 'servers', type: 'string', list: true },
        { name: 'nic', type: 'object', list: true, ref: 'Nic' },
        { name: 'owner', type: 'object', ref: 'DnsZoneOwner' },
      ],
    },
  ]);
  const once = syncCommands(knownCommands, apis, '4.23.0', responses);
  expect(syncResponses(once, types, apis, '4.23.0')).toEqual({ types, responses: new Map() });
});

test('an id is of the kind with which the related commands answer', () => {
  const params = [
    { name: 'id', type: 'uuid', related: 'startMachine,listMachines' },
    { name: 'spares', type: 'list', related: 'listMachines' },
    { name: 'other', type: 'uuid', related: 'listFrobs' },
    { name: 'text', type: 'string', related: 'listMachines' },
  ];
  const { commands } = syncCommands(knownCommands, [{ name: 'failoverMachine', params }], '4.23.0');
  expect(commands.at(-1)!.params.map(({ name, kind, of }) => [name, kind, of])).toEqual([
    ['id', 'Machine', undefined],
    ['spares', 'Machine', 'uuid'],
    ['other', undefined, undefined],
    ['text', undefined, undefined],
  ]);
});

test('a type gets the fields that a release brings, and forgets none', () => {
  const [first] = knownApis;
  const api = { ...first!, response: [...fields('id', 'old'), { name: 'fresh', type: 'boolean' }] };
  const { types } = syncResponses(knownCommands, responseTypes, [api], '4.23.0');
  expect(types.find(({ name }) => name === 'Machine')!.fields).toEqual([
    { name: 'id', type: 'string' },
    { name: 'nic', type: 'object', list: true, ref: 'Nic' },
    { name: 'old', type: 'string', releases: '4.15.0-4.23.0' },
    { name: 'fresh', type: 'boolean', releases: '4.23.0-4.23.0' },
  ]);
});

test('an answer that listApis said nothing of is taken over when it does', () => {
  const silent = syncCommands(knownCommands, [{ name: 'listFrobs' }], '4.23.0');
  const apis: LiveApi[] = [{ name: 'listFrobs', response: fields('id', 'frob') }];
  const { responses } = syncResponses(silent, responseTypes, apis, '4.23.0');
  const frobs = syncCommands(silent, apis, '4.23.0', responses).commands.find(({ name }) => name === 'listFrobs');
  expect(frobs).toMatchObject({ response: 'Frob', result: 'list', key: 'frob', releases: '4.23.0-4.23.0' });
});

test('what differs is told a line each', () => {
  const known = file(
    command('same', { params: parameters('a') }),
    command('changed', {
      params: [
        { name: 'a', type: 'string', required: true },
        { name: 'b', type: 'string' },
        { name: 'c', type: 'string' },
      ],
    }),
    command('quick', { async: true }),
    command('gone'),
  );
  const { changes, missing } = diffCommands(known, [
    { name: 'same', params: [{ name: 'A' }] },
    {
      name: 'changed',
      isasync: true,
      params: [{ name: 'a' }, { name: 'b', required: true }, { name: 'd', type: 'list' }, { name: 'e' }],
    },
    { name: 'quick' },
    { name: 'new', params: [{ name: 'a' }, { name: 'b' }] },
    { name: 'bare' },
  ]);
  expect(changes).toEqual([
    '~ changed: now asynchronous',
    '+ changed.d (list)',
    '+ changed.e (string)',
    '- changed.c',
    '~ changed.a: no longer required',
    '~ changed.b: now required',
    '~ quick: no longer asynchronous',
    '+ new (new command, 2 parameters)',
    '+ bare (new command, 0 parameters)',
  ]);
  expect(missing).toEqual(['gone']);
});

test('the file is one command a line, sorted', () => {
  const text = formatCommands(file(command('b'), command('a')));
  expect(JSON.parse(text)).toEqual(file(command('a'), command('b')));
  expect(text.split('\n').filter((line) => line.startsWith('{"name"'))).toHaveLength(2);
  expect(formatLines([])).toBe('[\n\n]\n');
});

// schema and kinds

test('the schema shows required parameters first, one type each, items for arrays', () => {
  const schema = toInputSchema(loadCatalog().find('deployVirtualMachine')!.command);
  const names = Object.keys(schema.properties!);
  expect(names.slice(0, schema.required!.length)).toEqual(schema.required);
  expect(schema.properties).toMatchObject({
    zoneid: { type: 'string', description: expect.stringContaining('zone id or name') as string },
    startvm: { type: 'boolean' },
    size: { type: 'integer' },
    networkids: { type: 'array', items: { type: 'string' } },
    details: { type: 'object', additionalProperties: { type: 'string' } },
    iptonetworklist: { type: 'array', items: { type: 'object', additionalProperties: false } },
    dhcpoptionsnetworklist: { type: 'array', items: { additionalProperties: { type: 'string' } } },
  });
  const events = toInputSchema(loadCatalog().find('listEvents')!.command).properties!;
  expect(events['startdate']!.description).toMatch(/date$/);
  expect(events['page']).toMatchObject({ type: 'integer', minimum: 1 });
  expect(toInputSchema(loadCatalog().find('quotaCredits')!.command).properties!['value']).toMatchObject({
    type: 'number',
  });
  expect(toInputSchema(command('x')).required).toBeUndefined();
});

test('a parameter is of the kind that the quirks say, and takes a name where such things are listed', () => {
  const of = (name: string, parameter: string) => {
    const found = loadCatalog().find(name)!.command;
    const facts = found.params.find((candidate) => candidate.name === parameter)!;
    return [kindOfParameter(found, facts)?.name, takesName(found, facts)];
  };
  expect(of('attachIso', 'id')).toEqual(['Iso', true]);
  expect(of('listVolumes', 'zoneid')).toEqual(['Zone', true]);
  expect(of('deployVirtualMachine', 'affinitygroupnames')).toEqual([undefined, false]);
  expect(of('destroyVirtualMachine', 'volumeids')).toEqual(['Volume', true]);
  expect(findKind('Nothing')).toBeUndefined();
});

// search

test('a search keeps to a toolset, counts all it found and shows as many as asked', () => {
  const search = createSearch(loadCatalog());
  const { matches, total } = search('list', { limit: 3 });
  expect(matches).toHaveLength(3);
  expect(total).toBeGreaterThan(3);
  const within = search('create', { toolset: 'vpc', limit: 50 });
  expect(within.matches.length).toBeGreaterThan(3);
  for (const { tool } of within.matches) expect(tool.toolset).toBe('vpc');
  expect(search('zzzzqqqq', { limit: 5 })).toEqual({ matches: [], total: 0, standsOut: false });
});

test('without words a search lists everything; a name in any spelling comes first', () => {
  const search = createSearch(loadCatalog());
  expect(search('', { limit: 10_000 }).total).toBe(loadCatalog().tools.length);
  expect(search('the of', { limit: 5 }).total).toBe(0);
  for (const name of ['listVMSnapshot', 'list-vm-snapshot', 'list_vm_snapshot', 'list-vm-snapshots'])
    expect(search(name, { limit: 1 }).matches[0]!.tool.command.name).toBe('listVMSnapshot');
});

test('equal offers of a cloud give one catalog, in whatever order they were said', () => {
  const zones = { name: 'listZones', params: [{ name: 'id' }, { name: 'name' }] };
  const pods = { name: 'listPods', params: [{ name: 'id' }] };
  const catalog = joinCatalog([zones, pods]);
  expect(joinCatalog([pods, { ...zones, params: [...zones.params].reverse() }])).toBe(catalog);
  expect(joinCatalog([zones])).not.toBe(catalog);
  expect(joinCatalog([zones, { ...pods, params: [{ name: 'id', required: true }] }])).not.toBe(catalog);
});
