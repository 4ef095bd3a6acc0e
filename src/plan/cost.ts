import { call } from '../call/call.ts';
import type { Composition } from '../call/composition.ts';
import { loadResourceLimits } from '../catalog/resource-limits.ts';
import { CallError } from '../errors.ts';
import type { Row } from '../rows.ts';
import { quoteName } from '../secrets/text.ts';
import type { CallRequest } from '../types.ts';
import type { RecordedStep } from './record.ts';

/** What steps take of a zone and of an account, by the types of data/resource-limits.json; processor time in MHz beside it. */
type Amounts = Readonly<Record<string, number>>;

/** What a plan takes in sizes, a sentence each, and as data. */
export interface PlanCost {
  lines: readonly string[];
  cost: Row;
}

/** What `listCapacity` counts, by the types of limits: its type, and how much of its unit is one of ours. */
const capacities: Readonly<Record<string, readonly [type: number, per: number]>> = {
  memory: [0, 2 ** 20],
  mhz: [1, 1],
  primary_storage: [3, 2 ** 30],
  public_ip: [4, 1],
  cpu: [90, 1],
};

const numberOf = (...values: readonly unknown[]): number => {
  const value = values.find((one) => one !== undefined && one !== '' && Number(one) >= 0);
  return value === undefined ? 0 : Number(value);
};

const round = (value: number): number => Math.round(value * 10) / 10;

const units: Readonly<Record<string, string>> = {
  ...Object.fromEntries(loadResourceLimits().map(({ type, unit, title }) => [type, unit ? `${unit} ${title}` : title])),
  mhz: 'MHz of CPU',
};

const inWords = (amounts: Amounts): string =>
  Object.entries(amounts)
    .map(([type, amount]) => `${round(amount)} ${units[type]}`)
    .join(', ');

const add = (to: Record<string, number>, more: Amounts): void => {
  for (const [type, amount] of Object.entries(more)) if (amount > 0) to[type] = (to[type] ?? 0) + amount;
};

type ReadRow = (tool: string, args: Row) => Promise<Row | undefined>;

/** What one step takes; of what is made larger, the difference. What it names and an earlier step makes is not known. */
const amountsOf = async ({ foreseen }: RecordedStep, read: ReadRow): Promise<Amounts> => {
  const { tool, params, targets } = foreseen;
  const taken = new Set(
    loadResourceLimits().flatMap(({ type, takenBy }) => (takenBy?.includes(tool.command.name) ? [type] : [])),
  );
  const own = targets.find(({ isOwn, row }) => isOwn && row)?.row ?? {};
  const by = (name: string, list: string, more: Row = {}): Promise<Row | undefined> =>
    typeof params[name] === 'string' ? read(list, { id: params[name], ...more }) : Promise.resolve(undefined);
  const offering = (await by('serviceofferingid', 'listServiceOfferings')) ?? {};
  const details = Object.assign({}, ...[params['details'] ?? []].flat()) as Row;
  const amounts: Record<string, number> = {};
  if (taken.has('cpu')) {
    const isResized = own['cpunumber'] !== undefined && Object.keys(offering).length > 0;
    const cores = numberOf(offering['cpunumber'], details['cpuNumber'], own['cpunumber']);
    const memory = numberOf(offering['memory'], details['memory'], own['memory']);
    const speed = numberOf(offering['cpuspeed'], details['cpuSpeed'], own['cpuspeed']);
    const before = isResized ? own : {};
    amounts['cpu'] = cores - numberOf(before['cpunumber']);
    amounts['mhz'] = cores * speed - numberOf(before['cpunumber']) * numberOf(before['cpuspeed']);
    amounts['memory'] = memory - numberOf(before['memory']);
  }
  if (taken.has('primary_storage')) {
    const disk = (await by('diskofferingid', 'listDiskOfferings')) ?? {};
    const size = numberOf(params['size'], disk['disksize'] || undefined);
    const isMachine = taken.has('user_vm');
    const template = isMachine ? await by('templateid', 'listTemplates', { templatefilter: 'executable' }) : undefined;
    const root = numberOf(
      params['rootdisksize'],
      offering['rootdisksize'] || undefined,
      numberOf(template?.['size']) / 2 ** 30,
    );
    amounts['primary_storage'] = isMachine
      ? root + (params['diskofferingid'] === undefined ? 0 : size)
      : size - numberOf(own['size']) / 2 ** 30;
  }
  for (const { type, unit } of loadResourceLimits())
    if (taken.has(type) && unit === undefined && type !== 'cpu' && type !== 'gpu') amounts[type] = 1;
  return amounts;
};

/** What of an account's limits is too little. */
const beyondLimits = (amounts: Amounts, owner: Row | undefined): string[] =>
  loadResourceLimits().flatMap(({ type, field }) => {
    const [limit, total] = [owner?.[`${field}limit`], owner?.[`${field}total`]].map((one) => Number(one ?? NaN));
    const left = limit! - total!;
    const wanted = amounts[type] ?? 0;
    return limit! >= 0 && wanted > left
      ? [
          `More than ${quoteName(String(owner!['name']))} may have: ${inWords({ [type]: wanted })}, ${round(left)} of ${limit} left.`,
        ]
      : [];
  });

