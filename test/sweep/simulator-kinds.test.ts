import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { loadData } from '../../src/data.ts';
import { findValues } from '../../src/catalog/values.ts';
import { loadInstallation } from '../../src/simulator/engine/installation.ts';
import { createCloud, keysOf } from '../simulator/cloud.ts';
import { fillParams } from '../simulator/fill.ts';
import { finish, send } from '../simulator/sign.ts';

// The kinds of faults that clients of others found in the simulator, and the check of the whole catalog that makes each
// impossible. What is not checked here is checked in the file that stands beside it.
const kinds: Record<string, [kind: string, file: string, test: string]> = {
  K1: ['settings that do not exist', 'test/sweep/simulator-kinds.test.ts', 'K1, K7: every setting'],
  K2: ['refusals at the wrong moment', 'test/sweep/simulator-kinds.test.ts', 'K2: every job'],
  K3: ['fields that are missing', 'test/simulator/effects.test.ts', 'update-effects'],
  K4: ['fields that only a request shows', 'test/simulator/rows.test.ts', 'and no others'],
  K5: ['answers bigger than what was asked for', 'test/sweep/simulator-kinds.test.ts', 'K5: every filter'],
  K6: ['isolation by id', 'test/sweep/simulator-kinds.test.ts', 'K6: every use of an offering'],
  K7: ['rules that a setting switches', 'test/sweep/simulator-kinds.test.ts', 'K1, K7: every setting'],
  K8: ['implied targets and defaults', 'test/sweep/every-change.test.ts', 'with as little as it takes'],
  K9: ['parameters that are not looked at', 'test/simulator/effects.test.ts', 'update-effects'],
  K10: ['what belonged to a thing outlives it', 'test/sweep/simulator-kinds.test.ts', 'K10: the tags'],
  K11: ['values made up instead of computed', 'test/simulator/rows.test.ts', 'in their JSON types'],
  K12: ['too few rows of an installation', 'test/sweep/simulator-kinds.test.ts', 'K12: all rows'],
};

const commands = loadCatalog().tools.map(({ command }) => command);

test.each(Object.entries(kinds))('%s: a check over the whole catalog exists', (_, [, file, title]) => {
  expect(readFileSync(file, 'utf8')).toContain(title);
});

const scopes: Record<string, string> = {
  Zone: 'zoneid',
  Cluster: 'clusterid',
  StoragePool: 'storageid',
  ImageStore: 'imagestoreuuid',
  Account: 'accountid',
  Domain: 'domainid',
};

