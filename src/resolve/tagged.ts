import { findKind } from '../catalog/kinds.ts';
import { loadData } from '../data.ts';
import type { ProtectingTag, Target } from '../types.ts';
import type { Directory } from './directory.ts';

/** What has a tag, by what one list of tags shows. */
export interface Tagged {
  /** Whether anything of that kind has it. */
  hasAny(kind: string): boolean;
  /** Whether the thing with that id has it. */
  has(id: string): boolean;
}

const pagesize = 500;

/** Where tags are told; data/references.json. */
interface Tags {
  /** CloudStack's names of what takes tags, in small letters → the kind. */
  types: Record<string, string>;
  /** Kinds that take tags, of which no row tells them. */
  tagless: string[];
}

/** As CloudStack's database compares names: without letter case and trailing blanks. */
export const isSame = (a: unknown, b: unknown): boolean =>
  typeof a === 'string' && typeof b === 'string' && a.trim().toLowerCase() === b.trim().toLowerCase();

/** What has a tag; undefined where the cloud does not list tags, or there are more than one answer shows. */
export const readTagged = async (directory: Directory, { key, value }: ProtectingTag): Promise<Tagged | undefined> => {
  const rows = await directory.rows('listTags', { key, page: 1, pagesize }).catch(() => undefined);
  if (!rows || rows.length >= pagesize) return undefined;
  const { types } = loadData<Tags>('references.json');
  const found = rows
    .filter((row) => isSame(row['value'], value))
    .map((row) => [types[String(row['resourcetype']).toLowerCase()], String(row['resourceid']).toLowerCase()] as const);
  // What is of no kind that is known may be any.
  const isAny = found.some(([kind]) => kind === undefined);
  const kinds = new Set(found.map(([kind]) => kind));
  const ids = new Set(found.map(([, id]) => id));
  return { hasAny: (kind) => isAny || kinds.has(kind), has: (id) => ids.has(id.toLowerCase()) };
};

/** Whether one thing has the tag, by its own list of tags. */
const isTagged = async (
  directory: Directory,
  { kind, id }: Target,
  { key, value }: ProtectingTag,
): Promise<boolean> => {
  const [resourcetype] =
    Object.entries(loadData<Tags>('references.json').types).find(([, name]) => name === kind) ?? [];
  const rows = await directory.rows('listTags', { key, resourceid: id, resourcetype });
  return rows?.some((row) => isSame(row['resourceid'], id) && isSame(row['value'], value)) ?? false;
};

/** Whether a row tells nothing of tags: no row of its kind does, or this one lacks what others of its list have. */
const isSilent = (directory: Directory, { kind = '', row }: Target, tagless: readonly string[]): boolean =>
  row !== undefined &&
  (tagless.includes(kind) || (row['tags'] === undefined && directory.showsTags(findKind(kind)?.list ?? '')));

/** Targets of whose tags their own rows tell nothing, with the protecting tag where they have it. */
export const withTags = async (
  directory: Directory,
  targets: readonly Target[],
  tag: ProtectingTag | undefined,
): Promise<readonly Target[]> => {
  const { tagless } = loadData<Tags>('references.json');
  const isAsked = (target: Target): boolean => isSilent(directory, target, tagless);
  if (!tag || !targets.some(isAsked)) return targets;
  const tagged = await readTagged(directory, tag);
  return Promise.all(
    targets.map(async (target) => {
      if (!isAsked(target)) return target;
      const has = tagged ? tagged.has(target.id) : await isTagged(directory, target, tag);
      return has ? { ...target, row: { ...target.row, tags: [{ ...tag }] } } : target;
    }),
  );
};
