import { list, object, success, work } from '../engine/results.ts';
import { flagArg, listArg, needRow, textArg } from '../engine/args.ts';
import { insertKind } from '../world/insert.ts';
import { badValue, failure, forbidden } from '../world/errors.ts';
import { statedFields } from '../engine/generic.ts';
import type { Behaviour } from '../world/types.ts';
import { any } from './zones.ts';

const NAMES = [
  'VirtualRouter',
  'VpcVirtualRouter',
  'InternalLbVm',
  'ConfigDrive',
  'BaremetalDhcpProvider',
  'BaremetalPxeProvider',
  'Ovs',
];

const createPhysical: Behaviour = (call) => {
  const { world } = call;
  const zone = needRow(call, 'zoneid');
  if (zone.fields['allocationstate'] === 'Enabled' && any(world, 'Host', 'zoneid', zone.id))
    throw forbidden(`Cannot perform this operation, Zone is not disabled: ${zone.id}`);
  const { fields } = statedFields(call, 'PhysicalNetwork');
  const network = insertKind(world, 'PhysicalNetwork', {
    broadcastdomainrange: 'ZONE',
    ...fields,
    isolationmethods: listArg(call, 'isolationmethods').join(','),
    tags: listArg(call, 'tags').join(','),
    state: 'Disabled',
  });
  for (const name of [...NAMES, ...(zone.fields['securitygroupsenabled'] === true ? ['SecurityGroupProvider'] : [])]) {
    const provider = insertKind(world, 'Provider', {
      name,
      physicalnetworkid: network.id,
      state: 'Disabled',
      canenableindividualservice: true,
      servicelist: [
        'Vpn',
        'Dhcp',
        'Dns',
        'Gateway',
        'Firewall',
        'Lb',
        'SourceNat',
        'StaticNat',
        'PortForwarding',
        'UserData',
      ],
    });
    if (name.endsWith('VirtualRouter'))
      insertKind(world, 'VirtualRouterProvider', { nspid: provider.id, enabled: false });
    if (name === 'InternalLbVm')
      insertKind(world, 'InternalLoadBalancerElement', { nspid: provider.id, enabled: false });
    if (name === 'Ovs') insertKind(world, 'OvsProvider', { nspid: provider.id, enabled: false });
  }
  return work(network, () => object(network));
};

const checkVlans = (vlan: string | undefined): void => {
  for (const range of vlan?.split(',') ?? []) {
    const [first = NaN, last = first] = range.split('-').map(Number);
    if (!(first >= 0 && last <= 4094 && first <= last))
      throw badValue(`Please specify valid integers for the vlan range: ${range}`);
  }
};

const updatePhysical: Behaviour = (call) => {
  const network = needRow(call, 'id');
  checkVlans(textArg(call, 'vlan'));
  return work(network, () => {
    const { id: _, ...fields } = statedFields(call, 'PhysicalNetwork').fields;
    call.world.update(network, fields);
    return object(network);
  });
};

const deletePhysical: Behaviour = (call) => {
  const network = needRow(call, 'id');
  const { world } = call;
  if (any(world, 'Network', 'physicalnetworkid', network.id))
    throw failure(`The Physical Network is not deletable because there are networks in it`);
  return work(network, () => {
    for (const kind of ['TrafficType', 'Provider'])
      for (const row of [...world.where(kind, 'physicalnetworkid', network.id)]) world.remove(row);
    world.remove(network);
    return success();
  });
};

const addTraffic: Behaviour = (call) => {
  const network = needRow(call, 'physicalnetworkid');
  const given = textArg(call, 'traffictype') ?? '';
  const type = given.charAt(0).toUpperCase() + given.slice(1).toLowerCase();
  if (!['Guest', 'Management', 'Public', 'Storage', 'Control'].includes(type))
    throw badValue(`Invalid traffic type: ${given}`);
  if (
    [...call.world.where('TrafficType', 'physicalnetworkid', network.id)].some(
      ({ fields }) => fields['traffictype'] === type,
    )
  )
    throw failure(`This Traffic Type is already present in the Physical Network`);
  const row = insertKind(call.world, 'TrafficType', { ...statedFields(call, 'TrafficType').fields, traffictype: type });
  return work(row, () => object(row));
};

const configureElement: Behaviour = (call) => {
  const row = needRow(call, 'id');
  return work(row, () => {
    call.world.update(row, { enabled: flagArg(call, 'enabled') });
    return object(row);
  });
};

/** Physical networks, their traffic types and service providers. */
export const physicalNetworks: Record<string, Behaviour> = {
  createPhysicalNetwork: createPhysical,
  updatePhysicalNetwork: updatePhysical,
  deletePhysicalNetwork: deletePhysical,
  addTrafficType: addTraffic,
  configureVirtualRouterElement: configureElement,
  configureInternalLoadBalancerElement: configureElement,
  configureOvsElement: configureElement,
  createVirtualRouterElement: (call) => {
    const row = insertKind(call.world, 'VirtualRouterProvider', { nspid: needRow(call, 'nspid').id, enabled: false });
    return work(row, () => object(row));
  },
  createInternalLoadBalancerElement: (call) => {
    const row = insertKind(call.world, 'InternalLoadBalancerElement', {
      nspid: needRow(call, 'nspid').id,
      enabled: false,
    });
    return work(row, () => object(row));
  },
  listTrafficTypeImplementors: () =>
    list(
      ['Public', 'Guest', 'Management', 'Storage', 'Control'].map((traffictype) => ({
        traffictype,
        traffictypeimplementor: `${traffictype}NetworkGuru`,
      })),
    ),
  listNetworkIsolationMethods: () => list(['VLAN', 'GRE', 'VXLAN', 'STT', 'L3'].map((name) => ({ name }))),
};
