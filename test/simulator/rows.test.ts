import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Field } from '../../src/catalog/types.ts';
import { loadData } from '../../src/data.ts';
import type { Simulator } from '../../src/simulator/index.ts';
import { createSimulator } from '../support/seeded-worlds.ts';
import { createCloud } from './cloud.ts';
import { rows, send, signedRequest } from './sign.ts';

// Field paths that a real management server (4.22.0, hypervisor simulator) sent and this simulator once did not, and
// the other way round; `[]` is an entry of a list.
const real = JSON.parse(readFileSync(new URL('real-fields.json', import.meta.url), 'utf8')) as Record<
  string,
  { missing: string[]; extra: string[]; type: string[] }
>;

const filters: Record<string, Record<string, string>> = {
  listTemplates: { templatefilter: 'all' },
  listIsos: { isofilter: 'all' },
};

const addPaths = (value: unknown, at: string, out: Set<string>): void => {
  if (Array.isArray(value)) {
    for (const each of value) {
      if (at !== '') out.add(`${at}[]`);
      addPaths(each, at === '' ? '' : `${at}[]`, out);
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) {
      const path = at === '' ? name : `${at}.${name}`;
      out.add(path);
      addPaths(inner, path, out);
    }
  }
};

const pathsOf = async (simulator: Simulator, command: string): Promise<Set<string>> => {
  const { body } = await send(simulator, command, { listall: 'true', ...filters[command] });
  const out = new Set<string>();
  for (const value of Object.values(body)) if (typeof value === 'object') addPaths(value, '', out);
  return out;
};

/** The default world, with what the measured one had besides. */
const createWorldLikeTheMeasured = async (): Promise<Simulator> => {
  const { simulator, one, did } = createCloud();
  const detail = { 'details[0].key': 'k', 'details[0].value': 'v' };
  const network = await one('listNetworks', { type: 'Isolated' });
  await did('addResourceDetail', { resourcetype: 'Network', resourceid: String(network['id']), ...detail });
  const vm = await one('listVirtualMachines', { name: 'web-1' });
  const foo = { 'details[0].key': 'foo', 'details[0].value': 'v' };
  await did('addResourceDetail', { resourcetype: 'UserVm', resourceid: String(vm['id']), ...foo });
  const role = await did('createRole', { name: 'measured', type: 'User' });
  await did('createRolePermission', {
    roleid: String(role['id']),
    rule: 'listZones',
    permission: 'allow',
    description: 'zones',
  });
  const names = ['zoneid', 'templateid', 'serviceofferingid'];
  const same = Object.fromEntries(names.map((name) => [name, String(vm[name])]));
  const { account, domainid } = vm;
  await did('deployVirtualMachine', {
    ...same,
    name: 'large',
    rootdisksize: '30',
    account: String(account),
    domainid: String(domainid),
    networkids: String(vm['nic'][0].networkid),
  });
  return simulator;
};

test('lists have the fields of a real management server, and no others', async () => {
  const simulator = await createWorldLikeTheMeasured();
  const missing: string[] = [];
  const extra: string[] = [];
  for (const [command, known] of Object.entries(real)) {
    const shown = await pathsOf(simulator, command);
    missing.push(...known.missing.filter((path) => !shown.has(path)).map((path) => `${command} ${path}`));
    extra.push(...known.extra.filter((path) => shown.has(path)).map((path) => `${command} ${path}`));
  }
  console.info(`missing ${missing.length}, extra ${extra.length}`);
  expect(missing.length, missing.join('\n')).toBeLessThanOrEqual(10);
  expect(extra.length, extra.join('\n')).toBeLessThanOrEqual(10);
});

const { answers } = loadData<{ answers: Record<string, string> }>('rows.json');

const isOfType = ({ type, list, ref }: Field, value: unknown): boolean => {
  if (list) return Array.isArray(value);
  if (type === 'object' || type === 'map') return ref === undefined || typeof value === 'object';
  if (type === 'boolean') return typeof value === 'boolean';
  if (type === 'string') return typeof value === 'string';
  if (type === 'date') return typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}$/.test(value);
  return typeof value === 'number' && (type === 'float' || type === 'double' || Number.isInteger(value));
};

describe('every list of the catalog', () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const { catalog } = simulator.world;
  const lists = [...catalog.commands.values()].filter(
    ({ name, result }) => result === 'list' && name.startsWith('list'),
  );

  test('shows fields that its response types declare, in their JSON types', async () => {
    const wrong = new Set<string>();
    for (const command of lists) {
      const declared = new Map([
        ...catalog.fields(answers[command.name] ?? command.response),
        ...['jobid', 'jobstatus'].map((name): [string, Field] => [
          name,
          { name, type: name === 'jobid' ? 'string' : 'integer' },
        ]),
      ]);
      if (declared.size < 3) continue;
      for (const row of await rows(simulator, command.name, { listall: 'true', ...filters[command.name] }))
        for (const [name, value] of Object.entries(row)) {
          const field = declared.get(name);
          if (!field) wrong.add(`${command.name} ${name} is not declared`);
          else if (!isOfType(field, value)) wrong.add(`${command.name} ${name} is ${JSON.stringify(value)}`);
        }
    }
    expect([...wrong]).toEqual([]);
  });

  test('writes numbers of float fields with a point', async () => {
    const wrong: string[] = [];
    for (const command of lists) {
      const floats = [...catalog.fields(command.response).values()].filter(
        ({ type, list }) => !list && (type === 'float' || type === 'double'),
      );
      if (floats.length === 0) continue;
      const request = signedRequest(simulator.credentials, command.name, { listall: 'true' });
      const body = await (await simulator.fetch(request)).text();
      for (const { name } of floats)
        if (new RegExp(`"${name}":-?\\d+[,}]`).test(body)) wrong.push(`${command.name} ${name}`);
    }
    expect(wrong).toEqual([]);
  });
});
