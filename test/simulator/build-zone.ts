import { expect } from 'vitest';
import type { Simulator } from '../../src/simulator/index.ts';
import { finish, rows } from './sign.ts';

/** Builds a zone with one host in an empty world, command by command; `make` runs a command to its end and gives what it made. */
export const buildZone = async (simulator: Simulator) => {
  const make = async (command: string, params: Record<string, string>): Promise<Record<string, any>> => {
    const { status, body } = await finish(simulator, command, params);
    expect(status, `${command}: ${JSON.stringify(body)}`).toBe(200);
    if (body['jobid'] !== undefined) expect(body['jobstatus'], `${command}: ${JSON.stringify(body)}`).toBe(1);
    const inner = (body['jobresult'] ?? body) as Record<string, any>;
    const [key = ''] = Object.keys(inner).filter((name) => name !== 'count');
    return Array.isArray(inner[key]) ? inner[key][0] : inner[key];
  };
  const zone = await make('createZone', {
    name: 'z1',
    networktype: 'Advanced',
    dns1: '8.8.8.8',
    internaldns1: '10.1.1.2',
    guestcidraddress: '10.1.1.0/24',
  });
  expect(zone['allocationstate']).toBe('Disabled');
  const zoneid = String(zone['id']);
  const network = await make('createPhysicalNetwork', { zoneid, name: 'p1', isolationmethods: 'VLAN' });
  expect(network['state']).toBe('Disabled');
  const physicalnetworkid = String(network['id']);
  for (const traffictype of ['Guest', 'Management', 'Public'])
    await make('addTrafficType', { physicalnetworkid, traffictype });
  for (const name of ['VirtualRouter', 'VpcVirtualRouter', 'InternalLbVm']) {
    const [provider] = await rows(simulator, 'listNetworkServiceProviders', {
      physicalnetworkid,
      name,
      state: 'Disabled',
    });
    const internal = name === 'InternalLbVm';
    const [element] = await rows(
      simulator,
      internal ? 'listInternalLoadBalancerElements' : 'listVirtualRouterElements',
      { nspid: String(provider?.['id']) },
    );
    await make(internal ? 'configureInternalLoadBalancerElement' : 'configureVirtualRouterElement', {
      id: String(element?.['id']),
      enabled: 'true',
    });
    await make('updateNetworkServiceProvider', { id: String(provider?.['id']), state: 'Enabled' });
  }
  await make('updatePhysicalNetwork', { id: physicalnetworkid, state: 'Enabled', vlan: '100-200' });
  const pod = await make('createPod', {
    zoneid,
    name: 'pod1',
    gateway: '172.16.15.1',
    netmask: '255.255.255.0',
    startip: '172.16.15.2',
    endip: '172.16.15.200',
  });
  expect(pod['startip']).toEqual(['172.16.15.2']);
  const podid = String(pod['id']);
  const cluster = await make('addCluster', {
    zoneid,
    podid,
    hypervisor: 'simulator',
    clustertype: 'CloudManaged',
    clustername: 'c1',
  });
  const clusterid = String(cluster['id']);
  await make('addHost', {
    zoneid,
    podid,
    clusterid,
    hypervisor: 'simulator',
    url: 'http://sim/c0/h0',
    username: 'root',
    password: 'x',
  });
  expect(await rows(simulator, 'listHosts', { type: 'Routing' })).toMatchObject([
    { state: 'Up', cpunumber: 4, cpuspeed: 8000, memorytotal: 8 * 2 ** 30 },
  ]);
  await make('createStoragePool', { zoneid, podid, clusterid, name: 'ps1', url: 'nfs://10.1.1.9:/export/primary' });
  await make('createVlanIpRange', {
    zoneid,
    vlan: '50',
    gateway: '192.168.2.1',
    netmask: '255.255.255.0',
    startip: '192.168.2.2',
    endip: '192.168.2.20',
    forvirtualnetwork: 'true',
  });
  await make('addImageStore', { provider: 'NFS', url: 'nfs://10.1.1.9/export/secondary', zoneid });
  await make('updateZone', { id: zoneid, allocationstate: 'Enabled' });
  return { make, zoneid };
};
