import { list, object, success, work } from '../engine/results.ts';
import { flagArg, needRow, numberArg, rowArg, rowsArg, text, textArg } from '../engine/args.ts';
import { insertKind } from '../world/insert.ts';
import { badValue, failure, inUse } from '../world/errors.ts';
import { holds, parseBlock, toAddress, overlap } from '../rules/ip.ts';
import { statedFields } from '../engine/generic.ts';
import { findAccount } from '../rules/scope.ts';
import type { Behaviour, Call, Fields, Resource } from '../world/types.ts';

const WHAT = { Zone: 'zoneid', Pod: 'podid', Cluster: 'clusterid', Host: 'hostid' } as const;

type Place = keyof typeof WHAT;

const accountFor = (call: Call): Resource | undefined => {
  const name = textArg(call, 'account');
  if (name === undefined) return undefined;
  const account = findAccount(call.world, name, rowArg(call, 'domainid')?.id ?? call.caller.domain.id);
  if (!account) throw badValue(`Unable to find account ${name}`);
  return account;
};

const dedicate =
  (place: Place): Behaviour =>
  (call) => {
    const field = WHAT[place];
    const target = needRow(call, field);
    const kind = `Dedicate${place}`;
    if ([...call.world.where(kind, field, target.id)].length > 0)
      throw failure(`${place} ${text(target, 'name')} is already dedicated`);
    const fields: Fields = {
      [field]: target.id,
      domainid: rowArg(call, 'domainid')?.id,
      accountid: accountFor(call)?.id,
    };
    const row = insertKind(
      call.world,
      kind,
      Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
    );
    return work(row, () => (call.command.result === 'list' ? list([row]) : object(row)));
  };

const release =
  (place: Place): Behaviour =>
  (call) => {
    const target = needRow(call, WHAT[place]);
    const row = [...call.world.where(`Dedicate${place}`, WHAT[place], target.id)][0];
    if (!row) throw badValue(`No dedicated resource available to release for ${place.toLowerCase()} ${target.id}`);
    return work(row, () => {
      call.world.remove(row);
      return success();
    });
  };

const giveTo: Behaviour = (call) => {
  const row = needRow(call, 'id');
  const project = rowArg(call, 'projectid');
  const account = project
    ? call.world.all('Account').find(({ hidden }) => hidden['projectid'] === project.id)
    : accountFor(call);
  return work(row, () => {
    if (account) row.owner = account.id;
    call.world.update(row, { dedicateddomainid: rowArg(call, 'domainid')?.id });
    return object(row);
  });
};

const takeBack: Behaviour = (call) => {
  const row = needRow(call, 'id');
  return work(row, () => {
    delete row.owner;
    call.world.update(row, { dedicateddomainid: undefined });
    return object(row);
  });
};

const zoneSubnet: Behaviour = (call) => {
  const zone = needRow(call, 'zoneid');
  const block = parseBlock(textArg(call, 'subnet') ?? '');
  if (!block) throw badValue(`Invalid IPv4 subnet ${textArg(call, 'subnet')}`);
  if (
    [...call.world.where('DataCenterIpv4Subnet', 'zoneid', zone.id)].some(({ fields }) =>
      overlap(parseBlock(String(fields['subnet'])) ?? block, block),
    )
  )
    throw badValue(`Existing IPv4 subnet of the zone conflicts with ${block.text}`);
  const row = insertKind(
    call.world,
    'DataCenterIpv4Subnet',
    { zoneid: zone.id, subnet: block.text },
    { owner: accountFor(call)?.id },
  );
  return work(row, () => object(row));
};

const guestSubnet: Behaviour = (call) => {
  const parent = needRow(call, 'parentid');
  const whole = parseBlock(text(parent, 'subnet'));
  const given = textArg(call, 'subnet');
  const bits = numberArg(call, 'cidrsize') ?? 26;
  if (!whole) throw badValue('The parent has no subnet');
  const taken = [...call.world.where('Ipv4SubnetForGuestNetwork', 'parentid', parent.id)].flatMap(
    ({ fields }) => parseBlock(String(fields['subnet'])) ?? [],
  );
  let block = given === undefined ? undefined : parseBlock(given);
  for (let at = whole.first; !block && at < whole.last; at += 2 ** (32 - bits)) {
    const candidate = parseBlock(`${toAddress(at)}/${bits}`);
    if (candidate && !taken.some((other) => overlap(other, candidate))) block = candidate;
  }
  if (!block || !holds(whole, block)) throw badValue(`The subnet is not within ${whole.text} or the parent is full`);
  const row = insertKind(call.world, 'Ipv4SubnetForGuestNetwork', {
    parentid: parent.id,
    parentsubnet: parent.fields['subnet'],
    zoneid: parent.fields['zoneid'],
    subnet: block.text,
    state: 'Free',
  });
  return work(row, () => object(row));
};

