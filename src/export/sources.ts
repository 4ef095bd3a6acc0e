import { loadCatalog } from '../catalog/catalog.ts';
import { spellingKey } from '../catalog/names.ts';
import { loadData } from '../data.ts';
import { CallError } from '../errors.ts';
import { isRecord, type Row } from '../rows.ts';
import { toLabel } from '../text.ts';
import { listedKindOf } from './exported.ts';

/** A call to export, before its ids are looked at. */
export interface FoundCall {
  command: string;
  params: Row;
  id?: string | undefined;
  isThere: boolean;
}

/** Reads all rows of a list, each by a call of its own. */
export type ReadList = (command: string, args: Row, where?: string) => Promise<readonly Row[]>;

/** How the things of one kind are found, and made of their rows; one line of data/exports.json. */
interface ExportKind {
  name: string;
  list: string;
  args?: Row;
  /** Kinds that hold it, and the parameter of the list that asks for one's. */
  within?: Readonly<Record<string, string>>;
  /** The field without, or with, which a row is not the user's to make. */
  needs?: string;
  unless?: string;
  create: string;
  from: string;
  /** A parameter that no row shows. */
  lost?: string;
  then?: readonly { command: string; when?: string; list?: string; from: string }[];
}

interface ExportsOfKinds {
  kinds: readonly ExportKind[];
  /** What createTags calls a kind. */
  types: Readonly<Record<string, string>>;
}

/** The kinds that can be exported, those first that others lie in. */
export const loadExportKinds = (): readonly ExportKind[] => loadData<ExportsOfKinds>('exports.json').kinds;

const valueAt = (row: Row, path: string): unknown => {
  const [field = '', ...rest] = path.split('.');
  const value = row[field];
  if (!rest.length) return value;
  const inner = Array.isArray(value) ? value : [];
  const values = inner.flatMap((one: unknown) => (isRecord(one) ? [valueAt(one, rest.join('.'))] : []));
  return values.length ? values : undefined;
};

/** The parameters that a line of data/exports.json makes of a row. `readOther`: the row of what a field names. */
const paramsOf = async (
  from: string,
  row: Row,
  readOther: (field: string) => Promise<Row | undefined>,
): Promise<Row> => {
  const params: Record<string, unknown> = {};
  for (const word of from.split(' ')) {
    const [, name = '', path = name, divisor, sign, condition = ''] =
      /^(\w+)(?:=([:\w.]+))?(?:\/(\d+))?(?:([?!])([\w.]+))?$/.exec(word) ?? [];
    if (sign) {
      const [field = '', inner] = condition.split('.');
      const tested = inner === undefined ? row[field] : (await readOther(field))?.[inner];
      if (Boolean(tested) !== (sign === '?')) continue;
    }
    const found = path.startsWith(':') ? (JSON.parse(path.slice(1)) as unknown) : valueAt(row, path);
    const value = divisor === undefined || found === undefined ? found : Math.ceil(Number(found) / Number(divisor));
    if (value !== undefined && value !== null && value !== '') params[name] = value;
  }
  return params;
};

interface Selected {
  kind: ExportKind;
  rows: Row[];
}

const findKindOf = (word: string): ExportKind => {
  const key = spellingKey(word)
    .replace(/ies$/, 'y')
    .replace(/(?<!s)s$/, '');
  const kinds = loadExportKinds();
  const kind = kinds.find(({ name }) => spellingKey(name).replace(/(?<!s)s$/, '') === key);
  if (kind) return kind;
  throw new CallError(
    'invalid',
    `"${toLabel(word)}" cannot be exported.`,
    `Name plan=ID, call=ID (of a call, a plan or a script in the audit log), or kinds, each alone or with =NAME: ${kinds.map(({ name }) => name).join(', ')}. Nothing was sent.`,
  );
};

const nameFields = ['name', 'displayname', 'ipaddress', 'id'];

/** Rows of one kind that were asked for: all of them, or the one of a name or an id. */
const select = async (read: ReadList, word: string, where: string | undefined): Promise<Selected> => {
  const at = word.indexOf('=');
  const kind = findKindOf(at < 0 ? word : word.slice(0, at));
  const wanted = at < 0 ? undefined : word.slice(at + 1);
  const all = (await read(kind.list, { ...kind.args }, where)).filter((row) => isOwn(kind, row));
  if (wanted === undefined) return { kind, rows: [...all] };
  const rows = all.filter((row) => nameFields.some((field) => String(row[field]) === wanted));
  if (rows.length !== 1)
    throw new CallError(
      rows.length ? 'invalid' : 'not-found',
      `There ${rows.length ? `are ${rows.length} things` : 'is nothing'} of the kind ${kind.name} called "${toLabel(wanted)}".`,
      'Give its id.',
    );
  return { kind, rows };
};

