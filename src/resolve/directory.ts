import type { Catalog } from '../catalog/catalog.ts';
import { kindOfParameter, type Kind } from '../catalog/kinds.ts';
import type { ResponseType } from '../catalog/types.ts';
import { loadData } from '../data.ts';
import { CallError } from '../errors.ts';
import type { Row } from '../rows.ts';
import type { ListRows } from '../types.ts';

/** Looks resources up by kind, through the cloud's own list commands. */
export interface Directory {
  /** Rows whose name is `name`: exactly, else in another letter case. Undefined where the cloud has no such list. */
  find(kind: Kind, name: string, scope: Row): Promise<readonly Row[] | undefined>;
  /** Rows whose id begins so, in projects too; looked for in the first pages of the list. `isAll`: there were no more. */
  begins(kind: Kind, start: string, scope: Row): Promise<{ rows: readonly Row[]; isAll: boolean }>;
  /** The row with that id, if it can be seen. `command`: what wants it; a list that is named like it is the only one asked. */
  get(kind: Kind, id: string, scope?: Row, command?: string): Promise<Row | undefined>;
  /** The rows with those ids, as one request shows them; those that it does not show are left out. */
  getSome(kind: Kind, ids: readonly string[]): Promise<readonly Row[]>;
  /** Whether the cloud has a plain read that shows one of the kind. */
  shows(kind: Kind): boolean;
  /** The kind of what a list command shows, as its rows are called. */
  kindOf(list: string): string | undefined;
  /** Whether the rows of a list tell the tags of what they show. */
  showsTags(list: string): boolean;
  /** Whether the cloud's list command can be narrowed by all of these parameters. */
  takes(list: string, parameters: readonly string[]): boolean;
  /** The rows of a list command, narrowed by those of the parameters that it has; none where the cloud lacks it. */
  rows(list: string, params: Row): Promise<readonly Row[] | undefined>;
  /** Some names of the kind, to tell what there is. */
  names(kind: Kind, scope: Row): Promise<readonly string[]>;
}

/** A list by whose rows a short id is found: 10,000 rows at most. */
const pagesize = 500;
const maxPages = 20;

/** The best name a row has for its kind. */
export const nameOf = (kind: Kind, row: Row): string | undefined =>
  (kind.names ?? ['name', 'displayname'])
    .map((field) => row[field])
    .find((value) => typeof value === 'string' && value !== '') as string | undefined;

const unique = (rows: readonly Row[]): Row[] => [...new Map(rows.map((row) => [row['id'], row])).values()];

const listsById = (catalog: Catalog, kind: Kind): boolean => {
  const command = catalog.find(kind.list ?? '')?.command;
  const id = command?.params.find(({ name }) => name === 'id');
  return command !== undefined && id !== undefined && kindOfParameter(command, id)?.name === kind.name;
};

const commandsOf = (kind: Kind): readonly string[] => (kind.list === undefined ? (kind.read ?? []) : [kind.list]);

/** How many letters of a list's name stand in a command's: `deletePortForwardingRule` is about `listPortForwardingRules`. */
const likeness = (list: string, command: string): number => {
  const thing = list.toLowerCase().replace(/^list/, '').replace(/s$/, '');
  return command.toLowerCase().includes(thing) ? thing.length : 0;
};

/** The parameter by which a command shows one row: `id`, else an id of the kind under another name. */
const idParameter = (catalog: Catalog, command: string, kind: Kind): string | undefined => {
  const found = catalog.find(command)?.command;
  if (found?.params.some(({ name }) => name === 'id')) return 'id';
  return found?.params.find((one) => one.type === 'uuid' && kindOfParameter(found, one)?.name === kind.name)?.name;
};

let tagged: ReadonlySet<string> | undefined;

/** Whether rows of this type have tags, by data/responses.json. */
const hasTags = (response: string): boolean => {
  tagged ??= new Set(
    loadData<ResponseType[]>('responses.json')
      .filter(({ fields }) => fields.some(({ name, ref }) => name === 'tags' && ref === 'ResourceTag'))
      .map(({ name }) => name),
  );
  return tagged.has(response);
};