const setPeers =
  (parameter: 'networkid' | 'vpcid'): Behaviour =>
  (call) => {
    const target = needRow(call, parameter);
    const ids = rowsArg(call, 'bgppeerids').map(({ id }) => id);
    return work(target, () => {
      target.hidden['bgppeers'] = ids;
      call.world.touch();
      return object(target);
    });
  };

const asnRange: Behaviour = (call) => {
  const zone = needRow(call, 'zoneid');
  const [start, end] = [numberArg(call, 'startasn') ?? 0, numberArg(call, 'endasn') ?? 0];
  if (start < 1 || end < start) throw badValue('Please specify a valid AS Number range');
  if (end - start > 5000) throw badValue('The simulator keeps at most 5000 AS numbers of a range');
  const row = insertKind(call.world, 'ASNRange', { zoneid: zone.id, startasn: start, endasn: end });
  for (let asn = start; asn <= end; asn += 1)
    insertKind(call.world, 'ASNumber', {
      asnumber: asn,
      asnrangeid: row.id,
      asnrange: `${start}-${end}`,
      zoneid: zone.id,
      allocationstate: 'Free',
    });
  return object(row);
};

const guestVlans: Behaviour = (call) => {
  const network = needRow(call, 'physicalnetworkid');
  const account = accountFor(call) ?? call.caller.account;
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
    return Array.from({ length: first > 0 ? last - first + 1 : 0 }, (_, i): Fields => {
      const network = world
        .all('Network')
        .find(({ fields }) => fields['vlan'] === String(first + i) && fields['physicalnetworkid'] === physical.id);
      return {
        id: first + i,
        vlan: String(first + i),
        physicalnetworkid: physical.id,
        physicalnetworkname: physical.fields['name'],
        zoneid: physical.fields['zoneid'],
        allocationstate: network ? 'Allocated' : 'Free',
        isdedicated: false,
        ...(network ? { network: [{ id: network.id, name: network.fields['name'] }] } : {}),
      };
    });
  });
  const [physical, zone, vnet] = [rowArg(call, 'physicalnetworkid'), rowArg(call, 'zoneid'), textArg(call, 'vnet')];
  const found = rows.filter(
    (row) =>
      (!physical || row['physicalnetworkid'] === physical.id) &&
      (!zone || row['zoneid'] === zone.id) &&
      (vnet === undefined || row['vlan'] === vnet) &&
      (!flagArg(call, 'allocatedonly') || row['allocationstate'] === 'Allocated'),
  );
  const size = numberArg(call, 'pagesize') ?? 500;
  const start = ((numberArg(call, 'page') ?? 1) - 1) * size;
  return list(found.slice(start, start + size), found.length);
};

/** What is set aside for somebody: places, VLANs, subnets, AS numbers, BGP peers. */
export const dedication: Record<string, Behaviour> = {
  dedicateZone: dedicate('Zone'),
  dedicatePod: dedicate('Pod'),
  dedicateCluster: dedicate('Cluster'),
  dedicateHost: dedicate('Host'),
  releaseDedicatedZone: release('Zone'),
  releaseDedicatedPod: release('Pod'),
  releaseDedicatedCluster: release('Cluster'),
  releaseDedicatedHost: release('Host'),
  dedicateBgpPeer: giveTo,
  releaseBgpPeer: takeBack,
  dedicateIpv4SubnetForZone: giveTo,
  releaseIpv4SubnetForZone: takeBack,
  createIpv4SubnetForZone: zoneSubnet,
  createIpv4SubnetForGuestNetwork: guestSubnet,
  createBgpPeer: (call) => {
    const row = insertKind(call.world, 'BgpPeer', statedFields(call, 'BgpPeer').fields, {
      owner: accountFor(call)?.id,
    });
    return work(row, () => object(row));
  },
  changeBgpPeersForNetwork: setPeers('networkid'),
  changeBgpPeersForVpc: setPeers('vpcid'),
  createASNRange: asnRange,
  deleteASNRange: (call) => {
    const row = needRow(call, 'id');
    const numbers = [...call.world.where('ASNumber', 'asnrangeid', row.id)];
    if (numbers.some(({ fields }) => fields['allocationstate'] === 'Allocated'))
      throw inUse('There are AS Numbers in use from the range');
    for (const number of numbers) call.world.remove(number);
    call.world.remove(row);
    return success();
  },
  releaseASNumber: (call) => {
    const row = call.world
      .all('ASNumber')
      .find(
        ({ fields }) =>
          fields['asnumber'] === numberArg(call, 'asnumber') && fields['zoneid'] === needRow(call, 'zoneid').id,
      );
    if (!row) throw badValue(`Cannot find AS Number ${numberArg(call, 'asnumber')} in the zone`);
    call.world.update(row, { allocationstate: 'Free', associatednetworkid: undefined });
    return success();
  },
  dedicateGuestVlanRange: guestVlans,
  releaseDedicatedGuestVlanRange: (call) => {
    const row = needRow(call, 'id');
    return work(row, () => {
      call.world.remove(row);
      return success();
    });
  },
  listGuestVlans: listVlans,
};