/** What a zone has left of what is taken there, and what is too little. */
const inZone = (zone: string, amounts: Amounts, rows: readonly Row[]): { free: Row; lines: string[] } => {
  const free: Record<string, number> = {};
  const lines: string[] = [];
  for (const [type, wanted] of Object.entries(amounts)) {
    const [number, per] = capacities[type] ?? [];
    const own = rows.filter((row) => Number(row['type']) === number);
    if (per === undefined || !own.length) continue;
    const left = own.reduce((sum, row) => sum + Number(row['capacitytotal']) - Number(row['capacityused']), 0) / per;
    free[type] = round(left);
    if (wanted > left) lines.push(`More than ${zone} has: ${inWords({ [type]: wanted })}, ${round(left)} free.`);
  }
  return { free, lines };
};

/** Whether a host that may run it has room for the largest machine of each set of host tags. */
const onHosts = (
  machines: readonly { amounts: Amounts; tags: string }[],
  hosts: readonly Row[],
  zone: string,
): string[] =>
  [...new Set(machines.map(({ tags }) => tags))].flatMap((tags) => {
    const wanted = tags.split(',').filter(Boolean);
    const fitting = hosts.filter(({ hosttags }) => {
      const own = String(hosttags ?? '').split(',');
      return wanted.every((tag) => own.includes(tag));
    });
    const largest = Math.max(
      ...machines.filter((one) => one.tags === tags).map(({ amounts }) => amounts['memory'] ?? 0),
    );
    const room = Math.max(
      0,
      ...fitting.map((row) => (numberOf(row['memorytotal']) - numberOf(row['memoryallocated'])) / 2 ** 20),
    );
    const who = wanted.length ? `No host of ${zone} with the tags ${quoteName(tags)}` : `No host of ${zone}`;
    return hosts.length && largest > room
      ? [`${who} has ${largest} MiB of memory free for one machine: at most ${round(room)}.`]
      : [];
  });

/** What steps take of zones and accounts, with what is left there, as far as the caller may see it. Only reads. */
export const costOf = async (
  composition: Composition,
  request: CallRequest,
  steps: readonly RecordedStep[],
): Promise<PlanCost> => {
  const { asked: _asked, progress: _progress, riskTool: _riskTool, deadline: _deadline, ...rest } = request;
  const known = new Map<string, Promise<readonly Row[]>>();
  const list = (tool: string, args: Row): Promise<readonly Row[]> => {
    const key = JSON.stringify([tool, args]);
    // What cannot be read is not told; the plan is shown all the same.
    const read =
      known.get(key) ??
      call(composition, { ...rest, tool, args, view: { whole: true } }).then(
        (outcome) => outcome.rows(),
        (error: unknown) => {
          if (error instanceof CallError) return [];
          throw error;
        },
      );
    known.set(key, read);
    return read;
  };
  const read: ReadRow = async (tool, args) => (await list(tool, args))[0];
  const zones = new Map<string, Record<string, number>>();
  const machines = new Map<string, { amounts: Amounts; tags: string }[]>();
  const owners = new Map<string, { amounts: Record<string, number>; row: Row | undefined }>();
  for (const step of steps) {
    const { params, targets, tool } = step.foreseen;
    if (!loadResourceLimits().some(({ takenBy }) => takenBy?.includes(tool.command.name))) continue;
    const amounts = await amountsOf(step, read);
    const own = targets.find(({ isOwn, row }) => isOwn && row)?.row ?? {};
    const zone = params['zoneid'] ?? own['zoneid'];
    if (typeof zone === 'string') {
      const all = zones.get(zone) ?? {};
      zones.set(zone, all);
      add(all, amounts);
      const offering =
        typeof params['serviceofferingid'] === 'string'
          ? await read('listServiceOfferings', { id: params['serviceofferingid'] })
          : undefined;
      if (amounts['memory'])
        machines.set(zone, [...(machines.get(zone) ?? []), { amounts, tags: String(offering?.['hosttags'] ?? '') }]);
    }
    const { projectid = own['projectid'], account = own['account'], domainid = own['domainid'] } = params as Row;
    const by =
      projectid !== undefined ? { id: projectid } : account !== undefined ? { name: account, domainid } : undefined;
    const key = JSON.stringify(by ?? '');
    const owner = owners.get(key) ?? {
      amounts: {},
      row:
        by === undefined
          ? step.account
          : await read('id' in by ? 'listProjects' : 'listAccounts', { ...by, listall: true }),
    };
    owners.set(key, owner);
    add(owner.amounts, amounts);
  }
  const lines: string[] = [];
  const places: Row[] = [];
  for (const [id, amounts] of zones) {
    const sized = Object.fromEntries(
      Object.entries(amounts).filter(([type]) => type in capacities && type !== 'public_ip'),
    );
    if (!Object.keys(sized).length) continue;
    const shown = (await read('listZones', { id }))?.['name'];
    const zone = `the zone ${quoteName(String(shown ?? id))}`;
    const { free, lines: wanting } = inZone(zone, amounts, await list('listCapacity', { zoneid: id }));
    const left = Object.keys(free).length
      ? `; free there: ${inWords(free as Amounts)}`
      : '; what is free there is not shown to this account';
    const hosts = await list('listHosts', { zoneid: id, type: 'Routing', state: 'Up', resourcestate: 'Enabled' });
    lines.push(
      `Takes in ${zone}: ${inWords(sized)}${left}.`,
      ...wanting,
      ...onHosts(machines.get(id) ?? [], hosts, zone),
    );
    places.push({
      zoneid: id,
      takes: Object.fromEntries(Object.entries(amounts).map(([type, one]) => [type, round(one)])),
      free,
    });
  }
  for (const { amounts, row } of owners.values()) lines.push(...beyondLimits(amounts, row));
  return { lines, cost: places.length ? { cost: places } : {} };
};
