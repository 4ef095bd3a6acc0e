import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { loadData } from '../../src/data.ts';
import { CallError } from '../../src/errors.ts';
import type { View } from '../../src/types.ts';
import { problemWith, toCloudStackDate } from '../../src/validate/formats.ts';
import { validate } from '../../src/validate/validate.ts';
import { id, limits, request } from './calls.ts';

const run = (tool: string, args: Record<string, unknown>, view: View = {}) =>
  validate(loadCatalog(), request(tool, args, { view }), limits).params;

const refusal = (tool: string, args: Record<string, unknown>, view: View = {}): CallError => {
  try {
    run(tool, args, view);
  } catch (error) {
    if (error instanceof CallError) return error;
    throw error;
  }
  throw new Error(`${tool} ${JSON.stringify(args)} was let through`);
};

const deploy = { zoneid: id, serviceofferingid: id, templateid: id };

const wrong: [what: string, tool: string, args: Record<string, unknown>, message: string][] = [
  ['missing', 'startVirtualMachine', {}, 'id is missing'],
  ['null is missing', 'startVirtualMachine', { id: null }, 'id is missing'],
  ['unknown', 'listVolumes', { zone: 'Frankfurt' }, 'listVolumes has no parameter "zone"; did you mean zoneid'],
  ['unknown of a command without parameters', 'cloudianIsEnabled', { x: 1 }, 'has no parameter "x"'],
  ['unknown, called like what every object has', 'listZones', { toString: 'x' }, 'has no parameter "toString"'],
  [
    'unknown, called like a prototype',
    'destroyVirtualMachine',
    JSON.parse(`{"id":"${id}","__proto__":{"expunge":true}}`) as Record<string, unknown>,
    'has no parameter "__proto__"',
  ],
  ['text for a number', 'listZones', { page: 'two' }, "page must be of type integer, not 'two'"],
  ['a fraction for a whole number', 'listZones', { page: 1.5 }, 'page must be of type integer'],
  [
    'JSON text of too many values',
    'listZones',
    { tags: JSON.stringify(Array.from({ length: 10_001 }, () => 'x')) },
    'tags has more than 10000 values',
  ],
  [
    'JSON text that nests too deep',
    'listZones',
    { tags: '['.repeat(40) + ']'.repeat(40) },
    'tags has more than 10000 values, or nests deeper than 32 levels',
  ],
  ['text for a boolean', 'listVirtualMachines', { listall: 'maybe' }, "listall must be true or false, not 'maybe'"],
  ['an object for text', 'listZones', { name: { a: 1 } }, 'name must be of type string'],
  ['an object for an id', 'startVirtualMachine', { id: {} }, 'id must be of type string'],
  [
    'text for a map',
    'createTags',
    { resourceids: [id], resourcetype: 'UserVm', tags: 'x' },
    'tags must be of type object',
  ],
  [
    'an object in a map',
    'deployVirtualMachine',
    { ...deploy, details: { a: { b: 1 } } },
    'details.a must be of type string',
  ],
  [
    'text in rows',
    'deployVirtualMachine',
    { ...deploy, iptonetworklist: ['x'] },
    'iptonetworklist[0] must be of type object',
  ],
  [
    'an unknown key in rows',
    'deployVirtualMachine',
    { ...deploy, iptonetworklist: [{ network: 'n' }] },
    'iptonetworklist[0] has no key "network"; it takes ip, ipv6, mac, networkid',
  ],
  [
    'a name, where names cannot be looked up without showing secrets',
    'deleteBucket',
    { id: 'my-bucket' },
    'id must be an id (uuid)',
  ],
  ['not an id, where no name is taken', 'queryAsyncJobResult', { jobid: 'my-job' }, 'jobid must be an id (uuid)'],
  ['an id cut short', 'startVirtualMachine', { id: id.slice(0, -1) }, 'id must be a whole uuid or a name'],
  ['an id with a letter too many', 'startVirtualMachine', { id: `${id}0` }, 'id must be a whole uuid or a name'],
  [
    'an id without its dashes',
    'startVirtualMachine',
    { id: id.replaceAll('-', '') },
    'id must be a whole uuid or a name',
  ],
  ['an id cut short in a list', 'listVirtualMachines', { ids: [id, id.slice(1)] }, 'ids must be'],
  ['an empty id among others', 'listVirtualMachines', { ids: [id, ''] }, 'ids must be'],
  ['an empty optional id', 'listVolumes', { virtualmachineid: '' }, 'virtualmachineid'],
  ['a blank optional id', 'listVolumes', { virtualmachineid: '  ' }, 'virtualmachineid'],
  ['an empty id in a list of what is deleted', 'destroyVirtualMachine', { id, volumeids: [''] }, 'volumeids'],
  ['a day that does not exist', 'listEvents', { startdate: '2026-13-01' }, 'startdate must be a date such as'],
  ['the 30th of February', 'listEvents', { startdate: '2026-02-30' }, 'startdate must be a date'],
  ['a date in words', 'listEvents', { startdate: 'yesterday' }, 'startdate must be a date'],
  ['a date of another country', 'listEvents', { startdate: '31.01.2026' }, 'startdate must be a date'],
  ['an hour that does not exist', 'listEvents', { startdate: '2026-01-31T25:00:00Z' }, 'startdate must be a date'],
  [
    'a CIDR without bits',
    'createFirewallRule',
    { ipaddressid: id, protocol: 'tcp', cidrlist: ['10.0.0.0'] },
    'must be CIDRs',
  ],
  ['a CIDR with too many bits', 'createNetworkACL', { protocol: 'tcp', cidrlist: ['10.0.0.0/33'] }, 'must be CIDRs'],
  [
    'a CIDR that is none',
    'createVPC',
    { name: 'v', zoneid: id, vpcofferingid: id, cidr: '10.0.0/16' },
    'cidr must be a CIDR',
  ],
  [
    'not an address',
    'createPod',
    { name: 'p', zoneid: id, startip: '10.0.0.256', gateway: 'x', netmask: '255.0.0.0' },
    'startip must be an IP',
  ],
  [
    'not a MAC',
    'addNicToVirtualMachine',
    { virtualmachineid: id, networkid: id, macaddress: '02:00:4c' },
    'macaddress must be a MAC',
  ],
  [
    'no address for a machine',
    'deployVirtualMachine',
    { ...deploy, ipaddress: '999.1.1.1' },
    'ipaddress must be an IP',
  ],
  ['a name that no host may have', 'deployVirtualMachine', { ...deploy, name: 'web_1' }, 'name must be a host name'],
  [
    'a name with a letter of one language',
    'updateVirtualMachine',
    { id, name: 'größe' },
    'name must be a host name: letters, digits and hyphens',
  ],
  [
    'a range of days that ends before it begins',
    'listEvents',
    { startdate: '2026-11-01', enddate: '2026-10-31 12:00:00' },
    'enddate is before startdate',
  ],
  [
    'a range of ports that ends before it begins',
    'createFirewallRule',
    { ipaddressid: id, protocol: 'tcp', startport: 22, endport: '21' },
    'endport is before startport',
  ],
  ['page 0', 'listZones', { page: 0 }, 'page must be >= 1'],
  ['page -1', 'listZones', { page: -1 }, 'page must be >= 1'],
  ['pagesize 0', 'listZones', { pagesize: 0 }, 'pagesize must be 1 to 500, not 0'],
  ['pagesize 501', 'listZones', { page: 1, pagesize: 501 }, 'pagesize must be 1 to 500, not 501'],
  ['pagesize -2', 'listZones', { pagesize: -2 }, 'pagesize must be 1 to 500, not -2'],
  ['pagesize -1 with a page', 'listZones', { page: 1, pagesize: -1 }, 'page cannot be given with pagesize -1'],
  ['too long', 'listZones', { name: 'x'.repeat(256) }, 'name may have at most 255 characters, not 256'],
  [
    'longer than declared',
    'registerUserData',
    { name: 'n', userdata: 'x'.repeat(1_048_577) },
    'userdata may have at most 1048576',
  ],
  ['control characters', 'listZones', { name: 'a\u0000b' }, 'name contains a control character'],
  ['a tab, which CloudStack refuses too', 'listZones', { name: 'a\tb' }, 'name contains a control character'],
  ['an escape sequence', 'listZones', { keyword: '\u001b[31m' }, 'keyword contains a control character'],
  [
    'control characters in a map',
    'deployVirtualMachine',
    { ...deploy, details: { a: '\u0007' } },
    'details contains a control',
  ],
  [
    'control characters in rows',
    'deployVirtualMachine',
    { ...deploy, iptonetworklist: [{ ip: '\u0007' }] },
    'iptonetworklist contains',
  ],
  ['empty required text', 'createAffinityGroup', { name: '', type: 'x' }, 'name is empty'],
  [
    'an empty required list',
    'createTags',
    { resourceids: [], resourcetype: 'UserVm', tags: { a: 'b' } },
    'resourceids is empty',
  ],
  [
    'a required list of nothing',
    'createTags',
    { resourceids: [''], resourcetype: 'UserVm', tags: { a: 'b' } },
    'resourceids is empty',
  ],
];

