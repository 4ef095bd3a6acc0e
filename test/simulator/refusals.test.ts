import { expect, test } from 'vitest';
import { createCloud } from './cloud.ts';
import { signedRequest } from './sign.ts';

// The same requests were sent to a real management server (4.22.0): its HTTP codes, cserrorcodes and moments.
test('what is wrong is refused at the moment and with the codes of a real server', async () => {
  const { outcome, one } = createCloud();
  const id = async (command: string, params: Record<string, string> = {}): Promise<string> =>
    String((await one(command, params))['id']);
  const zone = await id('listZones');
  const pod = await id('listPods');
  const cl = await id('listClusters');
  const machine = await one('listVirtualMachines', { name: 'web-1' });
  const vm = String(machine['id']);
  const no = await id('listNetworkOfferings', { guestiptype: 'Isolated', forvpc: 'false' });
  const vo = await id('listVPCOfferings');
  const root = await id('listDomains', { name: 'ROOT' });
  const ip1 = await id('listPublicIpAddresses', {
    issourcenat: 'true',
    associatednetworkid: await id('listNetworks', { type: 'Isolated', forvpc: 'false' }),
  });
  const role = await id('listRoles', { name: 'User' });
  const user = await id('listUsers', { username: 'carol' });
  const so = await id('listServiceOfferings');
  const tm = await id('listTemplates', { templatefilter: 'featured' });
  const net = await id('listNetworks', { type: 'Isolated' });
  const cases: [command: string, params: Record<string, string>, outcome: string][] = [
    ['listZones', { page: '1', pagesize: '0' }, '200'],
    ['listZones', { page: '0', pagesize: '5' }, '200'],
    ['listZones', { page: '-1', pagesize: '5' }, '200'],
    ['listZones', { id: '' }, '431/9999'],
    ['listEvents', { startdate: 'junk' }, '431/9999'],
    ['listZones', { name: 'x'.repeat(300) }, '431/9999'],
    ['listZones', { keyword: 'x'.repeat(300) }, '431/9999'],
    ['listZones', { name: 'a\u0001b' }, '431/9999'],
    ['createTags', { resourceids: vm, resourcetype: 'UserVm', tags: 'junk' }, '431/9999'],
    ['listTemplates', { templatefilter: 'bogus' }, '431/9999'],
    ['listIsos', { isofilter: 'bogus' }, '431/9999'],
    ['listVirtualMachines', { account: 'bogus' }, '431/4350'],
    ['listVirtualMachines', { account: 'bogus', domainid: root }, '431/4350'],
    ['queryAsyncJobResult', { jobid: '11111111-2222-4333-8444-555555555555' }, '431/9999'],
    ['updateResourceCount', { domainid: root, resourcetype: '99' }, '431/4350'],
    [
      'createNetwork',
      { name: 'x', zoneid: zone, networkofferingid: no, gateway: '10.1.1.1', netmask: '255.255.0.255' },
      '431/4350',
    ],
    [
      'createNetwork',
      { name: 'x', zoneid: zone, networkofferingid: no, gateway: 'notip', netmask: '255.255.255.0' },
      '431/4350',
    ],
    [
      'createPod',
      { zoneid: zone, name: 'p', gateway: '1.1.1.1', netmask: '255.255.255.0', startip: '9.9.9.9' },
      '431/4350',
    ],
    ['createZone', { name: 'zz', networktype: 'Weird', dns1: '1.1.1.1', internaldns1: '1.1.1.1' }, '431/4350'],
    ['createZone', { name: 'zz', networktype: 'Advanced', dns1: 'notip', internaldns1: '1.1.1.1' }, '431/4350'],
    [
      'addHost',
      { zoneid: zone, podid: pod, hypervisor: 'Simulator', url: 'bogus', username: 'r', password: 'p', clusterid: cl },
      '431/4350',
    ],
    ['createStoragePool', { zoneid: zone, podid: pod, clusterid: cl, name: 'q', url: 'bogus' }, '530/9999'],
    [
      'createVlanIpRange',
      {
        zoneid: zone,
        vlan: '60',
        gateway: '192.168.3.1',
        netmask: '255.255.255.0',
        startip: '192.168.3.9',
        endip: '192.168.3.2',
        forvirtualnetwork: 'true',
      },
      '431/4350',
    ],
    ['createVPC', { name: 'x', displaytext: 'x', cidr: 'notcidr', zoneid: zone, vpcofferingid: vo }, '431/4350'],
    ['registerSSHKeyPair', { name: 'k', publickey: 'junk' }, '431/4350'],
    ['updateUser', { id: user, username: '' }, '431/4350'],
    ['createRolePermission', { roleid: role, rule: 'listZones', permission: 'maybe' }, '431/9999'],
    ['createRole', { name: 'zz', type: 'Bogus' }, '530/9999'],
    ['createDiskOffering', { name: 'x', displaytext: 'x', disksize: '-4' }, '431/4350'],
    ['createServiceOffering', { name: 'x', displaytext: 'x', cpunumber: '0', memory: '1', cpuspeed: '1' }, '431/4350'],
    [
      'createPortForwardingRule',
      { ipaddressid: ip1, protocol: 'tcp', publicport: '70000', privateport: '80', virtualmachineid: vm },
      '431/4350',
    ],
    [
      'createPortForwardingRule',
      { ipaddressid: ip1, protocol: 'icmp', publicport: '7', privateport: '80', virtualmachineid: vm },
      '431/4350',
    ],
    ['createVMSchedule', { virtualmachineid: vm, action: 'dance', schedule: '* * * * *', timezone: 'UTC' }, '431/4350'],
    ['createNetworkACL', { protocol: 'tcp' }, '431/4350'],
    [
      'createTags',
      {
        resourceids: '11111111-2222-4333-8444-555555555555',
        resourcetype: 'UserVm',
        'tags[0].key': 'a',
        'tags[0].value': 'b',
      },
      'job 431',
    ],
    ['createTags', { resourceids: vm, resourcetype: 'Bogus', 'tags[0].key': 'a', 'tags[0].value': 'b' }, 'job 431'],
    ['deleteTags', { resourceids: vm, resourcetype: 'UserVm', 'tags[0].key': 'missing' }, 'job 530'],
    [
      'addAnnotation',
      { entitytype: 'BOGUS', entityid: '11111111-2222-4333-8444-555555555555', annotation: 'x' },
      '530/9999',
    ],
    [
      'deployVirtualMachine',
      { name: 'u', zoneid: zone, templateid: tm, serviceofferingid: so, networkids: net, userdata: 'plain text!' },
      '431/4350',
    ],
    ['deployVirtualMachine', { zoneid: zone, serviceofferingid: so }, '530/4250'],
    [
      'deployVirtualMachine',
      { name: 'bad name!', zoneid: zone, templateid: tm, serviceofferingid: so, networkids: net },
      '431/9999',
    ],
    [
      'deployVirtualMachine',
      { name: 'kk', zoneid: zone, templateid: tm, serviceofferingid: so, networkids: net, keypair: 'no-such-key' },
      '431/4350',
    ],
    ['registerUserData', { name: 'u', userdata: 'plain text!' }, '431/4350'],
    ['createFirewallRule', { ipaddressid: ip1, protocol: 'bogus', cidrlist: '0.0.0.0/0' }, '431/4350'],
    [
      'createFirewallRule',
      { ipaddressid: ip1, protocol: 'tcp', startport: '1', endport: '2', cidrlist: '999.1.1.1/0' },
      '431/9999',
    ],
    ['createEgressFirewallRule', { networkid: net, protocol: 'tcp', cidrlist: '9.9.9.0/24' }, '431/9999'],
    [
      'createRemoteAccessVpn',
      {
        publicipid: await id('listPublicIpAddresses', {
          issourcenat: 'false',
          allocatedonly: 'true',
          isstaticnat: 'false',
        }),
      },
      '431/4350',
    ],
    ['addVpnUser', { username: 'ab', password: 'secret12' }, '431/4350'],
    ['changeServiceForVirtualMachine', { id: vm, serviceofferingid: String(machine['serviceofferingid']) }, '431/4350'],
    ['createWebhook', { name: 'w', payloadurl: 'junk' }, '431/9999'],
    ['createRole', { name: 'User', type: 'User' }, '530/9999'],
    ['updateHost', { id: await id('listHosts', { type: 'Routing' }), allocationstate: 'Bogus' }, '530/9999'],
    [
      'createLoadBalancerRule',
      { algorithm: 'bogus', name: 'q', privateport: '80', publicport: '80', publicipid: ip1 },
      '431/9999',
    ],
    ['deleteImageStore', { id: await id('listImageStores') }, '431/4350'],
    ['deleteSSHKeyPair', { name: 'nope' }, '431/4350'],
    ['createConsoleEndpoint', { virtualmachineid: await id('listVirtualMachines', { state: 'Stopped' }) }, '200'],
    ['deletePhysicalNetwork', { id: await id('listPhysicalNetworks') }, 'job 530'],
    ['resetPasswordForVirtualMachine', { id: vm }, 'job 431'],
    ['createDomain', { name: 'bad/name' }, '431/4350'],
    ['attachVolume', { id: await id('listVolumes', { type: 'DATADISK' }), virtualmachineid: vm }, 'job 431'],
    ...['listLBStickinessPolicies', 'listLBHealthCheckPolicies', 'listGlobalLoadBalancerRules'].map(
      (name): [string, Record<string, string>, string] => [name, {}, '431/4350'],
    ),
    ['listSslCerts', {}, '530/0'],
  ];

  const wrong: string[] = [];
  for (const [command, params, expected] of cases) {
    const got = await outcome(command, params);
    if (got !== expected) wrong.push(`${command} ${JSON.stringify(params)}: ${got}, and not ${expected}`);
  }
  expect(wrong).toEqual([]);
});

