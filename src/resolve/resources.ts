import { findKind, type Kind } from '../catalog/kinds.ts';
import { fits } from '../catalog/patterns.ts';
import type { Tool } from '../catalog/tool.ts';
import type { Command } from '../catalog/types.ts';
import { loadData } from '../data.ts';
import { CallError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Row } from '../rows.ts';
import { isId } from '../text.ts';
import type { Params, Resources, ProtectingTag, Target, ValidCall, WhichDependents } from '../types.ts';
import { readDependents } from './dependents.ts';
import type { Directories } from './directories.ts';
import { nameOf, type Directory } from './directory.ts';
import { actedOn, isAbout, mainOf, namedIn, owners, type Named } from './named.ts';
import { readOwners } from './owners.ts';
import { isSame, readTagged, withTags, type Tagged } from './tagged.ts';

/** What is acted on without its id, and what hangs on what; data/references.json. */
interface Acted {
  /** What commands act on, under a parameter that elsewhere holds a name or a place; not where others are given. */
  acted: { parameter: string; kind: string; commands: string[]; without?: string[] }[];
  /** By kind or `*`, the commands that change what hangs on a thing which is not theirs, or nothing of what hangs on theirs. */
  hanging: Record<'also' | 'never', Record<string, string[]>>;
}

/** A few at a time: a call may name hundreds of things, and a cloud has others to answer. */
const inGroups = async <T, U>(all: readonly T[], size: number, run: (one: T) => Promise<U>): Promise<U[]> => {
  const done: U[] = [];
  for (let at = 0; at < all.length; at += size) done.push(...(await Promise.all(all.slice(at, at + size).map(run))));
  return done;
};

/** A call whose targets are read, and those of them that it changes first of all. */
interface Reading {
  params: Params;
  command: string;
  isMain: boolean;
}

const readTarget = async (
  directory: Directory,
  { params, command, isMain }: Reading,
  { parameter, id, kind, rank }: Named,
  found?: Row,
): Promise<Target> => {
  const isReadable = kind !== undefined && directory.shows(kind);
  const row = found ?? (isReadable && isId(id) ? await directory.get(kind, id, params, command) : undefined);
  return {
    parameter,
    title: kind?.title ?? 'resource',
    kind: kind?.name,
    id,
    isOwn: rank === 'own',
    isMain,
    isReadable,
    name: row && kind ? nameOf(kind, row) : undefined,
    row,
  };
};

/** Whether a call may change what hangs on a target: a zone in which something is deleted is not what ends. */
const reachesDependents = ({ command, risk }: Tool, { kind = '', isOwn }: Target): boolean => {
  const { also, never } = loadData<Acted>('references.json').hanging;
  const isNamed = (by: Record<string, string[]>): boolean =>
    ['*', kind].some((one) => fits(by[one] ?? [], command.name));
  if (isNamed(never)) return false;
  return isOwn || risk.category === 'outage' || isAbout(command, kind) || isNamed(also);
};

/** Requests before a question; one more is left for the look when it is answered. */
const maxBefore = 2;

/** How many requests showed targets: one shows several of a kind where its list takes their ids. */
const requestsFor = (directory: Directory, targets: readonly Target[]): number => {
  const asked = targets.filter(({ isReadable }) => isReadable);
  const at = new Set(
    asked.map(({ kind = '', id }) => {
      const list = findKind(kind)?.list;
      return list !== undefined && directory.takes(list, ['ids']) ? kind : `${kind} ${id}`;
    }),
  );
  return at.size;
};

/** Targets with what hangs on each, as far as it can be seen and there is room for. */
const readWithDependents = async (
  directory: Directory,
  recent: Directory,
  targets: readonly Target[],
  which: WhichDependents,
): Promise<readonly Target[]> => {
  let room = Math.max(0, maxBefore - requestsFor(directory, targets));
  const done: Target[] = [];
  for (const target of targets) {
    const kind = findKind(target.kind ?? '');
    if (!kind || !target.row || target.isHolder || !reachesDependents(which.tool, target)) done.push(target);
    else {
      const tagged = (tag: ProtectingTag): Promise<Tagged | undefined> => readTagged(recent, tag);
      const { lists, dependents, unread } = await readDependents(directory, kind, target.row, which, { room, tagged });
      room = Math.max(0, room - lists);
      done.push({ ...target, dependents, ...(unread.length ? { unread } : {}) });
    }
  }
  return done;
};