test.each([
  ['listEvents', { startdate: '2026-01-31 12:00:00', enddate: '2026-01-31' }],
  ['listEvents', { startdate: '2026-01-31T23:00:00+0200', enddate: '2026-01-31T22:00:00Z' }],
  ['createFirewallRule', { ipaddressid: id, protocol: 'tcp', startport: 22, endport: 22 }],
  [
    'createVpnCustomerGateway',
    {
      gateway: 'vpn.example.com',
      cidrlist: '10.0.0.0/8',
      ipsecpsk: 'x',
      esppolicy: 'aes128-sha1',
      ikepolicy: 'aes128-sha1',
    },
  ],
  ['listStoragePools', { ipaddress: 'nfs.example.com' }],
  ['deployVirtualMachine', { ...deploy, name: '1-a', ipaddress: '10.1.1.7' }],
])('%s takes %j', (tool, args) => expect(() => run(tool, args)).not.toThrow());

test('an address is checked wherever a parameter is one, in every command', () => {
  const free = loadData<Record<string, string[]>>('formats.json')['or-host-name'];
  const unchecked = loadCatalog().tools.flatMap(({ command }) =>
    command.params
      .filter(
        ({ name, type }) =>
          type === 'string' && /^(?:ip6?address|(?:ip6)?gateway|netmask|(?:start|end)ip(?:v6)?)$/.test(name),
      )
      .filter((parameter) => problemWith(command, parameter, '999.1.1.1', false) === undefined)
      .map(({ name }) => `${command.name}.${name}`),
  );
  expect(unchecked.toSorted()).toEqual(free);
});

