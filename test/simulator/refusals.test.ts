import { expect, test } from 'vitest';
import { createCloud } from './cloud.ts';

// The same requests were sent to a real management server (4.22.0): its HTTP codes, cserrorcodes and moments.
test('what is wrong is refused at the moment and with the codes of a real server', async () => {
  const { outcome, one } = createCloud();
  const id = async (command: string, params: Record<string, string> = {}): Promise<string> =>
    String((await one(command, params))['id']);
  const zone = await id('listZones');
  const machine = await one('listVirtualMachines', { name: 'web-1' });
  const vm = String(machine['id']);
  const ip1 = await id('listPublicIpAddresses', {
    issourcenat: 'true',
    associatednetworkid: await id('listNetworks', { type: 'Isolated', forvpc: 'false' }),
  });
  const so = await id('listServiceOfferings');
  const tm = await id('listTemplates', { templatefilter: 'featured' });
  const net = await id('listNetworks', { type: 'Isolated' });
  const cases: [command: string, params: Record<string, string>, outcome: string][] = [
    ['createTags', { resourceids: vm, resourcetype: 'Bogus', 'tags[0].key': 'a', 'tags[0].value': 'b' }, 'job 431'],
    ['deleteTags', { resourceids: vm, resourcetype: 'UserVm', 'tags[0].key': 'missing' }, 'job 530'],
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
