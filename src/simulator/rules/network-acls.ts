import { badValue } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Resource } from '../world/types.ts';
import { entriesArg, needRow } from './args.ts';
import type { Behaviour, Call } from './call.ts';
import { list, work } from './results.ts';

/** Refuses the lists that CloudStack brings. */
export const needOwnList = (list: Resource): void => {
  if (list.hidden['default'] === true) throw badValue('Default ACL cannot be removed/modified');
};

/** The items of a list. */
export const itemsOf = (call: Call, list: Resource): Resource[] => [
  ...call.world.where('NetworkACLItem', 'aclid', list.id),
];

/** Refuses a place in the order that is none, or that another item has. */
export const checkNumber = (call: Call, list: Resource, number: number, except?: Resource): void => {
  if (number < 1) throw badValue(`Invalid number: ${number}. Number cannot be < 1`);
  if (itemsOf(call, list).some((item) => item !== except && item.fields['number'] === number))
    throw badValue(`ACL item with number ${number} already exists in ACL: ${list.id}`);
};

/** Makes an item of each imported rule; an item of the same id is replaced. */
export const importItems: Behaviour = (call) => {
  const { world } = call;
  const acl = needRow(call, 'aclid');
  return work(acl, () => {
    needOwnList(acl);
    const items = entriesArg(call, 'rules').map(({ id, number, ...rule }) => {
      const former = itemsOf(call, acl).find((item) => item.id === id);
      if (former) world.remove(former);
      const next = Math.max(0, ...itemsOf(call, acl).map(({ fields }) => Number(fields['number']))) + 1;
      const place = Number(number ?? former?.fields['number'] ?? next);
      checkNumber(call, acl, place);
      return insertKind(
        world,
        'NetworkACLItem',
        {
          action: 'Allow',
          traffictype: 'Ingress',
          cidrlist: '0.0.0.0/0',
          ...rule,
          number: place,
          tags: undefined,
          aclid: acl.id,
          aclname: acl.fields['name'],
          state: 'Active',
          fordisplay: true,
        },
        { owner: acl.owner },
      );
    });
    return list(items);
  });
};
