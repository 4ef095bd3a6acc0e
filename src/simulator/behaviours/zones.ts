import { list, object, success, work } from '../answers.ts';
import { flagArg, listArg, mapArg, needRow, numberArg, rowArg, text, textArg } from '../args.ts';
import { addAddresses } from '../addresses.ts';
import { insertKind, makeAny } from '../birth.ts';
import { badValue, failure, forbidden, inUse } from '../errors.ts';
import { statedFields } from '../generic.ts';
import { blockOf, contains, toNumber } from '../ip.ts';
import { listKind } from '../list.ts';
import { settingOf } from '../settings.ts';
import type { Behaviour, Call, Fields, Row } from '../types.ts';
import type { World } from '../world.ts';
import { ensureSystemVms } from './system-vms.ts';

const any = (world: World, kind: string, field: string, id: string): boolean =>
  [...world.where(kind, field, id)].length > 0;

const unique = (
  world: World,
  kind: string,
  name: string | undefined,
  text: string,
  among: (row: Row) => boolean = () => true,
): void => {
  if (world.all(kind).some((row) => row.fields['name'] === name && among(row))) throw badValue(text);
};

const createZone: Behaviour = (call) => {
  const { world } = call;
  const name = textArg(call, 'name');
  const type = textArg(call, 'networktype') ?? '';
  if (!/^(basic|advanced)$/i.test(type)) throw badValue('Unsupported network type ' + type);
  unique(world, 'Zone', name, `A zone with that name already exists. Please specify a unique zone name.`);
  const { fields } = statedFields(call, 'Zone');
  const zone = insertKind(world, 'Zone', {
    ...fields,
    networktype: type.charAt(0).toUpperCase() + type.slice(1).toLowerCase(),
    type: flagArg(call, 'isedge') ? 'Edge' : 'Core',
    securitygroupsenabled: flagArg(call, 'securitygroupenabled'),
    localstorageenabled: flagArg(call, 'localstorageenabled'),
    allocationstate: textArg(call, 'allocationstate') ?? 'Disabled',
    dhcpprovider: 'VirtualRouter',
    zonetoken: world.random.uuid(),
    allowuserspecifyvrmtu: false,
    routerprivateinterfacemaxmtu: 1500,
    routerpublicinterfacemaxmtu: 1500,
    sortkey: 0,
  });
  // CloudStack's own templates come with a zone's secondary storage; the simulator has them at once.
  for (const template of world.all('Template'))
    if (['SYSTEM', 'BUILTIN'].includes(text(template, 'templatetype')))
      template.hidden['zones'] = [
        ...(Array.isArray(template.hidden['zones']) ? template.hidden['zones'] : []),
        zone.id,
      ];
  return object(zone);
};

const updateZone: Behaviour = (call) => {
  const zone = needRow(call, 'id');
  const { id: _, details, ...fields } = statedFields(call, 'Zone').fields;
  const state = textArg(call, 'allocationstate');
  if (state !== undefined && !/^(enabled|disabled)$/i.test(state))
    throw badValue(`Unable to resolve Allocation State '${state}' to a supported state`);
  call.world.update(zone, { ...fields, ...(details ? { resourcedetails: mapArg(call, 'details') } : {}) });
  if (state !== undefined && /^enabled$/i.test(state)) ensureSystemVms(call.world, zone);
  return object(zone);
};

const HOLDS: Record<string, [kind: string, field: string, what: string][]> = {
  Zone: [
    ['Pod', 'zoneid', 'pods'],
    ['Host', 'zoneid', 'hosts'],
    ['UserVm', 'zoneid', 'virtual machines'],
    ['Volume', 'zoneid', 'volumes'],
    ['PhysicalNetwork', 'zoneid', 'physical networks'],
  ],
  Pod: [
    ['Cluster', 'podid', 'clusters'],
    ['Host', 'podid', 'hosts'],
  ],
  Cluster: [
    ['Host', 'clusterid', 'hosts'],
    ['StoragePool', 'clusterid', 'storage pools'],
  ],
};

