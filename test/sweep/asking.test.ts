import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { limitOf } from '../../src/simulator/rules/limits.ts';
import { openHost, startCloud, type Cloud, type Host } from '../support/harness.ts';

// Questions over 10,000 machines, each by one call; what is right, a plain loop over the simulator's world says.

type Fields = Readonly<Record<string, unknown>>;

const maxTokens = 300;
/** Milliseconds of processor time, with the simulator's own. */
const maxMs = 2000;

let cloud: Cloud;
let host: Host;

const found = new Map<string, { version: number; rows: Fields[] }>();
/** All rows of a kind; once for each version of the world, since the loops ask for them row by row. */
const all = (kind: string): Fields[] => {
  const { world } = cloud.simulator;
  const before = found.get(kind);
  if (before?.version === world.version()) return before.rows;
  const rows = world.all(kind).map(({ id, owner, fields }) => ({ id, owner, ...fields }));
  found.set(kind, { version: world.version(), rows });
  return rows;
};
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
    if (at % 100 === 7)
      world.update(machine, { created: dateOf(Date.now() - 3 * day), ...(at < 300 ? { displayname: 'twin' } : {}) });
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

const dayOf = (row: Fields): string => String(row['created']).slice(0, 10);
const monthOf = (row: Fields): string => String(row['created']).slice(0, 7);
const tagged = (key: string): ReadonlyMap<unknown, unknown> =>
  new Map(
    all('ResourceTag')
      .filter((tag) => tag['key'] === key)
      .map((tag) => [tag['resourceid'], tag['value']]),
  );
const offeringOf = ({ serviceofferingid }: Fields): string => String(nameOf('ServiceOffering', serviceofferingid));
const domainOf = ({ owner }: Fields): unknown =>
  all('Account').find(({ id }) => id === owner)?.['domainid'] ??
  all('Project').find(({ id, owner: own }) => id === owner || own === owner)?.['domainid'];
const before =
  (days: number, name = 'created') =>
  (row: Fields): boolean =>
    Date.parse(String(row[name])) < Date.now() - days * day;
