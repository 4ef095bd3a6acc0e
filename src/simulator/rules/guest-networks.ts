import { badValue } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import { settingOf } from '../world/settings.ts';
import type { Fields, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { text } from './args.ts';
import { blockOf, maskOf, parseBlock, toAddress } from './ip.ts';

interface NewNetwork {
  zone: Resource;
  offering: Resource;
  owner: Resource;
  fields: Fields;
}

/** Makes a guest network: Allocated, or Setup where its VLAN was chosen by hand. */
export const createGuestNetwork = (world: World, { zone, offering, owner, fields }: NewNetwork): Resource => {
  const type = text(offering, 'guestiptype');
  const { gateway, netmask } = fields;
  const given = typeof gateway === 'string' && typeof netmask === 'string' ? blockOf(gateway, netmask) : undefined;
  if (typeof gateway === 'string' && typeof netmask === 'string' && !given)
    throw badValue(`Invalid netmask ${netmask} or gateway ${gateway}`);
  // In a Basic zone the pods have the ranges, and the network none.
  const basic = zone.fields['networktype'] === 'Basic';
  const block =
    type === 'L2' || (basic && !given)
      ? undefined
      : (given ?? parseBlock(text(zone, 'guestcidraddress') || '10.1.1.0/24'));
  const vlan = fields['vlan'];
  const set = type === 'Shared' || vlan !== undefined;
  const physical = [...world.where('PhysicalNetwork', 'zoneid', zone.id)][0];
  const id = world.random.uuid();
  return insertKind(
    world,
    'Network',
    {
      ...fields,
      state: set ? 'Setup' : 'Allocated',
      type,
      acltype: fields['acltype'] ?? (type === 'Shared' ? 'Domain' : 'Account'),
      zoneid: zone.id,
      physicalnetworkid: fields['physicalnetworkid'] ?? physical?.id,
      networkofferingid: offering.id,
      traffictype: 'Guest',
      broadcastdomaintype: 'Vlan',
      // A gateway or a netmask alone counts for nothing (NetworkServiceImpl.createGuestNetwork).
      ...(block
        ? { gateway: given ? gateway : toAddress(block.first + 1), netmask: maskOf(block), cidr: block.text }
        : {}),
      ...(vlan === undefined
        ? {}
        : { vlan: String(vlan), broadcasturi: `vlan://${String(vlan).replace('vlan://', '')}` }),
      dns1: fields['dns1'] ?? zone.fields['dns1'],
      dns2: fields['dns2'] ?? zone.fields['dns2'],
      networkdomain: fields['networkdomain'] ?? `cs${owner.no.toString(16)}${settingOf(world, 'guest.domain.suffix')}`,
      related: id,
      issystem: false,
      canusefordeploy: true,
      restartrequired: false,
      redundantrouter: false,
      strechedl2subnet: false,
      specifyvlan: offering.fields['specifyvlan'],
      specifyipranges: offering.fields['specifyipranges'],
      ispersistent: offering.fields['ispersistent'] === true,
      supportsvmautoscaling: type === 'Isolated',
      receivedbytes: 0,
      sentbytes: 0,
      ...(type === 'Isolated' && offering.fields['forvpc'] !== true
        ? { egressdefaultpolicy: offering.fields['egressdefaultpolicy'] === true }
        : {}),
    },
    { id, owner: owner.id },
  );
};
