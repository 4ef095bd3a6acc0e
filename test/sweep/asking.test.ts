import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { limitOf } from '../../src/simulator/rules/limits.ts';
import { openHost, startCloud, type Cloud, type Host } from '../support/harness.ts';

// Ten questions over 10,000 machines, each by one call; what is right, a plain loop over the simulator's world says.

type Fields = Readonly<Record<string, unknown>>;

const maxTokens = 300;
/** Milliseconds of processor time, with the simulator's own. */
const maxMs = 2000;

let cloud: Cloud;
let host: Host;

const all = (kind: string): Fields[] =>
  cloud.simulator.world.all(kind).map(({ id, owner, fields }) => ({ id, owner, ...fields }));
const nameOf = (kind: string, id: unknown): unknown => all(kind).find((one) => one['id'] === id)?.['name'];
const machines = (): Fields[] => all('UserVm');
const memoryOf = (machine: Fields): number =>
  Number(all('ServiceOffering').find(({ id }) => id === machine['serviceofferingid'])?.['memory']);

/** Counts rows by a key, the largest first, as groups come. */
const count = (rows: readonly Fields[], keyOf: (row: Fields) => string): [string, number][] => {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(keyOf(row), (counts.get(keyOf(row)) ?? 0) + 1);
  return [...counts].sort(([x, a], [y, b]) => b - a || x.localeCompare(y, 'en', { numeric: true }));
};
const sum = (rows: readonly Fields[], figureOf: (row: Fields) => number): number =>
  rows.reduce((total, row) => total + figureOf(row), 0);

const day = 86_400_000;
const dateOf = (time: number): string => new Date(time).toISOString().replace(/\.\d+Z$/, '+0000');

beforeAll(async () => {
  cloud = await startCloud({ vms: 10_000 });
  const { world } = cloud.simulator;
  const [volume] = world.where('Volume', 'type', 'ROOT');
  for (let at = 1; at <= 30; at++) {
    const { virtualmachineid: _machine, deviceid: _device, ...fields } = volume!.fields;
    const spare = { ...fields, name: `spare-${at}`, size: at * 2 ** 30, type: 'DATADISK', state: 'Ready' };
    world.insert('Volume', spare, { owner: volume!.owner });
  }
  for (const [at, machine] of world.all('UserVm').entries())
    if (at % 100 === 7) world.update(machine, { created: dateOf(Date.now() - 3 * day) });
  host = await openHost({ env: cloud.env });
  // The connection, the account and what the cloud offers are known before the clock runs.
  await host.call('read', { tool: 'list-zones' });
});
afterAll(async () => {
  await host.close();
  await cloud.close();
});

interface Question {
  asked: Record<string, unknown>;
  /** What stands in the rows of the answer, in its order. */
  right: () => unknown[][];
}

const stopped = ({ state }: Fields): boolean => state === 'Stopped';
const running = ({ state }: Fields): boolean => state === 'Running';

