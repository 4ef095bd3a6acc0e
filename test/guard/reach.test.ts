import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { openApp, requestOf, requiredOf, uuid, type Answers } from './counting.ts';

const consent: Parameters<typeof requestOf>[2] = {
  consent: ({ digest, phrase }) =>
    Promise.resolve({ action: 'accept', confirm: true, phrase, digest, nonce: crypto.randomUUID(), by: 'terminal' }),
};
type Row = Record<string, unknown>;

/** A cloud with these rows; a list is narrowed by the ids and names it is asked for. */
const cloudOf =
  (tables: Record<string, Row[]>): Answers =>
  (command, params) => {
    const tool = loadCatalog().find(command);
    if (tool?.command.result !== 'list') return undefined;
    const key = [tool.command.key ?? 'item'].flat()[0]!;
    const narrowing = Object.entries(params).filter(([name]) =>
      /^(id|name|hostid|networkid|account|domainid|virtualmachineid|volumeid)$/.test(name),
    );
    const rows = (tables[command] ?? []).filter((row) =>
      narrowing.every(([name, value]) => row[name] === undefined || row[name] === value),
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
  ];
  for (const [command, args] of tries) {
    await expect(app.call(requestOf(command, args, consent)), command).rejects.toThrow(/protected/);
    expect(times(command), command).toBe(0);
  }
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
    const call = requestOf(command, { ...requiredOf(loadCatalog().find(command)!.command), ...args }, consent);
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
