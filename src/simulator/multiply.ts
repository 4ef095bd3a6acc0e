import { gib } from './rules/figures.ts';
import { isProjectAccount } from './rules/projects.ts';
import type { World } from './world/world.ts';

const spreadStates = ['Running', 'Running', 'Running', 'Stopped'];

/**
 * Adds so many virtual machines like the ones there are, for tests of scale: each with its interface and root disk,
 * three of four running. The hosts grow with them, so that there is still room.
 */
export const multiply = (world: World, count: number): void => {
  const models = world
    .all('UserVm')
    .filter(({ owner, fields }) => fields['state'] === 'Running' && !isProjectAccount(world.get(owner ?? '')))
    .slice(0, 8);
  if (models.length === 0) throw new Error('More virtual machines can be added to the default seed only.');
  const hosts = world.all('Host').filter(({ fields }) => fields['zoneid'] === models[0]?.fields['zoneid']);
  for (const host of hosts) {
    const factor = 1 + Math.ceil(count / 8);
    world.update(host, { cpunumber: 4 * factor, memorytotal: 8 * gib * factor });
  }
  for (let i = 0; i < count; i += 1) {
    const model = models[i % models.length];
    if (!model) return;
    const number = world.count('vm');
    const name = `scale-${String(i + 1).padStart(5, '0')}`;
    const state = spreadStates[i % spreadStates.length];
    const [nic] = world.where('Nic', 'virtualmachineid', model.id);
    const [root] = world.where('Volume', 'virtualmachineid', model.id);
    const { hostid: _host, keypair: _key, keypairs: _keys, deleteprotection: _protected, ...fields } = model.fields;
    const host = hosts[i % hosts.length];
    const vm = world.insert(
      'UserVm',
      {
        ...fields,
        name,
        displayname: name,
        instancename: `i-2-${number}-VM`,
        state,
        deleteprotection: false,
        ...(state === 'Running' ? { hostid: host?.id } : {}),
      },
      { no: number, ...(model.owner === undefined ? {} : { owner: model.owner }) },
    );
    const address = `10.${64 + Math.floor(i / 65_536)}.${Math.floor(i / 256) % 256}.${i % 256}`;
    if (nic)
      world.insert('Nic', { ...nic.fields, virtualmachineid: vm.id, ipaddress: address }, { owner: model.owner });
    if (root)
      world.insert(
        'Volume',
        { ...root.fields, name: `ROOT-${number}`, virtualmachineid: vm.id },
        { owner: model.owner },
      );
  }
};
