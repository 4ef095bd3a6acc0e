import { statedFields } from '../engine/generic.ts';
import { accountNamed } from '../rules/accounts.ts';
import { addAddresses } from '../rules/addresses.ts';
import { flagArg, listArg, needRow, numberArg, rowArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours } from '../rules/call.ts';
import { deleteHost } from '../rules/hosts.ts';
import { blockOf, contains, toNumber } from '../rules/ip.ts';
import { servicesOf } from '../rules/networks.ts';
import { isReferred } from '../rules/removal.ts';
import { list, madeRow, object, success, work } from '../rules/results.ts';
import { badValue, failure, forbidden, inUse } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Fields, Resource, Value } from '../world/types.ts';

const guestVlans: Behaviour = (call) => {
  const network = needRow(call, 'physicalnetworkid');
  const account = accountNamed(call) ?? call.caller.account;
  return object(
    insertKind(
      call.world,
      'GuestVlanRange',
      { guestvlanrange: textArg(call, 'vlanrange'), physicalnetworkid: network.no },
      { owner: account.id },
    ),
  );
};

const listVlans: Behaviour = (call) => {
  const { world } = call;
  const rows = world.all('PhysicalNetwork').flatMap((physical) => {
    const [first = 0, last = first] = text(physical, 'vlan').split('-').map(Number);
    return Array.from({ length: first > 0 ? last - first + 1 : 0 }, (_, i): Resource => {
      const network = world
        .all('Network')
        .find(({ fields }) => fields['vlan'] === String(first + i) && fields['physicalnetworkid'] === physical.id);
      return madeRow(
        'GuestVlan',
        String(first + i),
        {
          vlan: String(first + i),
          physicalnetworkid: physical.id,
          zoneid: physical.fields['zoneid'],
          allocationstate: network ? 'Allocated' : 'Free',
          isdedicated: false,
          ...(network ? { taken: network.fields['created'] } : {}),
        },
        { networkid: network?.id },
        network?.owner,
      );
    });
  });
  const [physical, zone, vnet] = [rowArg(call, 'physicalnetworkid'), rowArg(call, 'zoneid'), textArg(call, 'vnet')];
  const id = textArg(call, 'id');
  const found = rows.filter(
    (row) =>
      (!physical || text(row, 'physicalnetworkid') === physical.id) &&
      (!zone || text(row, 'zoneid') === zone.id) &&
      (id === undefined || row.id === id) &&
      (vnet === undefined || text(row, 'vlan') === vnet) &&
      text(row, 'vlan').includes(textArg(call, 'keyword') ?? '') &&
      (!flagArg(call, 'allocatedonly') || text(row, 'allocationstate') === 'Allocated'),
  );
  const size = numberArg(call, 'pagesize') ?? 500;
  const start = ((numberArg(call, 'page') ?? 1) - 1) * size;
  return list(found.slice(start, start + size), found.length);
};

// What a service can do is listed without the values that an offering chose.
const capabilityNames = (service: object): Value =>
  'capability' in service && Array.isArray(service.capability)
    ? service.capability.map(({ name, canchooseservicecapability }: Fields) => ({ name, canchooseservicecapability }))
    : [];

const services: Behaviour = (call) => {
  const all = new Map<string, Fields>();
  for (const offering of call.world.all('NetworkOffering'))
    for (const service of servicesOf(call.world, { ...offering, fields: { networkofferingid: offering.id } }))
      if (!all.has(service.name))
        all.set(service.name, {
          name: service.name,
          provider: service.provider.map((provider) => ({ ...provider, canenableindividualservice: true })),
          capability: capabilityNames(service),
        });
  const [name, provider] = [textArg(call, 'service'), textArg(call, 'provider')];
  const has = (each: Fields): boolean =>
    Array.isArray(each['provider']) && each['provider'].some((one) => (one as Fields)['name'] === provider);
  return list(
    [...all.values()].filter(
      (each) => (name === undefined || each['name'] === name) && (provider === undefined || has(each)),
    ),
  );
};

