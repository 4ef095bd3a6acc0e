import { listKind } from '../engine/list.ts';
import { needRow, rowArg, text } from '../rules/args.ts';
import type { Behaviour, Behaviours } from '../rules/call.ts';
import { configureNetworkElement } from '../rules/networks.ts';
import { list, object, work } from '../rules/results.ts';
import { changeSystemVmOffering, rebootSystemVm, startSystemVm, stopSystemVm } from '../rules/system-vms.ts';
import { insertKind } from '../world/insert.ts';

const destroyRouter: Behaviour = (call) => {
  const vm = needRow(call, 'id');
  return work(vm, () => {
    const of = call.world.get(text(vm, 'guestnetworkid')) ?? call.world.get(text(vm, 'vpcid'));
    if (of) call.world.update(of, { restartrequired: true });
    call.world.remove(vm);
    return object(vm);
  });
};

/** Virtual routers. */
export const router: Behaviours = {
  listRouters: (call) => listKind(call, 'DomainRouter', [({ fields }) => fields['role'] !== 'INTERNAL_LB_VM']),
  startRouter: startSystemVm,
  stopRouter: stopSystemVm,
  rebootRouter: rebootSystemVm,
  destroyRouter,
  changeServiceForRouter: changeSystemVmOffering,
  getRouterHealthCheckResults: (call) => {
    const router = needRow(call, 'routerid');
    const checks = ['connectivity.test', 'filesystem.writable.test', 'gateways_check.py'];
    return object({
      routerid: router.id,
      healthchecks: checks.map((checkname) => ({
        checkname,
        checktype: checkname.endsWith('.py') ? 'basic' : 'basic',
        success: true,
        lastupdated: call.world.now(),
        details: '',
      })),
    });
  },
  upgradeRouterTemplate: (call) => {
    const routers = rowArg(call, 'id') ? [needRow(call, 'id')] : [...call.world.all('DomainRouter')];
    const version = call.world.catalog.release;
    for (const router of routers) call.world.update(router, { requiresupgrade: false, version });
    return list(routers.map(() => ({ jobid: call.world.random.uuid(), jobstatus: 1 })));
  },
  configureVirtualRouterElement: configureNetworkElement,
  createVirtualRouterElement: (call) => {
    const row = insertKind(call.world, 'VirtualRouterProvider', { nspid: needRow(call, 'nspid').id, enabled: false });
    return work(row, () => object(row));
  },
};
