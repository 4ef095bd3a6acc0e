import { needRow, rowArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../rules/call.ts';
import { tib } from '../rules/figures.ts';
import { list, object, success, work } from '../rules/results.ts';
import { imageStoreFiles } from '../rules/storage-pools.ts';
import { badValue, failure } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';

const providers = ['NFS', 'S3', 'Swift', 'SMB', 'Simulator'];

/** Another name of a provider means the default one (StorageManagerImpl.discoverImageStore). */
const providerOf = (call: Call): string => {
  const given = textArg(call, 'provider')?.toLowerCase();
  const known = providers.find((name) => name.toLowerCase() === given);
  return known ?? { addImageStoreS3: 'S3', addSwift: 'Swift' }[call.command.name] ?? 'NFS';
};

/** Refuses a store beside those of another provider, or without a place (StorageManagerImpl.discoverImageStore). */
const checkStore = (call: Call, provider: string, name: string, url: string): void => {
  const stores = call.world.all('ImageStore');
  if (stores.some(({ fields }) => fields['name'] === name))
    throw badValue(`The image store with name ${name} already exists, try creating with another name`);
  if (provider === 'NFS' && !rowArg(call, 'zoneid'))
    throw badValue(`Image store provider ${provider} does not support scope REGION`);
  const other = stores.find(({ fields }) => fields['providername'] !== provider);
  if (other)
    throw badValue(
      `You can only add new image stores from the same provider ${text(other, 'providername')} already added`,
    );
  if (provider !== 'NFS') return;
  const wrong = !/^[a-z][a-z\d+.-]*:/i.test(url)
    ? `uri.scheme is null ${url}, add nfs:// (or cifs://) as a prefix`
    : /^nfs:/i.test(url) && !/^nfs:\/\/[^/]+\//i.test(url)
      ? "Your host and/or path is wrong.  Make sure it's of the format nfs://hostname/path"
      : undefined;
  if (wrong !== undefined) throw failure(`Failed to add data store: ${wrong}`);
};

const addStore: Behaviour = (call) => {
  const { world } = call;
  const zone = rowArg(call, 'zoneid');
  const url = textArg(call, 'url') ?? textArg(call, 'endpoint') ?? 'simulator://store';
  const provider = providerOf(call);
  const kind =
    call.command.name === 'addSwift'
      ? 'Swift'
      : call.command.name === 'createSecondaryStagingStore'
        ? 'SecondaryStagingStore'
        : 'ImageStore';
  const name = textArg(call, 'name') ?? url;
  if (kind === 'ImageStore') checkStore(call, provider, name, url);
  const store = insertKind(world, kind, {
    name,
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
