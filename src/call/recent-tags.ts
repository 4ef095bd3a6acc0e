import type { Catalog } from '../catalog/catalog.ts';
import type { CloudStack } from '../cloudstack/cloudstack.ts';
import { isRecent } from '../guard/look.ts';
import { createDirectory } from '../resolve/directory.ts';
import { readTagged } from '../resolve/tagged.ts';
import type { Row } from '../rows.ts';
import type { CheckedCall, ListRows, ProtectingTag } from '../types.ts';

interface Listed {
  at: number;
  rows: Promise<readonly Row[]>;
}

/** By cloud, what was listed of its tags, by what was asked for. A change of tags leaves another map. */
const listed = new WeakMap<CloudStack, Map<string, Listed>>();

const listedOf = (cloudstack: CloudStack): Map<string, Listed> => {
  const known = listed.get(cloudstack) ?? new Map<string, Listed>();
  listed.set(cloudstack, known);
  return known;
};

/** Roles see different parts of a cloud; so many of their lists are cached. */
const maxCached = 32;

const cacheList = (all: Map<string, Listed>, key: string, one: Listed): void => {
  all.delete(key);
  all.set(key, one);
  for (const [oldest] of all) {
    if (all.size <= maxCached) break;
    all.delete(oldest);
  }
};

const keyOf = (...[tool, params]: Parameters<ListRows>): string => JSON.stringify([tool.command.name, params]);

/** A list of tags that is believed for a minute, unless a change of tags leaves through this server meanwhile. */
export const listRecently =
  (cloudstack: CloudStack, list: ListRows): ListRows =>
  (tool, params) => {
    const [all, key] = [listedOf(cloudstack), keyOf(tool, params)];
    const known = all.get(key);
    if (known && isRecent(known)) return known.rows;
    const rows = list(tool, params);
    cacheList(all, key, { at: Date.now(), rows });
    rows.catch(() => all.delete(key));
    return rows;
  };

/** Whether a list of tags is kept, however old. */
export const hasTagsListed = (cloudstack: CloudStack): boolean => (listed.get(cloudstack)?.size ?? 0) > 0;

/** Lists anew what has a tag, beside calls; what is believed meanwhile stays until the answer is there. */
export const renewTags = async (
  { cloudstack, catalog }: { cloudstack: CloudStack; catalog: Catalog },
  list: ListRows,
  tag: ProtectingTag,
): Promise<void> => {
  const anew: ListRows = async (tool, params) => {
    const [all, at] = [listedOf(cloudstack), Date.now()];
    const rows = await list(tool, params);
    // Where tags were changed meanwhile, no one knows whether the answer is of before or after.
    if (listed.get(cloudstack) === all) cacheList(all, keyOf(tool, params), { at, rows: Promise.resolve(rows) });
    return rows;
  };
  await readTagged(createDirectory(catalog, anew), tag);
};

/** Forgets what was listed where a call may set tags, or take them away. */
export const forgetTags = (cloudstack: CloudStack, { tool, params }: Pick<CheckedCall, 'tool' | 'params'>): void => {
  const { entity = [] } = tool.command;
  if (entity.includes('ResourceTag') || params['tags'] !== undefined) listed.delete(cloudstack);
};
