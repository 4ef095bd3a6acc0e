import { object, success, work } from '../engine/results.ts';
import { raise } from '../rules/alarm.ts';
import { flagArg, listArg, needRow, numberArg, rowArg, text } from '../engine/args.ts';
import { badValue, failure } from '../world/errors.ts';
import { statedFields } from '../engine/generic.ts';
import { listRows } from '../engine/list.ts';
import { powerOff } from '../rules/machines.ts';
import { hostsFor, loadOf } from '../rules/placement.ts';
import type { Behaviour, Call, Fields, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';

const machinesOn = (world: World, host: Resource): Resource[] =>
  ['UserVm', 'DomainRouter', 'SystemVm'].flatMap((kind) => [...world.where(kind, 'hostid', host.id)]);

/** Moves everything off a host; what fits nowhere is stopped. */
const evacuate = (world: World, host: Resource): void => {
  for (const machine of machinesOn(world, host)) {
    const [target] = hostsFor(world, machine, host.id);
    if (target) world.update(machine, { hostid: target.id });
    else powerOff(world, machine);
  }
};

const prepare: Behaviour = (call) => {
  const host = needRow(call, 'id');
  const state = text(host, 'resourcestate');
  if (!['Enabled', 'Disabled', 'ErrorInMaintenance', 'ErrorInPrepareForMaintenance'].includes(state))
    throw badValue(`Cannot prepare host ${host.id} for maintenance: it is in ${state}`);
  call.world.update(host, { resourcestate: 'PrepareForMaintenance' });
  return work(host, () => {
    evacuate(call.world, host);
    call.world.update(host, { resourcestate: 'Maintenance' });
    raise(call.world, 'host', `Host ${text(host, 'name')} is in maintenance`);
    return object(host);
  });
};

const cancel: Behaviour = (call) => {
  const host = needRow(call, 'id');
  return work(host, () => {
    const state = text(host, 'resourcestate');
    if (!['PrepareForMaintenance', 'Maintenance', 'ErrorInMaintenance', 'ErrorInPrepareForMaintenance'].includes(state))
      throw failure(`Cannot perform cancelMaintenance when resource state is ${state}, hostId = ${host.no}`);
    call.world.update(host, { resourcestate: 'Enabled' });
    return object(host);
  });
};

const degrade =
  (to: string, from: string[]): Behaviour =>
  (call) => {
    const host = needRow(call, 'id');
    const [state, resource] = [text(host, 'state'), text(host, 'resourcestate')];
    const right = to === 'Degraded' ? ['Alert', 'Disconnected'].includes(state) : from.includes(resource);
    return work(host, () => {
      if (!right) throw failure(`Host ${host.id} is in state ${state}/${resource}, which does not allow this`);
      call.world.update(host, { resourcestate: to });
      return object(host);
    });
  };

const update: Behaviour = (call) => {
  const host = needRow(call, 'id');
  const { id: _, allocationstate, hosttags, annotation, ...fields } = statedFields(call, 'Host').fields;
  if (typeof allocationstate === 'string') {
    if (!/^(enable|disable)$/i.test(allocationstate))
      throw badValue(`Invalid host allocation state: ${allocationstate}`);
    const wanted = /^enable$/i.test(allocationstate) ? 'Enabled' : 'Disabled';
    if (!['Enabled', 'Disabled'].includes(text(host, 'resourcestate')))
      throw badValue(`Host ${host.id} is in ${text(host, 'resourcestate')}`);
    call.world.update(host, { resourcestate: wanted });
  }
  call.world.update(host, {
    ...fields,
    ...(hosttags === undefined ? {} : { hosttags: listArg(call, 'hosttags').join(',') }),
    ...(annotation === undefined
      ? {}
      : { annotation, lastannotated: call.world.now(), username: call.caller.user.fields['username'] }),
  });
  return object(host);
};

const remove: Behaviour = (call) => {
  const host = needRow(call, 'id');
  const { world } = call;
  if (host.kind !== 'Host') {
    world.remove(host);
    return success();
  }
  if (text(host, 'resourcestate') !== 'Maintenance' && !flagArg(call, 'forced'))
    throw failure(
      `Host ${host.id} cannot be deleted as it is not in maintenance mode. Either put the host into maintenance or perform a forced deletion.`,
    );
  if (machinesOn(world, host).length > 0 && !flagArg(call, 'forced'))
    throw failure(`Host ${host.id} still has virtual machines`);
  evacuate(world, host);
  world.remove(host);
  return success();
};

const forMigration: Behaviour = (call) => {
  const vm = needRow(call, 'virtualmachineid');
  const current = text(vm, 'hostid');
  const fitting = new Set(hostsFor(call.world, vm, current).map(({ id }) => id));
  const rows = [...call.world.where('Host', 'zoneid', text(vm, 'zoneid'))].filter(
    ({ id, fields }) => id !== current && fields['type'] === 'Routing',
  );
  const answer = listRows(call, 'Host', rows, []);
  if (answer.form !== 'list') return answer;
  return {
    ...answer,
    pick: (fields) => ({
      ...fields,
      suitableformigration: fitting.has(String(fields['id'])),
      requiresStorageMotion: false,
    }),
  };
};

const stopPolicies = (call: Call): Fields => ({
  success: true,
  details: `Rolling maintenance of ${Object.keys(call.args).join(', ')}`,
  hostsupdated: [],
  hostsskipped: [],
});

/** What a host's running machines take of it, as its row shows it. */
export const hostLoad = (world: World, host: Resource): Fields => {
  const load = loadOf(world, host);
  const mhz = Number(host.fields['cpunumber'] ?? 1) * Number(host.fields['cpuspeed'] ?? 1000);
  const memory = Number(host.fields['memorytotal'] ?? 1);
  const bytes = load.memoryMib * 2 ** 20;
  const percent = (value: number): string => `${Number(value.toFixed(2))}%`;
  return {
    cpuallocated: percent((100 * load.mhz) / mhz),
    cpuallocatedpercentage: percent((100 * load.mhz) / mhz),
    cpuallocatedvalue: load.mhz,
    cpuallocatedwithoverprovisioning: percent((100 * load.mhz) / mhz),
    cpuwithoverprovisioning: String(mhz),
    cpuused: percent((60 * load.mhz) / mhz),
    memoryallocated: bytes,
    memoryallocatedbytes: bytes,
    memoryallocatedpercentage: percent((100 * bytes) / memory),
    memoryused: Math.round(bytes * 0.8),
    memorywithoverprovisioning: String(memory),
    networkkbsread: 0,
    networkkbswrite: 0,
    hasenoughcapacity: bytes < memory,
  };
};

/** Clusters and hosts. */
export const hosts: Record<string, Behaviour> = {
  prepareHostForMaintenance: prepare,
  cancelHostMaintenance: cancel,
  declareHostAsDegraded: degrade('Degraded', []),
  cancelHostAsDegraded: degrade('Enabled', ['Degraded']),
  updateHost: update,
  deleteHost: remove,
  deleteExternalFirewall: remove,
  deleteExternalLoadBalancer: remove,
  deleteTrafficMonitor: remove,
  deleteNetworkDevice: remove,
  findHostsForMigration: forMigration,
  reconnectHost: (call) => {
    const host = needRow(call, 'id');
    call.world.update(host, { state: 'Connecting' });
    return work(host, () => {
      call.world.update(host, { state: 'Up', lastpinged: call.world.now() });
      return object(host);
    });
  },
  releaseHostReservation: (call) => {
    const host = needRow(call, 'id');
    return work(host, () => {
      host.hidden['reserved'] = false;
      return success();
    });
  },
  updateHostPassword: (call) => {
    const host = rowArg(call, 'hostid');
    const chosen = host ? [host] : [...call.world.where('Host', 'clusterid', rowArg(call, 'clusterid')?.id ?? '')];
    if (chosen.length === 0) throw badValue('You should provide one of cluster id or a host id.');
    for (const each of chosen) each.hidden['password'] = 'changed';
    return success();
  },
  startRollingMaintenance: (call) => {
    const chosen = ['hostids', 'clusterids', 'podids', 'zoneids'].flatMap((name) => call.rows.get(name) ?? []);
    if (chosen.length === 0)
      throw badValue('Parameters hostids, clusterids, podids, zoneids are mutually exclusive; one is required');
    const timeout = numberArg(call, 'timeout');
    return work(undefined, () => {
      for (const host of chosen.filter(({ kind }) => kind === 'Host'))
        call.world.update(host, { lastmaintenance: call.world.now(), maintenancetimeout: timeout });
      return object(stopPolicies(call));
    });
  },
};
