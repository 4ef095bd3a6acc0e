import { formatDate, parseDate } from '../world/clock.ts';
import { badValue } from '../world/errors.ts';
import type { Fields, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { text, textArg } from './args.ts';
import type { Call } from './call.ts';

/** Kinds of usage: number, name, words, unit. */
export const usageTypes: [number, string, string, string][] = [
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

const metered: [type: number, kind: string, words: (row: Resource) => string][] = [
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
export const recordsOf = (
  world: World,
  from: number,
  to: number,
): { fields: Fields; owner: string; hours: number }[] => {
  const now = world.clock.now();
  const records: { fields: Fields; owner: string; hours: number }[] = [];
  for (const [type, kind, words] of metered) {
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

/** First and last moment that a call asks about. */
export const usageWindow = (call: Call): [number, number] => {
  const from = parseDate(textArg(call, 'startdate') ?? '') ?? 0;
  const to = parseDate(textArg(call, 'enddate') ?? '', true) ?? 0;
  if (from > to)
    throw badValue(
      `Incorrect Date Range. Start date: ${textArg(call, 'startdate')} is after end date:${textArg(call, 'enddate')}`,
    );
  return [from, to];
};
