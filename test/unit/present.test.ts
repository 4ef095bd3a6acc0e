import { expect, test } from 'vitest';
import { toTable } from '../../src/cli/table.ts';
import { chooseColumns, pick, toCell, valueAt } from '../../src/present/columns.ts';
import { cleanBody } from '../../src/present/clean.ts';
import { fitAnswer } from '../../src/present/fit.ts';
import { showItem } from '../../src/present/item.ts';
import { narrowRows } from '../../src/present/shown-fields.ts';
import { showList } from '../../src/present/list.ts';
import { estimateTokens } from '../../src/present/tokens.ts';
import { itemOf, rowsOf, type Row } from '../../src/rows.ts';
import type { PageAsked, ValidCall } from '../../src/types.ts';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { findKind } from '../../src/catalog/kinds.ts';

test.each([
  ['a list under any key', { count: 2, zone: [{ id: 1 }, { id: 2 }] }, [{ id: 1 }, { id: 2 }]],
  ['an empty answer', {}, []],
  ['only a count', { count: 7 }, []],
  ['a list of plain values', { gpu: ['a', 'b'] }, [{ value: 'a' }, { value: 'b' }]],
  ['an empty list', { count: 0, zone: [] }, []],
])('rows of %s', (_what, body, rows) => expect(rowsOf(body)).toEqual(rows));

test.each([
  ['one object under its key', { zone: { id: 1 } }, { id: 1 }],
  ['a bare body', { success: true }, { success: true }],
  ['two keys', { a: { id: 1 }, b: 2 }, { a: { id: 1 }, b: 2 }],
  ['nothing', {}, {}],
])('the item of %s', (_what, body, item) => expect(itemOf(body)).toEqual(item));

const row = {
  id: '1',
  name: 'web',
  nic: [
    { ip: 'a', mac: 'x' },
    { ip: 'b', mac: 'y' },
  ],
  tags: [],
  'a.b': 'dotted',
  owner: { account: 'bob' },
};

test.each([
  ['name', 'web'],
  ['nic.ip', ['a', 'b']],
  ['owner.account', 'bob'],
  ['a.b', 'dotted'],
  ['nothing', undefined],
  ['nothing.inside', undefined],
  ['name.inside', undefined],
  ['tags.key', undefined],
])('%s of a row is %j', (column, value) => expect(valueAt(row, column)).toEqual(value));

test('a nested list of one gives its one value', () => expect(valueAt({ nic: [{ ip: 'a' }] }, 'nic.ip')).toBe('a'));

test.each([
  [undefined, ''],
  [null, ''],
  [true, 'true'],
  [0, '0'],
  ['a\r\n  b', 'a b'],
  [['a', null, 1], 'a, , 1'],
  [{ a: 1 }, '{"a":1}'],
])('%j is %j in a cell', (value, cell) => expect(toCell(value)).toBe(cell));

const kind = findKind('UserVm');
const zones: Row[] = [{ id: 'z', name: 'n', allocationstate: 'Enabled', tags: [], description: '' }];

test('columns: what was asked for, else the kind’s, else what such rows usually tell', () => {
  expect(chooseColumns(zones, findKind('Zone'), ['name', 'name', 'x.y'])).toEqual(['name', 'x.y']);
  expect(chooseColumns([{ a: 1 }, { b: 2 }], undefined, ['*'])).toEqual(['a', 'b']);
  expect(chooseColumns([], findKind('Zone'), undefined)).toEqual(findKind('Zone')!.columns);
  expect(chooseColumns([], undefined, undefined)).toEqual([]);
  expect(chooseColumns(zones, findKind('Zone'), undefined)).toEqual(
    findKind('Zone')!.columns.filter((column) => column in zones[0]!),
  );
  expect(chooseColumns([{ zz: 1, tags: [], name: 'n', id: 'i', empty: '' }], undefined, undefined)).toEqual([
    'id',
    'name',
    'zz',
  ]);
  expect(chooseColumns([{ zz: 1, id: 'i' }], findKind('Zone'), [])).toEqual(['id']);
});

test('a picked row has no gaps', () => {
  expect(pick({ a: 1, b: null, c: '' }, ['c', 'b', 'a', 'd'])).toEqual({ c: '', a: 1 });
});

