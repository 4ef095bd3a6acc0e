import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { openApp, requestOf, requiredOf, uuid, type Answers, yes } from './counting.ts';

const consent = { consent: yes };
type Row = Record<string, unknown>;

/** As the database compares. */
const same = (value: unknown): string => String(value).trim().toLowerCase();

/** What a cloud lists of tags. */
const tagsIn = (tables: Record<string, Row[]>): Row[] =>
  Object.entries(tables).flatMap(([list, rows]) =>
    rows.flatMap(({ id, tags = [] }) =>
      (tags as Row[]).map((tag) => ({
        ...tag,
        resourceid: id,
        resourcetype: loadCatalog().find(list)?.command.response,
      })),
    ),
  );

/** A cloud with these rows; a list is narrowed by the ids and names it is asked for. */
const cloudOf =
  (tables: Record<string, Row[]>): Answers =>
  (command, params) => {
    const tool = loadCatalog().find(command);
    if (tool?.command.result !== 'list' || tool.risk.risk !== 'read') return undefined;
    const key = [tool.command.key ?? 'item'].flat()[0]!;
    const narrowing = Object.entries(params).filter(([name]) => /^(id|name|\w+id|account)$/.test(name));
    const rows = (command === 'listTags' ? tagsIn(tables) : (tables[command] ?? [])).filter((row) =>
      narrowing.every(([name, value]) => row[name] === undefined || same(row[name]) === same(value)),
    );
    return { count: rows.length, [key]: rows };
  };

const saved = [{ key: 'protected', value: 'true' }];
const ids = {
  vm: uuid(1),
  volume: uuid(2),
  snapshot: uuid(3),
  vmSnapshot: uuid(4),
  nic: uuid(5),
  host: uuid(6),
  network: uuid(7),
  account: uuid(8),
  domain: uuid(9),
};

