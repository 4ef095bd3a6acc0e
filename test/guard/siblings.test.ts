import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { CallError } from '../../src/errors.ts';
import { openApp, requestOf, requiredOf, uuid, type Answers } from './counting.ts';

// Siblings of the attacks of attacks.json: what was tried anew, of each kind, and is counted at the cloud.

type Args = Record<string, unknown>;

const kindOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof CallError ? error.kind : String(error)),
  );

/** B: effects through arguments. None of them runs unasked. */
const effects: readonly (readonly [command: string, args: Args])[] = [
  ['updateVirtualMachine', { leaseduration: 1, leaseexpiryaction: 'DESTROY' }],
  ['updateVirtualMachine', { leaseduration: 1, leaseexpiryaction: ' destroy ' }],
  ['updateVirtualMachine', { leaseduration: 1 }],
  ['updateVirtualMachine', { leaseduration: 1, leaseexpiryaction: 'STOP' }],
  ['updateVirtualMachine', { userdataid: uuid(8) }],
  ['updateVirtualMachine', { userdatadetails: { a: 'b' } }],
  ['updateVirtualMachine', { haenable: false }],
  ['updateVirtualMachine', { securitygroupids: [uuid(8)] }],
  ['updateVirtualMachine', { securitygroupnames: ['open'] }],
  ['updateVirtualMachine', { cleanupdetails: true }],
  ['updateVirtualMachine', { instancename: 'i-2-3' }],
  ['updateVirtualMachine', { delete_protection: false }],
  ['deployVirtualMachine', { leaseduration: 1, leaseexpiryaction: 'DESTROY' }],
  ['deployVirtualMachine', { extraconfig: 'x' }],
  ['deployVirtualMachine', { externaldetails: { a: 'b' } }],
  ['updateNetworkOffering', { state: 'Disabled' }],
  ['updateVPCOffering', { state: 'Disabled' }],
  ['updateServiceOffering', { state: 'Inactive' }],
  ['updateDiskOffering', { state: 'inactive' }],
  ['updateServiceOffering', { domainid: 'public' }],
  ['updateDiskOffering', { domainid: 'public' }],
  ['updateNetworkOffering', { domainid: 'public' }],
  ['updateRole', { ispublic: true }],
  ['createRole', { ispublic: true }],
  ['updateHost', { url: 'http://x' }],
  ['updateHost', { hosttags: ['x'] }],
  ['updateHostPassword', {}],
  ['updateStoragePool', { url: 'nfs://x/y' }],
  ['updateStoragePool', { details: { a: 'b' } }],
  ['updateStoragePool', { capacitybytes: 1 }],
  ['changeStoragePoolScope', {}],
  ['createGuiTheme', { css: 'x' }],
  ['createGuiTheme', { jsonconfiguration: '{}' }],
  ['createGuiTheme', { ispublic: true }],
  ['updateGuiTheme', { css: 'x' }],
  ['updateExtension', { state: 'Disabled' }],
  ['updateExtension', { details: { a: 'b' } }],
  ['addCustomAction', {}],
  ['updateCustomAction', { enabled: true }],
  ['runCustomAction', {}],
  ['registerExtension', {}],
  ['updateWebhook', { secretkey: 'x' }],
  ['updateWebhook', { state: 'Disabled' }],
  ['updateWebhook', { payloadurl: 'http://x' }],
  ['updateWebhook', { sslverification: false }],
  ['createWebhook', {}],
  ['addWebhookFilter', {}],
  ['updateAutoScaleVmProfile', { userdata: 'I2Nsb3Vk' }],
  ['updateAutoScaleVmProfile', { expungevmgraceperiod: 0 }],
  ['updateAutoScaleVmProfile', { templateid: uuid(8) }],
  ['updateAutoScalePolicy', { duration: 1 }],
  ['createAutoScaleVmGroup', {}],
  ['updateCondition', { threshold: 1 }],
  ['scaleKubernetesCluster', { size: 1 }],
  ['scaleKubernetesCluster', { nodeids: [uuid(8)] }],
  ['scaleKubernetesCluster', { autoscalingenabled: true, minsize: 0, maxsize: 1 }],
  ['upgradeKubernetesCluster', {}],
  ['removeVirtualMachinesFromKubernetesCluster', {}],
  ['updateBucket', { versioning: false }],
  ['updateBucket', { encryption: false }],
  ['createBucket', { policy: 'public' }],
  ['createFirewallRule', { cidrlist: ['0.0.0.0/0'] }],
  ['createFirewallRule', {}],
  ['createNetworkACL', { cidrlist: ['0.0.0.0/0'], action: 'allow' }],
  [
    'createFirewallRule',
    { cidrlist: Array.from({ length: 200 }, (_, n) => `${n}.0.0.0/8`), protocol: 'tcp', startport: 22 },
  ],
  ['createPortForwardingRule', { publicport: 443, privateport: 22 }],
  ['createLoadBalancerRule', { publicport: 80, privateport: 5432 }],
  ['authorizeSecurityGroupIngress', { usersecuritygrouplist: [{ account: 'eve', group: 'default' }] }],
  ['enableHAForHost', {}],
  ['createNetworkACL', { cidrlist: ['::/0'] }],
  ['createNetworkACL', { cidrlist: ['0.0.0.0/1', '128.0.0.0/1'] }],
  ['createNetworkACL', { cidrlist: ['1.0.0.0/4'] }],
  ['createNetworkACL', {}],
  ['updateNetworkACLItem', { cidrlist: ['0.0.0.0/0'] }],
  [
    'authorizeSecurityGroupIngress',
    { securitygroupid: uuid(7), cidrlist: ['0.0.0.0/0'], protocol: 'tcp', startport: 22, endport: 22 },
  ],
  [
    'authorizeSecurityGroupIngress',
    { securitygroupid: uuid(7), cidrlist: [' 0.0.0.0/00 '], protocol: 'tcp', startport: 22, endport: 22 },
  ],
  ['authorizeSecurityGroupEgress', { securitygroupid: uuid(7), cidrlist: ['0.0.0.0/0'] }],
  ['createPortForwardingRule', { openfirewall: true }],
  ['createPortForwardingRule', { cidrlist: ['0.0.0.0/0'] }],
  ['createLoadBalancerRule', { openfirewall: true }],
  ['createLoadBalancerRule', { cidrlist: ['0.0.0.0/0'] }],
  ['createIpForwardingRule', { openfirewall: true }],
  ['enableStaticNat', {}],
  ['createRemoteAccessVpn', { openfirewall: true }],
  ['createVpnConnection', {}],
  ['createRoutingFirewallRule', { cidrlist: ['0.0.0.0/0'] }],
  ['createIpv6FirewallRule', { cidrlist: ['::/0'] }],
  ['addResourceDetail', {}],
  ['removeResourceDetail', {}],
  ['updateTemplate', { templatetype: 'SYSTEM' }],
  ['updateTemplate', { cleanupdetails: true }],
  ['startRollingMaintenance', { hostids: [uuid(8)], payload: 'x' }],
  ['configureHAForHost', {}],
  ['disableHAForCluster', {}],
  ['disableHAForHost', {}],
  ['disableHAForZone', {}],
  ['configureOutOfBandManagement', {}],
  ['issueOutOfBandManagementPowerAction', { action: 'OFF' }],
  ['issueOutOfBandManagementPowerAction', { action: 'status' }],
  ['changeOutOfBandManagementPassword', {}],
  ['disableOutOfBandManagementForHost', {}],
  ['updateVMAffinityGroup', { affinitygroupids: [uuid(8)] }],
  ['assignVirtualMachine', {}],
  ['assignVolume', {}],
  ['replaceNetworkACLList', { aclid: uuid(7), networkid: uuid(8) }],
  ['updateVPC', { publicmtu: 68 }],
  ['updateNetwork', { guestvmcidr: '10.0.0.0/24' }],
  ['updateNetwork', { dns1: '6.6.6.6' }],
  ['updateNetwork', { privatemtu: 68 }],
  ['updateNetwork', { changecidr: true }],
  ['updateVPC', { sourcenatipaddress: '1.2.3.4' }],
  ['createProjectRolePermission', { permission: 'allow' }],
  ['updateProjectRolePermission', {}],
  ['updateRolePermission', { permission: 'deny' }],
  ['importRole', {}],
  ['suspendProject', {}],
  ['dedicateHost', {}],
  ['releaseDedicatedHost', {}],
  ['updateUser', { username: 'x' }],
  ['updateUser', { email: 'x@y' }],
  ['updateUser', { passwordchangerequired: true }],
  ['moveUser', {}],
  ['lockUser', {}],
  ['updateAccount', { id: uuid(7), newname: 'x' }],
  ['updateDomain', { name: 'x' }],
  ['updateDomain', { networkdomain: 'x' }],
  ['updateAccount', { id: uuid(7), apikeyaccess: 'ENABLED' }],
  ['updateUser', { apikeyaccess: 'ENABLED' }],
  ['updateUser', { apikeyaccess: 'disabled' }],
  ['updateVolume', { customid: uuid(8) }],
  ['updateVolume', { state: 'Ready' }],
  ['changeOfferingForVolume', { shrinkok: true }],
  ['resizeVolume', { size: 1, shrinkok: true }],
  ['extractVolume', {}],
  ['createTemplate', { ispublic: true }],
  ['createTemplate', { isfeatured: true }],
  ['importVolume', {}],
  ['unmanageVolume', {}],
  ['unmanageVirtualMachine', {}],
  ['importUnmanagedInstance', {}],
  ['updateSnapshotPolicy', { fordisplay: false }],
  ['createVMSchedule', { action: 'REBOOT' }],
  ['createResourceSchedule', {}],
  ['updatePhysicalNetwork', { vlan: '1-2' }],
  ['dedicateGuestVlanRange', {}],
  ['updateTrafficType', { kvmnetworklabel: 'x' }],
  ['uploadCustomCertificate', {}],
  ['revokeCertificate', {}],
  ['issueCertificate', {}],
  ['cloudianSsoLogin', {}],
  ['createConsoleEndpoint', {}],
  ['setupUserTwoFactorAuthentication', { enable: false }],
  ['quotaUpdate', {}],
  ['quotaEmailTemplateUpdate', {}],
  ['quotaConfigureEmail', { enable: false }],
  ['generateAlert', {}],
  ['archiveAlerts', {}],
  ['updateHypervisorCapabilities', {}],
  ['updateGuestOsMapping', {}],
  ['removeGuestOs', {}],
  ['updateRegion', { endpoint: 'http://x' }],
  ['addRegion', {}],
  ['updateResourceLimit', { account: 'bob', domainid: uuid(7), max: -1 }],
  ['updateResourceLimit', { account: 'bob', domainid: uuid(7), max: 1 }],
  ['prepareForShutdown', {}],
  ['prepareForMaintenance', {}],
  ['downloadImageStoreObject', {}],
  ['updateSecondaryStorageSelector', {}],
  ['createSecondaryStorageSelector', {}],
  ['addObjectStoragePool', {}],
  ['restartSharedFileSystem', { cleanup: true }],
  ['createIpv4SubnetForZone', {}],
  ['changeBgpPeersForVpc', {}],
  ['createBgpPeer', {}],
  ['updateBgpPeer', {}],
];

