import { statedFields } from '../engine/generic.ts';
import { accountNamed } from '../rules/accounts.ts';
import { needRow, numberArg, rowArg, rowsArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours } from '../rules/call.ts';
import { holds, overlap, parseBlock, toAddress } from '../rules/ip.ts';
import { accountOfProject } from '../rules/projects.ts';
import { object, success, work } from '../rules/results.ts';
import { badValue, inUse } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';

const giveTo: Behaviour = (call) => {
  const row = needRow(call, 'id');
  const project = rowArg(call, 'projectid');
  const account = project ? accountOfProject(call.world, project.id) : accountNamed(call);
  return work(row, () => {
    if (account) call.world.give(row, account.id);
    call.world.update(row, { dedicateddomainid: rowArg(call, 'domainid')?.id });
    return object(row);
  });
};

const takeBack: Behaviour = (call) => {
  const row = needRow(call, 'id');
  return work(row, () => {
    call.world.give(row, undefined);
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
    { owner: accountNamed(call)?.id },
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
      call.world.hide(target, { bgppeers: ids });
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

/** Dynamic routing: AS numbers, BGP peers, subnets. */
export const routing: Behaviours = {
  dedicateBgpPeer: giveTo,
  releaseBgpPeer: takeBack,
  dedicateIpv4SubnetForZone: giveTo,
  releaseIpv4SubnetForZone: takeBack,
  createIpv4SubnetForZone: zoneSubnet,
  createIpv4SubnetForGuestNetwork: guestSubnet,
  createBgpPeer: (call) => {
    const row = insertKind(call.world, 'BgpPeer', statedFields(call, 'BgpPeer').fields, {
      owner: accountNamed(call)?.id,
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
};
