import { statedFields } from '../engine/generic.ts';
import { listKind } from '../engine/list.ts';
import {
  capabilityOf,
  cloneOffering,
  deleteOffering,
  listOfferings,
  places,
  servicesOffered,
  updateOffering,
} from '../engine/offerings.ts';
import { mayUse } from '../rules/access.ts';
import { freeAddress, takeAddress } from '../rules/addresses.ts';
import { flagArg, listArg, needRow, numberArg, rowArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../rules/call.ts';
import { holds, overlap, parseBlock } from '../rules/ip.ts';
import { checkLimit } from '../rules/limits.ts';
import { ensureRouter, releaseRules } from '../rules/networks.ts';
import { checkNumber, importItems, itemsOf, needOwnList } from '../rules/network-acls.ts';
import { ownerOf } from '../rules/owner.ts';
import { icmpOf } from '../rules/port-rules.ts';
import { object, success, work } from '../rules/results.ts';
import { badParameter, badValue, conflict, failure, forbidden, unknownId } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import { settingOf } from '../world/settings.ts';
import type { Fields, Resource } from '../world/types.ts';

const createVpc: Behaviour = (call) => {
  const { fields } = statedFields(call, 'VpcOffering');
  const row = insertKind(call.world, 'VpcOffering', {
    ...fields,
    supportedservices: undefined,
    state: flagArg(call, 'enable') ? 'Enabled' : 'Disabled',
    distributedvpcrouter: capabilityOf(call, 'Connectivity', 'DistributedRouter') === 'true',
    supportsregionLevelvpc: capabilityOf(call, 'Connectivity', 'RegionLevelVpc') === 'true',
    servicecapabilitylist: undefined,
    service: servicesOffered(call),
    ...places(call),
  });
  return work(row, () => object(row));
};

const privateBlocks = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].flatMap((cidr) => parseBlock(cidr) ?? []);

const create: Behaviour = (call) => {
  const { world } = call;
  const zone = needRow(call, 'zoneid');
  const offering = needRow(call, 'vpcofferingid');
  const owner = ownerOf(call);
  const block = parseBlock(textArg(call, 'cidr') ?? '10.0.0.0/16');
  if (offering.fields['state'] !== 'Enabled')
    throw badValue(`Can't use specified offering ${offering.id} as its state is not Enabled`);
  if (!block || textArg(call, 'cidr')?.includes('/') === false)
    throw badValue(`Invalid CIDR specified ${textArg(call, 'cidr')}`);
  if (!privateBlocks.some((range) => holds(range, block)))
    throw badValue(`Guest Cidr ${textArg(call, 'cidr')} is not RFC1918 compliant`);
  checkLimit(world, owner, 'vpc');
  const { fields } = statedFields(call, 'Vpc');
  const vpc = insertKind(
    world,
    'Vpc',
    {
      ...fields,
      cidr: textArg(call, 'cidr') ?? block.text,
      zoneid: zone.id,
      vpcofferingid: offering.id,
      state: 'Enabled',
      networkdomain:
        textArg(call, 'networkdomain') ?? `cs${owner.no.toString(16)}${settingOf(world, 'guest.domain.suffix')}`,
      restartrequired: false,
      redundantvpcrouter: offering.fields['name'] === 'Redundant VPC offering',
      distributedvpcrouter: offering.fields['distributedvpcrouter'] === true,
      regionlevelvpc: offering.fields['supportsregionLevelvpc'] === true,
      fordisplay: true,
    },
    { owner: owner.id },
  );
  try {
    takeAddress(world, zone.id, owner.id, { vpcid: vpc.id, issourcenat: true }, textArg(call, 'sourcenatipaddress'));
  } catch (error) {
    world.remove(vpc);
    throw error;
  }
  return work(vpc, () => {
    if (call.args['start'] !== false) ensureRouter(world, vpc);
    return object(vpc);
  });
};