test.each(wrong)('%s: %s is refused', (_what, tool, args, message) => {
  const error = refusal(tool, args);
  expect(error.kind).toBe('invalid');
  expect(error.message).toContain(message);
  expect(error.hint).toContain('Nothing was sent');
});

test('all problems are told at once', () => {
  const { message } = refusal('deployVirtualMachine', {
    zoneid: id.slice(1),
    cpu: 2,
    rootdisksize: 'big',
  });
  expect(message).toMatch(/^5 problems: /);
  for (const part of ['zoneid must be', 'serviceofferingid is missing', '"cpu"', 'rootdisksize must be'])
    expect(message).toContain(part);
});

test('a secret of the wrong shape is not repeated', () => {
  const details = { password: { is: 'hunter2' } };
  expect(refusal('deployVirtualMachine', { ...deploy, details }).message).not.toContain('hunter2');
  expect(refusal('deployVirtualMachine', { ...deploy, name: { apikey: 'hunter2' } }).message).not.toContain('hunter2');
  for (const password of [{ value: 'hunter2' }, ['hunter2', 'x']])
    expect(refusal('updateUser', { id, password }).message).not.toContain('hunter2');
});

const lenient: [what: string, tool: string, args: Record<string, unknown>, params: Record<string, unknown>][] = [
  ['"true"', 'listVirtualMachines', { listall: 'true' }, { listall: true }],
  ['" FALSE "', 'listVirtualMachines', { listall: ' FALSE ' }, { listall: false }],
  ['"10"', 'createVolume', { snapshotid: id, size: '10' }, { snapshotid: id, size: 10 }],
  ['"1.5"', 'quotaCredits', { account: 'a', domainid: id, value: '1.5' }, { account: 'a', domainid: id, value: 1.5 }],
  ['a number for text', 'listZones', { name: 7 }, { name: '7' }],
  ['one value for a list', 'listVirtualMachines', { ids: id }, { ids: [id] }],
  [
    '"a,b" for a list',
    'createTags',
    { resourceids: `${id}, ${id}`, resourcetype: 'UserVm', tags: { a: 'b' } },
    { resourceids: [id, id], resourcetype: 'UserVm', tags: { a: 'b' } },
  ],
  ['JSON text for a list', 'listVirtualMachines', { ids: `["${id}"]` }, { ids: [id] }],
  ['zoneId', 'listVolumes', { zoneId: id }, { zoneid: id }],
  ['zone_id', 'listVolumes', { zone_id: id }, { zoneid: id }],
  ['zone-id', 'listVolumes', { 'zone-id': id }, { zoneid: id }],
  ['ZONEID', 'listVolumes', { ZONEID: id }, { zoneid: id }],
  [
    'JSON text for a map',
    'deployVirtualMachine',
    { ...deploy, details: '{"cpuNumber":2}' },
    { ...deploy, details: { cpuNumber: '2' } },
  ],
  [
    '[{key,value}] for a map',
    'createTags',
    { resourceids: [id], resourcetype: 'UserVm', tags: [{ key: 'a', value: 1 }] },
    { resourceids: [id], resourcetype: 'UserVm', tags: { a: '1' } },
  ],
  [
    'a key alone: with any value',
    'deleteTags',
    { resourceids: [id], resourcetype: 'UserVm', tags: [{ key: 'a' }, { key: 'b', value: null }] },
    { resourceids: [id], resourcetype: 'UserVm', tags: { a: '', b: '' } },
  ],
  [
    'tags of which nothing would be left',
    'deleteTags',
    { resourceids: [id], resourcetype: 'UserVm', tags: { a: null } },
    { resourceids: [id], resourcetype: 'UserVm', tags: { a: '' } },
  ],
  [
    'one row for rows',
    'deployVirtualMachine',
    { ...deploy, iptonetworklist: { ip: '10.1.1.1' } },
    { ...deploy, iptonetworklist: [{ ip: '10.1.1.1' }] },
  ],
  [
    'JSON text for rows',
    'deployVirtualMachine',
    { ...deploy, iptonetworklist: '[{"ip":"10.1.1.1"}]' },
    { ...deploy, iptonetworklist: [{ ip: '10.1.1.1' }] },
  ],
  ['null for nothing', 'listVolumes', { name: null, zoneid: undefined, keyword: 'x' }, { keyword: 'x' }],
  [
    'null in a map',
    'createTags',
    { resourceids: [id], resourcetype: 'UserVm', tags: { a: 'b', c: null } },
    { resourceids: [id], resourcetype: 'UserVm', tags: { a: 'b' } },
  ],
  ['true in a map', 'deployVirtualMachine', { ...deploy, details: { a: true } }, { ...deploy, details: { a: 'true' } }],
  ['page without pagesize', 'listZones', { page: 2 }, { page: 2, pagesize: 100 }],
  ['pagesize without page', 'listZones', { pagesize: 20 }, { page: 1, pagesize: 20 }],
  ['everything', 'listZones', { pagesize: -1 }, { pagesize: -1 }],
  ['everything, as text', 'listZones', { pagesize: '-1' }, { pagesize: -1 }],
  ['-1 for an id: what is in projects', 'listVolumes', { projectid: '-1' }, { projectid: '-1' }],
  ['a name for an id', 'listVolumes', { zoneid: 'Frankfurt 1' }, { zoneid: 'Frankfurt 1' }],
  ['line breaks', 'updateVirtualMachine', { id, displayname: 'a\r\nb' }, { id, displayname: 'a\r\nb' }],
  [
    'an address of version 6',
    'createNetwork',
    { name: 'n', zoneid: id, networkofferingid: id, ip6cidr: 'fd00::/64', ip6gateway: 'fd00::1' },
    { name: 'n', zoneid: id, networkofferingid: id, ip6cidr: 'fd00::/64', ip6gateway: 'fd00::1' },
  ],
];

