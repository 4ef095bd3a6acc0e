import { findKind, type Kind } from '../catalog/kinds.ts';
import { loadData } from '../data.ts';
import type { Row } from '../rows.ts';
import { isId, toQuotedName } from '../text.ts';
import type { Dependents, Params, Resources, Target } from '../types.ts';
import type { Directories } from './directories.ts';
import { nameOf, type Directory } from './directory.ts';
import { actedOn, namedIn, type Named } from './named.ts';

/** What hangs on a kind of resource: a list command and how it is narrowed to one resource. */
interface DependentList {
  list: string;
  /** The parameter that takes the resource's id, or parameters with the fields they take. */
  by: string | Record<string, string>;
  args?: Record<string, boolean>;
  /** What it lists: one, several. */
  what: [string, string];
  /** Fields that name a row; none to count only. */
  named?: string[];
}

/** A few at a time: a call may name hundreds of things, and a cloud has others to answer. */
const inGroups = async <T, U>(all: readonly T[], size: number, run: (one: T) => Promise<U>): Promise<U[]> => {
  const done: U[] = [];
  for (let at = 0; at < all.length; at += size) done.push(...(await Promise.all(all.slice(at, at + size).map(run))));
  return done;
};

const readDependents = async (directory: Directory, kind: Kind, row: Row): Promise<readonly Dependents[]> => {
  const all = loadData<Record<string, DependentList[]>>('dependents.json')[kind.name] ?? [];
  const found = await Promise.all(
    all.map(async ({ list, by, args, what, named = ['name', 'displayname'] }) => {
      const wanted = typeof by === 'string' ? { [by]: 'id' } : by;
      const narrowed = Object.fromEntries(Object.entries(wanted).map(([parameter, field]) => [parameter, row[field]]));
      // A question is better asked without one of its details than not at all.
      const rows = (await directory.rows(list, { ...narrowed, ...args, listall: true }).catch(() => undefined)) ?? [];
      const names = rows.flatMap(
        (other) => named.map((field) => other[field]).find((value) => typeof value === 'string') ?? [],
      );
      const some = names.slice(0, 3).map((name) => toQuotedName(String(name), 30));
      const more = names.length > some.length ? ', …' : '';
      const shown = some.length ? ` (${some.join(', ')}${more})` : '';
      return { line: `${rows.length} ${what[rows.length === 1 ? 0 : 1]}${shown}`, title: what[0], rows };
    }),
  );
  return found.filter(({ rows }) => rows.length);
};

const readTarget = async (
  directory: Directory,
  params: Params,
  { parameter, id, kind, rank }: Named,
  dependents: boolean,
): Promise<Target> => {
  const isReadable = kind !== undefined && directory.shows(kind);
  const row = isReadable && isId(id) ? await directory.get(kind, id, params) : undefined;
  return {
    parameter,
    title: kind?.title ?? 'resource',
    kind: kind?.name,
    id,
    isOwn: rank === 'own',
    isReadable,
    name: row && kind ? nameOf(kind, row) : undefined,
    row,
    ...(dependents && row && kind ? { dependents: await readDependents(directory, kind, row) } : {}),
  };
};

const placeKinds: Readonly<Record<string, readonly [kind: string, id: string, name: string]>> = {
  zoneid: ['Zone', 'zoneid', 'zonename'],
  domainid: ['Domain', 'domainid', 'domainpath'],
  projectid: ['Project', 'projectid', 'project'],
};

const readPlaces = async (directory: Directory, params: Params): Promise<readonly Row[]> => {
  const rows = await Promise.all(
    Object.entries(placeKinds).map(async ([parameter, [kind, id, name]]): Promise<Row> => {
      const value = params[parameter];
      if (typeof value !== 'string') return {};
      const row = await directory.get(findKind(kind)!, value);
      return { [id]: value, [name]: row?.['path'] ?? row?.['name'] };
    }),
  );
  return [
    Object.assign({ ...(typeof params['account'] === 'string' ? { account: params['account'] } : {}) }, ...rows) as Row,
  ];
};

/** What calls name, read from the cache where there is one for them. What cannot be seen is given by its id alone. */
export const createResources = ({ cached, now }: Directories): Resources => {
  const directory = cached ?? now;
  return {
    actedOn: ({ tool, params }, dependents) =>
      inGroups(actedOn(tool, namedIn(tool.command, params)), dependents ? 1 : 8, (named) =>
        readTarget(directory, params, named, dependents),
      ),
    named: ({ tool, params }) =>
      inGroups(namedIn(tool.command, params), 8, (named) => readTarget(directory, params, named, false)),
    places: ({ params }) => readPlaces(directory, params),
    hasProject: async (id) => (await directory.get(findKind('Project')!, id)) !== undefined,
  };
};