/** The rows of that name, in the account, domain or project that the call names; the caller's own where it names none. */
const findByName = async (directory: Directory, kind: Kind, name: string, params: Params): Promise<readonly Row[]> => {
  const { list = '', filter, args, names = [] } = kind;
  const { account, domainid, projectid } = params;
  // CloudStack lists by account or by project, never by both.
  const place = { ...(kind.name === 'Account' || projectid !== undefined ? {} : { account }), domainid, projectid };
  const given = Object.fromEntries(Object.entries(place).filter(([, value]) => value !== undefined));
  const isOwn = kind.name !== 'Account' && Object.keys(given).length === 0;
  const narrowed = { ...args, ...given, ...(filter ? { [filter]: name } : {}), ...(isOwn ? { listall: false } : {}) };
  const rows = (await directory.rows(list, narrowed)) ?? [];
  return rows.filter(
    (row) =>
      names.some((field) => isSame(row[field], name)) &&
      Object.entries(given).every(([field, value]) => row[field] === undefined || isSame(row[field], value)),
  );
};

/** What a call acts on though it stands under a name, or where usually a place is named: data/references.json. */
const actedByName = ({ name }: Command, params: Params): Named[] =>
  loadData<Acted>('references.json')
    .acted.filter(
      ({ commands, parameter, without = [] }) =>
        fits(commands, name) &&
        typeof params[parameter] === 'string' &&
        without.every((other) => params[other] === undefined),
    )
    .flatMap(({ parameter, kind: kindName }): Named[] => {
      const kind = findKind(kindName);
      const rank = owners.has(parameter) ? 'required' : 'own';
      return kind ? [{ parameter, id: String(params[parameter]), kind, rank }] : [];
    });

const readActed = async (directory: Directory, reading: Reading, named: Named): Promise<Target[]> => {
  const { kind, parameter, id } = named;
  const isListed = kind !== undefined && !owners.has(parameter) && directory.shows(kind);
  const rows = isListed ? await findByName(directory, kind, id, reading.params) : [];
  const read = (row?: Row): Promise<Target> =>
    readTarget(directory, reading, { ...named, id: String(row?.['id'] ?? id) }, row);
  // What is not found stays a target, so that it is asked about.
  return inGroups(rows.length ? rows : [undefined], 8, read);
};

const placeKinds: Readonly<Record<string, readonly [kind: string, id: string, name: string]>> = {
  zoneid: ['Zone', 'zoneid', 'zonename'],
  domainid: ['Domain', 'domainid', 'domainpath'],
  projectid: ['Project', 'projectid', 'project'],
};

/** A zone, a domain and a project lie in themselves, and an account is its own. */
const ownPlace = ({ kind, name }: Target, row: Row): Row => {
  if (kind === 'Account') return { account: name };
  const place = Object.values(placeKinds).find(([own]) => own === kind);
  return place ? { [place[1]]: row['id'], [place[2]]: row['path'] ?? row['name'] } : {};
};

/** CloudStack before 4.19.2 gives the domain's id and name, not its path; a zone may be given by its id alone. */
const readPlace = async (directory: Directory, given: Target): Promise<Target> => {
  if (!given.row) return given;
  const row = { ...given.row, ...ownPlace(given, given.row) };
  const target = { ...given, row };
  const look = async (kind: string, id: unknown): Promise<Row | undefined> =>
    typeof id === 'string' && !id.includes(',') ? directory.get(findKind(kind)!, id).catch(() => undefined) : undefined;
  const domain = row['domainpath'] === undefined ? await look('Domain', row['domainid']) : undefined;
  const zone = row['zonename'] === undefined ? await look('Zone', row['zoneid']) : undefined;
  if (!domain && !zone) return target;
  return {
    ...target,
    row: { ...row, ...(domain ? { domainpath: domain['path'] } : {}), ...(zone ? { zonename: zone['name'] } : {}) },
  };
};

/** Ids in one request: an address holds some thousand characters. */
const idsAtOnce = 50;