test.each(lenient)('%s is taken (%s)', (_what, tool, args, params) => {
  expect(run(tool, args)).toEqual(params);
});

test('page and pagesize may stand beside the arguments, which win', () => {
  expect(run('listZones', {}, { page: 2, pagesize: 10 })).toEqual({ page: 2, pagesize: 10 });
  expect(run('listZones', { page: 3 }, { page: 2, pagesize: 10 })).toEqual({ page: 3, pagesize: 10 });
  expect(run('listCapabilities', {}, { page: 2, pagesize: 10 })).toEqual({});
});

test('text that looks like JSON but is none stays text', () => {
  expect(run('updateVirtualMachine', { id, displayname: '[draft]' })).toMatchObject({ displayname: '[draft]' });
  expect(refusal('createTags', { resourceids: [id], resourcetype: 'UserVm', tags: '{env' }).message).toContain(
    'tags must be',
  );
});

// cloudstack-behaviour.md §3.4: ISO with zone, `yyyy-MM-dd HH:mm:ss`, `yyyy-MM-dd`.
test.each([
  ['2026-01-31', '2026-01-31'],
  ['2026-01-31 12:00:00', '2026-01-31 12:00:00'],
  ['2026-01-31T12:00:00+0000', '2026-01-31T12:00:00+0000'],
  ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00+0000'],
  ['2026-01-31T12:00:00.123Z', '2026-01-31T12:00:00+0000'],
  ['2026-01-31T12:00:00+05:30', '2026-01-31T12:00:00+0530'],
  ['2026-01-31 12:00:00+0100', '2026-01-31T12:00:00+0100'],
  ['2026-01-31T12:00:00', '2026-01-31 12:00:00'],
  ['2024-02-29', '2024-02-29'],
])('the date %s is sent as %s', (given, sent) => {
  expect(toCloudStackDate(given)).toBe(sent);
  expect(run('listEvents', { startdate: given })).toEqual({ startdate: sent });
});

