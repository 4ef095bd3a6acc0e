import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { findKind } from '../../src/catalog/kinds.ts';
import { costOf, fitsFor } from '../../src/present/list.ts';
import { createRowCosts, firstPage, pageOf, smallerPage } from '../../src/present/page.ts';
import type { Row } from '../../src/rows.ts';
import type { Answer, PageAsked, ValidCall, View } from '../../src/types.ts';

const columns = ['id', 'name', 'state'];
const settings = (budget: number) => ({ wait: 1, questionTimeout: 1, budget, pageSizeLimit: 500 });
const vms = (count: number): Row[] =>
  Array.from({ length: count }, (_, at) => ({ id: `${at}`.padStart(8, '0'), name: `vm-${at}`, state: 'Running' }));
const idsOf = (rows: readonly Row[]) => rows.map(({ id }) => id);

const callOf = (command: string, asked: Partial<PageAsked>, view: View = { fields: columns }): ValidCall => {
  const tool = loadCatalog().find(command)!;
  const isPaged = tool.command.params.some(({ name }) => name === 'pagesize');
  return {
    tool,
    params: isPaged ? { ...asked } : {},
    request: {
      view: isPaged ? view : { ...view, ...asked },
      caller: { profile: 'default' },
    } as ValidCall['request'],
    notes: [],
  };
};

/** A cloud's answer: pages are cut in one order, the rows of a page come in another. */
const answerOf = (all: readonly Row[], { page = 1, pagesize = 500 }: Partial<PageAsked>): Answer => ({
  body: { count: all.length, row: all.slice((page - 1) * pagesize, page * pagesize).toReversed() },
});

/** What is shown of a page, as the path asks for it, and how often the cloud was asked. */
const show = (
  all: readonly Row[],
  command: string,
  asked: Partial<PageAsked>,
  budget: number,
  costs = createRowCosts(),
) => {
  const call = callOf(command, asked);
  const kind = findKind(call.tool.command.response);
  const first = firstPage(call, settings(budget), costs);
  const answer = first ? { ...answerOf(all, first), page: first } : answerOf(all, asked);
  const page = smallerPage(call, answer, kind, settings(budget), costs);
  const cut = page ? { ...answerOf(all, page), page } : answer;
  return { ...pageOf(call, cut, kind, settings(budget)), requests: page ? 2 : 1 };
};

test('R1: whatever the budget and the page size, following next shows every row once', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1300 }),
      fc.option(fc.integer({ min: 1, max: 500 }), { nil: undefined }),
      fc.integer({ min: 50, max: 30_000 }),
      (count, size, budget) => {
        const all = vms(count);
        const seen: unknown[] = [];
        let asked: PageAsked | undefined = size === undefined ? undefined : { page: 1, pagesize: size };
        do {
          const shown = show(all, 'listVirtualMachines', asked ?? {}, budget);
          expect(shown.count).toBe(count);
          seen.push(...idsOf(shown.rows));
          asked = shown.next;
          expect(seen.length).toBeLessThanOrEqual(count);
        } while (asked);
        expect(new Set(seen).size).toBe(count);
        expect(seen).toHaveLength(count);
      },
    ),
    { numRuns: 60 },
  );
});

test('R6: sizes of pages divide each other, so that they stay large however long the rows become', () => {
  const all = vms(900).map((row, at) => ({ ...row, name: 'n '.repeat(at / 20) }));
  const sizes: number[] = [];
  let asked: PageAsked | undefined;
  do {
    const { next, rows }: { next: PageAsked | undefined; rows: readonly Row[] } = show(
      all,
      'listVirtualMachines',
      asked ?? {},
      4000,
    );
    sizes.push(rows.length);
    asked = next;
  } while (asked);
  expect(sizes.length).toBeGreaterThan(10);
  expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThanOrEqual(16);
});