test('what hangs on a protected machine, and what the machine hangs on, is protected with it', async () => {
  const vm = {
    id: ids.vm,
    name: 'precious',
    tags: saved,
    hostid: ids.host,
    networkid: ids.network,
    podid: uuid(60),
    clusterid: uuid(61),
    storageid: uuid(62),
    autoscalevmgroupid: uuid(63),
    vpcid: uuid(64),
    account: 'bob',
    domainid: ids.domain,
    nic: [{ id: ids.nic }],
  };
  const { app, times, close } = await openApp(
    {},
    {
      answers: cloudOf({
        listVirtualMachines: [vm],
        listVolumes: [{ id: ids.volume, name: 'data', virtualmachineid: ids.vm, tags: [] }],
        listSnapshots: [{ id: ids.snapshot, volumeid: ids.volume, tags: [] }],
        listVMSnapshot: [{ id: ids.vmSnapshot, virtualmachineid: ids.vm }],
        listHosts: [{ id: ids.host, name: 'h' }],
        listNetworks: [{ id: ids.network, name: 'n', tags: [] }],
        listAccounts: [{ id: ids.account, name: 'bob', domainid: ids.domain }],
        listDomains: [{ id: ids.domain, name: 'd', path: 'ROOT/d' }],
        listPods: [{ id: uuid(60), name: 'p' }],
        listClusters: [{ id: uuid(61), name: 'c' }],
        listStoragePools: [{ id: uuid(62), name: 's' }],
        listAutoScaleVmGroups: [{ id: uuid(63), name: 'g' }],
        listVPCs: [{ id: uuid(64), name: 'v' }],
        listRouters: [
          { id: uuid(65), name: 'r-1', guestnetworkid: ids.network },
          { id: uuid(66), name: 'r-2', vpcid: uuid(64) },
          { id: uuid(67), name: 'r-3' },
        ],
        listKubernetesClusters: [{ id: uuid(68), name: 'k', virtualmachines: [vm] }],
        listBackups: [{ id: uuid(69), virtualmachineid: ids.vm }],
        listPublicIpAddresses: [{ id: uuid(70), virtualmachineid: ids.vm }],
        listPortForwardingRules: [{ id: uuid(71), virtualmachineid: ids.vm }],
        listSnapshotPolicies: [{ id: uuid(72), volumeid: ids.volume }],
        listVMSchedule: [{ id: uuid(73), virtualmachineid: ids.vm }],
      }),
    },
  );
  const tries: [string, Row][] = [
    ['revertToVMSnapshot', { vmsnapshotid: ids.vmSnapshot }],
    ['detachVolume', { id: ids.volume }],
    ['revertSnapshot', { id: ids.snapshot }],
    ['addIpToNic', { nicid: ids.nic }],
    ['updateVmNicIp', { nicid: ids.nic }],
    ['restartNetwork', { id: ids.network, cleanup: true }],
    ['prepareHostForMaintenance', { id: ids.host }],
    ['deleteHost', { id: ids.host }],
    ['disableAccount', { account: 'bob', domainid: ids.domain, lock: false }],
    ['disableAccount', { id: ids.account, lock: false }],
    ['deleteAccount', { id: ids.account }],
    ['startRollingMaintenance', { podids: [uuid(60)] }],
    ['startRollingMaintenance', { clusterids: [uuid(61)] }],
    ['startRollingMaintenance', { hostids: [ids.host] }],
    ['enableStorageMaintenance', { id: uuid(62) }],
    ['issueOutOfBandManagementPowerAction', { hostid: ids.host, action: 'OFF' }],
    ['deleteAutoScaleVmGroup', { id: uuid(63), cleanup: true }],
    ['restartVPC', { id: uuid(64) }],
    ['stopRouter', { id: uuid(65) }],
    ['rebootRouter', { id: uuid(65) }],
    ['destroyRouter', { id: uuid(66) }],
    ['stopKubernetesCluster', { id: uuid(68) }],
    ['deleteKubernetesCluster', { id: uuid(68) }],
    ['deleteBackup', { id: uuid(69) }],
    ['disableStaticNat', { ipaddressid: uuid(70) }],
    ['disassociateIpAddress', { id: uuid(70) }],
    ['deletePortForwardingRule', { id: uuid(71) }],
    ['deleteSnapshotPolicies', { id: uuid(72) }],
    ['resizeVolume', { id: ids.volume, size: 1, shrinkok: true }],
    ['migrateVolume', { volumeid: ids.volume, storageid: uuid(62) }],
    ['removeNicFromVirtualMachine', { virtualmachineid: ids.vm, nicid: ids.nic }],
    ['removeFromLoadBalancerRule', { id: uuid(74), virtualmachineids: [ids.vm] }],
    ['deleteVMSchedule', { virtualmachineid: ids.vm, id: uuid(73) }],
  ];
  for (const [command, args] of tries) {
    await expect(app.call(requestOf(command, args, consent)), command).rejects.toThrow(/protected/);
    expect(times(command), command).toBe(0);
  }
  // Nothing is known to be behind it: that is not everything there is.
  await app.call(requestOf('rebootRouter', { id: uuid(67) }, consent));
  expect(times('rebootRouter')).toBe(1);
  await close();
});

const frozen = {
  policy: { rules: [{ name: 'frozen', match: { zone: 'Frankfurt', risk: ['change', 'destroy'] }, action: 'block' }] },
};
const inZone = { zoneid: uuid(20), zonename: 'Frankfurt', tags: [] };

test('a rule about a zone sees everything that a change names', async () => {
  const { app, times, close } = await openApp(frozen, {
    answers: cloudOf({
      listZones: [{ id: uuid(20), name: 'Frankfurt' }],
      listPublicIpAddresses: [{ id: uuid(31), ...inZone }],
      listSnapshots: [{ id: uuid(32), ...inZone }],
      listVolumes: [{ id: uuid(33), ...inZone }],
      listNetworks: [{ id: uuid(34), ...inZone }],
      listVPCs: [{ id: uuid(35), ...inZone }],
      listNetworkACLLists: [{ id: uuid(36), vpcid: uuid(35) }],
    }),
  });
  const tries: [string, Row][] = [
    ['createLoadBalancerRule', { publicipid: uuid(31), publicport: 443 }],
    ['createVolume', { snapshotid: uuid(32) }],
    ['createTemplate', { snapshotid: uuid(32) }],
    ['createTemplate', { volumeid: uuid(33) }],
    ['associateIpAddress', { networkid: uuid(34) }],
    ['createNetworkACL', { aclid: uuid(36), protocol: 'tcp', cidrlist: ['10.1.0.0/16'] }],
  ];
  for (const [command, args] of tries) {
    const call = requestOf(command, requiredOf(loadCatalog().find(command)!.command, args), consent);
    await expect(app.call(call), command).rejects.toThrow(/frozen/);
    expect(times(command), command).toBe(0);
  }
  await close();
});