const drop: Behaviour = (call) => {
  const row = needRow(call, 'id');
  for (const [kind, field, what] of HOLDS[row.kind] ?? [])
    if (any(call.world, kind, field, row.id))
      throw failure(
        `The ${row.kind.toLowerCase()} is not deletable because there are ${what} running in this ${row.kind.toLowerCase()}`,
      );
  call.world.remove(row);
  return success();
};

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

const createPod: Behaviour = (call) => {
  const { world } = call;
  const zone = needRow(call, 'zoneid');
  const [gateway = '', netmask = ''] = [textArg(call, 'gateway'), textArg(call, 'netmask')];
  if (gateway !== '' && !blockOf(gateway, netmask))
    throw badValue(`The gateway ${gateway} or netmask ${netmask} is invalid.`);
  unique(
    world,
    'Pod',
    textArg(call, 'name'),
    `A pod with name: ${textArg(call, 'name')} already exists in zone ${zone.id}. Please specify a different pod name. `,
    (row) => row.fields['zoneid'] === zone.id,
  );
  const [start = '', end = start] = [textArg(call, 'startip'), textArg(call, 'endip')];
  const fields: Fields = {
    name: textArg(call, 'name'),
    zoneid: zone.id,
    gateway,
    netmask,
    allocationstate: textArg(call, 'allocationstate') ?? 'Enabled',
    startip: start === '' ? [] : [start],
    endip: start === '' ? [] : [end],
    vlanid: start === '' ? [] : ['vlan://untagged'],
    forsystemvms: start === '' ? [] : ['0'],
    ipranges:
      start === ''
        ? []
        : [
            {
              startip: start,
              endip: end,
              gateway,
              cidr: blockOf(gateway, netmask)?.text,
              forsystemvms: '0',
              vlanid: 'vlan://untagged',
            },
          ],
  };
  return object(insertKind(world, 'Pod', fields));
};

const managementRange =
  (add: boolean): Behaviour =>
  (call) => {
    const pod = needRow(call, 'podid');
    const start = textArg(call, 'startip') ?? '';
    const arrays = ['startip', 'endip', 'vlanid', 'forsystemvms'].map((name) =>
      Array.isArray(pod.fields[name]) ? pod.fields[name].map(String) : [],
    );
    const [starts = [], ends = [], vlans = [], systems = []] = arrays;
    return work(pod, () => {
      const at = starts.indexOf(start);
      if (!add && at < 0) throw badValue(`The IP range ${start} is not in pod ${pod.id}`);
      if (add) {
        starts.push(start);
        ends.push(textArg(call, 'endip') ?? start);
        vlans.push(textArg(call, 'vlan') ?? 'vlan://untagged');
        systems.push(flagArg(call, 'forsystemvms') ? '1' : '0');
      } else for (const array of arrays) array.splice(at, 1);
      call.world.update(pod, { startip: starts, endip: ends, vlanid: vlans, forsystemvms: systems });
      return add ? object(pod) : success();
    });
  };

