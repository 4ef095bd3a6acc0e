import { object, success, work } from '../engine/results.ts';
import { flagArg, needRow, numberArg, rowArg, text, textArg } from '../engine/args.ts';
import { addAddresses } from '../rules/addresses.ts';
import { insertKind, makeAny } from '../world/insert.ts';
import { badValue, inUse } from '../world/errors.ts';
import { statedFields } from '../engine/generic.ts';
import { blockOf, contains, toNumber } from '../rules/ip.ts';
import type { Behaviour } from '../world/types.ts';

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

/** Ranges of public and management addresses. */
export const addressRanges: Record<string, Behaviour> = {
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
};
