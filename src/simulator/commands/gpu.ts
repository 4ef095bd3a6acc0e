import { listArg, needRow } from '../rules/args.ts';
import type { Behaviour, Behaviours } from '../rules/call.ts';
import { deleteUnused } from '../rules/removal.ts';
import { list, success } from '../rules/results.ts';

const gpu =
  (state: string): Behaviour =>
  (call) => {
    for (const id of listArg(call, 'ids')) {
      const row = call.world.find('GpuDevice', id);
      if (row) call.world.update(row, { managedstate: state });
    }
    return success();
  };

/** GPU cards and profiles. */
export const gpus: Behaviours = {
  manageGpuDevice: gpu('Managed'),
  unmanageGpuDevice: gpu('Unmanaged'),
  discoverGpuDevices: (call) => list([...call.world.where('GpuDevice', 'hostid', needRow(call, 'id').id)]),
  deleteGpuCard: deleteUnused('gpucardid', ['GpuDevice', 'VgpuProfile'], 'The GPU card has devices or profiles'),
  deleteVgpuProfile: deleteUnused('vgpuprofileid', ['GpuDevice', 'ServiceOffering'], 'The vGPU profile is used'),
  deleteGpuDevice: (call) => {
    for (const id of listArg(call, 'ids')) {
      const row = call.world.find('GpuDevice', id);
      if (row) call.world.remove(row);
    }
    return success();
  },
};
