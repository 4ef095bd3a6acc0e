import { isLent } from '../rules/access.ts';
import type { Call, Result } from '../rules/call.ts';
import { list } from '../rules/results.ts';
import { scopeOf } from '../rules/scope.ts';
import { parseDate } from '../world/clock.ts';
import { badValue } from '../world/errors.ts';
import { kindOf, typeOf } from '../world/kinds.ts';
import { numberSetting } from '../world/settings.ts';
import type { Resource, Value } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { filters, foundBy } from './filters.ts';
import { windowOf } from './paging.ts';

/** Decides whether a resource is in a list. */
export type Test = (row: Resource) => boolean;

const generalParameters = new Set(
  'id ids page pagesize keyword listall isrecursive account domainid projectid details showicon fordisplay retrieveonlyresourcecount tags startdate enddate'.split(
    ' ',
  ),
);

const newestFirst = new Set(
  'Volume Event Alert Network Vpc Project SSHKeyPair UserData StaticRoute PrivateGateway NetworkACL Provider IPAddress'.split(
    ' ',
  ),
);

// The rows of a page are read without an order: the order inside a page is not that of the pages (docs/cloudstack-behaviour.md §3.1).
const unorderedInPage = new Set('Account Event SecurityGroup UserVm Volume'.split(' '));

const sortedKinds = new Set('Zone ServiceOffering DiskOffering NetworkOffering VpcOffering Template'.split(' '));

const keywordFields =
  'name displayname displaytext description state type value category key username email account hostname ipaddress level cmd url cidr zonename'.split(
    ' ',
  );

const same = (stored: Value, wanted: Value): boolean => {
  if (typeof wanted === 'boolean') return (stored === true || stored === 'true') === wanted;
  return stored !== undefined && String(stored).toLowerCase() === String(wanted).toLowerCase();
};

const keywordTest = (keyword: string): Test => {
  const wanted = keyword.toLowerCase();
  return ({ fields }) =>
    keywordFields.some((name) =>
      String(fields[name] ?? '')
        .toLowerCase()
        .includes(wanted),
    );
};

const dateTest = (field: string, { args }: Call): Test[] => {
  const from = typeof args['startdate'] === 'string' ? parseDate(args['startdate']) : undefined;
  const to = typeof args['enddate'] === 'string' ? parseDate(args['enddate'], true) : undefined;
  if (from === undefined && to === undefined) return [];
  return [
    ({ fields }) => {
      const at = parseDate(String(fields[field] ?? ''));
      return at !== undefined && (from === undefined || at >= from) && (to === undefined || at <= to);
    },
  ];
};

const tagTest = (call: Call): Test[] => {
  const wanted = call.args['tags'];
  if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted)) return [];
  const pairs = Object.entries(wanted);
  return [
    (row) =>
      [...call.world.where('ResourceTag', 'resourceid', row.id)].some(({ fields }) =>
        pairs.some(([key, value]) => fields['key'] === key && fields['value'] === value),
      ),
  ];
};

/** Tests for each given parameter that means a field of the kind, or has a filter of its own. */
export const testsOf = (call: Call, kind: string): Test[] => {
  const { args, command, world } = call;
  const fields = world.catalog.fields(typeOf(kind));
  const tests: Test[] = [...dateTest('created', call), ...tagTest(call)];
  for (const parameter of command.params) {
    const { name } = parameter;
    const wanted = args[name];
    if (wanted === undefined) continue;
    const own = filters[kind]?.[name];
    if (own) tests.push((row) => own(row, wanted, call));
    else if (!generalParameters.has(name) && fields.has(name))
      tests.push(({ fields: stored }) => same(stored[name], wanted));
  }
  if (typeof args['keyword'] === 'string' && args['keyword'] !== '' && !filters[kind]?.['keyword'])
    tests.push(keywordTest(args['keyword']));
  return tests;
};

const candidatesOf = (call: Call, kind: string, scope: ReadonlySet<string> | undefined): readonly Resource[] => {
  const { args, world, rows, command } = call;
  if (args['id'] !== undefined && args['ids'] !== undefined)
    throw badValue('Specify either id or ids but not both parameters');
  const named = rows.get('id') ?? rows.get('ids');
  // Named twice, it is one row.
  if (named) return [...new Set(named)].filter((row) => row.kind === kind && row.removed === undefined);
  if (args['id'] !== undefined && args['id'] !== '-1') {
    const found = world.find(kind, String(args['id']));
    return found && found.removed === undefined ? [found] : [];
  }
  for (const { name, kind: target } of command.params) {
    const wanted = args[name];
    if (target === undefined || typeof wanted !== 'string' || name === 'domainid' || name === 'projectid') continue;
    const find = foundBy[kind]?.[name];
    if (find) return world.inOrder(Array.from(find(call, wanted)).filter((row) => row.kind === kind));
    if (filters[kind]?.[name] || !world.catalog.fields(typeOf(kind)).has(name)) continue;
    return [...world.where(kind, name, wanted)];
  }
  // Who may see the networks of others is not told by their owners.
  return scope && kind !== 'Network' ? world.perhapsOwnedBy(kind, scope) : world.all(kind);
};

