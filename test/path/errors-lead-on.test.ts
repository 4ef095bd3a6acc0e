import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openHost, runCommand, startCloud, startFake, type Cloud, type Host } from '../support/harness.ts';

// What each failure must say to lead on: the table was written before the code. The texts of the errors are CloudStack's.

const id = '11111111-2222-4333-8444-555555555555';

/** [what, command, arguments, errorcode, cserrorcode, errortext, what the answer names: words, and tools as `[tool]`] */
type ErrorRow = [
  what: string,
  command: string,
  args: Record<string, string>,
  code: number,
  cs: number,
  text: string,
  way: (string | RegExp)[],
];

const limit = (type: string, whose: string, values: string) =>
  `Maximum amount of resources of Type = '${type}', tag = 'null' for ${whose} is exceeded: ${values}`;
const failures: ErrorRow[] = [
  [
    'state: scale while running',
    'scaleVirtualMachine',
    { id, serviceofferingid: id },
    431,
    4350,
    `Unable to scale ${id} (web-1) as it does not have tools to support dynamic scaling`,
    ['[stop-virtual-machine]', '[scale-virtual-machine]', '[start-virtual-machine]'],
  ],
  [
    'state: scale with snapshots',
    'scaleVirtualMachine',
    { id, serviceofferingid: id },
    431,
    4350,
    'Unable to scale VM, please remove VM snapshots before scaling VM',
    ['[list-vm-snapshot]', '[delete-vm-snapshot]'],
  ],
  [
    'state: start what runs',
    'startVirtualMachine',
    { id },
    431,
    4350,
    `The virtual machine ${id} (web-1) is already running`,
    ['[reboot-virtual-machine]'],
  ],
  [
    'state: reboot what is stopped',
    'rebootVirtualMachine',
    { id },
    431,
    4350,
    `Virtual machine ${id} is not running, unable to reboot it`,
    ['[start-virtual-machine]'],
  ],
  [
    'state: resize the root disk of a running machine',
    'resizeVolume',
    { id, size: '40' },
    431,
    4350,
    'Cannot resize the root volume of web-1 while it is Running',
    ['[stop-virtual-machine]', '[resize-volume]', '[start-virtual-machine]'],
  ],
  [
    'state: restore into a running machine',
    'restoreVolumeFromBackupAndAttachToVM',
    { backupid: id, volumeid: id, virtualmachineid: id },
    530,
    4250,
    'Existing VM should be stopped before being restored from backup',
    ['[stop-virtual-machine]'],
  ],
  [
    'state: delete a volume that is attached',
    'deleteVolume',
    { id },
    431,
    4350,
    'Please specify a volume that is not attached to any VM.',
    ['[list-volumes]', '[detach-volume]'],
  ],
  [
    'state: delete what is protected',
    'deleteVolume',
    { id },
    431,
    4350,
    `Volume [id = ${id}] has delete protection enabled and cannot be deleted.`,
    [/deleteprotection/, '[update-volume]'],
  ],
  [
    'state: delete a network in use',
    'deleteNetwork',
    { id },
    530,
    4250,
    "Can't delete network: it has active nics, still in use",
    ['[list-virtual-machines]', '[list-nics]'],
  ],
  [
    'state: release the address of source NAT',
    'disassociateIpAddress',
    { id },
    431,
    4350,
    'ip address is used for source nat purposes and can not be disassociated.',
    ['[list-public-ip-addresses]', '[associate-ip-address]'],
  ],
  [
    'state: a rule on an address without network',
    'createFirewallRule',
    { ipaddressid: id, protocol: 'tcp', startport: '22' },
    431,
    4350,
    'Unable to create firewall rule ; ip id is not associated with any network',
    ['[associate-ip-address]'],
  ],
  [
    'state: ports that are taken',
    'createFirewallRule',
    { ipaddressid: id, protocol: 'tcp', startport: '22' },
    537,
    4300,
    'The range specified, 22-22, conflicts with rule 12 which has 22-22',
    ['[list-firewall-rules]'],
  ],
  [
    'state: host not in maintenance',
    'deleteHost',
    { id },
    431,
    4350,
    'Host cannot be deleted: it is not in maintenance',
    ['[prepare-host-for-maintenance]', '[list-hosts]'],
  ],
  [
    'state: a name that is taken',
    'createAffinityGroup',
    { name: 'g', type: 'host anti-affinity' },
    431,
    4350,
    'Affinity group named g already exists',
    ['list what there is'],
  ],
  [
    'quota: machines of an account',
    'deployVirtualMachine',
    { zoneid: id, serviceofferingid: id, templateid: id },
    535,
    4370,
    limit(
      'user_vm',
      'Account Name = bob in Domain Id = 2',
      'Account Resource Limit = 20, Current Account Resource Amount = 20, Requested Resource Amount = 1.',
    ),
    [
      'account bob is 20 of virtual machines; it has 20, and 1 more',
      '[list-resource-limits]',
      '[update-resource-limit]',
    ],
  ],
  [
    'quota: memory, with what is reserved',
    'deployVirtualMachine',
    { zoneid: id, serviceofferingid: id, templateid: id },
    535,
    4370,
    limit(
      'memory',
      'Account Name = bob in Domain Id = 2',
      'Account Resource Limit = 4096, Current Account Resource Amount = 2048, Current Account Resource Reservation = 1024, Requested Resource Amount = 2048.',
    ),
    ['4096 MiB of memory; it has 2048 MiB (and 1024 MiB reserved), and 2048 MiB more'],
  ],
  [
    'quota: storage in bytes',
    'createVolume',
    { name: 'd', diskofferingid: id, zoneid: id },
    535,
    4370,
    limit(
      'primary_storage',
      'Account Name = bob in Domain Id = 2',
      'Account Resource Limit = (20.00 GB) 21474836480, Current Account Resource Amount = (15.00 GB) 16106127360, Requested Resource Amount = (10.00 GB) 10737418240.',
    ),
    ['20 GiB of primary storage; it has 15 GiB, and 10 GiB more'],
  ],
  [
    'quota: a project',
    'createVolume',
    { name: 'd', diskofferingid: id, zoneid: id },
    535,
    4370,
    limit(
      'volume',
      'Project Name = web in Domain Id = 2',
      'Account Resource Limit = 5, Current Account Resource Amount = 5, Requested Resource Amount = 1.',
    ),
    ['project web is 5 of volumes'],
  ],
  [
    'not found: a setting',
    'updateConfiguration',
    { name: 'expunge.intervall', value: '60' },
    431,
    4350,
    "Config parameter with name expunge.intervall doesn't exist",
    ['No setting has that name', '[list-configurations]'],
  ],
  [
    'quota: a domain',
    'associateIpAddress',
    { zoneid: id },
    535,
    4370,
    `Maximum domain resource limits of Type 'public_ip' for Domain Id = ${id} is exceeded: Domain Resource Limit = 3, Current Domain Resource Amount = 3, Current Resource Reservation = 0, Requested Resource Amount = 1.`,
    // The domain that has this id is called so.
    [`domain web-1 (${id}) is 3 of public IP addresses`],
  ],
  [
    'capacity: hosts',
    'startVirtualMachine',
    { id },
    533,
    4335,
    'Unable to create a deployment for VM instance with the requested capacity',
    ['CPU', 'memory', '[list-capacity]', '[list-hosts]'],
  ],
  [
    'capacity: addresses',
    'associateIpAddress',
    { zoneid: id },
    533,
    4320,
    'Insufficient address capacity',
    ['IP address', '[list-capacity]', '[disassociate-ip-address]', '[create-vlan-ip-range]'],
  ],
  [
    'capacity: storage',
    'startVirtualMachine',
    { id },
    533,
    4340,
    'Insufficient storage capacity',
    ['primary storage', '[list-storage-pools]'],
  ],
  [
    'capacity: VLANs',
    'createNetwork',
    { name: 'n', zoneid: id, networkofferingid: id },
    533,
    4330,
    'Insufficient virtual network capacity',
    ['VLAN', '[delete-network]'],
  ],
  [
    'permission: the resource is another account’s',
    'startVirtualMachine',
    { id },
    531,
    4365,
    `Acct[7-bob] does not have permission to operate with resource Vm[${id}]`,
    ['[whoami]', 'another profile'],
  ],
  [
    'permission: a feature that is off',
    'getApiLimit',
    {},
    432,
    9999,
    'This api is only available when api.throttling.enabled = true.',
    ['off', '[update-configuration]'],
  ],
  [
    'wrong zone: a template of another',
    'deployVirtualMachine',
    { zoneid: id, serviceofferingid: id, templateid: id },
    431,
    4350,
    `The template ${id} is not available for use`,
    ['[list-templates]', '[copy-template]'],
  ],
  [
    'wrong scope: an account without its domain',
    'listVirtualMachines',
    { account: 'bob' },
    431,
    4350,
    'could not find account bob in domain 1',
    ['[list-accounts]', 'domainid'],
  ],
  [
    'not understood: what excludes each other',
    'createNetworkACL',
    { aclid: id, protocol: 'tcp' },
    431,
    4350,
    'aclid and networkid cannot be specified together; only one of them',
    ['[describe-tools]'],
  ],
];