/** The first of some rows in the order of a key, the least first. */
const firstBy = (rows: readonly Fields[], keyOf: (row: Fields) => string, many: number): Fields[] =>
  [...rows].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)).slice(0, many);

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
  'machines by the day that they were made on, the last three days': {
    asked: { tool: 'list-virtual-machines', group: 'day(created)', sort: '-day(created)', pagesize: 3 },
    right: () =>
      count(machines(), dayOf)
        .sort(([a], [b]) => (a < b ? 1 : -1))
        .slice(0, 3),
  },
  'machines by month, and their mean memory': {
    asked: { tool: 'list-virtual-machines', group: 'month(created), avg(memory)' },
    right: () =>
      count(machines(), monthOf).map(([month, of]) => {
        const made = machines().filter((one) => monthOf(one) === month);
        return [month, of, Math.round((100 * sum(made, memoryOf)) / of) / 100];
      }),
  },
  'which machines are of production, by their tag': {
    asked: { tool: 'list-virtual-machines', where: 'tags.environment = production', sort: 'name', fields: ['name'] },
    right: () =>
      machines()
        .filter(({ id }) => tagged('environment').get(id) === 'production')
        .map(({ name }) => [name])
        .sort(),
  },
  'machines by the value of a tag': {
    asked: { tool: 'list-virtual-machines', group: 'tags.environment' },
    right: () => count(machines(), ({ id }) => String(tagged('environment').get(id) ?? '(none)')),
  },
  'how many machines have no owner in their tags': {
    asked: { tool: 'list-virtual-machines', where: 'tags.owner is null', group: 'count' },
    right: () => [[machines().filter(({ id }) => !tagged('owner').has(id)).length]],
  },
  'how many machines have no tag at all, by state': {
    asked: { tool: 'list-virtual-machines', where: 'count(tags) = 0', group: 'state' },
    right: () =>
      count(
        machines().filter(({ id }) => !all('ResourceTag').some(({ resourceid }) => resourceid === id)),
        ({ state }) => String(state),
      ),
  },
  'which hosts carry more than 250 machines': {
    asked: {
      tool: 'list-virtual-machines',
      where: 'hostname is not null',
      group: 'hostname, count > 250',
      pagesize: 5,
    },
    right: () =>
      count(
        machines().filter(({ hostid, state }) => hostid !== undefined && state === 'Running'),
        ({ hostid }) => String(nameOf('Host', hostid)),
      )
        .filter(([, machines]) => machines > 250)
        .slice(0, 5),
  },
  'how many offerings and templates are in use in each zone': {
    asked: { tool: 'list-virtual-machines', group: 'zonename, distinct(serviceofferingname), distinct(templatename)' },
    right: () =>
      count(machines(), ({ zoneid }) => String(nameOf('Zone', zoneid))).map(([zone, of]) => {
        const here = machines().filter(({ zoneid }) => nameOf('Zone', zoneid) === zone);
        const differ = (name: string): number => new Set(here.map((one) => one[name])).size;
        return [zone, of, differ('serviceofferingid'), differ('templateid')];
      }),
  },
  'which machines have a name that another one has': {
    asked: { tool: 'list-virtual-machines', group: 'displayname, count > 1' },
    right: () => count(machines(), ({ displayname }) => String(displayname)).filter(([, of]) => of > 1),
  },
  'which offerings take more than 1 TiB of memory, all machines together': {
    asked: { tool: 'list-virtual-machines', group: 'serviceofferingname, sum(memory) > 1TiB' },
    right: () =>
      count(machines(), offeringOf)
        .map(([name, of]) => [
          name,
          of,
          sum(
            machines().filter((one) => offeringOf(one) === name),
            memoryOf,
          ),
        ])
        .filter(([, , memory]) => Number(memory) > 2 ** 20),
  },
  'how many machines have 1 GiB of memory or more, by state and zone': {
    asked: { tool: 'list-virtual-machines', where: 'memory >= 1GiB', group: 'state, zonename' },
    right: () =>
      count(
        machines().filter((one) => memoryOf(one) >= 1024),
        ({ state, zoneid }) => `${String(state)}|${String(nameOf('Zone', zoneid))}`,
      ).map(([key, of]) => [...key.split('|'), of]),
  },
  'machines per domain': {
    asked: { tool: 'list-virtual-machines', group: 'domain' },
    right: () => count(machines(), (one) => String(nameOf('Domain', domainOf(one)))),
  },
  'which offerings are in use, with their CPUs': {
    asked: { tool: 'list-virtual-machines', group: 'serviceofferingname, sum(cpunumber)' },
    right: () =>
      count(machines(), offeringOf).map(([name, of]) => [
        name,
        of,
        of * Number(all('ServiceOffering').find((one) => one['name'] === name)?.['cpunumber']),
      ]),
  },
  'which templates are in use': {
    asked: { tool: 'list-virtual-machines', group: 'templatename' },
    right: () => count(machines(), ({ templateid }) => String(nameOf('Template', templateid))),
  },
  'how many machines have no backup offering, by zone': {
    asked: { tool: 'list-virtual-machines', where: 'backupofferingid is null', group: 'zonename' },
    right: () =>
      count(
        machines().filter((one) => one['backupofferingid'] === undefined),
        ({ zoneid }) => String(nameOf('Zone', zoneid)),
      ),
  },
  'which machines were stopped for more than a week, the oldest two': {
    asked: {
      tool: 'list-virtual-machines',
      where: "state = Stopped and lastupdated < '1 week ago'",
      sort: 'lastupdated, name',
      pagesize: 2,
      fields: ['name'],
    },
    right: () =>
      firstBy(
        machines().filter((one) => stopped(one) && before(7, 'lastupdated')(one)),
        (one) => `${String(one['lastupdated'])} ${String(one['name'])}`,
        2,
      ).map(({ name }) => [name]),
  },
  'how many public addresses are free in each zone': {
    asked: { tool: 'list-public-ip-addresses', where: 'state = Free', group: 'zonename' },
    right: () =>
      count(
        all('IPAddress').filter(({ state }) => state === 'Free'),
        ({ zoneid }) => String(nameOf('Zone', zoneid)),
      ),
  },
  'how much disk no one uses, by size class': {
    asked: {
      tool: 'list-volumes',
      where: 'virtualmachineid is null and size > 20GiB',
      group: 'type, sum(size), max(size)',
    },
    right: () => {
      const of = all('Volume').filter(
        (one) => one['virtualmachineid'] === undefined && Number(one['size']) > 20 * 2 ** 30,
      );
      const sizes = of.map(({ size }) => Number(size));
      return [['DATADISK', of.length, sizes.reduce((a, b) => a + b, 0), Math.max(...sizes)]];
    },
  },
  'what was done between two moments, by type': {
    asked: { tool: 'list-events', where: "created > '40 days ago' and created < '20 days ago'", group: 'type' },
    right: () =>
      count(
        all('Event').filter((one) => before(20)(one) && !before(40)(one)),
        ({ type }) => String(type),
      ),
  },
  'who did something in the last month, with the last of it': {
    asked: { tool: 'list-events', where: "created > '1 month ago'", group: 'username, max(created)' },
    right: () => {
      const of = all('Event').filter((one) => !before(30)(one));
      return count(of, ({ username }) => String(username)).map(([name, events]) => [
        name,
        events,
        of
          .filter(({ username }) => username === name)
          .map(({ created }) => String(created))
          .sort()
          .at(-1),
      ]);
    },
  },
  'which snapshots are older than ten days': {
    asked: {
      tool: 'list-snapshots',
      where: "created < '10 days ago'",
      sort: 'created',
      fields: ['name', 'volumename'],
    },
    right: () =>
      all('Snapshot')
        .filter(before(10))
        .map(({ name, volumeid }) => [name, nameOf('Volume', volumeid)]),
  },
  'hosts of each cluster that take machines, with their memory': {
    asked: {
      tool: 'list-hosts',
      where: 'type = Routing and state = Up and resourcestate = Enabled',
      group: 'clustername, sum(memorytotal)',
    },
    right: () => {
      const of = all('Host').filter(
        ({ type, state, resourcestate }) => type === 'Routing' && state === 'Up' && resourcestate === 'Enabled',
      );
      const cluster = ({ clusterid }: Fields): string => String(nameOf('Cluster', clusterid));
      return count(of, cluster).map(([name, hosts]) => [
        name,
        hosts,
        sum(
          of.filter((one) => cluster(one) === name),
          ({ memorytotal }) => Number(memorytotal),
        ),
      ]);
    },
  },
  'how many machines of an offering run on each host of a cluster, the most three': {
    asked: {
      tool: 'list-virtual-machines',
      where: "serviceofferingname = 'Small Instance' and hostname contains fra-c1",
      group: 'hostname',
      pagesize: 3,
    },
    right: () =>
      count(
        machines().filter(
          (one) =>
            offeringOf(one) === 'Small Instance' &&
            one['state'] === 'Running' &&
            String(nameOf('Host', one['hostid'])).includes('fra-c1'),
        ),
        ({ hostid }) => String(nameOf('Host', hostid)),
      ).slice(0, 3),
  },
  'which machines have an address that leads to them': {
    asked: { tool: 'list-virtual-machines', where: 'publicip is not null', fields: ['name', 'publicip'] },
    right: () =>
      all('IPAddress')
        .filter(({ isstaticnat }) => isstaticnat === true)
        .map(({ virtualmachineid, ipaddress }) => [nameOf('UserVm', virtualmachineid), ipaddress]),
  },
  'the newest machine of each offering': {
    asked: { tool: 'list-virtual-machines', group: 'serviceofferingname, max(created)' },
    right: () =>
      count(machines(), offeringOf).map(([name, of]) => [
        name,
        of,
        machines()
          .filter((one) => offeringOf(one) === name)
          .map(({ created }) => String(created))
          .sort()
          .at(-1),
      ]),
  },
};

