import { needRow } from '../rules/args.ts';
import type { Behaviours } from '../rules/call.ts';
import { success } from '../rules/results.ts';
import { badValue } from '../world/errors.ts';

/** VMware data centres. */
export const vmware: Behaviours = {
  removeVmwareDc: (call) => {
    const [datacenter] = call.world.where('VmwareDatacenter', 'zoneid', needRow(call, 'zoneid').id);
    if (!datacenter) throw badValue('The zone has no VMware datacenter');
    call.world.remove(datacenter);
    return success();
  },
};