const createRange: Behaviour = (call) => {
  const { world } = call;
  const network = rowArg(call, 'networkid');
  const physical = rowArg(call, 'physicalnetworkid');
  const zone =
    rowArg(call, 'zoneid') ??
    world.get(text(network ?? physical, 'zoneid')) ??
    world.get(text(rowArg(call, 'podid'), 'zoneid'));
  const [start = '', gateway = '', netmask = ''] = [
    textArg(call, 'startip'),
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

const deleteRange: Behaviour = (call) => {
  const range = needRow(call, 'id');
  const addresses = [...call.world.where('IPAddress', 'vlanid', range.id)];
  if (addresses.some(({ fields }) => fields['state'] !== 'Free'))
    throw inUse(`Cannot delete the range ${range.id}: some of its addresses are in use`);
  for (const address of addresses) call.world.remove(address);
  call.world.remove(range);
  return success();
};

/** Zones and their networks beneath the guests'. */
export const zones: Record<string, Behaviour> = {
  createZone,
  updateZone,
  deleteZone: drop,
  deletePod: drop,
  deleteCluster: drop,
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
  createPod,
  createManagementNetworkIpRange: managementRange(true),
  deleteManagementNetworkIpRange: managementRange(false),
  updatePodManagementNetworkIpRange: (call) => {
    const pod = needRow(call, 'podid');
    const starts = Array.isArray(pod.fields['startip']) ? pod.fields['startip'].map(String) : [];
    const ends = Array.isArray(pod.fields['endip']) ? pod.fields['endip'].map(String) : [];
    const at = starts.indexOf(textArg(call, 'currentstartip') ?? '');
    if (at < 0) throw badValue(`The IP range ${textArg(call, 'currentstartip')} is not in pod ${pod.id}`);
    return work(pod, () => {
      starts[at] = textArg(call, 'newstartip') ?? starts[at] ?? '';
      ends[at] = textArg(call, 'newendip') ?? ends[at] ?? '';
      call.world.update(pod, { startip: starts, endip: ends });
      return success();
    });
  },
  createVlanIpRange: createRange,
  deleteVlanIpRange: deleteRange,
  dedicatePublicIpRange: (call) => {
    const range = needRow(call, 'id');
    range.owner =
      [...call.world.where('Account', 'domainid', needRow(call, 'domainid').id)].find(
        ({ fields }) => fields['name'] === textArg(call, 'account'),
      )?.id ?? call.caller.account.id;
    call.world.touch();
    return object(range);
  },
  releasePublicIpRange: (call) => {
    const range = needRow(call, 'id');
    delete range.owner;
    call.world.touch();
    return success();
  },
  acquirePodIpAddress: (call) => {
    const zone = needRow(call, 'zoneid');
    const pod = [...call.world.where('Pod', 'zoneid', zone.id)][0] ?? makeAny(call.world, 'Pod');
    const no = call.world.count('podip');
    const row = insertKind(
      call.world,
      'AcquirePodIpCmd',
      {
        podid: pod.id,
        ipaddress: `172.16.15.${100 + (no % 100)}`,
        gateway: pod.fields['gateway'],
        nicid: no,
        hostmac: no,
      },
      { id: String(no) },
    );
    return object(row);
  },
  releasePodIpAddress: (call) => {
    const row = call.world.find('AcquireIPAddress', String(numberArg(call, 'id')));
    if (!row || row.removed !== undefined) throw badValue(`Ip with given Id doesn't exist: ${textArg(call, 'id')}`);
    call.world.remove(row);
    return success();
  },
  listHypervisors: (call) => listKind(call, 'Hypervisor'),
  listTrafficTypeImplementors: () =>
    list(
      ['Public', 'Guest', 'Management', 'Storage', 'Control'].map((traffictype) => ({
        traffictype,
        traffictypeimplementor: `${traffictype}NetworkGuru`,
      })),
    ),
  listNetworkIsolationMethods: () => list(['VLAN', 'GRE', 'VXLAN', 'STT', 'L3'].map((name) => ({ name }))),
  listDeploymentPlanners: () =>
    list(
      ['FirstFitPlanner', 'UserDispersingPlanner', 'UserConcentratedPodPlanner', 'ImplicitDedicationPlanner'].map(
        (name) => ({ name }),
      ),
    ),
  listNetworkProtocols: (call) => {
    const protocols =
      textArg(call, 'option') === 'icmptype'
        ? [
            { index: 8, name: 'Echo' },
            { index: 0, name: 'Echo Reply' },
          ]
        : [
            { index: 1, name: 'ICMP' },
            { index: 6, name: 'TCP' },
            { index: 17, name: 'UDP' },
          ];
    return list(protocols);
  },
  updateSiocInfo: (call) => {
    const pool = needRow(call, 'storageid');
    call.world.update(pool, { sioc: { ...call.args } });
    return object({ msg: `Storage I/O control set on ${settingOf(call.world, 'host')}` });
  },
};