/** Questions that two lists answer together: one script. */
const scripts: Record<string, { code: string; right: () => unknown }> = {
  'how many disks have no snapshot, and the largest two': {
    code: `const saved = new Set((await cloudstack.listSnapshots({}, {fields: ['volumeid']})).map((one) => one.volumeid));
      const bare = (await cloudstack.listVolumes({}, {sort: '-size, name', fields: ['id', 'name']})).filter(({id}) => !saved.has(id));
      return [bare.length, ...bare.slice(0, 2).map(({name}) => name)];`,
    right: () => {
      const saved = new Set(all('Snapshot').map(({ volumeid }) => volumeid));
      const bare = all('Volume').filter(({ id }) => !saved.has(id));
      const sorted = bare.sort(
        (a, b) => Number(b['size']) - Number(a['size']) || (String(a['name']) < String(b['name']) ? -1 : 1),
      );
      return [bare.length, ...sorted.slice(0, 2).map(({ name }) => name)];
    },
  },
  'which networks have no machine': {
    code: `const machines = await cloudstack.listVirtualMachines({}, {fields: ['nic']});
      const used = new Set(machines.flatMap((one) => one.nic.map(({networkid}) => networkid)));
      return (await cloudstack.listNetworks()).filter(({id}) => !used.has(id)).map(({name}) => name);`,
    right: () => {
      const used = new Set(all('Nic').map(({ networkid }) => networkid));
      return all('Network')
        .filter(({ id, type }) => type !== undefined && !used.has(id))
        .map(({ name }) => name);
    },
  },
  'which templates does no machine use': {
    code: `const used = new Set((await cloudstack.listVirtualMachines({}, {group: 'templateid'})).map((one) => one.templateid));
      const bare = (await cloudstack.listTemplates({templatefilter: 'all'}, {sort: 'name'})).filter(({id}) => !used.has(id));
      return [...new Set(bare.map(({name}) => name))];`,
    right: () => {
      const used = new Set(machines().map(({ templateid }) => templateid));
      return all('Template')
        .filter(({ id, format }) => !used.has(id) && format !== 'ISO')
        .map(({ name }) => name)
        .sort();
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

test.each(Object.entries(scripts))('one script: %s', async (_question, { code, right }) => {
  const { text, isError } = await host.call('run-script', { code });
  expect(isError, text).toBeUndefined();
  expect(JSON.parse(/^Result: (.*)$/m.exec(text)?.[1] ?? '')).toEqual(right());
  expect(encode(text).length, text).toBeLessThanOrEqual(maxTokens);
});
