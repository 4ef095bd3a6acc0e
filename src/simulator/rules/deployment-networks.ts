import { BlockList, isIPv6 } from 'node:net';
import { badValue, noCapacity } from '../world/errors.ts';
import type { Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { entriesArg, rowsArg, text, textArg } from './args.ts';
import type { Call } from './call.ts';
import { createGuestNetwork } from './guest-networks.ts';
import { contains, parseBlock, toNumber } from './ip.ts';

/** A network that a new machine is in, and what was asked of its interface there. */
export interface ChosenNetwork {
  network: Resource;
  address?: string;
  address6?: string;
  mac?: string;
}

const chooseNetworks = (call: Call, zone: Resource, owner: Resource): ChosenNetwork[] => {
  const { world } = call;
  const listed = entriesArg(call, 'iptonetworklist');
  const named = rowsArg(call, 'networkids');
  const address = textArg(call, 'ipaddress');
  if (listed.length > 0 && (named.length > 0 || address !== undefined))
    throw badValue("ipToNetworkMap can't be specified along with networkIds or ipAddress");
  if (listed.length > 0)
    return listed.map(({ networkid = '', ip, ipv6, mac }) => {
      const network = world.find('Network', networkid);
      if (!network) throw badValue(`Unable to find network by id ${networkid}`);
      return {
        network,
        ...(ip === undefined ? {} : { address: ip }),
        ...(ipv6 === undefined ? {} : { address6: ipv6 }),
        ...(mac === undefined ? {} : { mac }),
      };
    });
  if (named.length > 0) {
    if (zone.fields['networktype'] === 'Basic') throw badValue("Can't specify network Ids in Basic zone");
    return named.map((network) => ({ network }));
  }
  if (zone.fields['securitygroupsenabled'] === true || zone.fields['networktype'] === 'Basic') {
    const shared = [...world.where('Network', 'zoneid', zone.id)].find(({ fields }) => fields['type'] === 'Shared');
    return shared ? [{ network: shared }] : [];
  }
  const own = [...world.where('Network', 'zoneid', zone.id)].filter(
    (network) =>
      network.owner === owner.id && network.fields['type'] === 'Isolated' && network.fields['vpcid'] === undefined,
  );
  if (own.length > 1)
    throw badValue(
      `More than 1 default Isolated networks are found for account ${owner.fields['name']}; please specify networkIds`,
    );
  if (own[0]) return [{ network: own[0] }];
  const offering = world
    .all('NetworkOffering')
    .find(({ fields }) => fields['availability'] === 'Required' && fields['state'] === 'Enabled');
  if (!offering)
    throw badValue(
      `Unable to find network offering with availability=Required to automatically create the network as a part of vm creation`,
    );
  const name = `${owner.fields['name']}-network`;
  return [{ network: createGuestNetwork(world, { zone, offering, owner, fields: { name, displaytext: name } }) }];
};

/** The networks of a machine; the address that a call asks for is that of the first (UserVmManagerImpl.createVirtualMachine). */
const askedNetworks = (call: Call, zone: Resource, owner: Resource): ChosenNetwork[] => {
  const [address, address6] = [textArg(call, 'ipaddress'), textArg(call, 'ip6address')];
  const [first, ...others] = chooseNetworks(call, zone, owner);
  if (!first) return [];
  const asked = { ...(address === undefined ? {} : { address }), ...(address6 === undefined ? {} : { address6 }) };
  return [{ ...first, ...asked }, ...others];
};

/** Refuses what is no IPv6 address, is taken, or is none of the network's (NetworkModelImpl.checkRequestedIpAddresses). */
const checkAddress6 = (world: World, { network, address6 }: ChosenNetwork): void => {
  if (address6 === undefined) return;
  if (!isIPv6(address6)) throw badValue(`Invalid specified IPv6 address ${address6}`);
  if ([...world.where('Nic', 'networkid', network.id)].some(({ fields }) => fields['ip6address'] === address6))
    throw badValue('The requested IP is already taken!');
  const [base = '', bits = ''] = text(network, 'ip6cidr').split('/');
  const range = new BlockList();
  if (isIPv6(base)) range.addSubnet(base, Number(bits), 'ipv6');
  if (!range.check(address6, 'ipv6')) throw badValue('Requested IPv6 is not in the predefined range!');
};

/**
 * Refuses what is no address (NetworkModelImpl.checkRequestedIpAddresses), and an address that the network does not have to give
 * (IpAddressManagerImpl.acquireGuestIpAddress).
 */
const checkAddress = (world: World, { network, address }: ChosenNetwork): void => {
  if (address === undefined) return;
  if (Number.isNaN(toNumber(address))) throw badValue(`Invalid specified IPv4 address ${address}`);
  const block = parseBlock(text(network, 'cidr'));
  if (!block) return;
  const taken = [...world.where('Nic', 'networkid', network.id)].some(({ fields }) => fields['ipaddress'] === address);
  if (!contains(block, address) || taken || address === network.fields['gateway'])
    throw noCapacity(
      `Unable to acquire Guest IP address for network Network {"id":${network.no},"name":"${text(network, 'name')}","uuid":"${network.id}"}`,
      4330,
    );
};

/** The networks of a new machine. Refuses those of another zone, and addresses that they do not have. */
export const networksFor = (call: Call, zone: Resource, owner: Resource): ChosenNetwork[] => {
  const networks = askedNetworks(call, zone, owner);
  const elsewhere = networks.find(({ network }) => network.fields['zoneid'] !== zone.id)?.network;
  if (elsewhere) throw badValue(`Network id=${elsewhere.no} doesn't belong to zone ${zone.no}`);
  for (const chosen of networks) {
    checkAddress6(call.world, chosen);
    checkAddress(call.world, chosen);
  }
  return networks;
};