const providerNames = [
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
  if (zone.fields['allocationstate'] === 'Enabled' && isReferred(world, 'Host', 'zoneid', zone.id))
    throw forbidden(`Cannot perform this operation, Zone is not disabled: ${zone.id}`);
  const { fields } = statedFields(call, 'PhysicalNetwork');
  const network = insertKind(world, 'PhysicalNetwork', {
    broadcastdomainrange: 'ZONE',
    ...fields,
    isolationmethods: listArg(call, 'isolationmethods').join(','),
    tags: listArg(call, 'tags').join(','),
    state: 'Disabled',
  });
  for (const name of [
    ...providerNames,
    ...(zone.fields['securitygroupsenabled'] === true ? ['SecurityGroupProvider'] : []),
  ]) {
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
  if (isReferred(world, 'Network', 'physicalnetworkid', network.id))
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
  if (
    [...call.world.where('TrafficType', 'physicalnetworkid', network.id)].some(
      ({ fields }) => fields['traffictype'] === type,
    )
  )
    throw failure(`This Traffic Type is already present in the Physical Network`);
  const row = insertKind(call.world, 'TrafficType', { ...statedFields(call, 'TrafficType').fields, traffictype: type });
  return work(row, () => object(row));
};

const createRange: Behaviour = (call) => {
  const { world } = call;
  const network = rowArg(call, 'networkid');
  const physical = rowArg(call, 'physicalnetworkid');
  const zone =
    rowArg(call, 'zoneid') ??
    world.get(text(network ?? physical, 'zoneid')) ??
    world.get(text(rowArg(call, 'podid'), 'zoneid'));
  const [start, gateway, netmask] = [
    textArg(call, 'startip') ?? '',
    textArg(call, 'gateway') ?? text(network, 'gateway'),
    textArg(call, 'netmask') ?? text(network, 'netmask'),
  ];
  const end = textArg(call, 'endip') ?? start;
  if (!zone) throw badValue('Please specify a zone, a network or a physical network');
  const block = blockOf(gateway, netmask);
  if (
    textArg(call, 'startipv6') === undefined &&
    (!block || !contains(block, start) || !contains(block, end) || toNumber(start) > toNumber(end))
  )
    throw badValue(
      "Please ensure that your start IP and end IP are in the same subnet, as per the IP range's netmask.",
    );
  const outside = (one: string): boolean => toNumber(one) < toNumber(start) || toNumber(one) > toNumber(end);
  if (!Number.isNaN(toNumber(gateway)) && !Number.isNaN(toNumber(start)) && !outside(gateway))
    throw badValue('The gateway ip should not be the part of the ip range being added.');
  const clash = world
    .all('VlanIpRange')
    .find(
      ({ fields }) =>
        fields['zoneid'] === zone.id &&
        toNumber(String(fields['startip'])) <= toNumber(end) &&
        toNumber(start) <= toNumber(String(fields['endip'])),
    );
  if (clash)
    throw badValue(`The IP range ${start}-${end} overlaps the range ${text(clash, 'startip')}-${text(clash, 'endip')}`);
  const vlan = textArg(call, 'vlan') ?? 'untagged';
  const first = physical ?? [...world.where('PhysicalNetwork', 'zoneid', zone.id)][0];
  const range = insertKind(world, 'VlanIpRange', {
    ...statedFields(call, 'VlanIpRange').fields,
    zoneid: zone.id,
    gateway,
    netmask,
    endip: end,
    vlan: vlan.startsWith('vlan://') ? vlan : `vlan://${vlan}`,
    forvirtualnetwork: call.args['forvirtualnetwork'] !== false && !network,
    forsystemvms: flagArg(call, 'forsystemvms'),
    physicalnetworkid: first?.id,
    networkid: network?.id,
    cidr: block?.text,
  });
  if (block) addAddresses(world, range, start, end);
  return object(range);
};

const shares = (row: Resource, start: string, end: string): boolean =>
  toNumber(text(row, 'startip')) <= toNumber(end) && toNumber(start) <= toNumber(text(row, 'endip'));

/** Addresses for storage traffic; they are no pod's and no other range's (StorageNetworkManagerImpl.createIpRange). */
const createStorageRange: Behaviour = (call) => {
  const { world } = call;
  const pod = needRow(call, 'podid');
  const start = textArg(call, 'startip') ?? '';
  const end = textArg(call, 'endip') ?? start;
  const [starts, ends] = ['startip', 'endip'].map((name) => pod.fields[name]);
  if (Array.isArray(starts) && Array.isArray(ends))
    for (const [i, first] of starts.entries())
      if (toNumber(String(first)) <= toNumber(end) && toNumber(start) <= toNumber(String(ends[i])))
        throw badValue(
          `The Storage network Start IP and endIP address range overlap with private IP :${String(first)} - ${String(ends[i])}`,
        );
  const taken = [...world.where('StorageNetworkIpRange', 'podid', pod.id)].find((row) => shares(row, start, end));
  if (taken)
    throw badValue(
      `The Storage network Start IP and endIP address range overlap with private IP :${text(taken, 'startip')} - ${text(taken, 'endip')}`,
    );
  const range = insertKind(world, 'StorageNetworkIpRange', {
    ...statedFields(call, 'StorageNetworkIpRange').fields,
    podid: pod.id,
    zoneid: pod.fields['zoneid'],
    endip: end,
  });
  return work(range, () => object(range));
};

const deleteRange: Behaviour = (call) => {
  const range = needRow(call, 'id');
  const addresses = [...call.world.where('IPAddress', 'vlanid', range.id)];
  if (addresses.some(({ fields }) => fields['state'] !== 'Free'))
    throw inUse(`Cannot delete the range ${range.id}: some of its addresses are in use`);
  for (const address of addresses) call.world.remove(address);
  call.world.remove(range);
  return success();
};

/** Physical networks, traffic types, providers, VLANs. */
export const physicalNetwork: Behaviours = {
  deleteTrafficMonitor: deleteHost,
  dedicateGuestVlanRange: guestVlans,
  releaseDedicatedGuestVlanRange: (call) => {
    const row = needRow(call, 'id');
    return work(row, () => {
      call.world.remove(row);
      return success();
    });
  },
  listGuestVlans: listVlans,
  listSupportedNetworkServices: services,
  createPhysicalNetwork: createPhysical,
  updatePhysicalNetwork: updatePhysical,
  deletePhysicalNetwork: deletePhysical,
  addTrafficType: addTraffic,
  listTrafficTypeImplementors: (call) => {
    const wanted = textArg(call, 'traffictype')?.toLowerCase();
    return list(
      ['Public', 'Guest', 'Management', 'Storage', 'Control']
        .filter((traffictype) => wanted === undefined || traffictype.toLowerCase() === wanted)
        .map((traffictype) => ({ traffictype, traffictypeimplementor: `${traffictype}NetworkGuru` })),
    );
  },
  listNetworkIsolationMethods: () => list(['VLAN', 'GRE', 'VXLAN', 'STT', 'L3'].map((name) => ({ name }))),
  createVlanIpRange: createRange,
  createStorageNetworkIpRange: createStorageRange,
  deleteVlanIpRange: deleteRange,
  dedicatePublicIpRange: (call) => {
    const range = needRow(call, 'id');
    const account =
      [...call.world.where('Account', 'domainid', needRow(call, 'domainid').id)].find(
        ({ fields }) => fields['name'] === textArg(call, 'account'),
      )?.id ?? call.caller.account.id;
    call.world.give(range, account);
    return object(range);
  },
  releasePublicIpRange: (call) => {
    const range = needRow(call, 'id');
    call.world.give(range, undefined);
    return success();
  },
};
