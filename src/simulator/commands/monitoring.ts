import { listKind } from '../engine/list.ts';
import { pageOfItems } from '../engine/paging.ts';
import { loadInstallation } from '../engine/installation.ts';
import { flagArg, numberArg, rowArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../rules/call.ts';
import { mib, sum } from '../rules/figures.ts';
import { loadOf } from '../rules/placement.ts';
import { list, object, success, work } from '../rules/results.ts';
import { poolLoad } from '../rules/storage-pools.ts';
import { parseDate } from '../world/clock.ts';
import { badValue } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Fields, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';

const percent = (used: number, total: number): string =>
  total === 0 ? '0' : String(Number(((100 * used) / total).toFixed(2)));

/**
 * Capacity of a zone, pod or cluster: what there is of each thing and what is taken. With a tag that of the hosts and pools
 * which have it, and nothing that has no tags (listCapacitiesWithDetails of CapacityManager).
 */
const capacitiesOf = (
  world: World,
  zone: Resource,
  within?: { field: 'podid' | 'clusterid'; id: string },
  tag?: string,
): Fields[] => {
  const isMeant = (row: Resource, tags: string): boolean =>
    row.fields['zoneid'] === zone.id &&
    (!within || row.fields[within.field] === within.id) &&
    (tag === undefined || text(row, tags).split(',').includes(tag));
  const hosts = world.all('Host').filter((row) => isMeant(row, 'hosttags') && row.fields['type'] === 'Routing');
  const pools = world.all('StoragePool').filter((row) => isMeant(row, 'tags'));
  const loads = hosts.map((host) => loadOf(world, host));
  const addresses = world
    .all('IPAddress')
    .filter((row) => row.fields['zoneid'] === zone.id && row.fields['forvirtualnetwork'] !== false);
  const stores = world.all('ImageStore').filter((row) => row.fields['zoneid'] === zone.id);
  const networks = world.all('Network').filter((row) => row.fields['zoneid'] === zone.id);
  const vlans = [...world.where('PhysicalNetwork', 'zoneid', zone.id)].map((row) =>
    text(row, 'vlan').split('-').map(Number),
  );
  const rows: [number, string, number, number][] = [
    [
      0,
      'MEMORY',
      loads.reduce((all, { memoryMib }) => all + memoryMib * mib, 0),
      sum(hosts, ({ fields }) => Number(fields['memorytotal'] ?? 0)),
    ],
    [
      1,
      'CPU',
      loads.reduce((all, { mhz }) => all + mhz, 0),
      sum(hosts, ({ fields }) => Number(fields['cpunumber'] ?? 0) * Number(fields['cpuspeed'] ?? 0)),
    ],
    [
      90,
      'CPU_CORE',
      loads.reduce((all, { cpus }) => all + cpus, 0),
      sum(hosts, ({ fields }) => Number(fields['cpunumber'] ?? 0)),
    ],
    [
      2,
      'STORAGE',
      sum(pools, (pool) => Number(poolLoad(world, pool)['disksizeused'])),
      sum(pools, ({ fields }) => Number(fields['disksizetotal'] ?? 0)),
    ],
    [
      3,
      'STORAGE_ALLOCATED',
      sum(pools, (pool) => Number(poolLoad(world, pool)['disksizeallocated'])),
      2 * sum(pools, ({ fields }) => Number(fields['disksizetotal'] ?? 0)),
    ],
    [5, 'PRIVATE_IP', world.all('SystemVm').filter((row) => row.fields['zoneid'] === zone.id).length, 70],
  ];
  if (!within)
    rows.push(
      [
        4,
        'VIRTUAL_NETWORK_PUBLIC_IP',
        addresses.filter(({ fields }) => fields['state'] !== 'Free').length,
        addresses.length,
      ],
      [
        6,
        'SECONDARY_STORAGE',
        sum(stores, ({ fields }) => Number(fields['disksizeused'] ?? 0)),
        sum(stores, ({ fields }) => Number(fields['disksizetotal'] ?? 0)),
      ],
      [
        7,
        'VLAN',
        networks.filter(({ fields }) => fields['vlan'] !== undefined).length,
        vlans.reduce((all, [first = 0, last = first]) => all + (first > 0 ? last - first + 1 : 0), 0),
      ],
    );
  const place = within
    ? {
        [within.field]: within.id,
        [within.field === 'podid' ? 'podname' : 'clustername']: world.get(within.id)?.fields['name'],
      }
    : {};
  const counted = [hosts.length > 0 ? [0, 1, 90] : [], pools.length > 0 ? [2, 3] : []].flat();
  const shown = tag === undefined ? rows : rows.filter(([type]) => counted.includes(type));
  return shown.map(([type, name, used, total]) => ({
    type,
    name,
    tag,
    zoneid: zone.id,
    zonename: zone.fields['name'],
    ...place,
    capacityallocated: used,
    capacityused: used,
    capacitytotal: total,
    percentused: percent(used, total),
  }));
};

const listCapacity: Behaviour = (call) => {
  const { world } = call;
  const [zone, pod, cluster] = [rowArg(call, 'zoneid'), rowArg(call, 'podid'), rowArg(call, 'clusterid')];
  const within = cluster
    ? ({ field: 'clusterid', id: cluster.id } as const)
    : pod
      ? ({ field: 'podid', id: pod.id } as const)
      : undefined;
  const home = zone ?? world.get(text(cluster ?? pod, 'zoneid'));
  const all = (home ? [home] : world.all('Zone')).flatMap((each) =>
    capacitiesOf(world, each, within, textArg(call, 'tag')),
  );
  const type = numberArg(call, 'type');
  const found = all.filter((row) => type === undefined || row['type'] === type);
  if (textArg(call, 'sortby') === 'usage') found.sort((a, b) => Number(b['percentused']) - Number(a['percentused']));
  return pageOfItems(call, found);
};

const between = (call: Call, kind: string): Resource[] => {
  const ids = call.rows.get('ids');
  const [from, to] = [parseDate(textArg(call, 'startdate') ?? ''), parseDate(textArg(call, 'enddate') ?? '', true)];
  const type = textArg(call, 'type');
  if (!ids && from === undefined && to === undefined && type === undefined)
    throw badValue('Either ids or type or enddate are needed');
  return (ids ?? [...call.world.all(kind)]).filter((row) => {
    const at = parseDate(text(row, kind === 'Alert' ? 'sent' : 'created')) ?? 0;
    return (
      (type === undefined || text(row, 'type') === type) &&
      (from === undefined || at >= from) &&
      (to === undefined || at <= to)
    );
  });
};

const dropAll =
  (kind: string): Behaviour =>
  (call) => {
    for (const row of between(call, kind)) call.world.remove(row);
    return success();
  };

const archive =
  (kind: string): Behaviour =>
  (call) => {
    for (const row of between(call, kind)) call.world.update(row, { archived: true });
    return success();
  };

/** Events, alerts, capacity and metrics. */
export const monitoring: Behaviours = {
  listCapacity,
  listDbMetrics: ({ world }) =>
    object({
      hostname: 'simulator',
      collectiontime: world.now(),
      version: 'in memory',
      versioncomment: 'simulator',
      connections: 1,
      queries: world.version(),
      uptime: 1,
      dbloadaverages: [0, 0, 0],
      replicas: [''],
    }),
  listInfrastructure: ({ world }) => {
    const count = (kind: string): number => world.all(kind).length;
    return object({
      zones: count('Zone'),
      pods: count('Pod'),
      clusters: count('Cluster'),
      hosts: count('Host'),
      storagepools: count('StoragePool'),
      imagestores: count('ImageStore'),
      objectstores: count('ObjectStore'),
      systemvms: count('SystemVm'),
      routers: count('DomainRouter'),
      ilbvms: 0,
      alerts: count('Alert'),
      cpusockets: sum(world.all('Host'), ({ fields }) => Number(fields['cpusockets'] ?? 0)),
      managementservers: count('ManagementServer'),
      backuprepositories: count('BackupRepository'),
    });
  },
  listEvents: (call) =>
    listKind(call, 'Event', [({ fields }) => flagArg(call, 'archived') || fields['archived'] !== true]),
  deleteEvents: dropAll('Event'),
  archiveEvents: archive('Event'),
  listEventTypes: ({ world }) =>
    list(
      [
        ...new Set([
          ...loadInstallation().eventTypes,
          ...[...world.catalog.commands.values()].flatMap(({ event }) => [event ?? []].flat()),
        ]),
      ]
        .sort()
        .map((name) => ({ name })),
    ),
  listAlerts: (call) => listKind(call, 'Alert', [({ fields }) => fields['archived'] !== true]),
  deleteAlerts: dropAll('Alert'),
  archiveAlerts: archive('Alert'),
  listAlertTypes: () => list(loadInstallation().alertTypes.map(([alerttypeid, name]) => ({ alerttypeid, name }))),
  generateAlert: (call) => {
    const [type, name] = [numberArg(call, 'type') ?? 0, textArg(call, 'name') ?? ''];
    const known = loadInstallation().alertTypes.flatMap(([number, each]) => (number === type ? [each] : []));
    if (known[0] !== undefined && !known.some((each) => each.toLowerCase() === name.toLowerCase()))
      throw badValue(`There is a default alert having type ${type} and name ${known[0]}`);
    const row = insertKind(call.world, 'Alert', {
      type,
      name,
      description: textArg(call, 'description'),
      sent: call.world.now(),
    });
    return work(row, () => success());
  },
};
