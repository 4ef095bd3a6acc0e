import type { Behaviours } from '../rules/call.ts';
import { deleteHost } from '../rules/hosts.ts';
import { configureNetworkElement } from '../rules/networks.ts';
import { stopSystemVm } from '../rules/system-vms.ts';

/** Network devices and controllers of other vendors. */
export const networkPlugin: Behaviours = {
  deleteExternalFirewall: deleteHost,
  deleteExternalLoadBalancer: deleteHost,
  deleteNetworkDevice: deleteHost,
  stopNetScalerVpx: stopSystemVm,
  configureOvsElement: configureNetworkElement,
};
