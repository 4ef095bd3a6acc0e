import type { Fields, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';
import type { Call } from './call.ts';

/** Volumes of a storage pool. */
export const volumesOn = (world: World, pool: Resource): Resource[] => [...world.where('Volume', 'storageid', pool.id)];

/** What a pool's volumes take of it. */
export const poolLoad = (world: World, pool: Resource): Fields => {
  const used = volumesOn(world, pool).reduce((sum, { fields }) => sum + Number(fields['size'] ?? 0), 0);
  return { disksizeallocated: used, disksizeused: Math.round(used * 0.4) };
};

/** What a store holds, as file names: templates in secondary storage, volumes in primary. */
export const storedObjects = (call: Call): Fields[] =>
  call.world
    .all(call.command.name === 'listImageStoreObjects' ? 'Template' : 'Volume')
    .slice(0, 20)
    .map(({ id, fields }) => ({
      name: `${id}.${call.command.name === 'listImageStoreObjects' ? 'vhd' : 'qcow2'}`,
      size: fields['size'],
      isdirectory: false,
      lastupdated: fields['created'],
      ...(call.command.name === 'listImageStoreObjects' ? { templateid: id } : { volumeid: id }),
    }));