test('an unknown tool is refused with the one that was perhaps meant', () => {
  expect(refusal('list-virtual-machine', {}).hint).toContain('Did you mean list-virtual-machines');
  expect(refusal('deployVirtualMachin', {}).message).toContain('There is no tool "deployVirtualMachin"');
  expect(refusal('make-me-a-sandwich', {}).hint).toContain('Search with [[find-tools]]');
  expect(refusal('', {}).kind).toBe('invalid');
});

test('every spelling of every command is the command', () => {
  const { tools, find } = loadCatalog();
  for (const tool of tools) {
    const { name } = tool.command;
    const kebab = tool.name;
    const spellings = [
      name,
      kebab,
      kebab.replaceAll('-', '_'),
      name.toLowerCase(),
      name.toUpperCase(),
      kebab.replaceAll('-', ' '),
    ];
    for (const spelling of spellings) expect(find(spelling)?.command.name, spelling).toBe(name);
  }
});

test('names that other CloudStack servers use are taken in every spelling, and hide no command', () => {
  const { tools, find } = loadCatalog();
  const names = new Set(tools.map(({ name }) => name));
  for (const [alias, command] of Object.entries(loadData<Record<string, string>>('aliases.json'))) {
    expect(names, alias).not.toContain(alias);
    for (const spelling of [alias, alias.replaceAll('-', '_'), alias.replaceAll('-', '')])
      expect(find(spelling)?.command.name, spelling).toBe(command);
  }
});

test.each([
  ['plain text is encoded', '#cloud-config\npackages: [nginx]', 'I2Nsb3VkLWNvbmZpZwpwYWNrYWdlczogW25naW54XQ=='],
  ['base64 stays', 'I2Nsb3VkLWNvbmZpZw==', 'I2Nsb3VkLWNvbmZpZw=='],
  ['base64 that was encoded for a URL stays', 'I2Nsb3VkLWNvbmZpZw%3D%3D', 'I2Nsb3VkLWNvbmZpZw%3D%3D'],
  ['base64 in several lines stays', 'I2Nsb3VkLWNv\n  bmZpZw==\n', 'I2Nsb3VkLWNv\n  bmZpZw==\n'],
  ['words with spaces are no base64', 'some text more', 'c29tZSB0ZXh0IG1vcmU='],
  ['a tab goes into base64', 'a:\tb', 'YToJYg=='],
])('user data: %s', (_, given, sent) => {
  const call = validate(loadCatalog(), request('deployVirtualMachine', { ...deploy, userdata: given }), limits);
  expect(call.params['userdata']).toBe(sent);
  expect(call.notes).toEqual(given === sent ? [] : ['userdata was plain text and was sent as base64.']);
});

test.each([
  ['listVirtualMachines', { state: 'running' }, { state: 'Running' }],
  ['listTemplates', { templatefilter: 'FEATURED' }, { templatefilter: 'featured' }],
  ['listResourceLimits', { resourcetype: 'memory' }, { resourcetype: 9 }],
  ['listVirtualMachines', { details: 'NICS, min' }, { details: ['nics', 'min'] }],
  ['createNetworkACL', { protocol: '47', aclid: id }, { protocol: '47' }],
])('%s takes %j and sends %j', (tool, args, sent) => {
  expect(run(tool, args)).toMatchObject(sent);
});

test.each([
  ['listVirtualMachines', { state: 'Runing' }, 'did you mean Running?'],
  ['createFirewallRule', { ipaddressid: id, protocol: 'tpc' }, 'did you mean tcp?'],
  ['listHosts', { hypervisor: 'KVN' }, 'did you mean KVM?'],
  ['listResourceLimits', { resourcetype: 'memry' }, 'did you mean 9 (memory)?'],
  ['listVirtualMachines', { details: 'nics,mini' }, 'did you mean min?'],
  ['listZones', { pagesize: true }, 'pagesize must be a number'],
])('%s refuses %j: %s', (tool, args, message) => {
  expect(refusal(tool, args).message).toContain(message);
  expect(refusal(tool, args).message).not.toContain('?.');
});

test('a cloud newer than the catalog may know more values: sent, and said', () => {
  const call = validate(
    { ...loadCatalog(), newerRelease: '4.99.0' },
    request('listHosts', { state: 'Dreaming' }),
    limits,
  );
  expect(call.params['state']).toBe('Dreaming');
  expect(call.notes.join()).toContain('4.99.0');
  expect(call.notes.join()).toContain('Dreaming');
});