test('what arguments do beyond the command is asked about: leases, guard rails, ways in, code, what opens, what stops later', async () => {
  const { app, sent, times, close } = await openApp();
  const left: string[] = [];
  for (const [command, args] of effects) {
    const all = requiredOf(loadCatalog().find(command)!.command, args);
    const before = times(command);
    const outcome = await kindOf(app.call(requestOf(command, all)));
    if (outcome !== 'unconfirmed' || times(command) > before)
      left.push(`${command} ${JSON.stringify(args)}: ${outcome}`);
  }
  expect(left).toEqual([]);
  expect(sent.length).toBeGreaterThan(effects.length / 2);
  await close();
});

const machine = uuid(1).replace('0000-4000', 'abcd-4abc');
const other = uuid(2);
const disk = uuid(3).replace('0000-4000', 'abcd-4abc');
const saved = [{ key: 'protected', value: 'true' }];

/** A cloud that compares as CloudStack's database does: without letter case and trailing blanks. */
const cloud: Answers = (command, params) => {
  const rows: Record<string, [key: string, rows: Args[]]> = {
    listVirtualMachines: [
      'virtualmachine',
      [
        { id: machine, name: 'precious', state: 'Running', tags: saved },
        { id: other, name: 'web-2', state: 'Running', tags: [] },
      ],
    ],
    listVolumes: [
      'volume',
      [
        { id: disk, name: 'precious-data', state: 'Ready', tags: saved },
        { id: uuid(7), name: 'scratch', state: 'Ready', tags: [] },
      ],
    ],
    listTags: [
      'tag',
      [
        { key: 'protected', value: 'true', resourceid: machine, resourcetype: 'UserVm' },
        { key: 'protected', value: 'true', resourceid: disk, resourcetype: 'Volume' },
      ],
    ],
  };
  const [key, all] = rows[command] ?? [];
  if (!key || !all) return undefined;
  const same = (a: unknown, b: string): boolean => String(a).toLowerCase() === b.trimEnd().toLowerCase();
  const ids = params['ids']?.split(',') ?? (params['id'] === undefined ? undefined : [params['id']]);
  const found = all.filter(
    (row) =>
      (!ids || ids.some((id) => same(row['id'], id))) &&
      (params['name'] === undefined || same(row['name'], params['name'])),
  );
  return { count: found.length, [key]: found };
};

