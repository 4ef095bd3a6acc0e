import { badParameter } from '../world/errors.ts';
import type { Fields, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';

/** Volumes of a storage pool. */
export const volumesOn = (world: World, pool: Resource): Resource[] => [...world.where('Volume', 'storageid', pool.id)];

/** What a pool's volumes take of it. */
export const poolLoad = (world: World, pool: Resource): Fields => {
  const used = volumesOn(world, pool).reduce((sum, { fields }) => sum + Number(fields['size'] ?? 0), 0);
  return { disksizeallocated: used, disksizeused: Math.round(used * 0.4) };
};

/** What a store holds, as files. */
const filesOf = (rows: readonly Resource[], extension: string, id: 'templateid' | 'volumeid'): Fields[] =>
  rows.slice(0, 20).map((row) => ({
    name: `${row.id}.${extension}`,
    size: row.fields['size'],
    isdirectory: false,
    lastupdated: row.fields['created'],
    [id]: row.id,
  }));

/** What is at a path of a store: all that it holds, or one file (listObjectsInStore of StorageBrowserImpl). */
const at = (files: Fields[], store: Resource, path = ''): Fields[] => {
  const name = path.replace(/^\/+/, '');
  const found = files.filter((file) => name === '' || file['name'] === name);
  if (name !== '' && found.length === 0) throw badParameter(`Path ${path} doesn't exist in store: ${store.id}`);
  return found;
};

/** The files of secondary storage: templates. */
export const imageStoreFiles = (world: World, store: Resource, path?: string): Fields[] =>
  at(filesOf(world.all('Template'), 'vhd', 'templateid'), store, path);

/** The files of a pool: its volumes. */
export const storagePoolFiles = (world: World, pool: Resource, path?: string): Fields[] =>
  at(filesOf(volumesOn(world, pool), 'qcow2', 'volumeid'), pool, path);
