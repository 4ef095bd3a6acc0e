import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { encodeParams } from '../../src/request/encode.ts';
import { describeWire, toReadWire } from '../../src/request/to-wire.ts';
import type { Params } from '../../src/types.ts';
import { id, resolved } from './calls.ts';

const table: [what: string, command: string, params: Params, wire: Record<string, string>][] = [
  ['text as it is', 'listZones', { name: 'a,b & c=d' }, { name: 'a,b & c=d' }],
  ['numbers as text', 'listZones', { page: 1, pagesize: 500 }, { page: '1', pagesize: '500' }],
  ['a negative number', 'listZones', { pagesize: -1 }, { pagesize: '-1' }],
  ['a number with a fraction', 'quotaCredits', { value: 10.25 }, { value: '10.25' }],
  ['true', 'listVirtualMachines', { listall: true }, { listall: 'true' }],
  ['false is said, not left out', 'listVirtualMachines', { listall: false }, { listall: 'false' }],
  ['zero is said, not left out', 'createVolume', { size: 0 }, { size: '0' }],
  ['empty text is said', 'updateVirtualMachine', { displayname: '' }, { displayname: '' }],
  ['a list', 'listVirtualMachines', { ids: ['a', 'b'] }, { ids: 'a,b' }],
  ['a list of one', 'listVirtualMachines', { ids: ['a'] }, { ids: 'a' }],
  [
    'a flat map: every field under index 0',
    'deployVirtualMachine',
    { details: { cpuNumber: '2', memory: '2048' } },
    { 'details[0].cpuNumber': '2', 'details[0].memory': '2048' },
  ],
  [
    'a flat map of which only the first entry is read',
    'createAccount',
    { accountdetails: { a: '1', b: '2' } },
    { 'accountdetails[0].a': '1', 'accountdetails[0].b': '2' },
  ],
  [
    'pairs',
    'createTags',
    { tags: { env: 'prod', 'app tier': 'web' } },
    { 'tags[0].key': 'env', 'tags[0].value': 'prod', 'tags[1].key': 'app tier', 'tags[1].value': 'web' },
  ],
  ['a tag of any value', 'deleteTags', { tags: { env: '' } }, { 'tags[0].key': 'env' }],
  [
    'an empty value of other pairs is said',
    'addResourceDetail',
    { details: { a: '' } },
    { 'details[0].key': 'a', 'details[0].value': '' },
  ],
  [
    'where the server takes pairs or a flat map: pairs',
    'createServiceOffering',
    { serviceofferingdetails: { a: '1' } },
    { 'serviceofferingdetails[0].key': 'a', 'serviceofferingdetails[0].value': '1' },
  ],
  [
    'rows',
    'deployVirtualMachine',
    {
      iptonetworklist: [
        { networkid: 'n1', ip: '10.1.1.5' },
        { networkid: 'n2', ip: '10.1.2.5', ipv6: 'fd00::5' },
      ],
    },
    {
      'iptonetworklist[0].networkid': 'n1',
      'iptonetworklist[0].ip': '10.1.1.5',
      'iptonetworklist[1].networkid': 'n2',
      'iptonetworklist[1].ip': '10.1.2.5',
      'iptonetworklist[1].ipv6': 'fd00::5',
    },
  ],
  [
    'rows with free keys',
    'deployVirtualMachine',
    { dhcpoptionsnetworklist: [{ networkid: 'n1', 'dhcp:114': 'url' }] },
    { 'dhcpoptionsnetworklist[0].networkid': 'n1', 'dhcpoptionsnetworklist[0].dhcp:114': 'url' },
  ],
  [
    'a map whose form nobody knows is flat',
    'importLdapUsers',
    { accountdetails: { a: '1' } },
    { 'accountdetails[0].a': '1' },
  ],
  ['an empty map', 'createTags', { tags: {} }, {}],
  ['what the command lacks is not sent', 'listZones', { invented: 'x' }, {}],
];

test.each(table)('%s (%s)', (_what, command, params, wire) => {
  expect(encodeParams(loadCatalog().find(command)!.command, params)).toEqual(wire);
});

test.each([
  ['listZones', {}, 'GET'],
  ['createTags', { resourceids: [id], resourcetype: 'UserVm', tags: { a: 'b' } }, 'POST'],
  ['getUserKeys', { id }, 'POST'],
  ['destroyVirtualMachine', { id }, 'POST'],
] as const)('%s leaves by %3$s', (command, args, method) => {
  expect(describeWire(resolved(command, args))).toMatchObject({ command, method });
});

test('a read that starts a job is sent once like a change', () => {
  const jobs = loadCatalog().tools.filter(({ risk, command }) => risk.risk === 'read' && command.async);
  expect(jobs.length).toBeGreaterThan(0);
  for (const tool of jobs) expect(() => toReadWire(tool, {}), tool.name).toThrow('is not a plain read');
});

test('nothing but a plain read can be sent by the server of its own', () => {
  expect(() => toReadWire(loadCatalog().find('destroyVirtualMachine')!, { id })).toThrow('is not a plain read');
  expect(toReadWire(loadCatalog().find('listZones')!, { page: 1 })).toEqual({
    command: 'listZones',
    method: 'GET',
    params: { page: '1' },
  });
});