/** A directory over `list`; what the connected cloud lacks, it cannot look up. */
export const createDirectory = (catalog: Catalog, list: ListRows): Directory => {
  const rows = async (command: string, params: Row): Promise<readonly Row[] | undefined> => {
    const tool = catalog.find(command);
    if (tool?.risk.risk !== 'read') return undefined;
    const has = new Set(tool.command.params.map(({ name }) => name));
    const wanted = params as Record<string, string | number | boolean | string[]>;
    return list(tool, Object.fromEntries(Object.entries(wanted).filter(([name]) => has.has(name))));
  };
  /** Where one thing may be: lists leave out what belongs to a project unless they are asked for it. */
  const placesOf = (command: string, { projectid }: Row): Row[] => {
    const takes = catalog.find(command)?.command.params.some(({ name }) => name === 'projectid');
    if (!takes) return [{}];
    // A project that the call or the row names is the likelier place.
    return [...(projectid === undefined || projectid === '-1' ? [] : [{ projectid }]), {}, { projectid: '-1' }];
  };
  const look = async (kind: Kind, command: string, id: string, place: Row): Promise<Row | undefined> => {
    const by = idParameter(catalog, command, kind);
    const found = await rows(command, { ...kind.args, ...place, ...(by === undefined ? {} : { [by]: id }) }).catch(
      (error: unknown) => {
        // Some lists declare another kind for their id than what they list; their "not found" says nothing.
        const isLost = error instanceof CallError && (error.kind === 'not-found' || error.kind === 'invalid');
        if (isLost && !listsById(catalog, kind)) return undefined;
        throw error;
      },
    );
    return found?.find((row) => (row['id'] ?? row['jobid']) === id);
  };
  const query = (kind: Kind, params: Row): Promise<readonly Row[] | undefined> =>
    kind.list === undefined ? Promise.resolve(undefined) : rows(kind.list, { ...kind.args, ...params });
  /** What a look-up by name has just shown; it need not be asked for again, once. */
  const shown = new Map<string, Row>();
  const takeShown = (kind: Kind, id: string): Row | undefined => {
    const key = `${kind.name} ${id}`;
    const row = shown.get(key);
    shown.delete(key);
    return row;
  };
  /** A project's resources are listed only when it is named. */
  const within = (scope: Row): Row => (scope['projectid'] === undefined ? {} : { projectid: scope['projectid'] });
  /** Of several things of one name, those in the zone of the call; offerings are in none, or in several, by comma. */
  const inZone = (rows: Row[], { zoneid }: Row): Row[] => {
    const near = rows.filter(
      (row) => row['zoneid'] === undefined || String(row['zoneid']).split(',').includes(String(zoneid)),
    );
    return rows.length > 1 && zoneid !== undefined && near.length ? near : rows;
  };
  return {
    find: async (kind, name, scope) => {
      const narrowed = kind.filter ? { [kind.filter]: name } : { page: 1, pagesize: 500 };
      const rows = await query(kind, { ...within(scope), ...narrowed });
      const called = (same: (value: string) => boolean): Row[] =>
        unique(
          inZone(
            (rows ?? []).filter((row) => kind.names?.some((field) => same(String(row[field] ?? '')))),
            scope,
          ),
        );
      const exact = called((value) => value === name);
      if (!rows) return undefined;
      const found = exact.length ? exact : called((value) => value.toLowerCase() === name.toLowerCase());
      for (const row of found) shown.set(`${kind.name} ${String(row['id'])}`, row);
      return found;
    },
    begins: async (kind, start, scope) => {
      const found: Row[] = [];
      let isAll = true;
      for (const place of placesOf(kind.list ?? '', scope))
        for (let page = 1; page <= maxPages; page++) {
          const some = (await query(kind, { ...place, page, pagesize })) ?? [];
          found.push(...some.filter(({ id }) => String(id).startsWith(start.toLowerCase())));
          if (some.length < pagesize) break;
          if (page === maxPages) isAll = false;
        }
      return { rows: unique(found), isAll };
    },
    rows,
    kindOf: (list) => catalog.find(list)?.command.response,
    showsTags: (list) => hasTags(catalog.find(list)?.command.response ?? ''),
    takes: (list, parameters) => {
      const known = new Set(catalog.find(list)?.command.params.map(({ name }) => name));
      return parameters.every((name) => known.has(name));
    },
    shows: (kind) => commandsOf(kind).some((command) => catalog.find(command)?.risk.risk === 'read'),
    getSome: async (kind, ids) => {
      const { list } = kind;
      const takesIds = catalog.find(list ?? '')?.command.params.some(({ name }) => name === 'ids');
      if (list === undefined || !takesIds || !listsById(catalog, kind)) return [];
      // CloudStack refuses all of them where it does not know one; each is asked for alone then.
      const found = await rows(list, { ...kind.args, ids: [...ids] }).catch((error: unknown) => {
        if (error instanceof CallError && (error.kind === 'not-found' || error.kind === 'invalid')) return undefined;
        throw error;
      });
      return (found ?? []).filter(({ id }) => ids.includes(String(id)));
    },
    get: async (kind, id, scope = {}, command = '') => {
      const known = takeShown(kind, id);
      if (known) return known;
      const lists = commandsOf(kind);
      const best = Math.max(0, ...lists.map((list) => likeness(list, command)));
      for (const list of lists.filter((one) => likeness(one, command) === best))
        for (const place of placesOf(list, scope)) {
          const row = await look(kind, list, id, place);
          if (row) return row;
        }
      return undefined;
    },
    names: async (kind, scope) =>
      unique((await query(kind, { ...within(scope), page: 1, pagesize: 20 })) ?? [])
        .flatMap((row) => nameOf(kind, row) ?? [])
        .sort(),
  };
};
