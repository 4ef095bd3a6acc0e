import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { isGrave, looksOnly, raisesOf, type ParameterRisks } from '../../src/catalog/parameter-risks.ts';
import type { Command, Parameter } from '../../src/catalog/types.ts';
import { loadData } from '../../src/data.ts';
import { CallError } from '../../src/errors.ts';
import { openApp, requestOf, requiredOf, uuid, valueFor } from '../guard/counting.ts';
import { argumentsThat, canHappen } from '../guard/raising.ts';

const { tools } = loadCatalog();
const changing = tools.filter(({ command, risk }) => !looksOnly(command, risk));
const { effects } = loadData<ParameterRisks>('parameter-risks.json');

type Args = Record<string, unknown>;

/** Calls that left unasked, or that were not understood so that they prove nothing. Nobody is there to ask. */
const leftUnasked = async (cases: readonly (readonly [Command, Args])[]): Promise<string[]> => {
  const { app, times, close } = await openApp();
  const wrong: string[] = [];
  for (const [command, args] of cases) {
    const before = times(command.name);
    const outcome = await app.call(requestOf(command.name, args)).then(
      () => 'done',
      (error: unknown) => (error instanceof CallError ? error.kind : String(error)),
    );
    // What the cloud does not show gets no code either.
    if (!['unconfirmed', 'not-found'].includes(outcome) || times(command.name) !== before)
      wrong.push(`${command.name} ${JSON.stringify(args)}: ${outcome}`);
  }
  await close();
  return wrong;
};

/** Texts as CloudStack takes them, too: in capitals and between blanks. */
const respelt = (args: Args, name: string): Args => {
  const value = args[name];
  return typeof value === 'string' && /^[a-z_ -]+$/i.test(value)
    ? { ...args, [name]: ` ${value.toUpperCase()} ` }
    : args;
};

test.each(Object.keys(effects))('%s: no command × parameter of this effect leaves unasked', async (effect) => {
  const cases = tools.flatMap(({ command, risk }) =>
    raisesOf(command, risk)
      .filter((raise) => raise.effect === effect && isGrave(raise) && canHappen(command, raise))
      .map((raise) => [command, respelt(argumentsThat(command, raise), raise.parameter)] as const),
  );
  expect(cases.length).toBeGreaterThan(0);
  expect(await leftUnasked(cases)).toEqual([]);
});

/** What a stranger would try, by the name of the parameter alone; nothing of the rules is asked. */
const tries: readonly [names: RegExp, value: unknown, not?: RegExp][] = [
  [/password$/, 'Letmein1', /^(deployVirtualMachine|deployVnfAppliance|createVMFromBackup|uploadSslCert) /],
  [/^(usersecretkey|secretkey|userapikey|accesskey)$/, 'AKIA0000'],
  [/^mandate2fa$/, false],
  [/^(roleid|projectroleid)$/, undefined],
  [/^accounttype$/, 1],
  [/^roletype$/, 'ADMIN'],
  [/^permission$/, 'Allow'],
  [/^apikeyaccess$/, 'enabled'],
  [/^(ispublic|isfeatured)$/, true, /^\w+OsCategory /],
  [/^policy$/, 'PUBLIC'],
  [/^op$/, 'add'],
  [/^(payloadurl|baremetalrcturl|netrisurl|endpoint)$/, 'http://169.254.169.254/'],
  [
    /^(url|hostname|host|vcenter|address)$/,
    'http://192.0.2.1/',
    /^(register(Template|Iso|VnfTemplate)|uploadVolume|createTemplate|importUnmanagedInstance) /,
  ],
  [/^(activationrule|heuristicrule|extraconfig)$/, 'x'],
  [/^externaldetails$/, { a: 'b' }],
  [
    /^(userdata|userdataid|userdatadetails)$/,
    undefined,
    /^(deploy|createVMFromBackup|createAutoScaleVmProfile|registerUserData)/,
  ],
  [/^managedstate$/, 'unmanaged'],
  [/^allocationstate$/, 'DISABLED', /^(add|create|updateHost )/],
  [/^state$/, 'disabled', /^(create|update(DiskOffering|ServiceOffering|Volume) )/],
  [/^(enabled|enable)$/, false, /^(create|add|clone)(VMSchedule|ResourceSchedule|\w*Offering|CustomAction) /],
  [/^deleteprotection$/, false],
  [/^readonly$/, true],
  [/^max$/, 7],
  [/^(macaddress|iqn|busaddress|leftnetworkid|payload)$/, undefined],
  [/^(hosttags|storagetags|templatetag|networkdomain|newname)$/, 'x', /^(?!update)/],
  [/^(hosttags|storagetags|securitygroupnames|userdata)$/, '', /^(?!update)/],
  [/^(cidrlist|protocol|action)$/, undefined, /^(?!update\w*Rule|updateNetworkACLItem)/],
  [/^(startip|startipv6|prefix)$/, undefined, /^(createNetwork|createZone) /],
  [/^(iopsnotifythreshold|pingpath|osnameforhypervisor|limitiopspergb)$/, undefined],
  [/^(maxsnaps|maxbackups|minmembers|maxmembers)$/, 1],
  [/^schedule$/, undefined, /^create(SnapshotPolicy|BackupSchedule|VMSchedule) /],
  [/^(leaseduration|leaseexpiryaction)$/, undefined],
  [/^(forced|shrinkok|expunge|bypassvlanoverlapcheck)$/, true, /^attachIso /],
  [/^cleanup/, true],
];

