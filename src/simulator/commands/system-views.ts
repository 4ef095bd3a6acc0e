import type { ResourceView } from '../engine/render.ts';
import { derivedId, derivedMac, systemNetworkId } from '../rules/derived.ts';
import type { Fields, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';

const interfaceOf = (
  vm: Resource,
  index: number,
  traffictype: string,
  { ipaddress, netmask, gateway, networkid, networkname, broadcasturi }: Fields,
): Fields => ({
  id: derivedId(vm.id, traffictype),
  networkid,
  networkname,
  netmask,
  gateway,
  ipaddress,
  isolationuri: broadcasturi,
  broadcasturi,
  traffictype,
  type: traffictype === 'Guest' ? 'Isolated' : undefined,
  isdefault: traffictype === 'Public' || (traffictype === 'Guest' && index === 0),
  macaddress: derivedMac(vm.id, traffictype),
  mtu: 1500,
});

/** The address, mask and gateway that a zone's public network gives a system VM, by its number. */
const publicSide = (world: World, vm: Resource): Fields => {
  const zoneId = String(vm.fields['zoneid']);
  const range = [...world.where('VlanIpRange', 'zoneid', zoneId)].find(
    ({ fields }) => fields['forvirtualnetwork'] !== false,
  );
  return {
    networkid: systemNetworkId(zoneId, 'Public'),
    netmask: range?.fields['netmask'] ?? '255.255.255.0',
    gateway: range?.fields['gateway'],
    broadcasturi: 'vlan://untagged',
  };
};

/** A virtual router with its interfaces: guest networks, the control network, the public side. */
export const router: ResourceView = (world, row) => {
  const guest = world.get(String(row.fields['guestnetworkid'] ?? ''));
  const source = [
    ...world.where(
      'IPAddress',
      row.fields['vpcid'] === undefined ? 'associatednetworkid' : 'vpcid',
      String(row.fields['vpcid'] ?? guest?.id),
    ),
  ].find(({ fields }) => fields['issourcenat'] === true);
  const guests = guest ? [guest] : [...world.where('Network', 'vpcid', String(row.fields['vpcid'] ?? ''))];
  const ofPublic = publicSide(world, row);
  const ipaddress = source?.fields['ipaddress'];
  return {
    nic: [
      ...guests.map((network, index) => ({
        ...interfaceOf(row, index, 'Guest', {
          ...network.fields,
          gateway: undefined,
          ipaddress: network.fields['gateway'],
          networkid: network.id,
          networkname: network.fields['name'],
        }),
        id: derivedId(row.id, network.id),
      })),
      interfaceOf(row, 0, 'Control', {
        ipaddress: row.fields['linklocalip'],
        netmask: row.fields['linklocalnetmask'],
        networkid: systemNetworkId(String(row.fields['zoneid']), 'Control'),
      }),
      ...(source ? [interfaceOf(row, 0, 'Public', { ...ofPublic, ipaddress })] : []),
    ],
    linklocalmacaddress: derivedMac(row.id, 'Control'),
    linklocalnetworkid: systemNetworkId(String(row.fields['zoneid']), 'Control'),
    ...(guests.length > 0 ? { guestmacaddress: derivedMac(row.id, 'Guest') } : {}),
    ...(source
      ? {
          publicip: ipaddress,
          publicmacaddress: derivedMac(row.id, 'Public'),
          publicnetmask: ofPublic['netmask'],
          publicnetworkid: ofPublic['networkid'],
          gateway: ofPublic['gateway'],
        }
      : {}),
  };
};

/** A system VM with the addresses that are not stored. */
export const systemVm: ResourceView = (world, row) => {
  const { netmask, gateway } = publicSide(world, row);
  const start = String(gateway ?? '');
  return {
    linklocalmacaddress: derivedMac(row.id, 'Control'),
    privatemacaddress: derivedMac(row.id, 'Management'),
    publicmacaddress: derivedMac(row.id, 'Public'),
    publicip: `${start.slice(0, start.lastIndexOf('.') + 1)}${240 + (row.no % 14)}`,
    publicnetmask: netmask,
    gateway: gateway ?? row.fields['gateway'],
  };
};
