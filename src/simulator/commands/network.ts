import { isIPv6 } from 'node:net';
import { statedFields } from '../engine/generic.ts';
import { flagArg, listArg, needRow, rowArg, rowsArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../rules/call.ts';
import { createGuestNetwork } from '../rules/guest-networks.ts';
import { blockOf, contains, holds, isPrivate, overlap, parseBlock, toNumber } from '../rules/ip.ts';
import { checkLimit } from '../rules/limits.ts';
import { dismantleNetwork, ensureRouter, implementNetwork, servicesOf } from '../rules/networks.ts';
import { ownerOf } from '../rules/owner.ts';
import { accountOfProject } from '../rules/projects.ts';
import { list, object, success, work } from '../rules/results.ts';
import { findAccount } from '../rules/scope.ts';
import { badValue, failure } from '../world/errors.ts';
import { isOn, numberSetting, settingOf } from '../world/settings.ts';
import type { Fields, Resource } from '../world/types.ts';

const checkTier = (call: Call, vpc: Resource, offering: Resource): Fields => {
  const { world } = call;
  if (offering.fields['forvpc'] !== true)
    throw badValue(`Network offering ${offering.id} can't be used for VPC networks`);
  const [gateway, netmask] = [textArg(call, 'gateway'), textArg(call, 'netmask')];
  const block = gateway === undefined || netmask === undefined ? undefined : blockOf(gateway, netmask);
  if (!block) throw badValue('Gateway/netmask are required when create network for VPC');
  const whole = parseBlock(text(vpc, 'cidr'));
  if (!whole || !holds(whole, block))
    throw badValue(`Network cidr ${block.text} is not within vpc [${text(vpc, 'name')}] cidr ${text(vpc, 'cidr')}`);
  const tiers = [...world.where('Network', 'vpcid', vpc.id)];
  const clash = tiers.find((tier) => overlap(parseBlock(text(tier, 'cidr')) ?? block, block));
  if (clash)
    throw badValue(`Network cidr ${block.text} crosses other network cidr ${text(clash, 'cidr')} of the same vpc`);
  const max = Number(settingOf(world, 'vpc.max.networks') || 3);
  if (tiers.length >= max)
    throw failure(`Number of networks per VPC cannot extend ${max}; increase it using global config vpc.max.networks`);
  return { vpcid: vpc.id, aclid: rowArg(call, 'aclid')?.id };
};

/** A Basic zone has one guest network, whose ranges come pod by pod (NetworkOrchestrator.createGuestNetwork). */
const checkBasic = (call: Call, zone: Resource, offering: Resource): void => {
  if ([...call.world.where('Network', 'zoneid', zone.id)].some(({ fields }) => fields['traffictype'] === 'Guest'))
    throw badValue("Can't have more than one Guest network in zone with network type Basic");
  if (offering.fields['guestiptype'] !== 'Shared')
    throw badValue(
      'For zone of type Basic only offerings of guestType Shared with disabled SourceNat service are allowed',
    );
  if (['startip', 'endip', 'gateway', 'netmask'].some((name) => call.args[name] !== undefined))
    throw badValue("Can't specify an IP range or a gateway for a guest network in a zone of type Basic");
};

/** Refuses addresses that make no network, as NetworkServiceImpl.createGuestNetwork and NetworkOrchestrator do. */
const checkAddresses = (call: Call, offering: Resource, vpc: Resource | undefined): void => {
  const { world } = call;
  const [gateway, netmask] = [textArg(call, 'gateway'), textArg(call, 'netmask')];
  const [start, end] = [textArg(call, 'startip'), textArg(call, 'endip') ?? textArg(call, 'startip')];
  if (gateway !== undefined && Number.isNaN(toNumber(gateway)) && !isIPv6(gateway))
    throw badValue('Gateway parameter is invalid');
  if (gateway !== undefined && start !== undefined && netmask === undefined)
    throw badValue('gateway and netmask should be defined when startIP/endIP are passed in');
  const block = gateway === undefined || netmask === undefined ? undefined : blockOf(gateway, netmask);
  if (!block || gateway === undefined) return;
  if ([block.first, block.last].includes(toNumber(gateway)))
    throw badValue('Invalid gateway IP provided. Either the IP is broadcast or network IP.');
  // Only an administrator makes larger networks.
  const limit = numberSetting(world, 'network.guest.cidr.limit', 22);
  if (!call.caller.root && block.bits < limit) throw badValue(`Cidr size can't be less than ${limit}`);
  const { guestiptype } = offering.fields;
  if (guestiptype === 'Isolated' && !vpc && !isOn(world, 'allow.non.rfc1918.compliant.ips') && !isPrivate(block.text))
    throw badValue(`Virtual Guest Cidr ${block.text} is not RFC 1918 or 6598 compliant`);
  if (start === undefined || end === undefined || guestiptype === 'L2') return;
  if (!contains(block, start) || !contains(block, end) || toNumber(start) > toNumber(end))
    throw badValue(
      "Please ensure that your start IP and end IP are in the same subnet, as per the IP range's netmask.",
    );
  if (toNumber(start) <= toNumber(gateway) && toNumber(gateway) <= toNumber(end))
    throw badValue('The gateway ip should not be the part of the ip range being added.');
};

/** Refuses a VLAN where the offering chooses it, and none where it does not (NetworkOrchestrator.createGuestNetwork). */
const checkVlan = (call: Call, zone: Resource, offering: Resource): void => {
  const vlan = textArg(call, 'vlan');
  const { specifyvlan, guestiptype } = offering.fields;
  if (zone.fields['networktype'] === 'Basic' || !call.caller.root) return;
  if (guestiptype === 'Shared' && specifyvlan !== true && vlan !== undefined)
    throw badValue('Cannot specify vlanId when create a network from network offering with specifyvlan=false');
  if ((vlan !== undefined) === (specifyvlan === true)) return;
  throw badValue(
    vlan === undefined
      ? 'Vlan has to be specified; corresponding offering says specifyVlan=true'
      : "Can't specify vlan; corresponding offering says specifyVlan=false",
  );
};

const create: Behaviour = (call) => {
  const { world } = call;
  const vpc = rowArg(call, 'vpcid');
  const zone =
    rowArg(call, 'zoneid') ??
    world.get(text(vpc, 'zoneid')) ??
    world.get(text(rowArg(call, 'physicalnetworkid'), 'zoneid'));
  const offering = needRow(call, 'networkofferingid');
  if (!zone) throw badValue('Zone id is required to create the network');
  if (offering.fields['state'] !== 'Enabled')
    throw badValue(`Can't use specified network offering id as its state is not Enabled`);
  const owner = vpc?.owner === undefined ? ownerOf(call) : (world.get(vpc.owner) ?? ownerOf(call));
  const name = textArg(call, 'name');
  if (
    !isOn(world, 'allow.duplicate.networkname') &&
    world
      .all('Network')
      .some(
        (network) =>
          network.owner === owner.id && network.fields['name'] === name && network.fields['zoneid'] === zone.id,
      )
  )
    throw badValue(`Another network with same name already exists within account: ${owner.fields['name']}`);
  if (offering.fields['forvpc'] === true && !vpc) throw badValue('Network offering can be used for VPC networks only');
  const basic = zone.fields['networktype'] === 'Basic';
  if (basic) checkBasic(call, zone, offering);
  if (
    !basic &&
    offering.fields['guestiptype'] === 'Shared' &&
    !(textArg(call, 'gateway') && textArg(call, 'netmask') && textArg(call, 'startip'))
  )
    throw badValue(
      'StartIp/endIp/gateway/netmask are required when create network of type Shared and specifyIpRanges is true',
    );
  checkAddresses(call, offering, vpc);
  checkVlan(call, zone, offering);
  checkLimit(world, owner, 'network');
  const { fields } = statedFields(call, 'Network');
  if (flagArg(call, 'subdomainaccess')) fields['subdomainaccess'] = true;
  const domain = rowArg(call, 'domainid');
  const network = createGuestNetwork(world, {
    zone,
    offering,
    owner,
    fields: { ...fields, ...(vpc ? checkTier(call, vpc, offering) : {}) },
  });
  if (domain && offering.fields['guestiptype'] === 'Shared') world.hide(network, { domainid: domain.id });
  if (network.fields['ispersistent'] === true || vpc) implementNetwork(world, network);
  return object(network);
};

const remove: Behaviour = (call) => {
  const network = needRow(call, 'id');
  return work(network, () => {
    const used = [...call.world.where('Nic', 'networkid', network.id)].some(
      ({ fields }) => call.world.get(String(fields['virtualmachineid']))?.removed === undefined,
    );
    if (used && !flagArg(call, 'forced')) throw failure('Failed to delete network');
    dismantleNetwork(call.world, network);
    call.world.remove(network);
    return success();
  });
};

const restart: Behaviour = (call) => {
  const network = needRow(call, 'id');
  if (!['Implemented', 'Setup'].includes(text(network, 'state')))
    throw badValue('Network is not in the right state to be restarted. Correct states are: Implemented, Setup');
  return work(network, () => {
    if (flagArg(call, 'cleanup'))
      for (const router of [...call.world.where('DomainRouter', 'guestnetworkid', network.id)])
        call.world.remove(router);
    if (servicesOf(call.world, network).length > 0 && network.fields['state'] === 'Implemented')
      ensureRouter(call.world, network);
    call.world.update(network, {
      restartrequired: false,
      ...(flagArg(call, 'makeredundant') ? { redundantrouter: true } : {}),
    });
    return success();
  });
};

/** Refuses a part for machines that the network cannot have (NetworkServiceImpl.updateGuestNetwork). */
const checkReservation = (call: Call, { fields }: Resource): void => {
  const part = textArg(call, 'guestvmcidr');
  if (part === undefined) return;
  if (fields['type'] !== 'Isolated')
    throw badValue('Can only allow IP Reservation in networks with guest type Isolated');
  if (fields['state'] !== 'Implemented')
    throw badValue(
      `The network must be in Implemented state. IP Reservation cannot be applied in ${String(fields['state'])} state`,
    );
  const whole = String(fields['networkcidr'] ?? fields['cidr']);
  const [inner, outer] = [part.includes('/') ? parseBlock(part) : undefined, parseBlock(whole)];
  if (!inner) throw badValue('Invalid format of Guest VM CIDR.');
  if (outer && !holds(outer, inner))
    throw badValue(
      `Invalid value of Guest VM CIDR. For IP Reservation, Guest VM CIDR  should be a subset of network CIDR : ${whole}`,
    );
};

const update: Behaviour = (call) => {
  const network = needRow(call, 'id');
  const offering = rowArg(call, 'networkofferingid');
  const { type } = network.fields;
  if (offering && type !== 'Isolated')
    throw badValue('NetworkOffering and domain suffix upgrade can be performed for Isolated networks only');
  if (offering && offering.fields['guestiptype'] !== type)
    throw badValue(
      `Can't upgrade from network offering ${text(network, 'networkofferingid')} to ${offering.id}; check logs for more information`,
    );
  if (textArg(call, 'networkdomain') !== undefined && type !== 'Isolated' && type !== 'Shared')
    throw badValue('Domain name change is not supported by network offering in order to change the network domain');
  return work(network, () => {
    checkReservation(call, network);
    const { id: _, ...fields } = statedFields(call, 'Network').fields;
    call.world.update(network, { ...fields, ...(offering ? { networkofferingid: offering.id } : {}) });
    return object(network);
  });
};

const permitted = (call: Call): Resource[] => {
  const { world, caller } = call;
  const network = needRow(call, 'networkid');
  const named = listArg(call, 'accounts').map((name) => {
    const domainId = text(world.get(network.owner ?? ''), 'domainid') || caller.domain.id;
    const account = findAccount(world, name, domainId);
    if (!account) throw badValue(`Unable to find account ${name} in the domain of the network`);
    return account;
  });
  const projects = rowsArg(call, 'projectids').flatMap((project) => accountOfProject(world, project.id) ?? []);
  return [...rowsArg(call, 'accountids'), ...named, ...projects];
};

const permissionsOf = (call: Call): Resource[] => [
  ...call.world.where('NetworkPermissions', 'networkid', needRow(call, 'networkid').id),
];

/** Guest networks. */
export const network: Behaviours = {
  createNetwork: create,
  deleteNetwork: remove,
  restartNetwork: restart,
  updateNetwork: update,
  migrateNetwork: (call) => {
    const network = needRow(call, 'networkid');
    return work(network, () => {
      call.world.update(network, { networkofferingid: needRow(call, 'networkofferingid').id });
      return object(network);
    });
  },
  createNetworkPermissions: (call) => {
    const network = needRow(call, 'networkid');
    for (const account of permitted(call)) {
      if (permissionsOf(call).some(({ owner }) => owner === account.id)) continue;
      const fields = { networkid: network.id, accountid: account.id };
      call.world.insert('NetworkPermissions', fields, { owner: account.id });
    }
    return success();
  },
  removeNetworkPermissions: (call) => {
    const gone = new Set(permitted(call).map(({ id }) => id));
    for (const row of permissionsOf(call)) if (gone.has(row.owner ?? '')) call.world.remove(row);
    return success();
  },
  resetNetworkPermissions: (call) => {
    for (const row of permissionsOf(call)) call.world.remove(row);
    return success();
  },
  listNetworkPermissions: (call) => list(permissionsOf(call)),
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
};