const isOwn = ({ needs, unless }: ExportKind, row: Row): boolean =>
  (needs === undefined || Boolean(row[needs])) && (unless === undefined || !row[unless]);

/** The account that exports. */
export interface ExportingAccount {
  name: string | undefined;
  domainid: unknown;
}

/** Whose a thing is, where another owns it than who makes it again; empty for what is the exporting account's. */
export const ownerOf = ({ account, domainid }: Row, own: ExportingAccount | undefined): Row => {
  if (typeof account !== 'string' || typeof domainid !== 'string') return {};
  return own && own.name === account && own.domainid === domainid ? {} : { account, domainid };
};

const takesOwner = (command: string): boolean => {
  const params = loadCatalog().find(command)?.command.params ?? [];
  return ['account', 'domainid'].every((name) => params.some((one) => one.name === name));
};

/** Whose the things are, for a reader. */
const notesOnOwners = (rows: readonly Row[]): string[] => {
  const owners = new Map<string, { words: string; things: number }>();
  for (const { account, domainid, domainpath, domain } of rows) {
    if (typeof account !== 'string') continue;
    const key = `${account} ${String(domainid)}`;
    const { words, things } = owners.get(key) ?? {
      words: `${toLabel(account)} in ${toLabel(String(domainpath ?? domain))}`,
      things: 0,
    };
    owners.set(key, { words, things: things + 1 });
  }
  if (!owners.size) return [];
  const each = [...owners.values()].map(({ words, things }) => `${words} (${things})`);
  return [`The owners now: ${each.join(', ')}. A resource without an account belongs to the caller who creates it`];
};

/** Things as they are, with what lies in them, as the calls that would make them. */
export const findThings = async (
  read: ReadList,
  words: readonly string[],
  where: string | undefined,
  own: ExportingAccount | undefined,
): Promise<{ calls: FoundCall[]; notes: string[] }> => {
  const kinds = loadExportKinds();
  const found = new Map<string, Map<string, Row>>(kinds.map(({ name }) => [name, new Map()]));
  for (const word of words) {
    const { kind, rows } = await select(read, word, where);
    for (const row of rows) found.get(kind.name)!.set(String(row['id']), row);
  }
  // Kinds stand in the order in which they hold each other.
  for (const kind of kinds)
    for (const [holder, parameter] of Object.entries(kind.within ?? {}))
      for (const id of found.get(holder)!.keys())
        for (const row of await read(kind.list, { ...kind.args, [parameter]: id }))
          if (isOwn(kind, row)) found.get(kind.name)!.set(String(row['id']), row);
  const { types } = loadData<ExportsOfKinds>('exports.json');
  const calls: FoundCall[] = [];
  const later: FoundCall[] = [];
  const notes: string[] = [];
  for (const kind of kinds)
    for (const [id, row] of found.get(kind.name)!) {
      const readOther = async (field: string): Promise<Row | undefined> => {
        const command = loadCatalog().find(kind.create)?.command;
        const other = command && listedKindOf(command, field);
        return other && row[field] ? (await read(other.list!, { ...other.args, id: row[field] }))[0] : undefined;
      };
      const owner = takesOwner(kind.create) ? ownerOf(row, own) : {};
      const params = { ...(await paramsOf(kind.from, row, readOther)), ...owner };
      calls.push({ command: kind.create, params, id, isThere: true });
      if (kind.lost) notes.push(`${toLabel(String(row['name']))}: no list shows its ${kind.lost}: add it.`);
      for (const { command, when, list, from } of kind.then ?? []) {
        if (when !== undefined && !row[when]) continue;
        const rows = list === undefined ? [] : await read(list, { id });
        if (list === undefined || rows.length)
          later.push({ command, params: await paramsOf(from, { ...row, rows }, readOther), isThere: true });
      }
      const tags = Array.isArray(row['tags']) ? (row['tags'] as Row[]) : [];
      if (tags.length && types[kind.name])
        later.push({
          command: 'createTags',
          params: {
            resourcetype: types[kind.name],
            resourceids: [id],
            tags: Object.fromEntries(tags.map(({ key, value }) => [String(key), String(value ?? '')])),
          },
          isThere: true,
        });
    }
  if (!calls.length)
    throw new CallError('not-found', 'There is nothing to export.', 'Name other kinds, or another where.');
  return {
    calls: [...calls, ...later],
    notes: [...notes, ...notesOnOwners([...found.values()].flatMap((rows) => [...rows.values()]))],
  };
};