const upper = machine.toUpperCase();

/** A: spellings of one id, beyond capitals. */
const spelled: Record<string, unknown> = {
  'mixed case': [...machine].map((letter, at) => (at % 2 ? letter.toUpperCase() : letter)).join(''),
  'a zero-width space within': `${upper.slice(0, 9)}\u200b${upper.slice(9)}`,
  'a zero-width joiner at the end': `${upper}\u200d`,
  'a byte order mark before': `\ufeff${upper}`,
  'a soft hyphen': `${upper.slice(0, 8)}\u00ad${upper.slice(8)}`,
  'a no-break space after': `${upper}\u00a0`,
  'an ideographic space after': `${upper}\u3000`,
  'a line break after': `${upper}\n`,
  'a tab before': `\t${upper}`,
  'NUL after': `${upper}\u0000`,
  'a right-to-left mark': `\u202e${upper}`,
  'fullwidth digits': upper.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
  'a Cyrillic letter for a Latin one': upper.replaceAll('A', '\u0410').replaceAll('C', '\u0421'),
  'non-breaking hyphens': upper.replaceAll('-', '\u2011'),
  'no hyphens': upper.replaceAll('-', ''),
  braces: `{${upper}}`,
  'a URN': `urn:uuid:${upper}`,
  quotes: `"${upper}"`,
  'single quotes': `'${upper}'`,
  'percent codes': upper.replace('-', '%2D'),
  'a plus for a blank': `${upper}+`,
  'a list in a text': `${other},${upper}`,
  'a list in a text with blanks': `${other} , ${upper}`,
  'JSON in a text': JSON.stringify([upper]),
  'a list': [upper],
  'a list in a list': [[upper]],
  'an object': { id: upper },
  'an object with a value': { value: upper },
  'a condition': `${upper}' OR '1'='1`,
  'a wildcard': `${upper.slice(0, 8)}%`,
  'another parameter behind it': `${upper}&id=${machine}`,
  'its first characters': upper.slice(0, 13),
  'the address of the resource': `cloudstack://virtual-machine/${upper}`,
};

