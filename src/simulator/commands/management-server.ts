import { withMetrics } from '../engine/metrics.ts';
import { needRow, text } from '../rules/args.ts';
import type { Behaviour, Behaviours } from '../rules/call.ts';
import { serverMetrics } from '../rules/metrics.ts';
import { object, success } from '../rules/results.ts';
import { badValue, failure } from '../world/errors.ts';

const server =
  (state: string, from?: string[]): Behaviour =>
  (call) => {
    const row = needRow(call, 'managementserverid');
    if (from && !from.includes(text(row, 'state')))
      throw failure(`Management server ${text(row, 'name')} is in state ${text(row, 'state')}`);
    if (state !== '') call.world.update(row, { state });
    return object({
      managementserverid: row.id,
      maintenanceinitiated: /Maintenance/.test(text(row, 'state')),
      shutdowntriggered: /ShutDown/i.test(text(row, 'state')),
      readyforshutdown: true,
      pendingjobscount: call.world.queue.waiting(),
      agentscount: call.world.all('Host').length,
    });
  };

/** Management servers. */
export const managementServer: Behaviours = {
  listManagementServersMetrics: withMetrics('ManagementServer', serverMetrics),
  prepareForMaintenance: server('PreparingForMaintenance', ['Up']),
  cancelMaintenance: server('Up', ['PreparingForMaintenance', 'Maintenance']),
  prepareForShutdown: server('PreparingForShutDown', ['Up', 'Maintenance']),
  triggerShutdown: server('ReadyToShutDown'),
  cancelShutdown: server('Up', ['PreparingForShutDown', 'ReadyToShutDown']),
  readyForShutdown: server(''),
  removeManagementServer: (call) => {
    const row = needRow(call, 'id');
    if (text(row, 'state') !== 'Down')
      throw badValue(`Management Server [${row.id}] can only be removed when it is in Down state`);
    call.world.remove(row);
    return success();
  },
};
