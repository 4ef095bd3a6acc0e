import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { createSimulator } from '../support/seeded-worlds.ts';
import { createCloud } from './cloud.ts';
import { fillParams } from './fill.ts';
import { finish, rows, send, signedRequest } from './sign.ts';

// Requests that are wrong in ways that no suite of a real server has, with the answers that CloudStack's source gives.

test('a method that the servlet lacks is refused, and a body that does not say it is a form is not read', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const { url } = signedRequest(simulator.credentials, 'listZones');
  expect((await simulator.fetch(new Request(url))).status).toBe(200);
  for (const method of ['PUT', 'DELETE', 'PATCH'])
    expect((await simulator.fetch(new Request(url, { method }))).status).toBe(405);
  const form = signedRequest(simulator.credentials, 'listZones', {}, 'POST');
  const body = await form.clone().text();
  expect((await simulator.fetch(form)).status).toBe(200);
  for (const type of ['text/plain', 'application/json', 'multipart/form-data; boundary=x']) {
    const headers = { 'content-type': type };
    const sent = await simulator.fetch(new Request('http://simulator/client/api', { method: 'POST', body, headers }));
    expect([type, sent.status]).toEqual([type, 401]);
  }
});

test('values that are out of bounds are refused in the words of the source', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const [volume] = await rows(simulator, 'listVolumes', { listall: 'true' });
  const policy = { volumeid: String(volume?.['id']), intervaltype: 'DAILY', schedule: '1:1', maxsnaps: '1' };
  const [tier] = (await rows(simulator, 'listNetworks', { forvpc: 'true', listall: 'true' })).filter(
    (row) => row['vpcid'],
  );
  const item = { networkid: String(tier?.['id']), protocol: 'tcp', startport: '1', endport: '2' };
  const cases: [command: string, params: Record<string, string>, cs: number, text: string][] = [
    ['createSnapshotPolicy', { ...policy, timezone: 'UTC', maxsnaps: '0' }, 4350, 'maxSnaps should be greater than 0'],
    ['updateResourceLimit', { resourcetype: '99', max: '1' }, 4350, 'Please specify valid resource type'],
    [
      'updateResourceLimit',
      { resourcetype: '0', max: '-2' },
      4350,
      "Please specify either '-1' for an infinite limit, or a limit that is at least '0'.",
    ],
    ['createNetworkACL', { ...item, cidrlist: 'anywhere' }, 9999, 'Source cidrs formatting error anywhere'],
  ];
  for (const [command, params, cs, text] of cases)
    expect((await send(simulator, command, params)).body).toMatchObject({
      errorcode: 431,
      cserrorcode: cs,
      errortext: text,
    });
  // Java takes a time zone that it does not know for GMT.
  const made = await send(simulator, 'createSnapshotPolicy', { ...policy, timezone: 'Mars/Phobos' });
  expect(made.body['snapshotpolicy']).toMatchObject({ timezone: 'GMT' });
});

test('an alert has the name of its number, or one of its own', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const alert = { type: '7', description: 'd' };
  const wrong = await finish(simulator, 'generateAlert', { ...alert, name: 'MINE' });
  expect(wrong.body['jobresult']).toMatchObject({
    errorcode: 431,
    errortext: 'There is a default alert having type 7 and name ALERT.COMPUTE.HOST',
  });
  await finish(simulator, 'generateAlert', { ...alert, name: 'alert.compute.host' });
  await finish(simulator, 'generateAlert', { type: '120', name: 'MINE', description: 'd' });
  const found = await rows(simulator, 'listAlerts', { type: '120' });
  expect(found.map(({ name }) => name)).toEqual(['MINE']);
});

test('the root domain is refused in the job', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const [root] = await rows(simulator, 'listDomains', { name: 'ROOT' });
  const { body } = await finish(simulator, 'deleteDomain', { id: String(root?.['id']) });
  expect(body['jobresult']).toMatchObject({ errorcode: 530, errortext: "Can't delete ROOT domain" });
});