test('a row is clean: credentials masked unless asked for, hiding characters gone, also from keys', () => {
  const dirty = { 'na\u202eme': 'a\u200bb', password: 'x', list: ['\u202e', 1, null], deep: { secretkey: 'y' } };
  expect(cleanBody(dirty, 'x', undefined)).toEqual({
    name: 'ab',
    password: '••••••',
    list: ['', 1, null],
    deep: { secretkey: '••••••' },
  });
  expect(cleanBody(dirty, undefined, undefined)).toEqual({
    name: 'ab',
    password: 'x',
    list: ['', 1, null],
    deep: { secretkey: 'y' },
  });
});

// lists

const vms = (count: number): Row[] =>
  Array.from({ length: count }, (_, at) => ({ id: `${at}`.padStart(8, '0'), name: `vm-${at}`, state: 'Running' }));
const columns = ['id', 'name', 'state'];
const show = (
  rows: Row[],
  page: { page: number; count: number; isAtLeast?: boolean; next?: PageAsked },
  budget: number | undefined = 100_000,
  filters: string[] = [],
) => showList({ rows, isAtLeast: false, next: undefined, ...page }, columns, { kind, budget, filters });

test.each([
  ['nothing', show([], { page: 1, count: 0 }), '0 of 0 virtual machines', undefined],
  ['one', show(vms(1), { page: 1, count: 1 }), '1 of 1 virtual machine', undefined],
  ['all', show(vms(3), { page: 1, count: 3 }), '3 of 3 virtual machines', undefined],
  [
    'a page',
    show(vms(10), { page: 2, count: 35, next: { page: 3, pagesize: 10 } }),
    '10 of 35 virtual machines (page 2); ask with page=3, pagesize=10',
    { page: 3, pagesize: 10 },
  ],
  ['the last page', show(vms(5), { page: 4, count: 35 }), '5 of 35 virtual machines (page 4)', undefined],
  [
    'past the end',
    show([], { page: 9, count: 35 }),
    '0 of 35 virtual machines on that page, which is after the last',
    undefined,
  ],
  [
    'more than CloudStack gives at once',
    show(vms(500), { page: 1, count: 1200, next: { page: 2, pagesize: 500 } }),
    '500 of 1200 virtual machines; ask with page=2, pagesize=500',
    { page: 2, pagesize: 500 },
  ],
  [
    'with filters',
    show(vms(10), { page: 1, count: 35, next: { page: 2, pagesize: 10 } }, 100_000, ['name', 'state']),
    '10 of 35 virtual machines; ask with page=2, pagesize=10, or filter by name, state',
    { page: 2, pagesize: 10 },
  ],
  [
    'a page that may not be the last',
    show(vms(10), { page: 1, count: 10, isAtLeast: true, next: { page: 2, pagesize: 10 } }),
    '10 of 10 or more virtual machines; ask with page=2, pagesize=10',
    { page: 2, pagesize: 10 },
  ],
])('a list of %s says how many of how many', (_what, shown, head, next) => {
  const [first, header, ...lines] = shown.text.split('\n');
  expect(first).toBe(head);
  expect(shown.structured['next']).toEqual(next);
  // One row stands field by field.
  if (shown.items.length === 1) expect([header, ...lines]).toEqual(['id: 00000000', 'name: vm-0', 'state: Running']);
  else {
    expect(header).toBe(shown.items.length ? 'id | name | state' : undefined);
    expect(lines).toHaveLength(shown.items.length);
  }
  expect(shown.structured).toMatchObject({ items: shown.items, returned: shown.items.length });
});

test('rows without a kind are rows', () => {
  const page = { rows: vms(1), page: 1, count: 1, isAtLeast: false, next: undefined };
  expect(showList(page, columns, { kind: undefined, budget: 1000, filters: [] }).text).toMatch(/^1 of 1 rows\n/);
});

test('where rows are longer than the budget their longest values are cut, and say so', () => {
  const rows = [{ id: '1', name: 'word '.repeat(5000), state: 'Running' }, ...vms(10)];
  const { items, text } = show(rows, { page: 1, count: 11 }, 1000);
  expect(estimateTokens(JSON.stringify(items))).toBeLessThan(600);
  expect(items[0]!['name']).toMatch(/… \(cut\)$/);
  expect(items.slice(1)).toEqual(vms(10));
  expect(text.split('\n')).toHaveLength(13);
  expect(show(rows, { page: 1, count: 11 }, undefined as never).items[0]!['name']).toHaveLength(25_000);
});

// items

test('an object is lines of its fields, without the empty ones', () => {
  const { text, item } = showItem({ id: 'a', name: '', tags: [], gone: null, zero: 0, no: false }, 1000);
  expect(text).toBe('id: a\nzero: 0\nno: false');
  expect(item).toEqual({ id: 'a', zero: 0, no: false });
});

