import { usageHistory } from '../engine/metrics.ts';
import { needRow, rowArg, text } from '../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../rules/call.ts';
import { hostsFor } from '../rules/placement.ts';
import { object, success, work } from '../rules/results.ts';
import {
  changeSystemVmOffering,
  ensureSystemVms,
  rebootSystemVm,
  scaleSystemVm,
  startSystemVm,
  stopSystemVm,
} from '../rules/system-vms.ts';
import { badValue, failure } from '../world/errors.ts';
import type { Fields } from '../world/types.ts';

const destroySystem: Behaviour = (call) => {
  const vm = needRow(call, 'id');
  return work(vm, () => {
    const zone = call.world.get(text(vm, 'zoneid'));
    call.world.remove(vm);
    if (zone) call.world.queue.later(1000, () => ensureSystemVms(call.world, zone));
    return object(vm);
  });
};

const migrate: Behaviour = (call) => {
  const vm = needRow(call, 'virtualmachineid');
  return work(vm, () => {
    const host = rowArg(call, 'hostid') ?? hostsFor(call.world, vm, text(vm, 'hostid'))[0];
    if (!host) throw failure('Unable to find suitable destination to migrate VM');
    call.world.update(vm, { hostid: host.id });
    return object(vm);
  });
};

const result = (call: Call): Fields => ({
  stdout: `64 bytes from ${String(call.args['ipaddress'])}: icmp_seq=1 ttl=64 time=0.3 ms`,
  stderr: '',
  exitcode: '0',
});

/** System VMs and diagnostics. */
export const systemVm: Behaviours = {
  startSystemVm,
  stopSystemVm,
  rebootSystemVm,
  destroySystemVm: destroySystem,
  scaleSystemVm,
  changeServiceForSystemVm: changeSystemVmOffering,
  migrateSystemVm: migrate,
  patchSystemVm: (call) => {
    const vm = rowArg(call, 'id');
    if (!vm) throw badValue('The id of the system VM is required');
    return work(vm, () => {
      call.world.update(vm, { patched: call.world.now() });
      return success(`System VM ${text(vm, 'name')} patched`);
    });
  },
  runDiagnostics: (call) => work(rowArg(call, 'targetid'), () => object(result(call))),
  getDiagnosticsData: (call) =>
    work(rowArg(call, 'targetid'), () =>
      object({ url: `http://127.0.0.1/diagnostics/${call.world.random.uuid()}.zip` }),
    ),
  listSystemVmsUsageHistory: usageHistory('SystemVm'),
};