/** Tools and words that only a model has; a person has commands. */
const modelWords = /find-tools|describe-tools|wait-for-job \{|\bread \{|\bchange \{|list-[a-z-]+ \{|\[\[|\]\]/;
/** The way in the words of one door. */
const expectWay = (text: string, way: readonly (string | RegExp)[], terminal: boolean, what: string): void => {
  for (const words of way) {
    if (words instanceof RegExp) {
      expect(text, what).toMatch(words);
      continue;
    }
    const tool = /^\[(.*)\]$/.exec(words)?.[1];
    if (tool === undefined) expect(text, what).toContain(words);
    else if (!terminal) expect(text, what).toMatch(new RegExp(`(?<!call )\\b${tool}\\b`));
    else if (tool === 'describe-tools') expect(text, what).toContain('cloudstack-mcp-server tools show ');
    else expect(text, what).toContain(`cloudstack-mcp-server ${tool === 'whoami' ? '' : 'call '}${tool}`);
  }
  expect(text, what).not.toMatch(/\[\[|\]\]/);
  if (terminal) expect(text, what).not.toMatch(modelWords);
};

const errorOf = (code: number, cserrorcode: number, errortext: string) => ({
  uuidList: [],
  errorcode: code,
  cserrorcode,
  errortext,
});

// What is asked of a person is no matter here.
const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-errors-'));
const config = join(folder, 'config.json');
writeFileSync(
  config,
  JSON.stringify({ policy: { actions: { sensitive: 'allow', change: 'allow', destroy: 'allow' } } }),
);
const flags = ['--discover', 'false', '--config', config];

let current: ErrorRow = failures[0]!;
let fake: Awaited<ReturnType<typeof startFake>>;
let cloud: Cloud;
let host: Host;
let real: Host;
beforeAll(async () => {
  fake = await startFake((command, response) => {
    const [, wrong, , code, cs, text] = current;
    response.statusCode = command === wrong ? code : 200;
    // A setting that is gone when it is changed.
    const name = command === 'listConfigurations' ? 'expunge.intervall' : 'web-1';
    const shown = command.startsWith('list') ? { count: 1, row: [{ id, name }] } : {};
    const body = command === wrong ? errorOf(code, cs, text) : shown;
    response.end(JSON.stringify({ [`${command.toLowerCase()}response`]: body }));
  });
  cloud = await startCloud();
  host = await openHost({ env: fake.env, flags });
  real = await openHost({ env: cloud.env });
});
afterAll(async () => {
  await host.close();
  await real.close();
  await fake.close();
  await cloud.close();
  rmSync(folder, { recursive: true });
});

/** A sentence that ends twice. */
const doubleMarks = /[?!:,;]\.(?=\s|$)|(?<!\.)\.\.(?!\.)|\.[?!]/;

test.each([
  ['call', 'list-zones', 'nmae=x'],
  ['call', 'list-zones', '--fields', 'nmae'],
  ['call', 'list-zonez'],
  ['call', 'list-virtual-machines', 'state=Runing'],
  ['call', 'start-virtual-machine', 'id=nobody'],
  ['tools', 'show', 'nothing-at-all'],
  ['tools', 'list', '--toolset', 'computee'],
  ['plan', 'show', 'ABCD-EFGH'],
  ['call', 'list-zones', '--profile', 'nobody'],
])('D12: no message of %s %s has two marks at the end of a sentence', async (...words) => {
  const { stderr, status } = await runCommand([...words, '--simulator']);
  expect(status).not.toBe(0);
  expect(stderr).not.toMatch(doubleMarks);
});

test.each(failures)('part 4.4: %s', async (...row) => {
  current = row;
  const [what, command, args, code, , text, way] = row;
  const given = { tool: command, arguments: args };
  // Whichever of the three runs it.
  let answer = await host.call('read', given);
  for (const name of ['change', 'destroy'])
    if (answer.structured['error']?.kind === 'refused') answer = await host.call(name, given);
  expect(answer.isError, what).toBe(true);
  expect(answer.structured['error'].message).toContain(text);
  expect(answer.structured['error'].code).toBe(code);
  expectWay(answer.text, way, false, what);
  expectWay(`${answer.structured['error'].message} ${answer.structured['error'].hint}`, way, false, what);
  const words = Object.entries(args).map(([name, value]) => `${name}=${value}`);
  const { status, stderr } = await runCommand(['call', command, ...words, ...flags], {
    env: fake.env,
  });
  expectWay(stderr, way, true, what);
  expect(`${answer.text}\n${stderr}`, 'two marks at the end of a sentence').not.toMatch(doubleMarks);
  // 2 where CloudStack found the arguments wrong.
  expect([1, 2], what).toContain(status);
});

/** The same where CloudStack does not fail, or is not asked: over the simulator. */
const asked: [what: string, tool: string, args: Record<string, string>, way: (string | RegExp)[], not?: RegExp][] = [
  [
    'empty: events by the name of a machine',
    'list-events',
    { keyword: 'web-1-of-mine' },
    ['resourceid', 'resourcetype'],
  ],
  [
    'empty: a misspelt name',
    'list-networks',
    { name: 'wbe-net' },
    ['None has that name. The nearest names (data from the cloud): ', '‹web-net›'],
    /without it the list/,
  ],
  ['empty: a misspelt user', 'list-users', { username: 'alic' }, ['‹alice›']],
  [
    'empty: a name that nothing comes near',
    'list-networks',
    { name: 'quite-another-thing' },
    ['without it the list shows what there is', 'keyword'],
    /nearest/,
  ],
  [
    'empty: the name is there, the state is another',
    'list-virtual-machines',
    { name: 'web-1', state: 'Stopped' },
    ['There is ‹web-1› (data from the cloud), which the other filters leave out'],
  ],
  [
    'empty: a zone that has none',
    'list-virtual-machines',
    { zoneid: 'Nuremberg Edge', state: 'Migrating' },
    ['without zoneid the list shows all zones'],
  ],
  [
    'unknown: a parameter that may be left out',
    'list-zones',
    { listall: 'true' },
    ['no parameter "listall"; leave it out'],
    /did you mean/,
  ],
  [
    'unknown: nothing is near',
    'list-zones',
    { colour: 'red' },
    ['no parameter "colour"', '[describe-tools]'],
    /did you mean/,
  ],
  ['unknown: something is near', 'list-zones', { nme: 'x' }, ['did you mean name']],
  ['unknown: a command', 'frobnicate-everything', {}, ['There is no tool'], /Did you mean/],
  [
    'not found: a machine by name',
    'start-virtual-machine',
    { id: 'wbe-1' },
    ['there is no virtual machine', 'an existing one'],
  ],
];

test.each(asked)('part 4.8, 4.13: %s', async (what, tool, args, way, not) => {
  let answer = await real.call('read', { tool, arguments: args });
  if (answer.structured['error']?.kind === 'refused') answer = await real.call('change', { tool, arguments: args });
  expectWay(answer.text, way, false, what);
  if (not) expect(answer.text, what).not.toMatch(not);
  const words = Object.entries(args).map(([name, value]) => `${name}=${value}`);
  const { stdout, stderr } = await runCommand(['call', tool, ...words], { env: cloud.env });
  expectWay(`${stdout}${stderr}`, way, true, what);
});

test('R13: a command that the role lacks is said to be that, at every door', async () => {
  const env = {
    ...cloud.env,
    CLOUDSTACK_API_KEY: 'simulator-bob-api-key-not-a-real-secret',
    CLOUDSTACK_SECRET_KEY: 'simulator-bob-secret-key-not-a-real-secret',
  };
  const tenant = await openHost({ env });
  const { text, structured } = await tenant.call('read', { tool: 'list-hosts' });
  expect(structured['error']).toMatchObject({ kind: 'permission' });
  expectWay(text, ['The role does not include it', '[whoami]'], false, 'MCP');
  await tenant.close();
  const { stderr } = await runCommand(['call', 'list-hosts'], { env });
  expectWay(stderr, ['The role does not include it', '[whoami]'], true, 'terminal');
});