test('an object that is too long leaves out whole fields and names them', () => {
  const { text, item } = showItem({ id: 'a', long: 'word '.repeat(500), name: 'web' }, 100);
  expect(item).toEqual({ id: 'a', name: 'web' });
  expect(text).toBe('id: a\nname: web\n(left out for length: long; ask with fields)');
});

test('where the first field alone is too long it is cut, and says so', () => {
  const { text, item } = showItem({ data: `x${'🙂'.repeat(5000)}`, name: 'web' }, 50);
  expect(text).toContain('… (cut)');
  expect(text.length).toBeLessThan(500);
  expect(text.isWellFormed()).toBe(true);
  expect(String(item['data']).isWellFormed()).toBe(true);
  expect(text).toContain('left out for length: name');
});

// tables for people

test('a table is aligned, counts whole characters, and fits where it is told to', () => {
  const rows = [
    { id: 'i1', name: 'short' },
    { id: 'i2', name: 'Zürich 🙂' },
  ];
  expect(toTable(rows, ['id', 'name'])).toBe('ID  NAME\ni1  short\ni2  Zürich 🙂');
  const wide = [{ id: '5f0f2d3c-0000-4000-8000-000000000001', name: 'x'.repeat(80), state: 'Running' }];
  for (const room of [40, 60, 80, 200])
    for (const line of toTable(wide, ['id', 'name', 'state'], room).split('\n'))
      expect([...line].length).toBeLessThanOrEqual(room);
  expect(toTable(wide, ['id', 'name', 'state'], 60)).toContain(wide[0]!.id);
  expect(toTable(wide, ['id', 'name', 'state'], 60)).toContain('…');
  expect(toTable(wide, ['id', 'name', 'state'], 5).split('\n')[1]).toBe(wide[0]!.id);
  expect(toTable(wide, ['id', 'name', 'state'], 40)).toContain('(no room for name, state)');
});

test('an answer of any form is cut to a budget: its first lines and its last, the first of its lists, what is longest', () => {
  const lines = Array.from({ length: 500 }, (_, at) => `${at}. step ${at} of a plan`);
  const answer = {
    text: [...lines, 'Cannot be undone: step 3.', 'Plan p1.'].join('\n'),
    structured: {
      plan: { id: 'p1', steps: lines.map((what, number) => ({ number, what })), note: 'word '.repeat(5000) },
    },
  };
  const { text, structured } = fitAnswer(answer, 1000);
  expect(estimateTokens(text) + estimateTokens(JSON.stringify(structured))).toBeLessThanOrEqual(1000);
  expect(text).toMatch(/^0\. step 0 of a plan\n1\. step 1/);
  expect(text).toMatch(/\(\d+ more lines are left out for length\)\n/);
  expect(text).toMatch(/Cannot be undone: step 3\.\nPlan p1\.$/);
  const { plan, isCut } = structured as { plan: typeof answer.structured.plan; isCut: boolean };
  expect(isCut).toBe(true);
  expect(plan.id).toBe('p1');
  expect(plan.steps[0]).toEqual({ number: 0, what: '0. step 0 of a plan' });
  expect(plan.note).toMatch(/… \(cut\)$/);
  const short = { text: 'a', structured: { b: 1 } };
  expect(fitAnswer(short, 1000)).toBe(short);
});

test('fields whose names hold hidden characters are shown by their cleaned names, in objects too, and masked by them', () => {
  const catalog = loadCatalog();
  const tool = catalog.find('listVirtualMachines')!;
  const row = {
    id: 'a',
    'na\u200bme': 'web-1',
    nic: [{ networkname: 'web-net', 'ip\u202eaddress': '10.1.1.2', 'pass\u200bword': 'canary' }],
    tags: [{ 'k\u200bey': 'owner', 'va\u200blue': 'bob' }],
    'pass\u2060word': 'canary',
  };
  const request = { view: { fields: undefined, whole: false } };
  for (const fields of [undefined, ['name', 'nic.ipaddress'], ['name', 'nic', 'tags'], ['*']]) {
    const call = { tool, request: { ...request, view: { fields } } } as unknown as ValidCall;
    const body = cleanBody(
      narrowRows(call, { count: 1, virtualmachine: [row] }, findKind('UserVm')),
      'listVirtualMachines',
      undefined,
    );
    const text = JSON.stringify(body);
    expect(text).toContain('"name":"web-1"');
    expect(text).toContain('"ipaddress":"10.1.1.2"');
    expect(text).not.toContain('canary');
  }
});
