import { needRow, rowArg, text, textArg } from '../../rules/args.ts';
import type { Behaviour, Behaviours } from '../../rules/call.ts';
import { deploy } from '../../rules/deployment.ts';
import { volumesOf } from '../../rules/machines.ts';
import { list, object, work } from '../../rules/results.ts';
import { badValue } from '../../world/errors.ts';

const importMachine: Behaviour = (call) => {
  const { world } = call;
  const cluster = needRow(call, 'clusterid');
  const zone = world.get(text(cluster, 'zoneid'));
  const template = rowArg(call, 'templateid') ?? world.all('Template').find(({ fields }) => fields['isready'] === true);
  if (!zone || !template) throw badValue('Importing needs a zone with a template');
  const rows = new Map([...call.rows, ['zoneid', [zone]], ['templateid', [template]]]);
  return deploy({ ...call, args: { ...call.args, name: call.args['hostname'] ?? call.args['name'] }, rows });
};

/** Virtual machines taken over from a hypervisor, and given up to it. */
export const unmanaged: Behaviours = {
  listUnmanagedInstances: (call) => {
    const cluster = needRow(call, 'clusterid');
    const name = textArg(call, 'name');
    const keyword = textArg(call, 'keyword')?.toLowerCase() ?? '';
    return list(
      [
        {
          name: 'legacy-vm-1',
          clusterid: cluster.id,
          clustername: cluster.fields['name'],
          powerstate: 'PowerOff',
          cpunumber: 2,
          cpuspeed: 1000,
          memory: 2048,
          hypervisor: 'Simulator',
          osdisplayname: 'Other Linux (64-bit)',
          disk: [],
          nic: [],
        },
      ].filter((vm) => (name ?? vm.name) === vm.name && vm.name.includes(keyword)),
    );
  },
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