// Status, outer key and cserrorcode of a real server, for what is not refused by a command's own rules.
const framework: [what: string, command: string, params: Record<string, string>, answer: (string | number | null)[]][] =
  [
    ['a map that is none', 'listZones', { 'tags[x': 'y' }, [430, 'listzonesresponse', 9999]],
    [
      'a hypervisor that is none',
      'listTemplates',
      { templatefilter: 'featured', hypervisor: 'bogus' },
      [200, 'listtemplatesresponse', null],
    ],
  ];

test.for(framework)('%s is answered as by a real server', async ([, command, params, answer]) => {
  const { simulator } = createCloud();
  const reply = await simulator.fetch(signedRequest(simulator.credentials, command, params));
  const [key, body] =
    Object.entries(JSON.parse(await reply.text()) as Record<string, Record<string, unknown>>)[0] ?? [];
  expect([reply.status, key, body?.['cserrorcode'] ?? null]).toEqual(answer);
});

test('a login without a name is answered with null', async () => {
  const { simulator } = createCloud();
  const body = new URLSearchParams({ command: 'login', response: 'json' });
  const reply = await simulator.fetch(new Request('http://simulator/client/api', { method: 'POST', body }));
  expect([reply.status, await reply.text()]).toEqual([531, 'null']);
});
