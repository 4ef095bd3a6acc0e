import { listKind } from '../../engine/list.ts';
import { nextGuestAddress } from '../../rules/addresses.ts';
import { needRow, rowArg, text, textArg } from '../../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../../rules/call.ts';
import { contains, parseBlock } from '../../rules/ip.ts';
import { addNic, implementNetwork, standardMac } from '../../rules/networks.ts';
import { object, success, work } from '../../rules/results.ts';
import { badValue, failure } from '../../world/errors.ts';
import type { Resource } from '../../world/types.ts';

const needLive = (vm: Resource): void => {
  if (!['Running', 'Stopped'].includes(text(vm, 'state')))
    throw badValue(`Instance ${vm.id} is not in Running or Stopped state`);
};

const nicOf = (call: Call, vm: Resource): Resource => {
  const nic = needRow(call, 'nicid');
  if (nic.fields['virtualmachineid'] !== vm.id) throw badValue(`${nic.id} is not a nic on ${vm.id}`);
  return nic;
};

const checkAddress = (call: Call, network: Resource, address: string): void => {
  const block = parseBlock(text(network, 'cidr'));
  if (!block || !contains(block, address))
    throw badValue(`The IP address ${address} is not in the range of the network ${network.id}`);
  for (const kind of ['Nic', 'NicSecondaryIp'])
    if ([...call.world.where(kind, 'networkid', network.id)].some(({ fields }) => fields['ipaddress'] === address))
      throw badValue(`The IP address ${address} is already in use`);
};

const add: Behaviour = (call) => {
  const vm = needRow(call, 'virtualmachineid');
  const network = needRow(call, 'networkid');
  const { world } = call;
  needLive(vm);
  if ([...world.where('VMSnapshot', 'virtualmachineid', vm.id)].length > 0)
    throw badValue('NIC cannot be added to VM with VM Snapshots');
  const address = textArg(call, 'ipaddress');
  const mac = standardMac(textArg(call, 'macaddress'));
  if (address !== undefined) checkAddress(call, network, address);
  return work(vm, () => {
    if ([...world.where('Nic', 'virtualmachineid', vm.id)].some(({ fields }) => fields['networkid'] === network.id))
      throw failure(`A NIC already exists for VM:${text(vm, 'instancename')} in network: ${network.id}`);
    addNic(world, vm, network, { address, mac });
    if (vm.fields['state'] === 'Running') implementNetwork(world, network);
    return object(vm);
  });
};

const hasRules = (call: Call, vm: Resource, nic: Resource): boolean => {
  const { world } = call;
  const address = nic.fields['ipaddress'];
  return (
    [...world.where('PortForwardingRule', 'virtualmachineid', vm.id)].some(
      ({ fields }) => fields['networkid'] === nic.fields['networkid'],
    ) ||
    [...world.where('IPAddress', 'virtualmachineid', vm.id)].some(({ fields }) => fields['vmipaddress'] === address)
  );
};

const remove: Behaviour = (call) => {
  const vm = needRow(call, 'virtualmachineid');
  const nic = nicOf(call, vm);
  needLive(vm);
  return work(vm, () => {
    if (nic.fields['isdefault'] === true)
      throw badValue(`Unable to remove nic ${nic.id} from VM ${vm.id}: nic is default.`);
    if (hasRules(call, vm, nic)) throw badValue(`Unable to remove nic ${nic.id} from VM ${vm.id}: it has rules`);
    call.world.remove(nic);
    return object(vm);
  });
};

const setDefault: Behaviour = (call) => {
  const vm = needRow(call, 'virtualmachineid');
  const nic = nicOf(call, vm);
  needLive(vm);
  return work(vm, () => {
    if (nic.fields['isdefault'] === true) throw badValue(`Nic ${nic.id} is already the default one`);
    for (const other of [...call.world.where('Nic', 'virtualmachineid', vm.id)])
      call.world.update(other, { isdefault: other === nic });
    return object(vm);
  });
};

const setLink: Behaviour = (call) => {
  const nic = needRow(call, 'nicid');
  const vm = call.world.get(text(nic, 'virtualmachineid'));
  if (!vm) throw badValue(`Nic ${nic.id} belongs to no virtual machine`);
  return work(vm, () => {
    if (call.args['enabled'] !== undefined) call.world.update(nic, { enabled: call.args['enabled'] });
    return object(vm);
  });
};

const setAddress: Behaviour = (call) => {
  const nic = needRow(call, 'nicid');
  const vm = call.world.get(text(nic, 'virtualmachineid'));
  const network = call.world.get(text(nic, 'networkid'));
  const address = textArg(call, 'ipaddress');
  if (!vm || !network) throw badValue(`Nic ${nic.id} belongs to no virtual machine`);
  if (address !== undefined) checkAddress(call, network, address);
  if (vm.fields['state'] !== 'Stopped')
    throw badValue('The virtual machine must be stopped to change the address of its nic');
  return work(vm, () => {
    call.world.update(nic, { ipaddress: address ?? nextGuestAddress(call.world, network) });
    return object(vm);
  });
};

const addSecondary: Behaviour = (call) => {
  const nic = needRow(call, 'nicid');
  const network = call.world.get(text(nic, 'networkid'));
  if (!network) throw badValue(`Nic ${nic.id} is on no network`);
  const given = textArg(call, 'ipaddress');
  if (given !== undefined) checkAddress(call, network, given);
  const ipaddress = given ?? nextGuestAddress(call.world, network);
  const row = call.world.insert(
    'NicSecondaryIp',
    { nicid: nic.id, networkid: network.id, virtualmachineid: nic.fields['virtualmachineid'], ipaddress },
    { owner: nic.owner },
  );
  return work(row, () => object(row));
};

/** Interfaces of virtual machines and their addresses. */
export const nics: Behaviours = {
  addNicToVirtualMachine: add,
  removeNicFromVirtualMachine: remove,
  updateDefaultNicForVirtualMachine: setDefault,
  updateVmNic: setLink,
  updateVmNicIp: setAddress,
  addIpToNic: addSecondary,
  removeIpFromNic: (call) => {
    const row = needRow(call, 'id');
    return work(row, () => {
      call.world.remove(row);
      return success();
    });
  },
  listNics: (call) => {
    const nic = rowArg(call, 'nicid');
    return listKind(call, 'Nic', nic ? [(row) => row === nic] : []);
  },
};
