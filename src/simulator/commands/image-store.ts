import { needRow, rowArg, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours } from '../rules/call.ts';
import { tib } from '../rules/figures.ts';
import { list, object, success, work } from '../rules/results.ts';
import { imageStoreFiles } from '../rules/storage-pools.ts';
import { badValue } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';

const addStore: Behaviour = (call) => {
  const { world } = call;
  const zone = rowArg(call, 'zoneid');
  const url = textArg(call, 'url') ?? textArg(call, 'endpoint') ?? 'simulator://store';
  const provider =
    textArg(call, 'provider') ??
    (call.command.name === 'addImageStoreS3' ? 'S3' : call.command.name === 'addSwift' ? 'Swift' : 'NFS');
  const kind =
    call.command.name === 'addSwift'
      ? 'Swift'
      : call.command.name === 'createSecondaryStagingStore'
        ? 'SecondaryStagingStore'
        : 'ImageStore';
  const store = insertKind(world, kind, {
    name: textArg(call, 'name') ?? url,
    url,
    protocol: url.split(':')[0],
    providername: provider,
    provider,
    scope: zone ? 'ZONE' : 'REGION',
    zoneid: zone?.id,
    readonly: false,
    disksizetotal: 2 * tib,
    disksizeused: 0,
  });
  // A zone's first secondary storage brings CloudStack's own templates with it.
  if (zone)
    for (const template of world.all('Template'))
      if (template.fields['templatetype'] === 'SYSTEM')
        world.update(template, { isready: true, status: 'Download Complete' });
  return object(store);
};

const stored = (world: World, store: Resource): boolean =>
  world.all('ImageStore').filter(({ fields }) => fields['zoneid'] === store.fields['zoneid']).length === 1 &&
  world.all('Snapshot').some(({ fields }) => fields['zoneid'] === store.fields['zoneid']);

const removeStore: Behaviour = (call) => {
  const store = needRow(call, 'id');
  if (store.kind === 'ImageStore' && stored(call.world, store))
    throw badValue(`Cannot delete image store with active snapshots backup!`);
  call.world.remove(store);
  return success();
};

const migrateData: Behaviour = (call) => {
  const from = needRow(call, 'srcpool');
  return work(from, () => {
    call.world.update(from, { disksizeused: 0 });
    return object({
      message: 'Migration of data completed',
      migrationtype: textArg(call, 'migrationtype') ?? 'COMPLETE',
      success: true,
    });
  });
};

/** Secondary storage. */
export const imageStore: Behaviours = {
  addImageStore: addStore,
  addImageStoreS3: addStore,
  addSecondaryStorage: addStore,
  addSwift: addStore,
  createSecondaryStagingStore: addStore,
  updateCloudToUseObjectStore: addStore,
  deleteImageStore: removeStore,
  migrateSecondaryStorageData: migrateData,
  migrateResourceToAnotherSecondaryStorage: migrateData,
  listImageStoreObjects: (call) => list(imageStoreFiles(call.world, needRow(call, 'id'), textArg(call, 'path'))),
  downloadImageStoreObject: (call) => {
    const store = needRow(call, 'id');
    return work(store, () =>
      object({
        id: store.id,
        name: textArg(call, 'path') ?? '',
        state: 'DOWNLOAD_URL_CREATED',
        url: `http://127.0.0.1/userdata/${call.world.random.uuid()}`,
      }),
    );
  },
};
