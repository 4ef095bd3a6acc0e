import { statedFields } from '../engine/generic.ts';
import { listKind, type Test } from '../engine/list.ts';
import { freeAddress, takeAddress } from '../rules/addresses.ts';
import { flagArg, needRow, numberArg, rowArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../rules/call.ts';
import { blockOf, contains, toNumber } from '../rules/ip.ts';
import { checkLimit } from '../rules/limits.ts';
import { hasService, releaseRules } from '../rules/networks.ts';
import { ownerOf } from '../rules/owner.ts';
import { activate, deleteRule, portsOf } from '../rules/port-rules.ts';
import { object, success, work } from '../rules/results.ts';
import { ApiError, badValue, failure } from '../world/errors.ts';
import { insertKind, makeAny } from '../world/insert.ts';
import type { Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';

/** The network that an address goes to where none is named: the only isolated one that its owner has in the zone. */
const onlyNetwork = (world: World, zone: Resource, owner: Resource): Resource => {
  const own = [...world.where('Network', 'zoneid', zone.id)].filter(
    (network) => network.owner === owner.id && network.fields['type'] === 'Isolated',
  );
  const [first, second] = own;
  if (!first)
    throw badValue(
      `Account name=${text(owner, 'name')} domain=${text(world.get(text(owner, 'domainid')), 'name')} doesn't have virtual networks in zone=${text(zone, 'name')}`,
    );
  if (second) throw badValue('Account has more than one isolated network in the zone');
  return first;
};

const associate: Behaviour = (call) => {
  const { world } = call;
  const vpc = rowArg(call, 'vpcid');
  const named = rowArg(call, 'networkid');
  const zone = rowArg(call, 'zoneid') ?? world.get(text(named ?? vpc, 'zoneid'));
  if (!zone)
    throw badValue(
      'Unable to figure out zone to assign ip to. Please specify either zoneId, or networkId, or vpcId in the call',
    );
  const owner = world.get((named ?? vpc)?.owner ?? '') ?? ownerOf(call);
  const implied = zone.fields['networktype'] === 'Advanced' && zone.fields['securitygroupsenabled'] !== true;
  const network = named ?? (vpc || !implied ? undefined : onlyNetwork(world, zone, owner));
  checkLimit(world, owner, 'public_ip');
  const first =
    network?.fields['type'] === 'Isolated' &&
    network.fields['vpcid'] === undefined &&
    hasService(world, network, 'SourceNat') &&
    ![...world.where('IPAddress', 'associatednetworkid', network.id)].some(
      ({ fields }) => fields['issourcenat'] === true,
    );
  const address = takeAddress(
    world,
    zone.id,
    owner.id,
    {
      state: 'Allocating',
      ...(network ? { associatednetworkid: network.id } : {}),
      ...(vpc ? { vpcid: vpc.id } : {}),
      issourcenat: first,
    },
    textArg(call, 'ipaddress'),
  );
  return work(address, () => {
    world.update(address, { state: 'Allocated' });
    return object(address);
  });
};

/** Addresses that may go from zone to zone (ConfigurationManagerImpl.createPortableIpRange). */
const createPortableRange: Behaviour = (call) => {
  const { world } = call;
  const [start, end] = [textArg(call, 'startip') ?? '', textArg(call, 'endip') ?? ''];
  const [first, last] = [toNumber(start), toNumber(end)];
  if (!(first <= last)) throw badValue(`Invalid portable ip  range: ${start}-${end}`);
  const block = blockOf(textArg(call, 'gateway') ?? '', textArg(call, 'netmask') ?? '');
  for (const [name, address] of [
    ['start', start],
    ['end', end],
  ] as const)
    if (!block || !contains(block, address))
      throw badValue(
        `Please ensure that your ${name} IP is in the same subnet as your portable IP range's gateway and as per the IP range's netmask.`,
      );
  const region = String(call.args['regionid']);
  const ranges = world.all('PortableIpRange').filter(({ fields }) => String(fields['regionid']) === region);
  if (ranges.some((row) => toNumber(text(row, 'startip')) <= last && first <= toNumber(text(row, 'endip'))))
    throw badValue(
      `Ip  range: ${start}-${end} overlaps with a portable IP range already configured in the region ${region}`,
    );
  const range = insertKind(world, 'PortableIpRange', statedFields(call, 'PortableIpRange').fields);
  return work(range, () => object(range));
};

const disassociate: Behaviour = (call) => {
  const { world } = call;
  const wanted = textArg(call, 'ipaddress');
  const address =
    rowArg(call, 'id') ??
    world.all('IPAddress').find(({ fields }) => fields['ipaddress'] === wanted && fields['state'] === 'Allocated');
  if (!address) throw badValue('unable to find ip address by id');
  if (address.fields['state'] === 'Free') return work(address, () => success());
  return work(address, () => {
    if (address.fields['issourcenat'] === true)
      throw failure('ip address is used for source nat purposes and can not be disassociated.');
    releaseRules(world, address, true);
    return success();
  });
};

const guestNicOf = (world: World, vm: Resource, network?: Resource): Resource => {
  const nics = [...world.where('Nic', 'virtualmachineid', vm.id)];
  const nic = network
    ? nics.find(({ fields }) => fields['networkid'] === network.id)
    : nics.find(({ fields }) => fields['isdefault'] === true);
  if (!nic) throw badValue(`Vm ${vm.id} has no nic in the network of the address`);
  return nic;
};

const enableNat: Behaviour = (call) => {
  const { world } = call;
  const address = needRow(call, 'ipaddressid');
  const vm = needRow(call, 'virtualmachineid');
  const { issourcenat, isstaticnat, virtualmachineid } = address.fields;
  if (address.fields['state'] !== 'Allocated') throw badValue(`Ip address ${address.id} is not allocated`);
  if (issourcenat === true) throw badValue("Can't enable static, ip address is a sourceNat ip address");
  if (isstaticnat === true && virtualmachineid !== vm.id)
    throw new ApiError(
      537,
      `Failed to enable static nat for the ip address id=${address.id} as it already has static nat enabled`,
      9999,
    );
  for (const kind of ['PortForwardingRule', 'LoadBalancer'])
    if ([...world.where(kind, kind === 'LoadBalancer' ? 'publicipid' : 'ipaddressid', address.id)].length > 0)
      throw new ApiError(
        537,
        `Failed to enable static nat for the ip address id=${address.id} as it already has PortForwarding/LoadBalancing rules assigned`,
        9999,
      );
  if (
    [...world.where('IPAddress', 'virtualmachineid', vm.id)].some(
      (other) => other !== address && other.fields['isstaticnat'] === true,
    )
  )
    throw badValue(
      `Failed to enable static nat for the ip address id=${address.id} as vm id=${vm.id} is already associated with another ip`,
    );
  const network = rowArg(call, 'networkid') ?? world.get(text(address, 'associatednetworkid'));
  const nic = guestNicOf(world, vm, network);
  world.update(address, {
    isstaticnat: true,
    virtualmachineid: vm.id,
    vmipaddress: textArg(call, 'vmguestip') ?? nic.fields['ipaddress'],
    virtualmachinetype: 'User',
    associatednetworkid: nic.fields['networkid'],
  });
  return success();
};

const disableNat: Behaviour = (call) => {
  const address = needRow(call, 'ipaddressid');
  if (address.fields['isstaticnat'] !== true)
    throw badValue('Specified IP address id is not associated with any vm Id');
  return work(address, () => {
    releaseRules(call.world, address, false);
    call.world.update(address, {
      isstaticnat: false,
      virtualmachineid: undefined,
      vmipaddress: undefined,
      virtualmachinetype: undefined,
    });
    return success();
  });
};

const listAddresses: Behaviour = (call) => {
  const tests: Test[] = [];
  const allocatedOnly = call.args['allocatedonly'] !== false && call.args['state'] === undefined;
  if (allocatedOnly) tests.push(({ fields }) => fields['state'] !== 'Free');
  const forVms = call.args['forvirtualnetwork'] !== false;
  if (call.args['id'] === undefined) tests.push(({ fields }) => (fields['forvirtualnetwork'] !== false) === forVms);
  if (!call.caller.root) tests.push(({ owner }) => owner !== undefined);
  return listKind(call, 'IPAddress', tests);
};

const reserve = (call: Call): Resource => {
  const address = needRow(call, 'id');
  if (address.fields['state'] !== 'Free') throw badValue(`Address ${text(address, 'ipaddress')} is not free`);
  return address;
};

const ipForward: Behaviour = (call) => {
  const address = needRow(call, 'ipaddressid');
  const ports = portsOf(call);
  if (address.fields['isstaticnat'] !== true)
    throw badValue('Unable to create an IP forwarding rule: the address has no static NAT');
  const vm = call.world.get(text(address, 'virtualmachineid'));
  const rule = insertKind(
    call.world,
    'IpForwardingRule',
    {
      protocol: ports.protocol,
      publicport: String(ports.start),
      publicendport: String(ports.end),
      privateport: String(ports.start),
      privateendport: String(ports.end),
      ipaddressid: address.id,
      networkid: address.fields['associatednetworkid'],
      virtualmachineid: vm?.id,
      vmguestip: address.fields['vmipaddress'],
      state: 'Staged',
    },
    { owner: address.owner },
  );
  return activate(call, rule);
};

/** Public addresses and static NAT. */
export const publicIp: Behaviours = {
  associateIpAddress: associate,
  createPortableIpRange: createPortableRange,
  disassociateIpAddress: disassociate,
  enableStaticNat: enableNat,
  disableStaticNat: disableNat,
  listPublicIpAddresses: listAddresses,
  reserveIpAddress: (call) => {
    const address = reserve(call);
    call.world.give(address, ownerOf(call).id);
    call.world.update(address, {
      state: 'Reserved',
      allocated: call.world.now(),
      ...(flagArg(call, 'fordisplay') ? { fordisplay: true } : {}),
    });
    return object(address);
  },
  releaseIpAddress: (call) => {
    const address = needRow(call, 'id');
    if (address.fields['state'] !== 'Reserved') throw badValue(`Address ${text(address, 'ipaddress')} is not reserved`);
    freeAddress(call.world, address);
    return success();
  },
  deleteIpForwardingRule: deleteRule,
  createIpForwardingRule: ipForward,
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
};