test('a request for the methods that are served runs nothing', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const { url } = signedRequest(simulator.credentials, 'createDomain', { name: 'by-options' });
  const answer = await simulator.fetch(new Request(url, { method: 'OPTIONS' }));
  expect([answer.status, await answer.text()]).toEqual([200, '']);
  expect(answer.headers.get('allow')).toBe('GET, HEAD, POST, OPTIONS');
  expect(await rows(simulator, 'listDomains', { name: 'by-options' })).toEqual([]);
});

test('every network domain has to be a name, whatever takes one', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const taking = loadCatalog().tools.filter(({ command: { params } }) =>
    params.some(({ name }) => name === 'networkdomain'),
  );
  expect(taking.length).toBeGreaterThan(6);
  for (const { command } of taking)
    for (const networkdomain of ['bad_domain', '-a.example', 'a..b', 'x'.repeat(64)]) {
      const params = { ...fillParams(simulator, command, ({ required = false }) => required), networkdomain };
      const { body } = await finish(simulator, command.name, params);
      const refused = body['jobresult'] ?? body;
      expect([command.name, networkdomain, refused['errorcode'], refused['errortext']]).toEqual([
        command.name,
        networkdomain,
        431,
        expect.stringMatching(/^Invalid network domain\. Total length/),
      ]);
    }
});

