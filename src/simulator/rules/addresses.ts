import { raise } from './alarm.ts';
import { noCapacity } from '../world/errors.ts';
import { parseBlock, toAddress, toNumber } from './ip.ts';
import type { Index } from '../world/table.ts';
import type { Fields, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';

/** Takes a free public address of a zone for an account; 533 when the pool is empty. */
export const takeAddress = (
  world: World,
  zoneId: string,
  owner: string | undefined,
  fields: Fields,
  wanted?: string,
): Resource => {
  let found: Resource | undefined;
  for (const row of world.where('IPAddress', 'zoneid', zoneId)) {
    if (row.fields['state'] !== 'Free' || row.fields['forsystemvms'] === true) continue;
    if (wanted !== undefined && row.fields['ipaddress'] !== wanted) continue;
    found = row;
    break;
  }
  if (!found) {
    raise(world, 'publicIp', `Zone ${String(world.get(zoneId)?.fields['name'])} has no free public address left`);
    throw noCapacity('Insufficient address capacity', 4320);
  }
  if (owner !== undefined) world.give(found, owner);
  world.update(found, {
    state: 'Allocated',
    allocated: world.now(),
    isstaticnat: false,
    issourcenat: false,
    ...fields,
  });
  return found;
};

/** Gives a public address back to its pool. */
export const freeAddress = (world: World, address: Resource): void => {
  for (const tag of [...world.where('ResourceTag', 'resourceid', address.id)]) world.remove(tag);
  world.give(address, undefined);
  world.update(address, {
    state: 'Free',
    allocated: undefined,
    associatednetworkid: undefined,
    vpcid: undefined,
    virtualmachineid: undefined,
    vmipaddress: undefined,
    issourcenat: false,
    isstaticnat: false,
    purpose: undefined,
  });
};

/** Adds the addresses of a public range, free. */
export const addAddresses = (world: World, range: Resource, start: string, end: string): void => {
  const { zoneid, networkid, physicalnetworkid, vlan, forvirtualnetwork, forsystemvms } = range.fields;
  const fields: Fields = { zoneid, networkid, physicalnetworkid, vlanname: vlan, forvirtualnetwork, forsystemvms };
  const last = toNumber(end);
  for (let at = toNumber(start); at <= last; at += 1)
    world.insert('IPAddress', {
      ...fields,
      vlanid: range.id,
      ipaddress: toAddress(at),
      state: 'Free',
      isstaticnat: false,
      issourcenat: false,
      issystem: false,
      isportable: false,
      fordisplay: true,
    });
};

/** Interfaces, and what they have beside their own, by network and address. */
const byGuestAddress: Index = {
  keysOf: ({ fields: { networkid, ipaddress } }) => `${String(networkid)} ${String(ipaddress)}`,
};

const isTaken = (world: World, network: Resource, address: string): boolean =>
  ['Nic', 'NicSecondaryIp'].some(
    (kind) => [...world.indexed(kind, byGuestAddress, `${network.id} ${address}`)].length > 0,
  );

/** The lowest free address of the ranges that the pods of a Basic zone have in its network; undefined where there are none. */
const nextOfRanges = (world: World, network: Resource): string | undefined => {
  const ranges = [...world.where('VlanIpRange', 'networkid', network.id)];
  if (ranges.length === 0) return undefined;
  for (const { fields } of ranges)
    for (let at = toNumber(String(fields['startip'])); at <= toNumber(String(fields['endip'])); at += 1)
      if (!isTaken(world, network, toAddress(at))) return toAddress(at);
  throw noCapacity('Insufficient address capacity', 4320);
};

/** The lowest address of a network that no interface has; from its range when it has one. */
export const nextGuestAddress = (world: World, network: Resource): string | undefined => {
  const { cidr, gateway, startip, endip } = network.fields;
  const block = parseBlock(String(cidr ?? ''));
  if (!block) return nextOfRanges(world, network);
  const first = typeof startip === 'string' ? toNumber(startip) : block.first + 2;
  const last = typeof endip === 'string' ? toNumber(endip) : block.last - 1;
  for (let at = first; at <= last; at += 1) {
    const address = toAddress(at);
    if (address !== gateway && !isTaken(world, network, address)) return address;
  }
  throw noCapacity('Insufficient address capacity', 4320);
};
