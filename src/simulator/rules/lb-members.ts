import type { Resource, Value } from '../world/types.ts';
import type { World } from '../world/world.ts';

/** Puts a machine behind a load balancing rule, by an address of it, else by the one that it has in the rule's network. */
export const addMember = (world: World, rule: Resource, vm: Resource, address?: Value): void => {
  const nics = [...world.where('Nic', 'virtualmachineid', vm.id)];
  const nic = nics.find(({ fields }) => fields['networkid'] === rule.fields['networkid']) ?? nics[0];
  world.insert(
    'LbMember',
    { lbruleid: rule.id, virtualmachineid: vm.id, ipaddress: address ?? nic?.fields['ipaddress'] },
    { owner: rule.owner },
  );
  world.update(rule, { state: 'Active' });
};
