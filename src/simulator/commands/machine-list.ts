import { isWithin } from '../rules/access.ts';
import { success } from '../engine/results.ts';
import { listArg, needRow, text } from '../engine/args.ts';
import { badParameter, badValue } from '../world/errors.ts';
import { listKind, type Test } from '../engine/list.ts';
import { isOn } from '../world/settings.ts';
import type { Result, Behaviour, Call, Fields } from '../world/types.ts';

/** Fields that a word of `details` brings, beyond what is always shown. */
const DETAILS: Record<string, string[]> = {
  group: ['group', 'groupid'],
  nics: ['nic', 'ipaddress'],
  stats: [
    'cpuused',
    'networkkbsread',
    'networkkbswrite',
    'diskkbsread',
    'diskkbswrite',
    'memorykbs',
    'diskioread',
    'diskiowrite',
  ],
  secgrp: ['securitygroup'],
  tmpl: ['templateid', 'templatename', 'templatedisplaytext', 'templateformat', 'templatetype', 'passwordenabled'],
  servoff: ['serviceofferingid', 'serviceofferingname', 'cpunumber', 'cpuspeed', 'memory'],
  diskoff: ['diskofferingid', 'diskofferingname'],
  backoff: ['backupofferingid', 'backupofferingname'],
  iso: ['isoid', 'isoname', 'isodisplaytext'],
  volume: ['rootdeviceid', 'rootdevicetype'],
  affgrp: ['affinitygroup'],
  vnfnics: ['vnfnics'],
  min: [],
  all: [],
};

/** Keeps what a call's `details` ask for; undefined when that is everything. */
const pickOf = (call: Call): ((fields: Fields) => Fields) | undefined => {
  const wanted = listArg(call, 'details').map((word) => word.toLowerCase());
  const wrong = wanted.find((word) => !(word in DETAILS));
  if (wrong !== undefined)
    throw badParameter(
      `The details parameter contains a non permitted value. The allowed values are [${Object.keys(DETAILS).join(', ')}]`,
    );
  if (wanted.length === 0 || wanted.includes('all')) return undefined;
  const kept = new Set(wanted.flatMap((word) => DETAILS[word] ?? []));
  const left = new Set(
    Object.values(DETAILS)
      .flat()
      .filter((field) => !kept.has(field)),
  );
  return (fields) => Object.fromEntries(Object.entries(fields).filter(([name]) => !left.has(name)));
};

const load = (fields: Fields): Fields => {
  const seed = Number.parseInt(String(fields['id']).slice(0, 4), 16) % 60;
  const on = fields['state'] === 'Running';
  const cpu = on ? seed + 5 : 0;
  return {
    ...fields,
    cpuused: `${cpu}%`,
    cputotal: `${(Number(fields['cpunumber'] ?? 1) * Number(fields['cpuspeed'] ?? 500)) / 1000} Ghz`,
    memorytotal: `${(Number(fields['memory'] ?? 0) / 1024).toFixed(2)} GB`,
    networkread: '0.00 MB',
    networkwrite: '0.00 MB',
    diskread: '0.00 MB',
    diskwrite: '0.00 MB',
    diskiopstotal: 0,
  };
};

const listMachines: Behaviour = (call): Result => {
  const { caller, world, args } = call;
  const tests: Test[] = [];
  if (caller.role === 'User') {
    tests.push(({ fields }) => fields['displayvm'] !== false);
    if (!isOn(world, 'allow.user.view.destroyed.vm')) tests.push(({ fields }) => fields['state'] !== 'Destroyed');
  }
  if (args['haenable'] !== undefined) tests.push(({ fields }) => (fields['haenable'] === true) === args['haenable']);
  if (call.command.name === 'listVnfAppliances')
    tests.push((vm) => world.get(text(vm, 'templateid'))?.hidden['vnf'] === true);
  const pick = pickOf(call);
  const answer = listKind(call, 'UserVm', tests);
  if (answer.form !== 'list') return answer;
  if (call.command.name === 'listVirtualMachinesMetrics') return { ...answer, pick: load };
  return pick ? { ...answer, pick } : answer;
};

const history =
  (kind: string): Behaviour =>
  (call) => {
    const answer = listKind(call, kind);
    if (answer.form !== 'list') return answer;
    const at = call.world.now();
    return {
      ...answer,
      pick: ({ id, name, displayname }) => ({
        id,
        name,
        ...(displayname === undefined ? {} : { displayname }),
        stats: [{ timestamp: at, cpuused: '12%', diskioread: 0, diskiowrite: 0, memoryusedkbs: 0 }],
      }),
    };
  };

const gigabytes = (bytes: unknown): string => `${(Number(bytes ?? 0) / 2 ** 30).toFixed(2)} GB`;

const metrics =
  (kind: string, more: (fields: Fields) => Fields): Behaviour =>
  (call) => {
    const answer = listKind(call, kind);
    return answer.form === 'list' ? { ...answer, pick: (fields) => ({ ...fields, ...more(fields) }) } : answer;
  };

/** Lists of virtual machines, and the lists that add measurements to what they show. */
export const machineList: Record<string, Behaviour> = {
  listVirtualMachines: listMachines,
  listVirtualMachinesMetrics: listMachines,
  listVnfAppliances: listMachines,
  listAffectedVmsForStorageScopeChange: (call) => listKind(call, 'UserVm'),
  listVirtualMachinesUsageHistory: history('UserVm'),
  listSystemVmsUsageHistory: history('SystemVm'),
  listVolumesUsageHistory: history('Volume'),
  listVolumesMetrics: metrics('Volume', ({ size }) => ({ sizegb: gigabytes(size), diskiopstotal: 0 })),
  listHostsMetrics: metrics('Host', (host) => ({
    cputotalghz: `${(Number(host['cpunumber']) * Number(host['cpuspeed'])) / 1000} Ghz`,
    cpuusedghz: `${(Number(host['cpuallocatedvalue'] ?? 0) * 0.6) / 1000} Ghz`,
    memorytotalgb: gigabytes(host['memorytotal']),
    memoryusedgb: gigabytes(host['memoryused']),
    memoryallocatedgb: gigabytes(host['memoryallocatedbytes']),
    powerstate: 'On',
  })),
  listClustersMetrics: metrics('Cluster', ({ allocationstate }) => ({ state: allocationstate })),
  listZonesMetrics: metrics('Zone', ({ allocationstate }) => ({ state: allocationstate })),
  listStoragePoolsMetrics: metrics('StoragePool', (pool) => ({
    disksizetotalgb: gigabytes(pool['disksizetotal']),
    disksizeusedgb: gigabytes(pool['disksizeused']),
    disksizeallocatedgb: gigabytes(pool['disksizeallocated']),
  })),
  listZones: (call) => {
    const { caller, world } = call;
    if (caller.root) return listKind(call, 'Zone');
    return listKind(call, 'Zone', [
      ({ fields }) =>
        fields['allocationstate'] === 'Enabled' &&
        (fields['domainid'] === undefined || isWithin(world, caller.domain.id, String(fields['domainid']))),
    ]);
  },
  removeVmwareDc: (call) => {
    const [datacenter] = call.world.where('VmwareDatacenter', 'zoneid', needRow(call, 'zoneid').id);
    if (!datacenter) throw badValue('The zone has no VMware datacenter');
    call.world.remove(datacenter);
    return success();
  },
};