const given = (command: Command, parameter: Parameter, value: unknown): unknown => {
  if (value === undefined) return valueFor(parameter, command.name);
  return parameter.type === 'list' ? [value] : value;
};

test.each(tries)('whatever its command is, %s=%j is asked about', async (names, value, not) => {
  const cases = changing.flatMap(({ command }) =>
    command.params
      .filter(({ name }) => names.test(name) && !not?.test(`${command.name} ${name}`))
      .map(
        (parameter) => [command, requiredOf(command, { [parameter.name]: given(command, parameter, value) })] as const,
      ),
  );
  expect(cases.length).toBeGreaterThan(0);
  expect(await leftUnasked(cases)).toEqual([]);
});

test('everyday work runs unasked', async () => {
  const everyday: [string, Args][] = [
    ['deployVirtualMachine', { userdata: 'I2Nsb3Vk', keypair: 'k', name: 'web-1' }],
    ['startVirtualMachine', {}],
    ['createVolume', { name: 'data', size: 10 }],
    ['attachVolume', {}],
    ['createSnapshot', {}],
    ['createBackup', {}],
    ['createNetwork', { name: 'n' }],
    ['createVPC', { name: 'v', cidr: '10.1.0.0/16' }],
    ['associateIpAddress', {}],
    ['createFirewallRule', { protocol: 'tcp', startport: 22, endport: 22, cidrlist: ['192.0.2.7/32'] }],
    ['createFirewallRule', { protocol: 'tcp', startport: 443, endport: 443, cidrlist: ['0.0.0.0/0'] }],
    ['createEgressFirewallRule', { protocol: 'all' }],
    [
      'authorizeSecurityGroupIngress',
      { securitygroupid: uuid(3), protocol: 'tcp', startport: 443, endport: 443, cidrlist: ['0.0.0.0/0'] },
    ],
    ['createLoadBalancerRule', { publicport: 443, privateport: 8443 }],
    ['createPortForwardingRule', { publicport: 80, privateport: 8080 }],
    ['createTags', { resourceids: [uuid(4)], resourcetype: 'UserVm', tags: { a: 'b' } }],
    ['registerTemplate', { url: 'http://example.com/x.qcow2' }],
    ['registerUserData', { userdata: 'I2Nsb3Vk' }],
    ['updateVirtualMachine', { displayname: 'web' }],
    ['updateVirtualMachine', { name: 'web', group: 'web' }],
    ['updateVolume', { name: 'data' }],
    ['resizeVolume', { size: 20 }],
    ['scaleVirtualMachine', {}],
    ['addNicToVirtualMachine', { ipaddress: '10.1.1.9' }],
    ['createTemplate', { name: 't', snapshotid: uuid(5) }],
    ['createVolume', { name: 'again', snapshotid: uuid(5) }],
    ['copySnapshot', { destzoneids: [uuid(6)] }],
    ['registerSSHKeyPair', { name: 'k' }],
    ['createSecurityGroup', { name: 'g' }],
    ['assignToLoadBalancerRule', { virtualmachineids: [uuid(7)] }],
    ['createNetworkACL', { protocol: 'all', traffictype: 'egress' }],
    ['recoverVirtualMachine', {}],
    ['startKubernetesCluster', {}],
    ['createSharedFileSystem', { name: 's' }],
    ['migrateVirtualMachine', {}],
    ['createVMSchedule', { action: 'START', schedule: '0 8 * * *', timezone: 'UTC' }],
    ['createKubernetesCluster', { name: 'k' }],
    ['createVpnCustomerGateway', {}],
    ['createProject', { name: 'p' }],
    ['createServiceOffering', { name: 'o' }],
    ['createZone', { name: 'z' }],
  ];
  const { app, times, close } = await openApp();
  for (const [name, args] of everyday) {
    const { command } = loadCatalog().find(name)!;
    const before = times(name);
    await app.call(requestOf(name, requiredOf(command, args)));
    expect(times(name) - before, name).toBe(1);
  }
  await close();
});