test('what clients of others get wrong is refused in the words of the source, at once or in the job', async () => {
  const cloud = createCloud();
  const vm = await cloud.one('listVirtualMachines', { name: 'web-1' });
  const networkid = String(vm['nic'][0]['networkid']);
  const { zoneid, templateid, serviceofferingid } = vm as Record<string, string>;
  const address = await cloud.one('listPublicIpAddresses', { associatednetworkid: networkid, issourcenat: 'true' });
  const network = await cloud.one('listNetworks', { id: networkid });
  const machine = { zoneid, templateid, serviceofferingid, networkids: networkid };
  const vpc = { name: 'v', zoneid, vpcofferingid: String((await cloud.one('listVPCs'))['vpcofferingid']) };
  const rule = { name: 'l', publicipid: String(address['id']), algorithm: 'roundrobin' };
  const ports = { ipaddressid: String(address['id']), protocol: 'tcp', virtualmachineid: String(vm['id']) };
  const ostypeid = String((await rows(cloud.simulator, 'listOsTypes'))[0]?.['id']);
  const image = { zoneid, name: 'i', displaytext: 'i', format: 'QCOW2', hypervisor: 'KVM', ostypeid };
  const icmp = { ipaddressid: String(address['id']), protocol: 'icmp', cidrlist: '10.0.0.0/8' };
  const aclid = String((await cloud.all('listNetworkACLLists')).find(({ vpcid }) => vpcid !== undefined)?.['id']);
  const securitygroupid = String((await cloud.did('createSecurityGroup', { name: 'icmp' }))['id']);
  const offering = { name: 'o', displaytext: 'o', cpunumber: '1', cpuspeed: '100', memory: '128' };
  const noAddress = 'Unable to acquire Guest IP address for network Network {"id":';
  const taken = String(vm['nic'][0]['ipaddress']);
  const cases: [command: string, params: Record<string, unknown>, outcome: string, text: string][] = [
    [
      'createTags',
      { resourceids: vm['id'], resourcetype: 'UserVm', 'tags[0].key': 'a' },
      'job 431',
      'No value is passed in for key a',
    ],
    [
      'addAccountToProject',
      { projectid: (await cloud.one('listProjects'))['id'] },
      'job 431',
      'Either accountName or email is required',
    ],
    ['archiveEvents', {}, '431/4350', 'either ids, type or enddate must be specified'],
    ['deleteAlerts', { startdate: '2026-01-01' }, '431/4350', 'either ids, type or enddate must be specified'],
    [
      'deleteEvents',
      { type: 'VM.STOP', startdate: '2026-01-01' },
      '431/4350',
      'enddate must be specified with startdate parameter',
    ],
    [
      'deleteSSHKeyPair',
      { name: 'none' },
      '431/4350',
      "A key pair with name 'none' does not exist for account admin in specified domain id",
    ],
    [
      'createLoadBalancerRule',
      { ...rule, publicport: '99999', privateport: '80' },
      '431/4350',
      'publicPort is an invalid value: 99999',
    ],
    [
      'createLoadBalancerRule',
      { ...rule, publicport: '80', privateport: '0' },
      '431/4350',
      'privatePort is an invalid value: 0',
    ],
    [
      'createPortForwardingRule',
      { ...ports, publicport: '0', privateport: '80' },
      '431/4350',
      'publicPort is an invalid value: 0',
    ],
    ['createVPC', { ...vpc, cidr: '10.0.0.0' }, '431/4350', 'Invalid CIDR specified 10.0.0.0'],
    ['createVPC', { ...vpc, cidr: '8.8.8.0/24' }, '431/4350', 'Guest Cidr 8.8.8.0/24 is not RFC1918 compliant'],
    ['updateNetwork', { id: networkid, guestvmcidr: '1.2.3.4/99' }, 'job 431', 'Invalid format of Guest VM CIDR.'],
    [
      'updateNetwork',
      { id: networkid, guestvmcidr: '10.99.0.0/24' },
      'job 431',
      `Invalid value of Guest VM CIDR. For IP Reservation, Guest VM CIDR  should be a subset of network CIDR : ${network['cidr']}`,
    ],
    ['deployVirtualMachine', { ...machine, ipaddress: '1.2.3.4' }, '533/4330', noAddress],
    ['deployVirtualMachine', { ...machine, ipaddress: taken }, '533/4330', noAddress],
    ['deployVirtualMachine', { ...machine, ipaddress: 'ten' }, '431/4350', 'Invalid specified IPv4 address ten'],
    [
      'deployVirtualMachine',
      { zoneid, templateid, serviceofferingid, ipaddress: '999.1.1.1' },
      '431/4350',
      'Invalid specified IPv4 address 999.1.1.1',
    ],
    [
      'createFirewallRule',
      { ...icmp, icmptype: '300' },
      '431/4350',
      'Invalid icmp type; should belong to [0-255] range',
    ],
    [
      'createFirewallRule',
      { ...icmp, icmptype: '8', icmpcode: '99' },
      '431/4350',
      'Invalid icmp code; should belong to',
    ],
    ['createEgressFirewallRule', { networkid, protocol: 'icmp', icmptype: '-2' }, '431/4350', 'Invalid icmp type;'],
    ['createNetworkACL', { aclid, protocol: 'icmp', icmptype: '256' }, '431/4350', 'Invalid icmp type [256]. It'],
    [
      'authorizeSecurityGroupIngress',
      { securitygroupid, protocol: 'icmp', icmptype: '256', icmpcode: '0', cidrlist: '10.0.0.0/8' },
      'job 431',
      'Invalid icmp type/code',
    ],
    ['createServiceOffering', { ...offering, cpuspeed: '-1' }, '431/4350', 'specify the cpu speed value between 0 and'],
    [
      'createServiceOffering',
      { ...offering, deploymentplanner: 'Bogus' },
      '431/4350',
      'Invalid name for Deployment Planner',
    ],
    [
      'createServiceOffering',
      { ...offering, storagetype: 'local', offerha: 'true' },
      '431/4350',
      'HA offering with local',
    ],
    ...[
      ['networkrate', '5', 'Network rate can be specified only for'],
      ['customizediops', 'true', 'Customized IOPS is not a valid parameter for a system VM.'],
      ['hypervisorsnapshotreserve', '5', 'Hypervisor Snapshot reserve is not a valid parameter for a system VM.'],
    ].map(([name, value, text]): (typeof cases)[number] => [
      'createServiceOffering',
      { ...offering, issystem: 'true', systemvmtype: 'consoleproxy', [String(name)]: value },
      '431/4350',
      String(text),
    ]),
    ...[
      ['10.76.0.5', '10.77.0.9', 'The start address of the IP range is not in the CIDR subnet.'],
      ['10.77.0.5', '10.78.0.9', 'The end address of the IP range is not in the CIDR subnet.'],
      ['10.77.0.50', '10.77.0.9', 'The start IP address must have a lower value than the end IP address.'],
    ].map(([startip, endip, text]): (typeof cases)[number] => [
      'createPod',
      { zoneid, name: 'p9', gateway: '10.77.0.1', netmask: '255.255.255.0', startip, endip },
      '431/4350',
      String(text),
    ]),
    [
      'createServiceOffering',
      { ...offering, networkrate: '-1' },
      '431/4350',
      'specify the network rate value more than 0',
    ],
    ['deployVirtualMachine', { ...machine, ip6address: 'fe80' }, '431/4350', 'Invalid specified IPv6 address fe80'],
    ['deployVirtualMachine', { ...machine, ip6address: '2001:db8::5' }, '431/4350', 'is not in the predefined range!'],
    ...[
      ['file:///srv/a.qcow2', 'job 431', 'File:// type urls are currently unsupported'],
      ['ftp://images.test/a.qcow2', 'job 530', 'Unsupported scheme for url: ftp://images.test/a.qcow2'],
      ['http://images.test:81/a.qcow2', 'job 530', 'Only ports 80, 8080 and 443 are allowed'],
      ['http://127.0.0.1/a.qcow2', 'job 530', 'Illegal host specified in url'],
      ['https://[2001:db8::1]/a.qcow2', 'job 530', 'IPV6 addresses not supported (2001:db8::1)'],
    ].map(([url, outcome, text]): (typeof cases)[number] => [
      'uploadVolume',
      { zoneid, name: 'up', format: 'QCOW2', url: String(url) },
      String(outcome),
      String(text),
    ]),
    ['registerTemplate', { ...image, url: 'file:///srv/a' }, '431/4350', 'File:// type urls are currently unsupported'],
    ['registerIso', { ...image, url: 'http://images.test:81/a' }, '431/9999', 'Only ports 80, 8080 and 443'],
    ['registerIso', { ...image, url: 'http://169.254.169.254/a' }, '431/9999', 'Illegal host specified in url'],
    ...['ftp', 'nfs', 's3'].flatMap((scheme): (typeof cases)[number][] =>
      ['registerTemplate', 'registerIso'].map((command) => [
        command,
        { ...image, url: `${scheme}://images.test/a` },
        '431/9999',
        `Unsupported scheme for url: ${scheme}://images.test/a`,
      ]),
    ),
  ];
  for (const [command, params, outcome, text] of cases) {
    const given = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)]));
    expect([command, given, await cloud.outcome(command, given)]).toEqual([command, given, outcome]);
    expect(await cloud.refused(command, given)).toContain(text);
  }
});