const remove: Behaviour = (call) => {
  const { world } = call;
  const vpc = needRow(call, 'id');
  const tiers = [...world.where('Network', 'vpcid', vpc.id)].length;
  if (tiers > 0) throw badValue(`Can't delete VPC ${vpc.id} as its used by ${tiers} networks`);
  return work(vpc, () => {
    for (const address of [...world.where('IPAddress', 'vpcid', vpc.id)]) {
      releaseRules(world, address, false);
      freeAddress(world, address);
    }
    for (const kind of ['DomainRouter', 'NetworkACL', 'PrivateGateway', 'StaticRoute', 'Site2SiteVpnGateway'])
      for (const row of [...world.where(kind, 'vpcid', vpc.id)]) world.remove(row);
    world.remove(vpc);
    return success();
  });
};

const restart: Behaviour = (call) => {
  const vpc = needRow(call, 'id');
  return work(vpc, () => {
    if (flagArg(call, 'cleanup'))
      for (const router of [...call.world.where('DomainRouter', 'vpcid', vpc.id)]) call.world.remove(router);
    ensureRouter(call.world, vpc);
    call.world.update(vpc, {
      restartrequired: false,
      ...(flagArg(call, 'makeredundant') ? { redundantvpcrouter: true } : {}),
    });
    return success();
  });
};

/** A VLAN as CloudStack stores it, with its scheme. */
const uriOf = (vlan: string | undefined): string | undefined =>
  vlan === undefined || vlan.includes('://') ? vlan : `vlan://${vlan}`;

const createGateway: Behaviour = (call) => {
  const vpc = needRow(call, 'vpcid');
  const { fields } = statedFields(call, 'PrivateGateway');
  const acl = rowArg(call, 'aclid') ?? call.world.all('NetworkACL').find(({ hidden }) => hidden['default'] === true);
  const gateway = insertKind(
    call.world,
    'PrivateGateway',
    {
      ...fields,
      vlan: uriOf(textArg(call, 'vlan')),
      aclid: acl?.id,
      zoneid: vpc.fields['zoneid'],
      state: 'Creating',
      sourcenatsupported: flagArg(call, 'sourcenatsupported'),
    },
    { owner: vpc.owner },
  );
  return work(gateway, () => {
    call.world.update(gateway, { state: 'Ready' });
    return object(gateway);
  });
};

const createRoute: Behaviour = (call) => {
  const gateway = rowArg(call, 'gatewayid');
  const vpc = rowArg(call, 'vpcid') ?? call.world.get(text(gateway, 'vpcid'));
  const block = parseBlock(textArg(call, 'cidr') ?? '');
  if (!vpc) throw badValue('Either gatewayid, or vpcid and nexthop must be given');
  if (!block) throw badValue(`Invalid format for cidr ${textArg(call, 'cidr')}`);
  const own = parseBlock(text(vpc, 'cidr'));
  if (own && overlap(own, block)) throw badValue('CIDR should be outside of VPC cidr ' + text(vpc, 'cidr'));
  if (
    [...call.world.where('StaticRoute', 'vpcid', vpc.id)].some(({ fields }) =>
      overlap(parseBlock(String(fields['cidr'])) ?? block, block),
    )
  )
    throw conflict(`New static route cidr conflicts with existing route`);
  const route = insertKind(
    call.world,
    'StaticRoute',
    {
      vpcid: vpc.id,
      vpcgatewayid: gateway?.id,
      gatewayid: gateway?.id,
      cidr: block.text,
      nexthop: textArg(call, 'nexthop'),
      state: 'Active',
    },
    { owner: vpc.owner },
  );
  return work(route, () => object(route));
};

