import { list, object, success, work } from '../engine/results.ts';
import { entriesArg, flagArg, needRow, numberArg, rowArg, text, textArg } from '../engine/args.ts';
import { insertKind } from '../world/insert.ts';
import { badValue, failure } from '../world/errors.ts';
import { loadOf } from '../rules/placement.ts';
import type { Behaviour, Call, Fields, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';

const haOf = (world: World, host: Resource): Resource =>
  [...world.where('HostHA', 'hostid', host.id)][0] ??
  insertKind(world, 'HostHA', { hostid: host.id, haenable: false, hastate: 'Disabled' });

const setHa =
  (on: boolean): Behaviour =>
  (call) => {
    const host = needRow(call, 'hostid');
    return work(host, () => {
      const row = haOf(call.world, host);
      if (on && text(row, 'haprovider') === '') throw badValue(`HA is not configured for the host ${host.id}`);
      call.world.update(row, { haenable: on, hastate: on ? 'Available' : 'Disabled', status: on });
      return object(row);
    });
  };

const switchOn =
  (field: string, parameter: string, on: boolean): Behaviour =>
  (call) => {
    const row = needRow(call, parameter);
    return work(row, () => {
      row.hidden[field] = on;
      call.world.update(row, { [field]: on });
      if (call.command.result === 'success') return success();
      return object({
        outofbandmanagementenabled: on,
        success: true,
        description: `Out-of-band management ${on ? 'enabled' : 'disabled'} for ${row.kind.toLowerCase()} ${text(row, 'name')}`,
      });
    });
  };

const oobmOf = (world: World, host: Resource): Resource | undefined =>
  [...world.where('OutOfBandManagement', 'hostid', host.id)][0];

const needOobm = (call: Call): Resource => {
  const host = needRow(call, 'hostid');
  const row = oobmOf(call.world, host);
  if (!row) throw failure(`Out-of-band management is not configured for the host ${host.id}`);
  return row;
};

const configure: Behaviour = (call) => {
  const host = needRow(call, 'hostid');
  const { driver, address, port, username } = call.args;
  const fields: Fields = { hostid: host.id, driver, address, port, username, password: '********' };
  const present = oobmOf(call.world, host);
  if (present) call.world.update(present, fields);
  return object(
    present ?? insertKind(call.world, 'OutOfBandManagement', { ...fields, enabled: false, powerstate: 'Disabled' }),
  );
};

const enableOobm =
  (on: boolean): Behaviour =>
  (call) => {
    const row = needOobm(call);
    return work(row, () => {
      call.world.update(row, { enabled: on, powerstate: on ? 'On' : 'Disabled' });
      return object({ ...row.fields, password: undefined, outofbandmanagementenabled: on });
    });
  };

const power: Behaviour = (call) => {
  const row = needOobm(call);
  const action = (textArg(call, 'action') ?? '').toUpperCase();
  if (!['ON', 'OFF', 'CYCLE', 'RESET', 'SOFT', 'STATUS'].includes(action))
    throw badValue(`Invalid power action: ${action}`);
  return work(row, () => {
    if (row.fields['enabled'] !== true) throw failure('Out-of-band management is not enabled for the host');
    if (action !== 'STATUS')
      call.world.update(row, { powerstate: action === 'OFF' || action === 'SOFT' ? 'Off' : 'On' });
    return object({ ...row.fields, password: undefined, action, status: true });
  });
};

const movesOf = (call: Call, cluster: Resource): Fields[] => {
  const { world } = call;
  const inside = [...world.where('Host', 'clusterid', cluster.id)].sort(
    (a, b) => loadOf(world, b).memoryMib - loadOf(world, a).memoryMib,
  );
  const [from, to] = [inside[0], inside.at(-1)];
  if (!from || !to || from === to) return [];
  return [...world.where('UserVm', 'hostid', from.id)].slice(0, numberArg(call, 'migrations') ?? 1).map((vm) => ({
    virtualmachineid: vm.id,
    virtualmachinename: vm.fields['name'],
    sourcehostid: from.id,
    sourcehostname: from.fields['name'],
    destinationhostid: to.id,
    destinationhostname: to.fields['name'],
  }));
};

const generate: Behaviour = (call) => {
  const cluster = needRow(call, 'id');
  const migrations = movesOf(call, cluster);
  return object({ clusterid: cluster.id, migrations, type: 'MANUAL', status: 'UNDER_REVIEW' });
};

const execute: Behaviour = (call) => {
  const { world } = call;
  const cluster = needRow(call, 'id');
  const moves = entriesArg(call, 'migrateto');
  const plan = insertKind(world, 'ClusterDrsPlan', {
    clusterid: cluster.id,
    type: 'MANUAL',
    status: 'IN_PROGRESS',
    created: world.now(),
    migrations: moves.map(({ vm = '', host = '' }) => ({ virtualmachineid: vm, destinationhostid: host })),
  });
  return work(plan, () => {
    for (const { vm = '', host = '' } of moves) {
      const [machine, target] = [world.find('UserVm', vm), world.find('Host', host)];
      if (machine && target && text(machine, 'state') === 'Running') world.update(machine, { hostid: target.id });
    }
    world.update(plan, { status: 'COMPLETED' });
    return object(plan);
  });
};

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

/** High availability, out-of-band management, DRS and the management server's own maintenance. */
export const availability: Record<string, Behaviour> = {
  configureHAForHost: (call) => {
    const host = needRow(call, 'hostid');
    return work(host, () => {
      const row = haOf(call.world, host);
      call.world.update(row, { haprovider: textArg(call, 'provider'), provider: textArg(call, 'provider') });
      return object(row);
    });
  },
  enableHAForHost: setHa(true),
  disableHAForHost: setHa(false),
  enableHAForCluster: switchOn('haenabled', 'clusterid', true),
  disableHAForCluster: switchOn('haenabled', 'clusterid', false),
  enableHAForZone: switchOn('haenabled', 'zoneid', true),
  disableHAForZone: switchOn('haenabled', 'zoneid', false),
  listHostHAProviders: () => list([{ haprovider: 'SimulatorHAProvider' }, { haprovider: 'KVMHAProvider' }]),
  configureOutOfBandManagement: configure,
  changeOutOfBandManagementPassword: (call) => {
    const row = needOobm(call);
    return work(row, () => {
      row.hidden['password'] = 'changed';
      return object({ ...row.fields, password: undefined, status: true });
    });
  },
  enableOutOfBandManagementForHost: enableOobm(true),
  disableOutOfBandManagementForHost: enableOobm(false),
  enableOutOfBandManagementForCluster: switchOn('oobmenabled', 'clusterid', true),
  disableOutOfBandManagementForCluster: switchOn('oobmenabled', 'clusterid', false),
  enableOutOfBandManagementForZone: switchOn('oobmenabled', 'zoneid', true),
  disableOutOfBandManagementForZone: switchOn('oobmenabled', 'zoneid', false),
  issueOutOfBandManagementPowerAction: power,
  generateClusterDrsPlan: generate,
  executeClusterDrsPlan: execute,
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
  provisionCertificate: (call) => {
    const host = needRow(call, 'hostid');
    return work(host, () => {
      host.hidden['certificate'] = call.world.now();
      if (flagArg(call, 'reconnect')) call.world.update(host, { lastpinged: call.world.now() });
      return success();
    });
  },
  configureSimulatorHAProviderState: (call) => {
    const host = needRow(call, 'hostid');
    const { activity, fence, health, recover } = call.args;
    insertKind(call.world, 'SimulatorHAState', { hostid: host.id, activity, fence, health, recover });
    return success();
  },
  listSimulatorHAStateTransitions: (call) => {
    const host = rowArg(call, 'hostid');
    return list([...call.world.where('SimulatorHAState', 'hostid', host?.id ?? '')]);
  },
};