test('a row that does not tell its place is looked up, and counts as matching where that fails', async () => {
  const rules = { policy: { rules: [{ name: 'prod', match: { domain: 'ROOT/production*' }, action: 'block' }] } };
  const rowOf = (domainid: string | undefined): Row => ({ id: ids.vm, name: 'web', domain: 'x', domainid, tags: [] });
  const domains = [
    { id: uuid(40), path: 'ROOT/production/eu' },
    { id: uuid(41), path: 'ROOT/lab' },
  ];
  const outcomes: [domainid: string, listed: Row[], blocked: boolean][] = [
    [uuid(40), domains, true],
    [uuid(41), domains, false],
    [uuid(41), [], true],
  ];
  for (const [domainid, listed, blocked] of outcomes) {
    const { app, times, close } = await openApp(rules, {
      answers: cloudOf({ listVirtualMachines: [rowOf(domainid)], listDomains: listed }),
    });
    const call = app.call(requestOf('updateVirtualMachine', { id: ids.vm, displayname: 'x' }));
    if (blocked) await expect(call).rejects.toThrow(/prod/);
    else await call;
    expect(times('updateVirtualMachine')).toBe(blocked ? 0 : 1);
    await close();
  }
});

const tenant = {
  roles: { tied: { domains: ['ROOT/engineering'] } },
  principals: { eve: { role: 'tied' } },
};
const engineering = uuid(50);
const sales = uuid(51);
const eve = { ...consent, caller: { principal: 'eve', host: 'test', profile: 'default' } };

test("a role tied to a domain has none of root's powers in the parameters", async () => {
  const { app, times, close } = await openApp(tenant, {
    answers: cloudOf({
      listDomains: [
        { id: engineering, path: 'ROOT/engineering' },
        { id: sales, path: 'ROOT/sales' },
      ],
      listZones: [{ id: uuid(20), name: 'Frankfurt' }],
      listNetworkOfferings: [{ id: uuid(60), name: 'o' }],
      listOsTypes: [{ id: uuid(61), description: 'o' }],
      listRoles: [{ id: uuid(62), name: 'Root Admin', type: 'Admin' }],
      listAccounts: [{ id: ids.account, name: 'bob', domainid: engineering }],
      listVirtualMachines: [{ id: ids.vm, name: 'web', domainid: engineering, account: 'bob' }],
      listDiskOfferings: [{ id: uuid(63), name: 'd', domainid: engineering }],
    }),
  });
  const owner = { account: 'bob', domainid: engineering };
  const person = { username: 'u', password: 'Letmein1', email: 'u@example.com', firstname: 'u', lastname: 'u' };
  const network = { name: 'spy', networkofferingid: uuid(60), zoneid: uuid(20), ...owner };
  const image = {
    name: 't',
    displaytext: 't',
    format: 'QCOW2',
    hypervisor: 'KVM',
    deployasis: true,
    url: 'http://e.com/x',
    zoneid: uuid(20),
    ...owner,
  };
  const tries: [string, Row][] = [
    ['createNetwork', { ...network, vlan: '102' }],
    ['createNetwork', { ...network, bypassvlanoverlapcheck: true }],
    ['createNetwork', { ...network, routerip: '10.1.1.1' }],
    ['updateVirtualMachine', { id: ids.vm, customid: uuid(70) }],
    ['updateVirtualMachine', { id: ids.vm, extraconfig: '<devices/>' }],
    ['updateVirtualMachine', { id: ids.vm, details: { 'extraconfig-1': '<devices/>' } }],
    ['createAccount', { ...person, accounttype: 1, domainid: engineering }],
    ['createAccount', { ...person, roleid: uuid(62), domainid: engineering }],
    ['updateAccount', { id: ids.account, roleid: uuid(62) }],
    ['updateDiskOffering', { id: uuid(63), domainid: sales }],
    ['updateDiskOffering', { id: uuid(63), domainid: `${engineering},${sales}` }],
    ['registerTemplate', { ...image, ispublic: true }],
    ['registerTemplate', { ...image, isfeatured: true }],
  ];
  for (const [command, args] of tries) {
    await expect(app.call(requestOf(command, args, eve)), command).rejects.toMatchObject({
      kind: expect.stringMatching(/refused|not-found/) as string,
    });
    expect(times(command), `${command} ${JSON.stringify(args)}`).toBe(0);
  }
  // The same calls without what is root's go through.
  await app.call(requestOf('createNetwork', network, eve));
  await app.call(requestOf('registerTemplate', image, eve));
  expect(times('createNetwork') + times('registerTemplate')).toBe(2);
  await close();
});