const itemFields = (call: Call): Fields => {
  const protocol = textArg(call, 'protocol')?.toLowerCase();
  const [start, end] = [numberArg(call, 'startport'), numberArg(call, 'endport')];
  if (start !== undefined && end !== undefined && start > end)
    throw badValue("Start port can't be bigger than end port");
  for (const cidr of listArg(call, 'cidrlist'))
    if (!parseBlock(cidr) && !cidr.includes(':')) throw badParameter(`Source cidrs formatting error ${cidr}`);
  const { type, code } = icmpOf(call, 'acl');
  const given: Fields = {
    protocol,
    startport: start === undefined ? undefined : String(start),
    endport: start === undefined ? undefined : String(end ?? start),
    icmptype: type,
    icmpcode: code,
    action: textArg(call, 'action'),
    traffictype: textArg(call, 'traffictype'),
    reason: textArg(call, 'reason'),
    number: numberArg(call, 'number'),
    cidrlist: call.args['cidrlist'] === undefined ? undefined : listArg(call, 'cidrlist').join(','),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
};

const listFor = (call: Call): Resource => {
  const given = rowArg(call, 'aclid');
  if (given) return given;
  const network = rowArg(call, 'networkid');
  if (!network) throw badValue('Either networkId or aclId must be given');
  if (network.fields['vpcid'] === undefined) throw badValue(`Network: ${network.id} does not belong to VPC`);
  const used = call.world.get(text(network, 'aclid'));
  if (used && used.hidden['default'] !== true) return used;
  const made = insertKind(
    call.world,
    'NetworkACL',
    {
      name: `ACL_${text(network, 'name')}`,
      description: 'Made for the network',
      vpcid: network.fields['vpcid'],
      fordisplay: true,
    },
    { owner: network.owner },
  );
  call.world.update(network, { aclid: made.id });
  return made;
};

const createItem: Behaviour = (call) => {
  const list = listFor(call);
  needOwnList(list);
  const next = Math.max(0, ...itemsOf(call, list).map(({ fields }) => Number(fields['number']))) + 1;
  const number = numberArg(call, 'number') ?? next;
  checkNumber(call, list, number);
  const item = insertKind(
    call.world,
    'NetworkACLItem',
    {
      action: 'Allow',
      traffictype: 'Ingress',
      cidrlist: '0.0.0.0/0',
      ...itemFields(call),
      number,
      aclid: list.id,
      aclname: list.fields['name'],
      state: 'Staged',
      fordisplay: true,
    },
    { owner: list.owner },
  );
  return work(item, () => {
    call.world.update(item, { state: 'Active' });
    return object(item);
  });
};

const listOfItem = (call: Call, item: Resource): Resource => {
  const list = call.world.get(text(item, 'aclid'));
  if (!list) throw badValue(`The ACL of item ${item.id} does not exist`);
  needOwnList(list);
  return list;
};

const updateItem: Behaviour = (call) => {
  const item = needRow(call, 'id');
  const list = listOfItem(call, item);
  const number = numberArg(call, 'number');
  if (number !== undefined) checkNumber(call, list, number, item);
  return work(item, () => {
    call.world.update(item, itemFields(call));
    return object(item);
  });
};

// The ids of moveNetworkAclItem are declared as text, so nothing has resolved them before.
const itemNamed = (call: Call, id: string): Resource => {
  const item = call.world.find('NetworkACLItem', id);
  if (!item) throw unknownId(call.command.name, 'id', id);
  if (item.removed !== undefined) throw badValue(`Unable to find ACL item ${id}`);
  if (!mayUse(call.world, call.caller, item)) throw forbidden();
  return item;
};

const moveItem: Behaviour = (call) => {
  const item = itemNamed(call, textArg(call, 'id') ?? '');
  const list = listOfItem(call, item);
  const find = (name: string): Resource | undefined => call.world.find('NetworkACLItem', textArg(call, name) ?? '');
  const [previous, next] = [find('previousaclruleid'), find('nextaclruleid')];
  if (!previous && !next) throw badValue('Both previous and next ACL rule IDs cannot be invalid.');
  return work(item, () => {
    const others = itemsOf(call, list)
      .filter((other) => other !== item)
      .sort((a, b) => Number(a.fields['number']) - Number(b.fields['number']));
    others.splice(previous ? others.indexOf(previous) + 1 : others.indexOf(next as Resource), 0, item);
    others.forEach((other, i) => call.world.update(other, { number: i + 1 }));
    return object(item);
  });
};

const replaceList: Behaviour = (call) => {
  const list = needRow(call, 'aclid');
  const target = rowArg(call, 'networkid') ?? rowArg(call, 'gatewayid');
  if (!target) throw badValue('ACL can be applied either to network or to private gateway: give one of them');
  if (target.fields['vpcid'] === undefined) throw badValue(`Network is not part of a VPC: ${target.id}`);
  if (list.fields['vpcid'] !== undefined && list.fields['vpcid'] !== target.fields['vpcid'])
    throw badValue(`ACL ${list.id} belongs to another VPC than ${target.id}`);
  return work(target, () => {
    call.world.update(target, { aclid: list.id });
    return success();
  });
};

/** Virtual private clouds, tiers and their ACLs. */
export const vpc: Behaviours = {
  createVPCOffering: createVpc,
  cloneVPCOffering: (call) => {
    const copy = cloneOffering(call, 'VpcOffering');
    return work(copy, () => object(copy));
  },
  deleteVPCOffering: deleteOffering,
  updateVPCOffering: updateOffering,
  listVPCOfferings: listOfferings('VpcOffering'),
  createVPC: create,
  deleteVPC: remove,
  restartVPC: restart,
  migrateVPC: (call) => {
    const vpc = needRow(call, 'vpcid');
    return work(vpc, () => {
      call.world.update(vpc, { vpcofferingid: needRow(call, 'vpcofferingid').id });
      return object(vpc);
    });
  },
  createPrivateGateway: createGateway,
  deletePrivateGateway: (call) => {
    const gateway = needRow(call, 'id');
    if ([...call.world.where('StaticRoute', 'gatewayid', gateway.id)].length > 0)
      throw badValue(
        `Can't delete private gateway ${gateway.id} as it has static routes applied. Remove the routes first`,
      );
    return work(gateway, () => {
      call.world.remove(gateway);
      return success();
    });
  },
  createStaticRoute: createRoute,
  createNetworkACLList: (call) => {
    const vpc = rowArg(call, 'vpcid');
    const list = insertKind(
      call.world,
      'NetworkACL',
      { ...statedFields(call, 'NetworkACL').fields, vpcid: vpc?.id, fordisplay: true },
      { owner: vpc?.owner ?? call.caller.account.id },
    );
    return work(list, () => object(list));
  },
  deleteNetworkACLList: (call) => {
    const list = needRow(call, 'id');
    needOwnList(list);
    if ([...call.world.where('Network', 'aclid', list.id)].length > 0)
      throw failure(
        'ACL is still associated with ' +
          [...call.world.where('Network', 'aclid', list.id)].length +
          ' tier(s). Cannot delete network ACL: ' +
          list.id,
      );
    return work(list, () => {
      for (const item of itemsOf(call, list)) call.world.remove(item);
      call.world.remove(list);
      return success();
    });
  },
  updateNetworkACLList: (call) => {
    const list = needRow(call, 'id');
    needOwnList(list);
    return work(list, () => {
      const { id: _, ...fields } = statedFields(call, 'NetworkACL').fields;
      call.world.update(list, fields);
      return object(list);
    });
  },
  replaceNetworkACLList: replaceList,
  createNetworkACL: createItem,
  importNetworkACL: importItems,
  updateNetworkACLItem: updateItem,
  moveNetworkAclItem: moveItem,
  deleteNetworkACL: (call) => {
    const item = needRow(call, 'id');
    listOfItem(call, item);
    return work(item, () => {
      call.world.remove(item);
      return success();
    });
  },
  listNetworkACLs: (call) => {
    const network = rowArg(call, 'networkid');
    if (!network) return listKind(call, 'NetworkACLItem');
    return listKind(call, 'NetworkACLItem', [({ fields }) => fields['aclid'] === network.fields['aclid']]);
  },
  listNetworkACLLists: (call) => {
    const network = rowArg(call, 'networkid');
    return listKind(call, 'NetworkACL', network ? [({ id }) => id === network.fields['aclid']] : []);
  },
};