test('lists filter as the classes of CloudStack do, where that is not by a field of their rows', async () => {
  const { id, all, list, one, did, outcome, refused } = createCloud();
  const vlans = await list('listGuestVlans', { keyword: '10' });
  expect(vlans.length).toBeGreaterThan(0);
  expect(vlans.filter(({ vlan }) => !String(vlan).includes('10'))).toEqual([]);

  const hostid = String((await one('listHosts', { type: 'Routing' }))['id']);
  await did('updateHost', { id: hostid, hosttags: 'fast' });
  const capacity = await list('listCapacity', { tag: 'fast' });
  expect(capacity.map(({ type }) => type).sort()).toEqual([0, 1, 90]);
  expect(new Set(capacity.map(({ tag }) => tag))).toEqual(new Set(['fast']));
  expect(await list('listCapacity', { tag: 'slow' })).toEqual([]);

  const store = String((await one('listImageStores'))['id']);
  const [file] = await list('listImageStoreObjects', { id: store });
  expect(await list('listImageStoreObjects', { id: store, path: `/${file!['name']}` })).toEqual([file]);
  expect(await outcome('listImageStoreObjects', { id: store, path: 'none' })).toBe('431/9999');
  const [volume] = await all('listVolumes');
  const pool = String(volume!['storageid']);
  const files = await list('listStoragePoolObjects', { id: pool });
  expect(files.length).toBeGreaterThan(0);
  expect(await refused('listStoragePoolObjects', { id: pool, path: '/none' })).toBe(
    `Path /none doesn't exist in store: ${pool}`,
  );

  expect(await list('listLdapUsers')).toHaveLength(1);
  await did('importLdapUsers', { accounttype: '0', domainid: await id('listDomains', 'ROOT') });
  expect(await list('listLdapUsers')).toHaveLength(1);
  expect(await list('listLdapUsers', { listtype: 'new' })).toEqual([]);
  expect(await list('listLdapUsers', { userfilter: 'PotentialImport' })).toEqual([]);
});
