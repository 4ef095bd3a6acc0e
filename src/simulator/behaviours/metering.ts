import { list, object, success } from '../answers.ts';
import { isWithin } from '../access.ts';
import { flagArg, needRow, numberArg, rowArg, text, textArg } from '../args.ts';
import { insertKind } from '../birth.ts';
import { formatDate, parseDate } from '../clock.ts';
import { badValue } from '../errors.ts';
import { statedFields } from '../generic.ts';
import { windowOf } from '../paging.ts';
import { loadOf } from '../placement.ts';
import { findAccount, scopeOf } from '../scope.ts';
import type { Answer, Behaviour, Call, Fields, Row } from '../types.ts';
import type { World } from '../world.ts';
import { poolLoad } from './storage.ts';

const percent = (used: number, total: number): string =>
  total === 0 ? '0' : String(Number(((100 * used) / total).toFixed(2)));

const sum = (rows: Iterable<Row>, of: (row: Row) => number): number => Array.from(rows, of).reduce((a, b) => a + b, 0);

/** Capacity of a zone, pod or cluster: what there is of each thing and what is taken. */
export const capacitiesOf = (
  world: World,
  zone: Row,
  within?: { field: 'podid' | 'clusterid'; id: string },
): Fields[] => {
  const inside = (row: Row): boolean =>
    row.fields['zoneid'] === zone.id && (!within || row.fields[within.field] === within.id);
  const hosts = world.all('Host').filter((row) => inside(row) && row.fields['type'] === 'Routing');
  const pools = world.all('StoragePool').filter(inside);
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
      loads.reduce((all, { memoryMib }) => all + memoryMib * 2 ** 20, 0),
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
  return rows.map(([type, name, used, total]) => ({
    type,
    name,
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
  const all = (home ? [home] : world.all('Zone')).flatMap((each) => capacitiesOf(world, each, within));
  const type = numberArg(call, 'type');
  const found = all.filter((row) => type === undefined || row['type'] === type);
  if (textArg(call, 'sortby') === 'usage') found.sort((a, b) => Number(b['percentused']) - Number(a['percentused']));
  return paged(call, found);
};

const paged = (call: Call, items: Fields[], key?: string): Answer => {
  const { start, size } = windowOf(call.args, 500);
  return list(items.slice(start, size === Infinity ? undefined : start + size), items.length, key);
};

const TYPES: [number, string, string, string][] = [
  [1, 'RUNNING_VM', 'Running Vm Usage', 'Compute*Month'],
  [2, 'ALLOCATED_VM', 'Allocated Vm Usage', 'Compute*Month'],
  [3, 'IP_ADDRESS', 'IP Address Usage', 'IP*Month'],
  [4, 'NETWORK_BYTES_SENT', 'Network Usage (Bytes Sent)', 'GB'],
  [5, 'NETWORK_BYTES_RECEIVED', 'Network Usage (Bytes Received)', 'GB'],
  [6, 'VOLUME', 'Volume Usage', 'GB*Month'],
  [7, 'TEMPLATE', 'Template Usage', 'GB*Month'],
  [8, 'ISO', 'ISO Usage', 'GB*Month'],
  [9, 'SNAPSHOT', 'Snapshot Usage', 'GB*Month'],
  [10, 'SECURITY_GROUP', 'Security Group Usage', 'Policy*Month'],
  [11, 'LOAD_BALANCER_POLICY', 'Load Balancer Usage', 'Policy*Month'],
  [12, 'PORT_FORWARDING_RULE', 'Port Forwarding Usage', 'Policy*Month'],
  [13, 'NETWORK_OFFERING', 'Network Offering Usage', 'Policy*Month'],
  [14, 'VPN_USERS', 'VPN users usage', 'Policy*Month'],
  [21, 'VM_DISK_IO_READ', 'VM Disk usage(I/O Read)', 'IOPS'],
  [22, 'VM_DISK_IO_WRITE', 'VM Disk usage(I/O Write)', 'IOPS'],
  [23, 'VM_DISK_BYTES_READ', 'VM Disk usage(Bytes Read)', 'Bytes'],
  [24, 'VM_DISK_BYTES_WRITE', 'VM Disk usage(Bytes Write)', 'Bytes'],
  [25, 'VM_SNAPSHOT', 'VM Snapshot storage usage', 'GB*Month'],
  [26, 'VOLUME_SECONDARY', 'Volume on secondary storage usage', 'GB*Month'],
  [27, 'VM_SNAPSHOT_ON_PRIMARY', 'VM Snapshot on primary storage usage', 'GB*Month'],
  [28, 'BACKUP', 'Backup storage usage', 'GB*Month'],
  [29, 'BUCKET', 'Bucket storage usage', 'GB*Month'],
  [30, 'NETWORK', 'Network usage', 'Network*Month'],
  [31, 'VPC', 'VPC usage', 'Vpc*Month'],
];

const METERED: [type: number, kind: string, words: (row: Row) => string][] = [
  [1, 'UserVm', (row) => `${text(row, 'name')} running time`],
  [2, 'UserVm', (row) => `${text(row, 'name')} allocated`],
  [3, 'IPAddress', (row) => `IPAddress: ${text(row, 'ipaddress')}`],
  [6, 'Volume', (row) => `Volume Id: ${row.id} usage time`],
  [9, 'Snapshot', (row) => `Snapshot Id: ${row.id} usage time`],
  [12, 'PortForwardingRule', (row) => `Port Forwarding Rule: ${row.id} usage time`],
  [30, 'Network', (row) => `Network ${row.id} usage time`],
  [31, 'Vpc', (row) => `VPC ${row.id} usage time`],
];

/** One record for each resource and day between two moments, worked out from when it was made. */
const recordsOf = (world: World, from: number, to: number): { fields: Fields; owner: string; hours: number }[] => {
  const now = world.clock.now();
  const records: { fields: Fields; owner: string; hours: number }[] = [];
  for (const [type, kind, words] of METERED) {
    for (const row of world.all(kind)) {
      if (row.owner === undefined || (type === 1 && row.fields['state'] !== 'Running')) continue;
      const made = parseDate(text(row, kind === 'IPAddress' ? 'allocated' : 'created')) ?? 0;
      const hours = Math.min(to, now) - Math.max(from, made);
      if (hours <= 0) continue;
      const used = Number((hours / 3_600_000).toFixed(6));
      const { zoneid, serviceofferingid, templateid, cpunumber, memory, size } = row.fields;
      records.push({
        owner: row.owner,
        hours: used,
        fields: {
          usagetype: type,
          usageid: row.id,
          description: words(row),
          usage: `${used} Hrs`,
          rawusage: String(used),
          zoneid,
          name: row.fields['name'],
          startdate: formatDate(from),
          enddate: formatDate(to),
          ...(kind === 'UserVm'
            ? { virtualmachineid: row.id, offeringid: serviceofferingid, templateid, cpunumber, memory }
            : {}),
          ...(size === undefined ? {} : { size }),
        },
      });
    }
  }
  return records;
};

const usageWindow = (call: Call): [number, number] => {
  const from = parseDate(textArg(call, 'startdate') ?? '') ?? 0;
  const to = parseDate(textArg(call, 'enddate') ?? '', true) ?? 0;
  if (from > to)
    throw badValue(
      `Incorrect Date Range. Start date: ${textArg(call, 'startdate')} is after end date:${textArg(call, 'enddate')}`,
    );
  return [from, to];
};

const listUsage: Behaviour = (call) => {
  const { world, args } = call;
  const [from, to] = usageWindow(call);
  const byId = rowArg(call, 'accountid');
  const named = args['account'] !== undefined || args['domainid'] !== undefined || args['projectid'] !== undefined;
  const scope = byId ? new Set([byId.id]) : call.caller.root && !named ? undefined : scopeOf(call);
  const type = numberArg(call, 'type');
  const records = recordsOf(world, from, to)
    .filter(
      ({ owner, fields }) =>
        (scope === undefined || scope.has(owner)) &&
        (type === undefined || fields['usagetype'] === type) &&
        (args['usageid'] === undefined || fields['usageid'] === args['usageid']),
    )
    .map(({ owner, fields }) => {
      const account = world.get(owner);
      const domain = world.get(text(account, 'domainid'));
      return {
        account: account?.fields['name'],
        accountid: owner,
        domainid: domain?.id,
        domain: domain?.fields['name'],
        domainpath: domain?.fields['path'],
        ...fields,
        tags: [],
      };
    });
  return paged(call, records);
};

const tariffOf = (world: World, type: number): number =>
  Number(
    [...world.all('QuotaTariff')].find(({ fields }) => fields['usageType'] === type)?.fields['tariffValue'] ?? 0.01,
  );

const creditsOf = (world: World, account: Row): number =>
  sum(world.where('QuotaCredits', 'accountid', account.id), ({ fields }) => Number(fields['credits'] ?? 0));

const balanceOf = (world: World, account: Row): number => {
  const from = world.clock.now() - 30 * 86_400_000;
  const spent = recordsOf(world, from, world.clock.now())
    .filter(({ owner }) => owner === account.id)
    .reduce((all, { hours, fields }) => all + hours * tariffOf(world, Number(fields['usagetype'])), 0);
  return Number((creditsOf(world, account) - spent).toFixed(2));
};

const quotaAccount = (call: Call): Row => {
  const account =
    rowArg(call, 'accountid') ??
    findAccount(call.world, textArg(call, 'account') ?? '', rowArg(call, 'domainid')?.id ?? call.caller.domain.id);
  if (!account) throw badValue(`Unable to find account ${textArg(call, 'account')}`);
  return account;
};

const tariffFields = (call: Call): Fields => {
  const type = TYPES.find(([number]) => number === numberArg(call, 'usagetype'));
  const { name, description, value, activationrule, startdate, enddate, position } = call.args;
  const given: Fields = {
    name,
    description,
    tariffValue: value,
    activationRule: activationrule,
    effectiveDate: startdate === undefined ? undefined : formatDate(parseDate(String(startdate)) ?? 0),
    endDate: enddate === undefined ? undefined : formatDate(parseDate(String(enddate), true) ?? 0),
    position,
    ...(type ? { usageType: type[0], usageName: type[1], usageTypeDescription: type[2], usageUnit: type[3] } : {}),
  };
  return Object.fromEntries(Object.entries(given).filter(([, each]) => each !== undefined));
};

const statement = (call: Call): Fields => {
  const account = quotaAccount(call);
  const [from, to] = usageWindow(call);
  const items = TYPES.map(([type, , words, unit]): Fields => {
    const hours = recordsOf(call.world, from, to)
      .filter(({ owner, fields }) => owner === account.id && fields['usagetype'] === type)
      .reduce((all, record) => all + record.hours, 0);
    return {
      type,
      name: words,
      unit,
      quota: Number((hours * tariffOf(call.world, type)).toFixed(4)),
      account: account.fields['name'],
      accountid: account.no,
      domain: call.world.get(text(account, 'domainid'))?.no,
    };
  }).filter(({ quota }) => Number(quota) > 0);
  return {
    quotausage: items,
    totalquota: items.reduce((all, { quota }) => all + Number(quota), 0),
    startdate: formatDate(from),
    enddate: formatDate(to),
    currency: '$',
  };
};

const summary: Behaviour = (call) => {
  const { world, caller } = call;
  const all = flagArg(call, 'listall');
  const chosen = world
    .all('Account')
    .filter(
      (account) =>
        account.fields['accounttype'] !== 5 &&
        account.hidden['system'] !== true &&
        (all
          ? isWithin(world, text(account, 'domainid'), caller.domain.id)
          : account.id === (textArg(call, 'account') === undefined ? caller.account.id : quotaAccount(call).id)),
    );
  return paged(
    call,
    chosen.map((account) => ({
      accountid: account.id,
      account: account.fields['name'],
      domainid: account.fields['domainid'],
      domain: world.get(text(account, 'domainid'))?.fields['name'],
      balance: balanceOf(world, account),
      quota: creditsOf(world, account) - balanceOf(world, account),
      state: account.fields['state'],
      currency: '$',
      quotaenabled: true,
      startdate: world.now(),
      enddate: world.now(),
    })),
  );
};

const templateTypes = ['QUOTA_LOW', 'QUOTA_EMPTY', 'QUOTA_UNLOCK_ACCOUNT', 'QUOTA_STATEMENT'];

const mailTemplates = (world: World): Fields[] =>
  templateTypes.map((templatetype) => {
    const own = [...world.where('QuotaEmailTemplate', 'templatetype', templatetype)][0];
    return own
      ? own.fields
      : {
          templatetype,
          templatesubject: templatetype.replaceAll('_', ' ').toLowerCase(),
          templatebody: 'Dear {userName}',
          locale: 'en_US',
          last_updated: world.now(),
        };
  });

/** Capacity, usage and quota. */
export const metering: Record<string, Behaviour> = {
  listCapacity,
  listUsageTypes: () => list(TYPES.map(([id, name, description]) => ({ id, usagetypeid: id, name, description }))),
  listUsageRecords: listUsage,
  generateUsageRecords: ({ world }) => {
    insertKind(world, 'UsageRun', { created: world.now() });
    return success();
  },
  removeRawUsageRecords: (call) => {
    if ((numberArg(call, 'interval') ?? 0) < 1) throw badValue(`Interval should be greater than 0`);
    for (const run of [...call.world.all('UsageRun')]) call.world.remove(run);
    return success();
  },
  listUsageServerMetrics: ({ world }) =>
    object({
      hostname: 'simulator',
      state: 'Up',
      collectiontime: world.now(),
      lastheartbeat: world.now(),
      lastsuccessfuljob: world.all('UsageRun').at(-1)?.fields['created'] ?? world.now(),
    }),
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
      replicas: [],
      tlsversions: '',
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
  quotaIsEnabled: () => object({ isenabled: true }),
  quotaTariffCreate: (call) => {
    const name = textArg(call, 'name') ?? '';
    if (call.world.all('QuotaTariff').some((row) => text(row, 'name') === name))
      throw badValue(`A quota tariff with name [${name}] already exist.`);
    const row = insertKind(call.world, 'QuotaTariff', {
      effectiveDate: call.world.now(),
      position: 1,
      currency: '$',
      ...tariffFields(call),
    });
    call.world.update(row, { uuid: row.id });
    return object(row);
  },
  quotaTariffUpdate: (call) => {
    const row = call.world.all('QuotaTariff').find((tariff) => text(tariff, 'name') === textArg(call, 'name'));
    if (!row) throw badValue(`There is no quota tariffs with name [${textArg(call, 'name')}].`);
    call.world.update(row, tariffFields(call));
    return object(row);
  },
  quotaTariffList: (call) => {
    const type = numberArg(call, 'usagetype');
    const [id, name] = [textArg(call, 'id'), textArg(call, 'name')];
    return list(
      call.world
        .all('QuotaTariff')
        .filter(
          (row) =>
            (type === undefined || row.fields['usageType'] === type) &&
            (id === undefined || row.id === id) &&
            (name === undefined || text(row, 'name') === name),
        ),
    );
  },
  quotaCredits: (call) => {
    const account = quotaAccount(call);
    const row = insertKind(call.world, 'QuotaCredits', {
      accountid: account.id,
      credit: call.args['value'],
      credits: call.args['value'],
      currency: '$',
      creditedon: call.world.now(),
      updated_on: call.world.now(),
      updated_by: call.caller.user.fields['username'],
      creditoruserid: call.caller.user.id,
      creditorusername: call.caller.user.fields['username'],
    });
    return object(row);
  },
  quotaCreditsList: (call) => {
    const account = rowArg(call, 'accountid');
    return list(call.world.all('QuotaCredits').filter(({ fields }) => !account || fields['accountid'] === account.id));
  },
  quotaBalance: (call) => {
    const account = quotaAccount(call);
    return object({
      account: account.fields['name'],
      accountid: account.no,
      startquota: balanceOf(call.world, account),
      startdate: call.world.now(),
      currency: '$',
      credits: [],
    });
  },
  quotaStatement: (call) => object(statement(call)),
  quotaSummary: summary,
  quotaUpdate: (call) => {
    const row = insertKind(call.world, 'QuotaRun', { created: call.world.now() });
    return object({ updated_on: row.fields['created'] });
  },
  quotaConfigureEmail: (call) => {
    const account = needRow(call, 'accountid');
    for (const old of [...call.world.where('QuotaConfigureEmail', 'accountid', account.id)]) call.world.remove(old);
    const { fields } = statedFields(call, 'QuotaConfigureEmail');
    return object(
      insertKind(call.world, 'QuotaConfigureEmail', {
        ...fields,
        account: account.fields['name'],
        enabled: call.args['enable'],
      }),
    );
  },
  quotaListEmailConfiguration: (call) =>
    list([...call.world.where('QuotaConfigureEmail', 'accountid', needRow(call, 'accountid').id)]),
  quotaEmailTemplateList: (call) =>
    list(
      mailTemplates(call.world).filter(
        ({ templatetype }) =>
          textArg(call, 'templatetype') === undefined || templatetype === textArg(call, 'templatetype'),
      ),
    ),
  quotaEmailTemplateUpdate: (call) => {
    const type = textArg(call, 'templatetype') ?? '';
    for (const old of [...call.world.where('QuotaEmailTemplate', 'templatetype', type)]) call.world.remove(old);
    insertKind(call.world, 'QuotaEmailTemplate', {
      ...statedFields(call, 'QuotaEmailTemplate').fields,
      locale: textArg(call, 'locale') ?? 'en_US',
      last_updated: call.world.now(),
    });
    return success();
  },
  quotaPresetVariablesList: () =>
    list(
      [
        ['account.name', 'Name of the owner'],
        ['value.size', 'Size of the resource'],
        ['zone.name', 'Name of the zone'],
      ].map(([variable, description]) => ({ variable, description })),
    ),
  quotaValidateActivationRule: (call) =>
    object({
      activationrule: textArg(call, 'activationrule'),
      quotatype: TYPES.find(([type]) => type === numberArg(call, 'usagetype'))?.[1],
      isvalid: !/[;{]\s*$/.test(textArg(call, 'activationrule') ?? ''),
      message: 'Checked for unfinished statements only',
    }),
};