/** Rows of things of which a call names several, by kind and id: one request shows many where the cloud's list takes them. */
const readTogether = async (directory: Directory, all: readonly Named[]): Promise<ReadonlyMap<string, Row>> => {
  const readable = all.filter(({ kind, id }) => kind && isId(id) && directory.shows(kind));
  const kinds = [...new Set(readable.map(({ kind }) => kind!))];
  const groups = kinds.flatMap((kind) => {
    const ids = [...new Set(readable.flatMap((one) => (one.kind === kind ? [one.id] : [])))];
    const parts = Array.from({ length: Math.ceil(ids.length / idsAtOnce) }, (_, at) =>
      ids.slice(at * idsAtOnce, (at + 1) * idsAtOnce),
    );
    return ids.length > 1 ? parts.map((part) => ({ kind, part })) : [];
  });
  const found = await inGroups(groups, 8, async ({ kind, part }) =>
    (await directory.getSome(kind, part)).map((row) => [`${kind.name} ${String(row['id'])}`, row] as const),
  );
  return new Map(found.flat());
};

const readEach = async (
  directory: Directory,
  { tool, params }: Pick<ValidCall, 'tool' | 'params'>,
  all: readonly Named[],
  isMain: (named: Named) => boolean = () => false,
): Promise<readonly Target[]> => {
  const once = [...new Map(all.map((named) => [`${named.parameter} ${named.id}`, named])).values()];
  if (once.length > limits.targets)
    throw new CallError(
      'invalid',
      `The call names ${once.length} resources; ${limits.targets} can be looked at for one call.`,
      'Make several calls. Nothing was sent.',
    );
  const together = await readTogether(directory, once);
  return inGroups(once, 8, (named) => {
    const reading = { params, command: tool.command.name, isMain: isMain(named) };
    return readTarget(directory, reading, named, together.get(`${named.kind?.name} ${named.id}`));
  });
};

const readPlaces = async (
  directory: Directory,
  params: Params,
  targets: readonly Target[],
): Promise<readonly Row[]> => {
  const named = targets.flatMap((target) => (target.row ? [{ ...target.row, ...ownPlace(target, target.row) }] : []));
  const rows = await Promise.all(
    Object.entries(placeKinds).map(async ([parameter, [kind, id, name]]): Promise<Row> => {
      const value = params[parameter];
      if (typeof value !== 'string' || value === '-1') return {};
      const shown = named.find((row) => row[id] === value && typeof row[name] === 'string');
      if (shown) return { [id]: value, [name]: shown[name] };
      const row = await directory.get(findKind(kind)!, value);
      return { [id]: value, [name]: row?.['path'] ?? row?.['name'] };
    }),
  );
  return [
    Object.assign({ ...(typeof params['account'] === 'string' ? { account: params['account'] } : {}) }, ...rows) as Row,
  ];
};

/** What calls name, read from the cache where there is one for them. What cannot be seen is given by its id alone. */
export const createResources = ({ cached, now, recent }: Directories): Resources => {
  const directory = cached ?? now;
  const readTargets = async (
    call: Pick<ValidCall, 'tool' | 'params'>,
    { isOnlyMain }: { isOnlyMain: boolean },
  ): Promise<readonly Target[]> => {
    const { tool, params } = call;
    const [byId, byName] = [actedOn(tool, namedIn(tool.command, params)), actedByName(tool.command, params)];
    const main = new Set(mainOf(tool.command, [...byId, ...byName]));
    const [ids, names] = [byId, byName].map((all) => all.filter((one) => !isOnlyMain || main.has(one)));
    const readings = names!.map((one) =>
      readActed(directory(), { params, command: tool.command.name, isMain: main.has(one) }, one),
    );
    return [
      ...(await readEach(directory(), call, ids!, (one) => main.has(one))),
      ...(await Promise.all(readings)).flat(),
    ];
  };
  return {
    mainTargets: async (call, { decides }) =>
      withTags(recent(), await readTargets(call, { isOnlyMain: true }), decides),
    actedOn: async (call, which) => {
      const targets = await withTags(recent(), await readTargets(call, { isOnlyMain: false }), which.decides);
      const room = Math.max(0, maxBefore - requestsFor(directory(), targets));
      const tagged = async (): Promise<Tagged | undefined> => which.decides && readTagged(recent(), which.decides);
      const owned = await readOwners(directory(), targets, which, { room, readTagged: tagged });
      return [...targets, ...(await withTags(recent(), owned, which.decides))];
    },
    withDependents: (targets, which) => readWithDependents(directory(), recent(), targets, which),
    withPlaces: (targets) => inGroups(targets, 8, (target) => readPlace(directory(), target)),
    named: (call) => readEach(directory(), call, namedIn(call.tool.command, call.params)),
    places: ({ params }, targets) => readPlaces(directory(), params, targets),
    hasProject: async (id) => (await directory().get(findKind('Project')!, id)) !== undefined,
  };
};
