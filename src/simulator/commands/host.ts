import { statedFields } from '../engine/generic.ts';
import { listRows } from '../engine/list.ts';
import { withMetrics } from '../engine/metrics.ts';
import { raise } from '../rules/alarm.ts';
import { listArg, needRow, numberArg, rowArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../rules/call.ts';
import { dedicate, releaseDedicated } from '../rules/dedication.ts';
import { addHost, deleteHost, evacuate } from '../rules/hosts.ts';
import { hostMetrics } from '../rules/metrics.ts';
import { hostsFor } from '../rules/placement.ts';
import { list, object, success, work } from '../rules/results.ts';
import { badValue, failure } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Fields, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';

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

const forMigration: Behaviour = (call) => {
  const vm = needRow(call, 'virtualmachineid');
  const current = text(vm, 'hostid');
  const fitting = new Set(hostsFor(call.world, vm, current).map(({ id }) => id));
  const rows = [...call.world.where('Host', 'zoneid', text(vm, 'zoneid'))].filter(
    ({ id, fields }) => id !== current && fields['type'] === 'Routing',
  );
  const result = listRows(call, 'Host', rows, []);
  if (result.form !== 'list') return result;
  return {
    ...result,
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
      call.world.hide(row, { [field]: on });
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
  return work(row, () => {
    if (row.fields['enabled'] !== true) throw failure('Out-of-band management is not enabled for the host');
    if (action !== 'STATUS')
      call.world.update(row, { powerstate: action === 'OFF' || action === 'SOFT' ? 'Off' : 'On' });
    return object({ ...row.fields, password: undefined, action, status: true });
  });
};

/** Hosts, high availability, out-of-band management. */
export const host: Behaviours = {
  prepareHostForMaintenance: prepare,
  cancelHostMaintenance: cancel,
  declareHostAsDegraded: degrade('Degraded', []),
  cancelHostAsDegraded: degrade('Enabled', ['Degraded']),
  updateHost: update,
  deleteHost,
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
      call.world.hide(host, { reserved: false });
      return success();
    });
  },
  updateHostPassword: (call) => {
    const host = rowArg(call, 'hostid');
    const chosen = host ? [host] : [...call.world.where('Host', 'clusterid', rowArg(call, 'clusterid')?.id ?? '')];
    if (chosen.length === 0) throw badValue('You should provide one of cluster id or a host id.');
    for (const each of chosen) call.world.hide(each, { password: 'changed' });
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
  listHostTags: (call) => {
    const tags = call.world.all('Host').flatMap((host) =>
      text(host, 'hosttags')
        .split(',')
        .filter(Boolean)
        .map((name) => ({ id: host.id, name, hostid: host.no })),
    );
    return list(tags);
  },
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
      call.world.hide(row, { password: 'changed' });
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
  dedicateHost: dedicate('Host'),
  releaseDedicatedHost: releaseDedicated('Host'),
  listHostsMetrics: withMetrics('Host', hostMetrics),
  addHost,
};