/** Rows in the order in which CloudStack lists the kind. */
const ordered = (kind: string, rows: readonly Resource[]): readonly Resource[] => {
  if (sortedKinds.has(kind))
    return rows.toSorted((a, b) => Number(a.fields['sortkey'] ?? 0) - Number(b.fields['sortkey'] ?? 0));
  if (kind === 'Configuration')
    return rows.toSorted((a, b) => (String(a.fields['name']) < String(b.fields['name']) ? -1 : 1));
  return rows;
};

/** Rows that pass all tests, in the order in which the kind is listed. */
const matching = (kind: string, candidates: readonly Resource[], tests: readonly Test[]): Resource[] => {
  const rows = ordered(kind, candidates);
  const newest = newestFirst.has(kind);
  const found: Resource[] = [];
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[newest ? rows.length - 1 - i : i];
    if (row?.removed === undefined && row && tests.every((test) => test(row))) found.push(row);
  }
  return found;
};

// Who reads a page of what was found once more gets the same rows, without a sort; their frozen list has its JSON.
const knownPages = new WeakMap<readonly Resource[], Map<string, readonly Resource[]>>();

/** Rows of a page: of some kinds in an order that says nothing, the same in every run, as ids are made of the world's own chance. */
const rowsOfPage = (
  kind: string,
  found: readonly Resource[],
  start: number,
  end: number | undefined,
): readonly Resource[] => {
  const pages = knownPages.get(found) ?? new Map<string, readonly Resource[]>();
  knownPages.set(found, pages);
  const key = `${start}-${end ?? ''}`;
  const known = pages.get(key);
  if (known) return known;
  const rows = found.slice(start, end);
  const page = Object.freeze(unorderedInPage.has(kind) ? rows.sort((a, b) => (a.id < b.id ? -1 : 1)) : rows);
  if (pages.size < 1000) pages.set(key, page);
  return page;
};

/** The page asked for out of what was found. */
const pageOf = (call: Call, kind: string, found: readonly Resource[]): Result => {
  const { start, size } = windowOf(call.args, numberSetting(call.world, 'default.page.size', 500));
  const end = size === Infinity ? undefined : start + size;
  if (call.args['retrieveonlyresourcecount'] === true) return list([], found.length);
  return list(rowsOfPage(kind, found, start, end), found.length);
};

/** Lists what passes all tests: the page asked for, and the count of all. */
export const listRows = (call: Call, kind: string, candidates: readonly Resource[], tests: readonly Test[]): Result =>
  pageOf(call, kind, matching(kind, candidates, tests));

/** What a caller's scope lets through: rows of the accounts in it, and rows without an owner. */
const scopeTest = (call: Call, kind: string, scope: ReadonlySet<string> | undefined): Test[] => {
  if (!scope) return [];
  const { world, caller } = call;
  const inScope: Test = ({ owner }) => owner === undefined || scope.has(owner);
  return [kind === 'Network' ? (row) => inScope(row) || isLent(world, row, caller.account.id) : inScope];
};

interface CachedMatches {
  version: number;
  found: Map<string, readonly Resource[]>;
}

// Clients read long lists page by page: what matched is cached until something changes.
const cachedMatches = new WeakMap<World, CachedMatches>();

const cacheOf = (world: World): Map<string, readonly Resource[]> => {
  const known = cachedMatches.get(world);
  if (known?.version === world.version() && known.found.size < 200) return known.found;
  const found = new Map<string, readonly Resource[]>();
  cachedMatches.set(world, { version: world.version(), found });
  return found;
};

/** The list command of any kind. The extra tests must depend on nothing but the call and the world. */
export const listKind = (call: Call, kind = kindOf(call.command), extra: readonly Test[] = []): Result => {
  const { page: _page, pagesize: _size, ...asked } = call.args;
  const key = `${call.command.name} ${kind} ${call.caller.user.id} ${JSON.stringify(asked)}`;
  const cache = cacheOf(call.world);
  let found = cache.get(key);
  if (!found) {
    const scope = scopeOf(call);
    const tests = [...scopeTest(call, kind, scope), ...testsOf(call, kind), ...extra];
    found = matching(kind, candidatesOf(call, kind, scope), tests);
    cache.set(key, found);
  }
  return pageOf(call, kind, found);
};
