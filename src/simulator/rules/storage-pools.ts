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

/** The files of secondary storage: templates. */
export const imageStoreFiles = (world: World): Fields[] => filesOf(world.all('Template'), 'vhd', 'templateid');

/** The files of primary storage: volumes. */
export const storagePoolFiles = (world: World): Fields[] => filesOf(world.all('Volume'), 'qcow2', 'volumeid');
