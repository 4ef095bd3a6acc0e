import type { Catalog } from '../catalog/catalog.ts';
import type { Kind } from '../catalog/kinds.ts';
import type { Tool } from '../catalog/tool.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Sends a list command that is a plain read and gives its rows. */
export type ListRows = (tool: Tool, params: Record<string, string | number | boolean>) => Promise<readonly Row[]>;

/** Looks resources up by kind, through the cloud's own list commands. */
export interface Directory {
  /** Rows whose name is `name`: exactly, else in another letter case. Undefined where the cloud has no such list. */
  find(kind: Kind, name: string, scope: Row): Promise<readonly Row[] | undefined>;
  /** The row with that id, if it can be seen. */
  get(kind: Kind, id: string): Promise<Row | undefined>;
  /** Some names of the kind, to tell what there is. */
  names(kind: Kind, scope: Row): Promise<readonly string[]>;
}

/** What narrows a look-up to where the call takes place. */
const scopes = ['zoneid', 'projectid'];

/** The best name a row has for its kind. */
export const nameOf = (kind: Kind, row: Row): string | undefined =>
  (kind.names ?? ['name', 'displayname'])
    .map((field) => row[field])
    .find((value) => typeof value === 'string' && value !== '') as string | undefined;

const unique = (rows: readonly Row[]): Row[] => [...new Map(rows.map((row) => [row['id'], row])).values()];

/** A directory over `list`; what the connected cloud lacks, it cannot look up. */
export const createDirectory = (catalog: Catalog, list: ListRows): Directory => {
  const query = async (kind: Kind, params: Row): Promise<readonly Row[] | undefined> => {
    const tool = kind.list === undefined ? undefined : catalog.find(kind.list);
    if (tool?.risk.risk !== 'read') return undefined;
    const has = new Set(tool.command.params.map(({ name }) => name));
    const wanted = { ...kind.args, ...params } as Record<string, string | number | boolean>;
    return list(tool, Object.fromEntries(Object.entries(wanted).filter(([name]) => has.has(name))));
  };
  const within = (scope: Row): Row =>
    Object.fromEntries(scopes.filter((s) => scope[s] !== undefined).map((s) => [s, scope[s]]));
  return {
    find: async (kind, name, scope) => {
      const narrowed = kind.filter ? { [kind.filter]: name } : { page: 1, pagesize: 500 };
      const rows = await query(kind, { ...within(scope), ...narrowed });
      const called = (same: (value: string) => boolean): Row[] =>
        unique((rows ?? []).filter((row) => kind.names?.some((field) => same(String(row[field] ?? '')))));
      const exact = called((value) => value === name);
      if (!rows) return undefined;
      return exact.length ? exact : called((value) => value.toLowerCase() === name.toLowerCase());
    },
    get: async (kind, id) => (await query(kind, { id }))?.find((row) => row['id'] === id),
    names: async (kind, scope) =>
      unique((await query(kind, { ...within(scope), page: 1, pagesize: 20 })) ?? []).flatMap(
        (row) => nameOf(kind, row) ?? [],
      ),
  };
};
