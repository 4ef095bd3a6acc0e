import { numberSetting } from '../world/settings.ts';
import type { Fields, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { text } from './args.ts';
import { gib, mib, sum } from './figures.ts';
import { loadOf } from './placement.ts';

/** What metrics add to the fields of a row. */
export type MetricsOf = (world: World, fields: Fields) => Fields;

const number = (fields: Fields, name: string): number => Number.parseFloat(String(fields[name] ?? 0));

const gigabytes = (bytes: number, unit = 'GB'): string => `${(bytes / gib).toFixed(2)} ${unit}`;

const megabytes = (kib: number): string => `${(kib / 1024).toFixed(2)} MiB`;

const ghz = (mhz: number): string => `${(mhz / 1000).toFixed(2)} Ghz`;

const percent = (part: number, whole: number): string => `${(whole === 0 ? 0 : (100 * part) / whole).toFixed(2)}%`;

/** Whether a share is above the limits that the settings of a resource's capacity name. */
const thresholds = (world: World, resource: 'cpu' | 'memory', used: number, allocated: number): Fields => {
  const setting = (word: string): number =>
    numberSetting(world, `cluster.${resource}.allocated.capacity.${word}threshold`, word === 'disable' ? 0.85 : 0.75);
  return {
    [`${resource}threshold`]: used > setting('notification'),
    [`${resource}disablethreshold`]: used > setting('disable'),
    [`${resource}allocatedthreshold`]: allocated > setting('notification'),
    [`${resource}allocateddisablethreshold`]: allocated > setting('disable'),
  };
};

/** Metrics of a virtual machine. */
export const machineMetrics: MetricsOf = (_world, fields) => ({
  cputotal: `${((number(fields, 'cpunumber') * number(fields, 'cpuspeed')) / 1000).toFixed(1)} Ghz`,
  memorytotal: `${(number(fields, 'memory') / 1024).toFixed(2)} GiB`,
  ...(fields['cpuused'] === undefined
    ? {}
    : {
        networkread: megabytes(number(fields, 'networkkbsread')),
        networkwrite: megabytes(number(fields, 'networkkbswrite')),
        diskread: megabytes(number(fields, 'diskkbsread')),
        diskwrite: megabytes(number(fields, 'diskkbswrite')),
        diskiopstotal: number(fields, 'diskioread') + number(fields, 'diskiowrite'),
      }),
});

/** Metrics of a volume. */
export const volumeMetrics: MetricsOf = (_world, fields) => ({
  sizegb: gigabytes(number(fields, 'size'), 'GiB'),
  diskiopstotal: number(fields, 'diskioread') + number(fields, 'diskiowrite'),
});

/** Metrics of a storage pool. */
export const poolMetrics: MetricsOf = (world, fields) => {
  const [total, used, allocated] = ['disksizetotal', 'disksizeused', 'disksizeallocated'].map((name) =>
    number(fields, name),
  ) as [number, number, number];
  const factor = String(fields['overprovisionfactor'] ?? '2.0');
  const room = total * Number(factor);
  const notify = numberSetting(world, 'cluster.storage.capacity.notificationthreshold', 0.75);
  const disable = numberSetting(world, 'pool.storage.capacity.disablethreshold', 0.85);
  return {
    disksizeusedgb: gigabytes(used),
    disksizetotalgb: `${gigabytes(total)} (x${factor})`,
    disksizeallocatedgb: gigabytes(allocated),
    disksizeunallocatedgb: gigabytes(room - allocated),
    storageusagethreshold: used > room * notify,
    storageusagedisablethreshold: used > room * disable,
    storageallocatedthreshold: allocated > room * notify,
    storageallocateddisablethreshold: allocated > room * disable,
  };
};

const machinesOf = (world: World, kinds: readonly string[], hostId: string): Resource[] =>
  kinds.flatMap((kind) => [...world.where(kind, 'hostid', hostId)]);

const running = (rows: readonly Resource[]): string =>
  `${rows.filter((row) => text(row, 'state') === 'Running').length} / ${rows.length}`;

/** Metrics of a host. */
export const hostMetrics: MetricsOf = (world, fields) => {
  const id = String(fields['id']);
  const mhz = number(fields, 'cpunumber') * number(fields, 'cpuspeed');
  const [used, allocated] = [number(fields, 'cpuused') / 100, number(fields, 'cpuallocated') / 100];
  const memory = number(fields, 'memorytotal') || 1;
  const [memoryUsed, memoryAllocated] = [number(fields, 'memoryused'), number(fields, 'memoryallocatedbytes')];
  return {
    powerstate: 'Unknown',
    instances: running(machinesOf(world, ['UserVm'], id)),
    systeminstances: running(machinesOf(world, ['DomainRouter', 'SystemVm'], id)),
    cputotalghz: ghz(mhz),
    cpuusedghz: ghz(used * mhz),
    cpuallocatedghz: ghz(allocated * mhz),
    memorytotalgb: gigabytes(memory),
    memoryusedgb: gigabytes(memoryUsed),
    memoryallocatedgb: gigabytes(memoryAllocated),
    networkread: gigabytes(0),
    networkwrite: gigabytes(0),
    ...thresholds(world, 'cpu', used, allocated),
    ...thresholds(world, 'memory', memoryUsed / memory, memoryAllocated / memory),
  };
};

const totalsOf = (world: World, hosts: readonly Resource[]): Fields => {
  const loads = hosts.map((host) => loadOf(world, host));
  const mhz = sum(hosts, ({ fields }) => number(fields, 'cpunumber') * number(fields, 'cpuspeed'));
  const memory = sum(hosts, ({ fields }) => number(fields, 'memorytotal'));
  const [takenMhz, takenMemory] = [
    loads.reduce((all, load) => all + load.mhz, 0),
    loads.reduce((all, load) => all + load.memoryMib * mib, 0),
  ];
  const largest = Math.max(0, ...loads.map((load) => load.mhz)) * hosts.length;
  const largestMemory = Math.max(0, ...loads.map((load) => load.memoryMib * mib));
  const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
  return {
    cputotal: ghz(mhz),
    cpuused: percent(0.6 * takenMhz, mhz),
    cpuallocated: percent(takenMhz, mhz),
    cpumaxdeviation: percent(Math.abs(largest - takenMhz), mhz),
    memorytotal: gigabytes(memory),
    memoryused: gigabytes(0.8 * takenMemory),
    memoryallocated: percent(takenMemory, memory),
    memorymaxdeviation: percent(largestMemory, memory),
    ...thresholds(world, 'cpu', 0.6 * share(takenMhz, mhz), share(takenMhz, mhz)),
    ...thresholds(world, 'memory', 0.8 * share(takenMemory, memory), share(takenMemory, memory)),
  };
};

const upOf = (rows: readonly Resource[], field: string, state: string): string =>
  `${rows.filter((row) => text(row, field) === state).length} / ${rows.length}`;

/** Metrics of a cluster: its hosts together. */
export const clusterMetrics: MetricsOf = (world, fields) => {
  const hosts = [...world.where('Host', 'clusterid', String(fields['id']))];
  return {
    state: fields['allocationstate'],
    hosts: upOf(hosts, 'state', 'Up'),
    drsimbalance: '0.00%',
    ...totalsOf(world, hosts),
  };
};

/** Metrics of a zone: its clusters, and their hosts together. */
export const zoneMetrics: MetricsOf = (world, fields) => {
  const inside = (kind: string): Resource[] => [...world.where(kind, 'zoneid', String(fields['id']))];
  return {
    state: fields['allocationstate'],
    clusters: upOf(inside('Cluster'), 'allocationstate', 'Enabled'),
    ...totalsOf(
      world,
      inside('Host').filter((host) => text(host, 'type') === 'Routing'),
    ),
  };
};

/** Metrics of a management server: the process that the simulator is. */
export const serverMetrics: MetricsOf = (world, fields) => {
  const { heapTotal, heapUsed } = process.memoryUsage();
  return {
    ...fields,
    agentcount: fields['agentscount'],
    availableprocessors: 1,
    collectiontime: world.now(),
    cpuload: '1.00 %',
    dbislocal: true,
    heapmemorytotal: heapTotal,
    heapmemoryused: heapUsed,
    kernelversion: 'simulator',
    loginfo: 'standard error',
    sessions: 1,
    systemcycleusage: [0, 0, 0],
    systemloadaverages: [0, 0, 0],
    systemmemoryfree: gigabytes(8 * gib),
    systemmemorytotal: gigabytes(16 * gib),
    systemmemoryvirtualsize: gigabytes(16 * gib),
    systemtotalcpucycles: 2000,
    threadsblockedcount: 0,
    threadsdaemoncount: 1,
    threadsrunnablecount: 1,
    threadsteminatedcount: 0,
    threadstotalcount: 2,
    threadswaitingcount: 0,
    usageislocal: true,
  };
};
