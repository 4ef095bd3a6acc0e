import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { openHost, startCloud, type Cloud, type Host } from '../support/harness.ts';

let cloud: Cloud;
let host: Host;
beforeAll(async () => {
  cloud = await startCloud({ vms: 500 });
  host = await openHost({ env: cloud.env });
});
afterAll(async () => {
  await host.close();
  await cloud.close();
});

const list = (args: Record<string, unknown> = {}, view: Record<string, unknown> = {}) =>
  host.call('read', { tool: 'list-virtual-machines', arguments: { listall: true, ...args }, ...view });

test('500 virtual machines come back within the budget, and say how many of how many', async () => {
  const { text, structured } = await list({ page: 1, pagesize: 500 });
  expect(encode(text).length + encode(JSON.stringify(structured)).length).toBeLessThan(10_000);
  expect(structured['count']).toBeGreaterThanOrEqual(500);
  expect(text).toContain(`${structured['returned']} of ${structured['count']} virtual machines`);
  expect(structured['items']).toHaveLength(structured['returned'] as number);
  expect(text).toContain('page=2');
});

test('rows that cannot fit are not asked for again: the next list asks for what may fit', async () => {
  const ask = (pagesize: number) => list({ page: 1, pagesize }, { fields: ['name', 'state', 'zonename'], fresh: true });
  const sizes = () =>
    cloud.calls
      .filter(({ command }) => command === 'listVirtualMachines')
      .map(({ params }) => Number(params['pagesize']));
  cloud.calls.length = 0;
  const first = await ask(500);
  expect(sizes()).toEqual([500, first.structured['returned']]);
  cloud.calls.length = 0;
  const second = await ask(500);
  expect(second.structured['returned']).toBeGreaterThanOrEqual(first.structured['returned'] as number);
  expect(second.structured['count']).toBe(first.structured['count']);
  // The cheapest row is what is known: at most one look more, at no more rows than could fit.
  expect(sizes().length).toBeLessThanOrEqual(2);
  expect(Math.max(...sizes())).toBeLessThan(500);
});

test('following next reads every row once', async () => {
  const seen: string[] = [];
  let next: Record<string, unknown> | undefined = {};
  let count = 0;
  while (next) {
    const { structured } = await list({}, next);
    seen.push(...(structured['items'] as { id: string }[]).map(({ id }) => id));
    count = structured['count'] as number;
    next = structured['next'] as Record<string, unknown> | undefined;
  }
  expect(new Set(seen).size).toBe(count);
  expect(seen).toHaveLength(count);
});

test('fields replace the columns, a star shows all of them', async () => {
  const some = await list({}, { fields: ['name', 'nic.macaddress'], page: 1, pagesize: 2 });
  expect(Object.keys((some.structured['items'] as object[])[0]!)).toEqual(['name', 'nic.macaddress']);
  const all = await list({}, { fields: ['*'], page: 1, pagesize: 1 });
  expect(Object.keys((all.structured['items'] as object[])[0]!).length).toBeGreaterThan(20);
});

test.each([
  ['own', 'own account only'],
  ['all', 'all accounts and projects'],
])('an empty list says whose things were looked at: scope %s', async (scope, words) => {
  const { text, structured } = await host.call('read', {
    tool: 'listVirtualMachines',
    arguments: { name: 'no-such-vm' },
    scope,
  });
  expect(structured).toMatchObject({ items: [], returned: 0, count: 0, scope: words });
  expect(text).toMatch(new RegExp(`^0 of 0 virtual machines, ${words}\nNone has that name: .*$`));
});

test('one object comes whole, without empty fields', async () => {
  const { text, structured } = await host.call('read', { tool: 'listCapabilities' });
  expect(structured['item']).toMatchObject({ cloudstackversion: expect.any(String) as string });
  expect(text).toContain('cloudstackversion: ');
});

test('a list that CloudStack does not page is paged here', async () => {
  const { structured } = await host.call('read', { tool: 'listApis', page: 2, pagesize: 5, fields: ['name'] });
  expect(structured).toMatchObject({
    returned: 5,
    page: 2,
    count: loadCatalog().tools.length,
    next: { page: 3, pagesize: 5 },
  });
});

test('names hide nothing: control and direction marks are gone from text and data', async () => {
  const evil = 'nice\u202e\u200bname\u{e0041}';
  await host.call('change', { tool: 'createAffinityGroup', arguments: { name: evil, type: 'host anti-affinity' } });
  const { text, structured } = await host.call('read', { tool: 'listAffinityGroups', arguments: { listall: true } });
  expect(text).toContain('nicename');
  expect(JSON.stringify(structured)).toContain('nicename');
});

test('credentials come masked', async () => {
  const users = await host.call('read', { tool: 'listUsers', arguments: { listall: true }, fields: ['*'] });
  expect(JSON.stringify(users)).not.toContain(cloud.simulator.credentials.apiKey);
  const pair = await host.call('change', { tool: 'createSSHKeyPair', arguments: { name: 'k1' } });
  expect(pair.isError).toBeUndefined();
  expect(pair.text).not.toContain('BEGIN');
  expect(pair.text).toContain('privatekey: ••••••');
});