const questions: Record<string, Question> = {
  'how many machines are stopped in each zone': {
    asked: { tool: 'list-virtual-machines', where: 'state = Stopped', group: 'zonename' },
    right: () => count(machines().filter(stopped), ({ zoneid }) => String(nameOf('Zone', zoneid))),
  },
  'how many machines are in each state': {
    asked: { tool: 'list-virtual-machines', group: 'state' },
    right: () => count(machines(), ({ state }) => String(state)),
  },
  'how much memory the running machines of each offering have': {
    asked: { tool: 'list-virtual-machines', where: 'state = Running', group: 'serviceofferingname, sum(memory)' },
    right: () => {
      const of = machines().filter(running);
      const offering = ({ serviceofferingid }: Fields): string => String(nameOf('ServiceOffering', serviceofferingid));
      return count(of, offering).map(([name, machines]) => [
        name,
        machines,
        sum(
          of.filter((one) => offering(one) === name),
          memoryOf,
        ),
      ]);
    },
  },
  'the ten largest disks that no one uses': {
    asked: {
      tool: 'list-volumes',
      where: 'virtualmachineid is null',
      sort: '-size',
      pagesize: 10,
      fields: ['name', 'size'],
    },
    right: () =>
      all('Volume')
        .filter(({ virtualmachineid }) => virtualmachineid === undefined)
        .sort((a, b) => Number(b['size']) - Number(a['size']))
        .slice(0, 10)
        .map(({ name, size }) => [name, size]),
  },
  'which accounts are above 80 % of their limit of machines': {
    asked: { tool: 'list-accounts', where: 'vmtotal > 80% * vmlimit', sort: 'name', fields: ['name'] },
    right: () =>
      all('Account')
        .filter(({ id }) => {
          const limit = limitOf(cloud.simulator.world, cloud.simulator.world.get(String(id))!, 'user_vm');
          const used = machines().filter(({ owner, state }) => owner === id && state !== 'Destroyed').length;
          return limit >= 0 && used > 0.8 * limit;
        })
        .map(({ name }) => [name])
        .sort(),
  },
  'which machine has an address': {
    asked: { tool: 'list-virtual-machines', where: 'nic.ipaddress = 10.64.31.7', fields: ['name'] },
    right: () => {
      const nic = all('Nic').find(({ ipaddress }) => ipaddress === '10.64.31.7');
      return [[nameOf('UserVm', nic?.['virtualmachineid'])]];
    },
  },
  'which machines were made in the last week, the last five by name': {
    asked: {
      tool: 'list-virtual-machines',
      where: "created > '7 days ago'",
      sort: '-name',
      pagesize: 5,
      fields: ['name'],
    },
    right: () =>
      machines()
        .filter(({ created }) => Date.parse(String(created)) > Date.now() - 7 * day)
        .map(({ name }) => [name])
        .sort((a, b) => (String(a[0]) < String(b[0]) ? 1 : -1))
        .slice(0, 5),
  },
  'on which hosts most machines run': {
    asked: { tool: 'list-virtual-machines', where: 'hostname is not null', group: 'hostname', pagesize: 3 },
    right: () =>
      count(
        machines().filter(({ hostid, state }) => hostid !== undefined && state === 'Running'),
        ({ hostid }) => String(nameOf('Host', hostid)),
      ).slice(0, 3),
  },
  'how much disk each kind of volume takes': {
    asked: { tool: 'list-volumes', group: ['type', 'sum(size)'] },
    right: () =>
      count(all('Volume'), ({ type }) => String(type)).map(([type, volumes]) => [
        type,
        volumes,
        sum(
          all('Volume').filter((one) => one['type'] === type),
          ({ size }) => Number(size),
        ),
      ]),
  },
  'how many machines called scale-…1 are neither running nor large': {
    asked: {
      tool: 'list-virtual-machines',
      where: "name contains '01' and not (state in (Running, Starting) or memory >= 1024)",
      group: 'state, min(memory)',
    },
    right: () => {
      const of = machines().filter(
        (one) => String(one['name']).includes('01') && !running(one) && memoryOf(one) < 1024,
      );
      return count(of, ({ state }) => String(state)).map(([state, machines]) => [
        state,
        machines,
        Math.min(...of.filter((one) => one['state'] === state).map(memoryOf)),
      ]);
    },
  },
};

test.each(Object.entries(questions))('%s', async (_question, { asked, right }) => {
  const ask = async () => {
    const began = process.cpuUsage();
    const answer = await host.call('read', { ...asked, fresh: true });
    const { user, system } = process.cpuUsage(began);
    return { ...answer, took: (user + system) / 1000 };
  };
  const { text, structured, isError, ...first } = await ask();
  let { took } = first;
  // What else this machine and this process do at the time is not the call's: the best of five counts.
  for (let again = 0; again < 4 && took > maxMs; again++) took = Math.min(took, (await ask()).took);
  expect(isError, text).toBeUndefined();
  const wanted = right();
  expect(wanted.length).toBeGreaterThan(0);
  expect((structured['items'] as Fields[]).map((item) => Object.values(item))).toEqual(wanted);
  expect(encode(text).length, text).toBeLessThanOrEqual(maxTokens);
  expect(took, text).toBeLessThanOrEqual(maxMs);
  expect(text).toMatch(/over \d+ /);
});
