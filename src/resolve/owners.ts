import { findKind, type Kind } from '../catalog/kinds.ts';
import { loadData } from '../data.ts';
import type { Row } from '../rows.ts';
import type { Target, WhichOwners } from '../types.ts';
import { nameOf, type Directory } from './directory.ts';
import type { Tagged } from './tagged.ts';

/** What a row belongs to, by a field that holds its id; data/references.json. */
interface OwnerField {
  kind: string;
  /** The field of the same row that holds its name. */
  name?: string;
  /** Where it belongs to nothing itself: an address with a balancer's rule is no static NAT. */
  last?: true;
}

/** What resources belong to; data/references.json. */
interface Owners {
  owners: Record<string, Record<string, OwnerField>>;
  /** Kinds that no list shows by themselves: the list whose rows hold them in a field. */
  inside: Record<string, { list: string; field: string; kind: string }>;
}

/** Something that a target's row names as what it belongs to. */
interface Above {
  kind: Kind;
  id: string;
  name: string | undefined;
  isLast: boolean;
  below: Target;
}

/** Steps from a target up: the disk of a snapshot, the machine of the disk, one more. */
const maxDepth = 3;

/** Ids in one request: an address holds some thousand characters. */
const idsAtOnce = 50;

const fieldsOf = (kind: string): [string, OwnerField][] =>
  Object.entries(loadData<Owners>('references.json').owners[kind] ?? {});

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** What the rows of targets name as what they belong to, each once. */
const namedAbove = (directory: Directory, targets: readonly Target[], known: ReadonlySet<string>): Above[] => {
  const all = targets.flatMap((below) =>
    fieldsOf(below.kind ?? '').flatMap(([field, { kind: kindName, name, last = false }]): Above[] => {
      const [kind, id] = [findKind(kindName), text(below.row?.[field])];
      if (!kind || id === undefined || known.has(id) || !directory.shows(kind)) return [];
      return [{ kind, id, name: name === undefined ? undefined : text(below.row?.[name]), isLast: last, below }];
    }),
  );
  return [...new Map(all.map((one) => [one.id, one])).values()];
};

const toHolder = (kind: Kind, row: Row, { parameter }: Target, name = nameOf(kind, row)): Target => ({
  parameter,
  title: kind.title,
  kind: kind.name,
  id: String(row['id']),
  isOwn: false,
  isHolder: true,
  isReadable: true,
  name,
  row,
});

/** Whether nothing that these kinds may belong to has the tag, so that no one needs to know what they belong to. */
const isTop = ({ kind, isLast }: Above, tagged: Tagged | undefined): boolean => {
  const isFree = (name: string, depth = maxDepth): boolean =>
    depth === 0 || fieldsOf(name).every(([, above]) => !tagged?.hasAny(above.kind) && isFree(above.kind, depth - 1));
  return isLast || isFree(kind.name);
};

/** Reads them, of each kind together where its list takes several ids. What cannot be seen is left out. */
const readAbove = async (directory: Directory, all: readonly Above[]): Promise<Target[]> => {
  const { kind } = all[0]!;
  const ids = all.map(({ id }) => id);
  const parts = Array.from({ length: Math.ceil(ids.length / idsAtOnce) }, (_, at) =>
    ids.slice(at * idsAtOnce, (at + 1) * idsAtOnce),
  );
  const read =
    ids.length > 1 ? await Promise.all(parts.map((part) => directory.getSome(kind, part).catch(() => []))) : [];
  const rows = new Map(read.flat().map((row) => [String(row['id']), row]));
  const found: Target[] = [];
  for (const { id, below } of all) {
    const row =
      rows.get(id) ?? (await directory.get(kind, id, { projectid: below.row?.['projectid'] }).catch(() => undefined));
    if (row) found.push(toHolder(kind, row, below));
  }
  return found;
};

/** The machine that a network card is in, and the like: found among the rows that hold it. */
const readHolder = async (directory: Directory, target: Target): Promise<Target[]> => {
  const place = loadData<Owners>('references.json').inside[target.kind ?? ''];
  const holder = findKind(place?.kind ?? '');
  if (!place || !holder) return [];
  const rows = (await directory.rows(place.list, { ...holder.args }).catch(() => undefined)) ?? [];
  const row = rows.find((one) =>
    [one[place.field]].flat().some((part) => (part as Row | undefined)?.['id'] === target.id),
  );
  return row ? [toHolder(holder, row, target)] : [];
};

/**
 * What targets belong to: the disk of a snapshot, the machine of the disk. So many requests as there is `room` for read
 * rows. Beyond that the row below tells id and name, and the list of what has the protecting tag whether it is protected;
 * unless rules judge by rows, the list shows not all, or something above may be protected: then rows are read all the same.
 */
export const readOwners = async (
  directory: Directory,
  targets: readonly Target[],
  { byRow, decides }: WhichOwners,
  { room, readTagged }: { room: number; readTagged: () => Promise<Tagged | undefined> },
): Promise<Target[]> => {
  const known = new Set(targets.map(({ id }) => id));
  const owners: Target[] = [];
  let left = room;
  let layer = targets;
  for (let depth = 0; depth < maxDepth && layer.length; depth++) {
    const next: Target[] = [];
    for (const target of layer) next.push(...(await readHolder(directory, target)));
    const above = namedAbove(directory, layer, known);
    for (const kindName of new Set(above.map(({ kind }) => kind.name))) {
      const all = above.filter(({ kind }) => kind.name === kindName);
      const takesIds = directory.takes(all[0]!.kind.list ?? '', ['ids']);
      const cost = takesIds ? Math.ceil(all.length / idsAtOnce) : all.length;
      const readTags = async (): Promise<Target[] | undefined> => {
        const tagged = decides ? await readTagged() : undefined;
        if ((decides && !tagged) || !all.every((one) => isTop(one, tagged))) return undefined;
        const tags = (id: string): Row => (decides && tagged?.has(id) ? { tags: [{ ...decides }] } : {});
        return all.map(({ kind, id, name, below }) => toHolder(kind, { id, ...tags(id) }, below, name));
      };
      const shown = byRow || cost <= left ? undefined : await readTags();
      left -= shown ? 0 : cost;
      next.push(...(shown ?? (await readAbove(directory, all))));
    }
    layer = next.filter(({ id }) => !known.has(id) && known.add(id));
    owners.push(...layer);
  }
  return owners;
};