test("a role tied to a domain does not count what is others'", async () => {
  const many = (rows: Row[], key: string): Row => ({ count: 12, [key]: rows });
  const { app, close } = await openApp(tenant, {
    answers: (command) => {
      if (command === 'listDomains') return many([{ id: engineering, path: 'ROOT/engineering' }], 'domain');
      return command === 'listTemplates' ? many([], 'template') : undefined;
    },
  });
  for (const [command, args] of [
    ['listDomains', { listall: true, page: 1000, pagesize: 1 }],
    ['listTemplates', { templatefilter: 'all', listall: true, page: 1000, pagesize: 1 }],
  ] as const) {
    const { structured } = await app.call(requestOf(command, { ...args }, eve));
    expect(JSON.stringify(structured), command).not.toContain('12');
  }
  await close();
});

test('what is named by its name or as a place is looked at like an id: the question shows it, its tag protects it', async () => {
  const domain = { domainid: ids.domain, domain: 'd', domainpath: 'ROOT/d' };
  const others = { account: 'bob', domainid: uuid(90), domain: 'e' };
  const tables = (tags: Row[]): Record<string, Row[]> => ({
    listAccounts: [
      { id: ids.account, name: 'bob', ...domain },
      { id: uuid(91), name: 'bob', domainid: uuid(90), domain: 'e' },
    ],
    listDomains: [
      { id: ids.domain, name: 'd', path: 'ROOT/d' },
      { id: uuid(81), name: 'f', path: 'ROOT/f' },
    ],
    listRoles: [{ id: uuid(80), name: 'Root Admin' }],
    listUsers: [{ id: uuid(82), username: 'eve' }],
    listProjects: [{ id: uuid(70), name: 'apollo', ...domain, tags }],
    listVirtualMachines: [{ id: ids.vm, name: 'precious', account: 'bob', ...domain, tags }],
    listSecurityGroups: [
      { id: uuid(71), name: 'web', account: 'bob', ...domain, tags },
      { id: uuid(92), name: 'web', ...others, tags: [] },
    ],
    listAffinityGroups: [{ id: uuid(72), name: 'apart', account: 'bob', ...domain }],
    listSSHKeyPairs: [{ id: uuid(73), name: 'laptop', account: 'bob', ...domain }],
    listPublicIpAddresses: [{ id: uuid(74), ipaddress: '192.0.2.7', account: 'bob', ...domain, tags }],
    listVpnUsers: [{ id: uuid(75), username: 'road', account: 'bob', ...domain }],
    listNetworkACLs: [{ id: uuid(76), number: 1, tags }],
  });
  const bob = { account: 'bob', domainid: ids.domain };
  const limit = { resourcetype: '0', max: 0 };
  // What it acts on, and whether that can carry the tag or has something on it that does.
  const tries: [string, Row, id: string, isProtected: boolean][] = [
    ['disableAccount', { ...bob, lock: false }, ids.account, true],
    ['lockAccount', bob, ids.account, true],
    ['enableAccount', bob, ids.account, false],
    ['enableAccount', { ...bob, account: 'BOB ' }, ids.account, false],
    ['updateAccount', { ...bob, roleid: uuid(80) }, ids.account, false],
    ['updateResourceLimit', { ...bob, ...limit }, ids.account, false],
    ['updateResourceLimit', { domainid: ids.domain, ...limit }, ids.domain, false],
    ['updateResourceLimit', { projectid: uuid(70), ...limit }, uuid(70), true],
    ['quotaCredits', { ...bob, value: -5 }, ids.account, false],
    [
      'createUser',
      { ...bob, username: 'x', password: 'y', email: 'z', firstname: 'a', lastname: 'b' },
      ids.account,
      false,
    ],
    ['upgradeRouterTemplate', bob, ids.account, true],
    ['moveDomain', { domainid: ids.domain, parentdomainid: uuid(81) }, ids.domain, false],
    ['linkDomainToLdap', { domainid: ids.domain, accounttype: 2, type: 'OU', ldapdomain: 'ou=x' }, ids.domain, false],
    ['updateConfiguration', { name: 'a.b', value: '1', domainid: ids.domain }, ids.domain, false],
    ['addAccountToProject', { projectid: uuid(70), account: 'eve' }, uuid(70), true],
    ['deleteUserFromProject', { projectid: uuid(70), userid: uuid(82) }, uuid(70), true],
    ['deleteSecurityGroup', { name: 'web', ...bob }, uuid(71), true],
    ['authorizeSecurityGroupIngress', { securitygroupname: 'web', ...bob, cidrlist: ['0.0.0.0/0'] }, uuid(71), true],
    ['deleteAffinityGroup', { name: 'apart', ...bob }, uuid(72), false],
    ['deleteSSHKeyPair', { name: 'laptop', ...bob }, uuid(73), false],
    ['disassociateIpAddress', { ipaddress: '192.0.2.7' }, uuid(74), true],
    ['removeVpnUser', { username: 'road', ...bob }, uuid(75), false],
    ['moveNetworkAclItem', { id: uuid(76), nextaclruleid: uuid(76) }, uuid(76), true],
  ];
  for (const tags of [[], saved]) {
    const { app, times, close } = await openApp({}, { answers: cloudOf(tables(tags)) });
    for (const [command, args, id, isProtected] of tries) {
      const what = `${command} ${JSON.stringify(args)} ${tags.length ? 'protected' : ''}`;
      const asked: string[] = [];
      const call = app.call(
        requestOf(command, args, { consent: ({ message }) => (asked.push(message), Promise.resolve(undefined)) }),
      );
      if (tags.length && isProtected) await expect(call, what).rejects.toThrow(/protected/);
      else await expect(call, what).rejects.toMatchObject({ kind: 'unconfirmed' });
      if (!tags.length) expect(asked[0], what).toContain(`id ${id}`);
      if (!tags.length) expect(asked[0], what).not.toContain(uuid(91));
      expect(times(command), what).toBe(0);
    }
    await close();
  }
});

