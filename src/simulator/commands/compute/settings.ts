import { statedFields } from '../../engine/generic.ts';
import { mapArg, needRow, rowArg, rowsArg, stateOf, textArg } from '../../rules/args.ts';
import type { Behaviour, Behaviours, Call, Result } from '../../rules/call.ts';
import { sizeOf } from '../../rules/machine-size.ts';
import { nameOf, needStopped, volumesOf } from '../../rules/machines.ts';
import { chooseHost } from '../../rules/placement.ts';
import { accountOfProject } from '../../rules/projects.ts';
import { object, success, work } from '../../rules/results.ts';
import { findAccount } from '../../rules/scope.ts';
import { badValue, forbidden } from '../../world/errors.ts';
import type { Resource } from '../../world/types.ts';

const update: Behaviour = (call) => {
  const vm = needRow(call, 'id');
  const { fields } = statedFields(call, 'UserVm');
  const { securitygroupids, securitygroupnames: _names, cleanupdetails, group, id: _, name, ...patch } = fields;
  if (name !== undefined && vm.fields['state'] === 'Running' && name !== vm.fields['name'])
    throw badValue('The VM needs to be restarted for the new host name: stop it first');
  if (cleanupdetails === true) patch['details'] = {};
  else if (patch['details']) patch['details'] = { ...mapArg(call, 'details') };
  if (securitygroupids !== undefined) {
    needStopped(vm, 'Security groups can only be changed while the virtual machine is stopped');
    call.world.hide(vm, { securitygroupids: rowsArg(call, 'securitygroupids').map(({ id }) => id) });
  }
  if (typeof group === 'string') {
    const known = call.world.all('InstanceGroup').find((row) => row.owner === vm.owner && row.fields['name'] === group);
    patch['groupid'] = (
      known ?? call.world.insert('InstanceGroup', { name: group, created: call.world.now() }, { owner: vm.owner })
    ).id;
  }
  call.world.update(vm, { ...patch, ...(name === undefined ? {} : { name }) });
  return object(vm);
};

const resize = (call: Call, vm: Resource): Result => {
  const offering = needRow(call, 'serviceofferingid');
  const size = sizeOf(call, offering);
  if (stateOf(vm) === 'Running') {
    const grown = ['cpunumber', 'cpuspeed', 'memory'].every((field) => Number(size[field]) >= Number(vm.fields[field]));
    if (!grown)
      throw badValue(
        'Only scaling up the vm is supported, new service offering should have both cpu and memory greater than the old values',
      );
    if (vm.fields['isdynamicallyscalable'] !== true)
      throw badValue(`Unable to scale ${nameOf(vm)} as it does not have tools to support dynamic scaling`);
    chooseHost(call.world, { ...vm, fields: { ...vm.fields, ...size } });
  }
  call.world.update(vm, { ...size, serviceofferingid: offering.id });
  const [root] = volumesOf(call.world, vm);
  if (root) call.world.update(root, { serviceofferingid: String(offering.no) });
  return object(vm);
};

const scale: Behaviour = (call) => {
  const vm = needRow(call, 'id');
  if (!['Running', 'Stopped'].includes(stateOf(vm)))
    throw badValue(`Unable to scale ${nameOf(vm)} in ${stateOf(vm)} state`);
  return work(vm, () => resize(call, vm));
};

const changeService: Behaviour = (call) => {
  const vm = needRow(call, 'id');
  needStopped(
    vm,
    `Unable to upgrade virtual machine ${nameOf(vm)} in state ${stateOf(vm)}; make sure the virtual machine is stopped`,
  );
  return resize(call, vm);
};

const resetPassword: Behaviour = (call) => {
  const vm = needRow(call, 'id');
  if (vm.fields['passwordenabled'] !== true)
    throw badValue('Fail to reset password for the virtual machine, the template is not password enabled');
  needStopped(vm, `VM ${nameOf(vm)} should be stopped to do password reset`);
  const password = textArg(call, 'password') ?? call.world.random.key(6);
  return work(vm, () => {
    call.world.hide(vm, { password });
    call.world.update(vm, { lastupdated: call.world.now() });
    return { form: 'object', item: vm, extra: { password } };
  });
};

const assign: Behaviour = (call) => {
  const vm = needRow(call, 'virtualmachineid');
  const { world, caller } = call;
  if (caller.role === 'User') throw forbidden();
  needStopped(vm, `VM is Running, unable to move the vm ${nameOf(vm)}`);
  if (
    ['PortForwardingRule', 'VMSnapshot', 'LbMember', 'IpForwardingRule'].some(
      (kind) => [...world.where(kind, 'virtualmachineid', vm.id)].length > 0,
    )
  )
    throw badValue(`Remove the rules and snapshots of the VM ${nameOf(vm)} before assigning it to another user`);
  const project = rowArg(call, 'projectid');
  const account = project
    ? accountOfProject(world, project.id)
    : findAccount(world, textArg(call, 'account') ?? '', rowArg(call, 'domainid')?.id ?? caller.domain.id);
  if (!account) throw badValue('Invalid account or project to assign the virtual machine to');
  world.give(vm, account.id);
  for (const kind of ['Volume', 'Nic'])
    for (const row of world.where(kind, 'virtualmachineid', vm.id)) world.give(row, account.id);
  world.update(vm, { groupid: undefined });
  return object(vm);
};

const console: Behaviour = (call) => {
  const vm = needRow(call, 'virtualmachineid');
  if (vm.fields['state'] !== 'Running')
    return object({ success: false, details: `VM ${nameOf(vm)} is not running, so it has no console` });
  const { world } = call;
  const token = world.random.key(40);
  world.insert(
    'ConsoleSession',
    {
      created: world.now(),
      accountid: call.caller.account.id,
      account: call.caller.account.fields['name'],
      domainid: call.caller.domain.id,
      userid: call.caller.user.id,
      virtualmachineid: vm.id,
      hostid: vm.fields['hostid'],
    },
    { owner: vm.owner },
  );
  return object({
    success: true,
    url: `http://127.0.0.1/resource/noVNC/vnc.html?autoconnect=true&port=8080&token=${token}`,
    websocket: { token, host: '127.0.0.1', port: '8080', path: 'websockify', extra: '' },
  });
};

/** What a virtual machine is set to: its size, password, owner, console. */
export const settings: Behaviours = {
  updateVirtualMachine: update,
  scaleVirtualMachine: scale,
  changeServiceForVirtualMachine: changeService,
  resetPasswordForVirtualMachine: resetPassword,
  assignVirtualMachine: assign,
  createConsoleEndpoint: console,
  getVMPassword: (call) => {
    const vm = needRow(call, 'id');
    if (typeof vm.hidden['password'] !== 'string') throw badValue(`No password for VM with id '${vm.id}' found.`);
    return object({ encryptedpassword: Buffer.from(`simulated:${vm.no}`).toString('base64') });
  },
  cleanVMReservations: () => success(),
};