test.each(Object.entries(spelled))(
  'A: of a protected machine, named with %s, nothing leaves unasked',
  async (_what, id) => {
    const { app, times, close } = await openApp({}, { answers: cloud });
    const calls: [string, Args][] = [
      ['updateVirtualMachine', { id, displayname: 'x' }],
      ['stopVirtualMachine', { id }],
      ['createTags', { resourceids: [id], resourcetype: 'UserVm', tags: { a: 'b' } }],
      ['createTags', { resourceids: id, resourcetype: 'USERVM', tags: { a: 'b' } }],
      ['addAnnotation', { entityid: id, entitytype: 'vm', annotation: 'x' }],
      ['attachVolume', { id: disk, virtualmachineid: id }],
      ['addNicToVirtualMachine', { virtualmachineid: id, networkid: uuid(9) }],
      ['assignToLoadBalancerRule', { id: uuid(8), virtualmachineids: [other, id] }],
      ['updateVMAffinityGroup', { ID: id, affinitygroupids: [uuid(8)] }],
    ];
    for (const [command, args] of calls) {
      const outcome = await kindOf(app.call(requestOf(command, args)));
      expect(outcome, command).toMatch(/^(?:refused|not-found|invalid|unconfirmed|ambiguous)$/);
      expect(times(command), `${command}: ${outcome}`).toBe(0);
    }
    await close();
  },
);

test('A: an id in the entry of a map or a list of rows is a target like any other', async () => {
  const { app, times, close } = await openApp({}, { answers: cloud });
  const volume = ` ${disk.toUpperCase()}`;
  const calls: [string, Args][] = [
    ['migrateVirtualMachineWithVolume', { virtualmachineid: other, migrateto: [{ volume, pool: uuid(9) }] }],
    ['migrateVirtualMachineWithVolume', { virtualmachineid: other, migrateto: { volume, pool: uuid(9) } }],
    ['assignToLoadBalancerRule', { id: uuid(8), vmidipmap: [{ vmid: upper, vmip: '10.0.0.1' }] }],
    ['assignToLoadBalancerRule', { id: uuid(8), vmidipmap: [{ VMID: upper, vmip: '10.0.0.1' }] }],
    ['updateVirtualMachine', { id: other, 'details[0].extraconfig-1': 'y' }],
    ['updateVirtualMachine', { 'ids[0]': upper, displayname: 'x' }],
    ['updateVirtualMachine', { id: other, 'id[0]': upper }],
    ['createTags', { 'resourceids[0]': upper, resourcetype: 'UserVm', tags: { a: 'b' } }],
    ['createTags', { resourceids: `${other}, ${upper}`, resourcetype: 'UserVm', tags: { a: 'b' } }],
    ['createTags', { resourceids: JSON.stringify([other, upper]), resourcetype: 'UserVm', tags: { a: 'b' } }],
    ['deleteTags', { resourceids: [other, ` ${upper}\t`], resourcetype: 'userVM' }],
    ['destroyVirtualMachine', { id: other, volumeids: [volume] }],
    ['destroyVirtualMachine', { id: other, volumeids: `${volume} , ${uuid(9)}` }],
  ];
  for (const [command, args] of calls) {
    const outcome = await kindOf(app.call(requestOf(command, args)));
    expect(outcome, `${command} ${JSON.stringify(args)}`).toMatch(/^(?:refused|not-found|invalid|unconfirmed)$/);
    expect(times(command), `${command} ${JSON.stringify(args)}`).toBe(0);
  }
  await close();
});