test('K1, K7: every setting of an installation is listed, holds where it may be set alone, and is all that the simulator reads', async () => {
  const { simulator, all, one } = createCloud();
  const { settings } = loadInstallation();
  // Where the two differ, the seed has what the source says, and the measured server what its developers set.
  const seed = loadData<{ install: Record<string, { name: string }[]> }>('seed.json');
  const seeded = new Set(seed.install['Configuration']?.map(({ name }) => name));
  const pages = await Promise.all(['1', '2'].map((page) => all('listConfigurations', { page, pagesize: '500' })));
  const listed = new Map(pages.flat().map((row) => [row['name'], row]));
  const ids: Record<string, string> = {
    Zone: String((await one('listZones'))['id']),
    Cluster: String((await one('listClusters'))['id']),
    StoragePool: String((await one('listStoragePools'))['id']),
    ImageStore: String((await one('listImageStores'))['id']),
    Account: String((await one('listAccounts', { name: 'bob' }))['id']),
    Domain: String((await one('listDomains', { name: 'sales' }))['id']),
  };
  const wrong: string[] = [];
  let set = 0;
  for (const { name, default: value, scopes: own = [] } of settings) {
    const row = listed.get(name);
    if (!row) wrong.push(`${name} is not listed`);
    else if (!seeded.has(name) && (row['defaultvalue'] ?? '') !== (value ?? ''))
      wrong.push(`${name}: ${row['defaultvalue']}`);
    if (value === undefined || value === '') continue;
    for (const [scope, param] of Object.entries(scopes)) {
      const { status } = await send(simulator, 'updateConfiguration', { name, value, [param]: ids[scope]! });
      if ((status === 200) !== own.includes(scope)) wrong.push(`${name} ${scope}: ${status}`);
      if (status === 200) set++;
    }
  }
  expect(wrong).toEqual([]);
  expect(set).toBeGreaterThan(150);
  const known = new Set(listed.keys());
  const read = readdirSync('src/simulator', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [
      ...readFileSync(join('src/simulator', file), 'utf8').matchAll(
        /\b(?:settingOf|isOn|numberSetting|findSetting|valueIn)\([^()]*'([a-z][\w.]*\.[\w.]+)'/gi,
      ),
    ])
    .map(([, name]) => name);
  expect(read.length).toBeGreaterThan(25);
  expect(read.filter((name) => !known.has(name))).toEqual([]);
});

test('K2: every job that creates nothing is accepted, and what is wrong fails the job', async () => {
  const { simulator } = createCloud();
  const wrong: string[] = [];
  let failed = 0;
  for (const command of commands.filter(({ async, create }) => async === true && create !== true))
    for (const chosen of [false, true]) {
      const params = fillParams(simulator, command, ({ required }) => chosen || required === true);
      const first = await send(simulator, command.name, params);
      const { errorcode, cserrorcode } = first.body;
      // Parameters and their owners are looked at before there is a job.
      if (first.status !== 200 && cserrorcode !== 9999 && ![401, 432, 531].includes(errorcode))
        wrong.push(`${command.name}: ${errorcode}/${cserrorcode} ${first.body['errortext']}`);
      const { jobid } = first.body;
      if (typeof jobid !== 'string') continue;
      if ((await send(simulator, 'queryAsyncJobResult', { jobid })).body['jobstatus'] === 2) failed++;
    }
  expect(wrong).toEqual([]);
  expect(failed).toBeGreaterThan(50);
});

/**
 * Parameters that leave the rows of a list as they are: read in the classes of CloudStack, which do not filter by them either.
 * `tag` of accounts and domains chooses whose usage each row tells.
 */
const noFilters = new Set([
  'listAccounts tag',
  'listBackupProviderOfferings keyword',
  'listCapacity keyword',
  'listDeploymentPlanners keyword',
  'listDomains tag',
  'listHostTags keyword',
  'listImageStoreObjects keyword',
  'listLdapUsers keyword',
  'listNetworkIsolationMethods keyword',
  'listRegions keyword',
  'listResourceLimits keyword',
  'listResourceLimits tag',
  'listSharedFileSystemProviders keyword',
  'listStoragePoolObjects keyword',
  'listStorageProviders keyword',
  'listSupportedNetworkServices keyword',
  'listTrafficTypeImplementors keyword',
]);
/** The same, of which nobody has read yet whether they filter. */
const unread = new Set(['listConfigurationGroups keyword', 'listDnsProviders keyword']);

test("K5: every filter of a list leaves nothing where its value is nobody's", async () => {
  const { simulator } = createCloud();
  const wrong: string[] = [];
  let tried = 0;
  for (const command of commands.filter(({ name, result }) => result === 'list' && name.startsWith('list'))) {
    const base = {
      ...fillParams(simulator, command, ({ required }) => required === true),
      ...(command.params.some(({ name }) => name === 'listall') ? { listall: 'true' } : {}),
    };
    const plain = await send(simulator, command.name, base);
    if (plain.status !== 200 || plain.body['count'] === undefined) continue;
    for (const { name, type } of command.params) {
      if (type !== 'string' || name in base || /^(account|sortby|orderby|sortkey)$/.test(name)) continue;
      // CloudStack takes a value that it does not know for none (data/values.json).
      if (findValues(command.name, name)?.unknown === 'ignored') continue;
      const { status, body } = await send(simulator, command.name, { ...base, [name]: 'nobody-has-this' });
      tried++;
      const filter = `${command.name} ${name}`;
      if (status === 200 && body['count'] !== undefined && !noFilters.has(filter) && !unread.has(filter))
        wrong.push(filter);
    }
  }
  expect(wrong).toEqual([]);
  expect(tried).toBeGreaterThan(150);
});

test('K6: every use of an offering that is bound to another domain is refused, in whatever command', async () => {
  const { simulator, id, did } = createCloud();
  const domainid = await id('listDomains', 'sales');
  const { world } = simulator;
  const offerings: Record<string, string> = {
    ServiceOffering: String(
      (
        await did('createServiceOffering', {
          name: 'b',
          displaytext: 'b',
          cpunumber: '1',
          cpuspeed: '1',
          memory: '128',
          domainid,
        })
      )['id'],
    ),
    DiskOffering: String(
      (await did('createDiskOffering', { name: 'b', displaytext: 'b', disksize: '1', domainid }))['id'],
    ),
  };
  for (const [kind, list] of [
    ['NetworkOffering', 'listNetworkOfferings'],
    ['VpcOffering', 'listVPCOfferings'],
  ] as const) {
    const row = world.all(kind).find(({ fields }) => fields['state'] === 'Enabled' && fields['forvpc'] !== true)!;
    world.update(row, { domainid });
    offerings[kind] = row.id;
    expect(list).toBeTruthy();
  }
  const used: string[] = [];
  const wrong: string[] = [];
  for (const command of commands) {
    if (command.name.startsWith('list') || command.get === true) continue;
    const param = command.params.find(
      ({ kind, name }) => kind !== undefined && kind in offerings && name !== 'id' && name !== 'ids',
    );
    if (!param || Object.keys(offerings).includes(command.entity?.[0] ?? command.response)) continue;
    if (!(command.roles ?? []).includes('User')) continue;
    const params = {
      ...fillParams(simulator, command, ({ required }) => required === true),
      [param.name]: offerings[param.kind!]!,
    };
    const { body } = await finish(simulator, command.name, params, keysOf('bob'));
    const { errorcode, jobid } = { ...body, ...(body['jobresult'] as object | undefined) } as Record<string, unknown>;
    used.push(command.name);
    if (errorcode === undefined && (jobid !== undefined || body['jobstatus'] !== 2)) wrong.push(command.name);
  }
  expect(wrong).toEqual([]);
  expect(used.length).toBeGreaterThan(10);
});

test('K10: the tags of whatever has any go when it goes', async () => {
  const { simulator } = createCloud();
  const { world } = simulator;
  const wrong: string[] = [];
  const gone: string[] = [];
  for (const command of commands.filter(({ name }) => /^(delete|remove|destroy|disassociate)/.test(name))) {
    const param = command.params.find(({ name, kind }) => name === 'id' && kind !== undefined);
    if (!param?.kind) continue;
    const id = world.ensure(param.kind);
    const row = world.get(id);
    if (!row) continue;
    const tag = world.insert(
      'ResourceTag',
      { key: 'k', value: 'v', resourceid: id, resourcetype: param.kind },
      { owner: row.owner },
    );
    const params = { ...fillParams(simulator, command, ({ required }) => required === true), id, expunge: 'true' };
    const { status, body } = await finish(simulator, command.name, params);
    if (status !== 200 || body['jobstatus'] === 2 || world.get(id)?.removed === undefined) continue;
    gone.push(command.name);
    if (world.get(tag.id)?.removed === undefined && world.get(tag.id) !== undefined)
      wrong.push(`${command.name} ${param.kind}`);
  }
  expect(wrong).toEqual([]);
  expect(gone.length).toBeGreaterThan(40);
});

test('K12: all rows that an installation brings are listed', async () => {
  const { all } = createCloud({ seed: 'empty' });
  const {
    guestOsTypes,
    counters,
    extensions,
    hypervisorCapabilities,
    alertTypes,
    eventTypes,
    deploymentPlanners,
    settings,
  } = loadInstallation();
  const wanted: [command: string, least: number][] = [
    ['listOsTypes', Object.values(guestOsTypes).flat().length],
    ['listCounters', counters.length],
    ['listExtensions', extensions.length],
    ['listHypervisorCapabilities', hypervisorCapabilities.length],
    ['listAlertTypes', alertTypes.length],
    ['listEventTypes', eventTypes.length],
    ['listDeploymentPlanners', deploymentPlanners.length],
    ['listConfigurations', Math.min(settings.length, 500)],
    ['listNetworkOfferings', 24],
  ];
  for (const [command, least] of wanted) {
    const found = await all(command);
    expect([command, found.length >= least, found.length]).toEqual([command, true, found.length]);
  }
});
