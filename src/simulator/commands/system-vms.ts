import { list, object, success, work } from '../engine/results.ts';
import { needRow, rowArg, text } from '../engine/args.ts';
import { insertKind } from '../world/insert.ts';
import { badValue, failure } from '../world/errors.ts';
import { listKind } from '../engine/list.ts';
import { hostsFor } from '../rules/placement.ts';
import { settingOf } from '../world/settings.ts';
import type { Behaviour, Call, Fields, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';

const TYPES = [
  ['secondarystoragevm', 's'],
  ['consoleproxy', 'v'],
] as const;

/** Makes the zone's secondary storage VM and console proxy if it has hosts to run them and lacks them. */
export const ensureSystemVms = (world: World, zone: Resource): void => {
  const present = new Set([...world.where('SystemVm', 'zoneid', zone.id)].map((row) => text(row, 'systemvmtype')));
  for (const [type, letter] of TYPES) {
    if (present.has(type) || [...world.where('Host', 'zoneid', zone.id)].length === 0) continue;
    const number = world.count('vm');
    const offering = world.all('ServiceOffering').find(({ fields }) => fields['systemvmtype'] === type);
    const template = world.all('Template').find(({ fields }) => fields['templatetype'] === 'SYSTEM');
    const fields: Fields = {
      name: `${letter}-${number}-${settingOf(world, 'instance.name')}`,
      systemvmtype: type,
      state: 'Running',
      agentstate: 'Up',
      zoneid: zone.id,
      cpunumber: 1,
      cpuspeed: 500,
      memory: Number(offering?.fields['memory'] ?? 512),
      hypervisor: 'Simulator',
      serviceofferingid: offering?.id,
      templateid: template?.id,
      dns1: zone.fields['dns1'],
      gateway: '172.16.15.1',
      privateip: `172.16.15.${(number % 200) + 2}`,
      privatenetmask: '255.255.255.0',
      linklocalip: `169.254.1.${(number % 250) + 2}`,
      linklocalnetmask: '255.255.0.0',
      version: '4.22.1',
      activeviewersessions: 0,
      isdynamicallyscalable: false,
    };
    const vm = insertKind(world, 'SystemVm', fields, { no: number });
    const [host] = hostsFor(world, vm);
    if (host) world.update(vm, { hostid: host.id, podid: host.fields['podid'] });
    else world.update(vm, { state: 'Stopped', agentstate: 'Disconnected' });
  }
};

const start: Behaviour = (call) => {
  const vm = needRow(call, 'id');
  return work(vm, () => {
    if (text(vm, 'state') === 'Running') return object(vm);
    const [host] = hostsFor(call.world, vm);
    if (!host) throw failure(`Unable to start ${text(vm, 'name')}: no host has room`);
    call.world.update(vm, { state: 'Running', agentstate: 'Up', hostid: host.id });
    return object(vm);
  });
};

const stop: Behaviour = (call) => {
  const vm = needRow(call, 'id');
  return work(vm, () => {
    call.world.update(vm, { state: 'Stopped', agentstate: 'Disconnected', hostid: undefined });
    return object(vm);
  });
};

const reboot: Behaviour = (call) => {
  const vm = needRow(call, 'id');
  return work(vm, () => {
    if (text(vm, 'state') !== 'Running') throw badValue(`${text(vm, 'name')} is not running, unable to reboot it`);
    call.world.update(vm, { rebooted: call.world.now() });
    return object(vm);
  });
};

const destroySystem: Behaviour = (call) => {
  const vm = needRow(call, 'id');
  return work(vm, () => {
    const zone = call.world.get(text(vm, 'zoneid'));
    call.world.remove(vm);
    if (zone) call.world.queue.later(1000, () => ensureSystemVms(call.world, zone));
    return object(vm);
  });
};

const destroyRouter: Behaviour = (call) => {
  const vm = needRow(call, 'id');
  return work(vm, () => {
    const of = call.world.get(text(vm, 'guestnetworkid')) ?? call.world.get(text(vm, 'vpcid'));
    if (of) call.world.update(of, { restartrequired: true });
    call.world.remove(vm);
    return object(vm);
  });
};

const scale = (call: Call): ReturnType<Behaviour> => {
  const vm = needRow(call, 'id');
  const offering = needRow(call, 'serviceofferingid');
  if (call.command.name !== 'scaleSystemVm' && text(vm, 'state') !== 'Stopped')
    throw badValue(`Unable to upgrade ${text(vm, 'name')} in state ${text(vm, 'state')}; make sure it is stopped`);
  const apply = () => {
    const { cpunumber, cpuspeed, memory } = offering.fields;
    call.world.update(vm, { serviceofferingid: offering.id, cpunumber, cpuspeed, memory });
    return object(vm);
  };
  return call.command.async ? work(vm, apply) : apply();
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

/** System VMs and routers. */
export const systemVms: Record<string, Behaviour> = {
  listRouters: (call) => listKind(call, 'DomainRouter', [({ fields }) => fields['role'] !== 'INTERNAL_LB_VM']),
  listInternalLoadBalancerVMs: (call) =>
    listKind(call, 'DomainRouter', [({ fields }) => fields['role'] === 'INTERNAL_LB_VM']),
  startSystemVm: start,
  startRouter: start,
  startInternalLoadBalancerVM: start,
  stopSystemVm: stop,
  stopRouter: stop,
  stopInternalLoadBalancerVM: stop,
  stopNetScalerVpx: stop,
  rebootSystemVm: reboot,
  rebootRouter: reboot,
  destroySystemVm: destroySystem,
  destroyRouter,
  scaleSystemVm: scale,
  changeServiceForSystemVm: scale,
  changeServiceForRouter: scale,
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
    for (const router of routers) call.world.update(router, { requiresupgrade: false, version: '4.22.1' });
    return list(routers.map(() => ({ jobid: call.world.random.uuid(), jobstatus: 1 })));
  },
};