test('A: whatever the case of a name of a command, rules, roles and raised risks hold', async () => {
  const rules = [{ name: 'frozen', match: { command: 'STOP*' }, action: 'block' }];
  const roles = { looker: { commands: ['LIST*'] } };
  const principals = { eve: { role: 'looker' }, local: { role: 'admin' } };
  const { app, times, sent, close } = await openApp({ policy: { rules }, roles, principals }, { answers: cloud });
  const eve = { caller: { principal: 'eve', host: 'test', profile: 'default' } };
  for (const name of [
    'stopVirtualMachine',
    'STOPVIRTUALMACHINE',
    'stop-virtual-machine',
    'Stop_Virtual_Machine',
    'stopvirtualmachine ',
  ])
    expect(await kindOf(app.call(requestOf(name, { id: other }))), name).toMatch(/^(?:refused|invalid|not-found)$/);
  for (const name of ['startVirtualMachine', 'STARTVIRTUALMACHINE', 'start-virtual-machine'])
    expect(await kindOf(app.call(requestOf(name, { id: other }, eve))), name).toMatch(
      /^(?:refused|invalid|not-found)$/,
    );
  for (const name of ['CHECKVOLUME', 'check-volume', 'checkVolume'])
    for (const repair of ['leaks', 'LEAKS', ' Leaks', 'all\n'])
      expect(await kindOf(app.call(requestOf(name, { id: uuid(7), repair }))), `${name} ${repair}`).toMatch(
        /^(?:unconfirmed|invalid)$/,
      );
  expect(sent.filter(({ command }) => !command.startsWith('list'))).toEqual([]);
  expect(times('stopVirtualMachine')).toBe(0);
  await close();
});

test('H: a row that leaves its tags out is not untagged: the list of tags decides, for the thing, its owner and what hangs on it', async () => {
  const tag = (resourceid: string, resourcetype: string): Args => ({
    key: 'protected',
    value: 'true',
    resourceid,
    resourcetype,
  });
  const silent: Answers = (command, params) => {
    const rows: Record<string, [key: string, rows: Args[]]> = {
      listVirtualMachines: ['virtualmachine', [{ id: machine, name: 'precious', state: 'Running' }]],
      listVolumes: [
        'volume',
        [{ id: uuid(7), name: 'disk', state: 'Ready', virtualmachineid: machine, vmname: 'precious' }],
      ],
      listSnapshots: [
        'snapshot',
        [{ id: uuid(6), name: 's', state: 'BackedUp', volumeid: uuid(7), volumename: 'disk' }],
      ],
      listNetworks: ['network', [{ id: uuid(5), name: 'n', state: 'Implemented' }]],
      listTags: ['tag', [tag(machine, 'UserVm')]],
    };
    const [key, all] = rows[command] ?? [];
    if (!key || !all) return undefined;
    const found = all.filter((row) => params['id'] === undefined || row['id'] === params['id']);
    return { count: found.length, [key]: found };
  };
  const { app, times, close } = await openApp({}, { answers: silent });
  const calls: [string, Args][] = [
    ['updateVirtualMachine', { id: machine, displayname: 'x' }],
    ['stopVirtualMachine', { id: machine }],
    ['detachVolume', { id: uuid(7) }],
    ['updateVolume', { id: uuid(7), name: 'x' }],
    ['deleteNetwork', { id: uuid(5) }],
    ['restartNetwork', { id: uuid(5), cleanup: true }],
  ];
  for (const [command, args] of calls) {
    await expect(app.call(requestOf(command, args)), command).rejects.toThrow(/protected/);
    expect(times(command), command).toBe(0);
  }
  await close();
});