test('a name that no account has is asked about, and gets no approval code', async () => {
  const { app, times, close } = await openApp(
    {},
    { answers: cloudOf({ listDomains: [{ id: ids.domain, path: 'ROOT/d' }] }) },
  );
  const call = app.call(
    requestOf('updateAccount', { account: 'bob', domainid: ids.domain, networkdomain: 'x.example' }),
  );
  await expect(call).rejects.toMatchObject({ kind: 'not-found' });
  expect(times('updateAccount')).toBe(0);
  await close();
});

test('a rule about a place is about the zone, the domain, the project and the account itself, too', async () => {
  const tables = {
    listZones: [{ id: uuid(20), name: 'Frankfurt' }],
    listDomains: [{ id: ids.domain, name: 'd', path: 'ROOT/d' }],
    listProjects: [{ id: uuid(70), name: 'apollo', domainid: ids.domain }],
    listAccounts: [{ id: ids.account, name: 'bob', domainid: ids.domain }],
  };
  const tries: [Row, string, Row][] = [
    [{ zone: 'Frankfurt' }, 'updateZone', { id: uuid(20), name: 'x' }],
    [{ domain: 'ROOT/d' }, 'updateDomain', { id: ids.domain, networkdomain: 'x.example' }],
    [{ domain: 'ROOT/d' }, 'moveDomain', { domainid: ids.domain, parentdomainid: uuid(81) }],
    [{ project: 'apollo' }, 'updateProject', { id: uuid(70), displaytext: 'x' }],
    [{ domain: 'ROOT/d' }, 'updateProject', { id: uuid(70), displaytext: 'x' }],
    [{ account: 'bob' }, 'updateAccount', { id: ids.account, networkdomain: 'x.example' }],
    [{ domain: 'ROOT/d' }, 'updateAccount', { id: ids.account, networkdomain: 'x.example' }],
    [{ domain: 'ROOT/d' }, 'updateAccount', { account: 'bob', domainid: ids.domain, networkdomain: 'x.example' }],
  ];
  for (const [match, command, args] of tries) {
    const rules = { policy: { rules: [{ name: 'still', match, action: 'block' }] } };
    const { app, times, close } = await openApp(rules, { answers: cloudOf(tables) });
    await expect(app.call(requestOf(command, args, consent)), command).rejects.toThrow(/still/);
    expect(times(command), command).toBe(0);
    await close();
  }
});
