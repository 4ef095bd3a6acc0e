import type { Kind } from '../catalog/kinds.ts';
import { loadData } from '../data.ts';
import { isRecord, type Row } from '../rows.ts';
import { quoteName } from '../secrets/text.ts';
import type { Dependents, ProtectingTag, WhichDependents } from '../types.ts';
import type { Directory } from './directory.ts';
import type { Tagged } from './tagged.ts';

/** What hangs on a kind of resource (data/dependents.json): a list command and how it is narrowed to one resource, or a field of its row. */
interface DependentList {
  /** Left out where the resource's own row holds them. */
  list?: string;
  /** The field of the resource's row that holds them. */
  field?: string;
  /** The parameter that takes the resource's id, or parameters with the fields they take. */
  by?: string | Record<string, string>;
  args?: Record<string, boolean>;
  /** The field of the resource's row without which there are none: nothing is asked. */
  when?: string;
  /** The field of the resource's row with their number, which is shown where they are not listed. */
  total?: string;
  /** What it lists: one, several. */
  what: [string, string];
  /** Fields that name a row; none to count only. */
  named?: string[];
  /** They stop, or move, when the resource does. */
  stops?: true;
}

/** What the resource's own row tells of what hangs on it. */
const heldIn = (row: Row, { field }: DependentList): readonly Row[] => {
  const inside = field === undefined ? undefined : row[field];
  return Array.isArray(inside) ? inside.filter(isRecord) : [];
};

/** How a list is narrowed to what hangs on a row; undefined where there is none, or it shows what hangs on others, too. */
const narrow = (directory: Directory, row: Row, { list, by = {}, when }: DependentList): Row | undefined => {
  if (list === undefined || (when !== undefined && !row[when])) return undefined;
  const wanted = typeof by === 'string' ? { [by]: 'id' } : by;
  const narrowed = Object.fromEntries(Object.entries(wanted).map(([parameter, name]) => [parameter, row[name]]));
  const isNarrowed = Object.values(narrowed).every((value) => value !== undefined && value !== null);
  return isNarrowed && directory.takes(list, Object.keys(narrowed)) ? narrowed : undefined;
};

/** None where it cannot be read: a question is better asked without one of its details than not at all. */
const readHanging = async (directory: Directory, row: Row, known: DependentList): Promise<readonly Row[]> => {
  const narrowed = narrow(directory, row, known);
  if (!narrowed || known.list === undefined) return heldIn(row, known);
  const asked = { ...narrowed, ...known.args, listall: true };
  return (await directory.rows(known.list, asked).catch(() => undefined)) ?? [];
};

/** The number of rows of a list that the resource's own row tells. */
const countIn = (row: Row, { total }: DependentList): number | undefined => {
  const count = total === undefined ? Number.NaN : Number(row[total]);
  return Number.isInteger(count) && count >= 0 ? count : undefined;
};

/** What hangs on a resource, and what of it was not looked at. */
interface Hanging {
  dependents: readonly Dependents[];
  unread: readonly string[];
  /** Lists that were asked for. */
  lists: number;
}

/** Rows of one kind, with a line for people. */
const describeRows = (
  { what, stops, list, named = ['name', 'displayname'] }: DependentList,
  rows: readonly Row[],
): Dependents => {
  const names = rows.flatMap(
    (other) => named.map((field) => other[field]).find((value) => typeof value === 'string') ?? [],
  );
  const some = names.slice(0, 3).map((name) => quoteName(String(name), 30));
  const more = names.length > some.length ? ', …' : '';
  const shown = some.length ? ` (${some.join(', ')}${more})` : '';
  return {
    line: `${rows.length} ${what[rows.length === 1 ? 0 : 1]}${shown}`,
    title: what[0],
    stops,
    isHeld: list === undefined,
    rows,
  };
};

/** A row that tells no tags, with the one that it has by the list of tags. */
const withTag = (row: Row, tag: ProtectingTag, tagged: Tagged): Row =>
  row['tags'] === undefined && tagged.has(String(row['id'])) ? { ...row, tags: [{ ...tag }] } : row;

/**
 * What hangs on a resource, by kind; `stopped`: only what stops or moves with it. So many lists as there is `room` for are
 * asked, those first that data/dependents.json has first, and every one that may show what decides.
 */
export const readDependents = async (
  directory: Directory,
  kind: Kind,
  row: Row,
  { tool, which, held = false, decides }: WhichDependents,
  { room, tagged }: { room: number; tagged: (tag: ProtectingTag) => Promise<Tagged | undefined> },
): Promise<Hanging> => {
  const all = (loadData<Record<string, DependentList[]>>('dependents.json')[kind.name] ?? []).filter(
    ({ stops, list }) => (stops || which === 'all') && !(held && list !== undefined),
  );
  const lists = all.filter((one) => narrow(directory, row, one));
  const first = lists.filter((one) => countIn(row, one) !== 0).slice(0, room);
  const others = lists.filter((one) => !first.includes(one));
  // Of what comes back only what stops counts; of some things no row tells a tag.
  const mayDecide = others.filter(
    ({ stops, list = '' }) => (stops || !tool.risk.reversible) && directory.showsTags(list),
  );
  const found = decides && mayDecide.length ? await tagged(decides) : undefined;
  const isDeciding = ({ list = '' }: DependentList): boolean => !found || found.hasAny(directory.kindOf(list) ?? '');
  const asked = [...first, ...(decides ? mayDecide.filter(isDeciding) : [])];
  const left = others.filter((one) => !asked.includes(one));
  const read = await Promise.all(
    all
      .filter((one) => asked.includes(one) || one.list === undefined)
      .map(async (one) => {
        const rows = await readHanging(directory, row, one);
        // Rows that lack the tags which others of their list tell may have the one that decides.
        const isSilent =
          decides && rows.some((each) => each['tags'] === undefined) && directory.showsTags(one.list ?? '');
        const known = isSilent ? await tagged(decides) : undefined;
        return describeRows(one, known ? rows.map((each) => withTag(each, decides!, known)) : rows);
      }),
  );
  const counted = left.flatMap((one): Dependents[] => {
    const count = countIn(row, one);
    return count ? [{ line: `${count} ${one.what[count === 1 ? 0 : 1]}`, title: one.what[0], rows: [], count }] : [];
  });
  return {
    dependents: [...read.filter(({ rows }) => rows.length), ...counted],
    unread: left.filter((one) => countIn(row, one) === undefined).map(({ what }) => what[1]),
    lists: asked.length,
  };
};