test.each([
  ['listRolePermissions', 'ignores pages'],
  ['listApis', 'has none'],
])('a list of a command that %s %s is paged here', (command) => {
  const all = vms(300);
  const seen: unknown[] = [];
  let asked: PageAsked | undefined = { page: 1, pagesize: 100 };
  do {
    const call = callOf(command, asked);
    const answer = { body: { count: all.length, row: all } };
    expect(smallerPage(call, answer, undefined, settings(1000), createRowCosts())).toBeUndefined();
    const page = pageOf(call, answer, undefined, settings(1000));
    seen.push(...idsOf(page.rows));
    asked = page.next;
  } while (asked);
  expect(seen).toEqual(idsOf(all));
});

test.each([
  ['a full page whose count is its length', { page: 1, pagesize: 10 }, 10, 10, { count: 10, isAtLeast: true, next: 2 }],
  ['a later full page', { page: 3, pagesize: 10 }, 10, 10, { count: 30, isAtLeast: true, next: 4 }],
  ['a later page that is not full', { page: 3, pagesize: 10 }, 4, 4, { count: 24, isAtLeast: false, next: undefined }],
  ['a full last page', { page: 3, pagesize: 10 }, 10, 30, { count: 30, isAtLeast: false, next: undefined }],
  ['all of it', { pagesize: -1 }, 900, 900, { count: 900, isAtLeast: false, next: undefined }],
  ['what a cloud gives at once', {}, 20, 100, { count: 100, isAtLeast: false, next: 2 }],
])('C10: the count of %s', (_what, asked, rows, count, expected) => {
  const answer = { body: { count, row: vms(rows) } };
  const page = pageOf(callOf('listVirtualMachines', asked), answer, undefined, settings(100_000));
  expect({ count: page.count, isAtLeast: page.isAtLeast, next: page.next?.page }).toEqual(expected);
});

test('a row that is longer than all others does not make the page small', () => {
  const all = vms(200);
  all[100] = { ...all[100], name: 'word '.repeat(50_000) };
  expect(show(all, 'listVirtualMachines', {}, 8000)).toMatchObject({ next: { page: 2, pagesize: 64 }, requests: 2 });
});

test('R1: events come newest first', () => {
  const events = vms(3).map((row, at) => ({ ...row, created: `2026-01-0${at + 1}T00:00:00+0000` }));
  const call = callOf('listEvents', {});
  const { rows } = pageOf(call, { body: { count: 3, event: events } }, findKind('Event'), settings(8000));
  expect(idsOf(rows)).toEqual(idsOf(events.toReversed()));
});

test('a door that prints the rows gets them whole', () => {
  const call = callOf('listVirtualMachines', {}, { whole: true });
  expect(smallerPage(call, answerOf(vms(400), {}), undefined, settings(500), createRowCosts())).toBeUndefined();
});

test('what rows cost is remembered by the server that saw them', () => {
  const costs = createRowCosts();
  const [asked, all] = [{ page: 1, pagesize: 400 }, vms(400)];
  expect(show(all, 'listVirtualMachines', asked, 2000, costs).requests).toBe(2);
  expect(show(all, 'listVirtualMachines', asked, 2000, costs).requests).toBe(1);
  expect(show(all, 'listVirtualMachines', asked, 2000, createRowCosts()).requests).toBe(2);
});

test('rows that fit for certain, by their JSON alone, fit by what they cost', () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ unit: fc.constantFrom(...' |"({:,.-aZ09é\n'), maxLength: 40 }),
    fc.integer(),
    fc.boolean(),
    fc.array(fc.oneof(fc.string({ maxLength: 9 }), fc.record({ a: fc.string({ maxLength: 9 }) })), { maxLength: 4 }),
    fc.dictionary(fc.string({ minLength: 1, maxLength: 9 }), fc.string({ maxLength: 9 }), { maxKeys: 3 }),
  );
  const fields = ['id', 'name', 'a.b', 'state', 'é', '('];
  const row = fc.dictionary(fc.constantFrom(...fields), value);
  fc.assert(
    fc.property(row, fc.integer({ min: 1, max: 400 }), (one, budget) => {
      if (fitsFor([one], [JSON.stringify(one)], fields.length, budget))
        expect(costOf(one, fields)).toBeLessThanOrEqual(budget);
    }),
    { numRuns: 2000 },
  );
});
