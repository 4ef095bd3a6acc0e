import { object, work } from '../engine/results.ts';
import { needRow, rowArg, text } from '../engine/args.ts';
import { badValue } from '../world/errors.ts';
import { volumesOf } from '../rules/machines.ts';
import type { Behaviour } from '../world/types.ts';
import { deploy } from './deploy.ts';

const importMachine: Behaviour = (call) => {
  const { world } = call;
  const cluster = needRow(call, 'clusterid');
  const zone = world.get(text(cluster, 'zoneid'));
  const template = rowArg(call, 'templateid') ?? world.all('Template').find(({ fields }) => fields['isready'] === true);
  if (!zone || !template) throw badValue('Importing needs a zone with a template');
  const rows = new Map([...call.rows, ['zoneid', [zone]], ['templateid', [template]]]);
  return deploy({ ...call, args: { ...call.args, name: call.args['hostname'] ?? call.args['name'] }, rows });
};

const fromBackup: Behaviour = (call) => {
  const backup = needRow(call, 'backupid');
  const source = call.world.get(text(backup, 'virtualmachineid'));
  const template = rowArg(call, 'templateid') ?? call.world.get(text(source, 'templateid'));
  const offering = rowArg(call, 'serviceofferingid') ?? call.world.get(text(source, 'serviceofferingid'));
  if (!template || !offering) throw badValue(`The virtual machine of backup ${backup.id} is not known any more`);
  return deploy({
    ...call,
    rows: new Map([...call.rows, ['templateid', [template]], ['serviceofferingid', [offering]]]),
  });
};

/** Virtual machines that come from elsewhere, and go there. */
export const machineImport: Record<string, Behaviour> = {
  createVMFromBackup: fromBackup,
  importVm: importMachine,
  importUnmanagedInstance: importMachine,
  unmanageVirtualMachine: (call) => {
    const vm = needRow(call, 'id');
    return work(vm, () => {
      for (const volume of volumesOf(call.world, vm)) call.world.remove(volume);
      for (const nic of [...call.world.where('Nic', 'virtualmachineid', vm.id)]) call.world.remove(nic);
      call.world.remove(vm);
      return object({ success: true, details: `${vm.id} is no longer managed` });
    });
  },
};
