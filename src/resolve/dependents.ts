import type { Kind } from '../catalog/kinds.ts';
import { loadData } from '../data.ts';
import { isRecord, type Row } from '../rows.ts';
import { quoteName } from '../secrets/text.ts';
import type { Dependents, WhichDependents } from '../types.ts';
import type { Directory } from './directory.ts';

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
  /** What it lists: one, several. */
  what: [string, string];
  /** Fields that name a row; none to count only. */
  named?: string[];
  /** They stop, or move, when the resource does. */
  stops?: true;
}

/** One list of what hangs on a row; none where it cannot be read: a question is better asked without one of its details than not at all. */
const readHanging = async (
  directory: Directory,
  row: Row,
  { list, field, by = {}, args, when }: DependentList,
): Promise<readonly Row[]> => {
  const inside = field === undefined ? undefined : row[field];
  if (Array.isArray(inside)) return inside.filter(isRecord);
  if (list === undefined || (when !== undefined && !row[when])) return [];
  const wanted = typeof by === 'string' ? { [by]: 'id' } : by;
  const narrowed = Object.fromEntries(Object.entries(wanted).map(([parameter, name]) => [parameter, row[name]]));
  // Without its narrowing a list shows what hangs on others.
  const isNarrowed = Object.values(narrowed).every((value) => value !== undefined && value !== null);
  if (!isNarrowed || !directory.takes(list, Object.keys(narrowed))) return [];
  return (await directory.rows(list, { ...narrowed, ...args, listall: true }).catch(() => undefined)) ?? [];
};

/** What hangs on a resource, by kind, with a line for people; `stopped`: only what stops or moves with it. */
export const readDependents = async (
  directory: Directory,
  kind: Kind,
  row: Row,
  { which, held = false }: WhichDependents,
): Promise<readonly Dependents[]> => {
  const lists = loadData<Record<string, DependentList[]>>('dependents.json')[kind.name] ?? [];
  const all = lists.filter(({ stops, list }) => (stops || which === 'all') && !(held && list !== undefined));
  const found = await Promise.all(
    all.map(async (known) => {
      const { what, stops, named = ['name', 'displayname'] } = known;
      const rows = await readHanging(directory, row, known);
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
        isHeld: known.list === undefined,
        rows,
      };
    }),
  );
  return found.filter(({ rows }) => rows.length);
};
