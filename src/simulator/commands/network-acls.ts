import { mayUse } from '../rules/access.ts';
import { object, success, work } from '../engine/results.ts';
import { listArg, needRow, numberArg, rowArg, text, textArg } from '../engine/args.ts';
import { insertKind } from '../world/insert.ts';
import { badParameter, badValue, failure, forbidden, unknownId } from '../world/errors.ts';
import { statedFields } from '../engine/generic.ts';
import { listKind } from '../engine/list.ts';
import type { Behaviour, Call, Fields, Resource } from '../world/types.ts';

const needOwnList = (list: Resource): void => {
  if (list.hidden['default'] === true) throw badValue('Default ACL cannot be removed/modified');
};

const itemsOf = (call: Call, list: Resource): Resource[] => [...call.world.where('NetworkACLItem', 'aclid', list.id)];

const checkNumber = (call: Call, list: Resource, number: number, except?: Resource): void => {
  if (number < 1) throw badValue(`Invalid number: ${number}. Number cannot be < 1`);
  if (itemsOf(call, list).some((item) => item !== except && item.fields['number'] === number))
    throw badValue(`ACL item with number ${number} already exists in ACL: ${list.id}`);
};

const itemFields = (call: Call): Fields => {
  const protocol = textArg(call, 'protocol')?.toLowerCase();
  if (protocol !== undefined && !/^(tcp|udp|icmp|all|\d+)$/.test(protocol))
    throw badValue(`Invalid protocol ${protocol}`);
  const [start, end] = [numberArg(call, 'startport'), numberArg(call, 'endport')];
  if (start !== undefined && end !== undefined && start > end)
    throw badValue("Start port can't be bigger than end port");
  const given: Fields = {
    protocol,
    startport: start === undefined ? undefined : String(start),
    endport: start === undefined ? undefined : String(end ?? start),
    icmptype: numberArg(call, 'icmptype'),
    icmpcode: numberArg(call, 'icmpcode'),
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
  if (!network) throw badParameter('Either networkId or aclId must be given');
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

/** Network access lists of VPC tiers and their items. */
export const networkAcls: Record<string, Behaviour> = {
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
