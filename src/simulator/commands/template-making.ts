import { list, object, work } from '../engine/results.ts';
import { flagArg, mapArg, rowArg, rowsArg, text, textArg } from '../engine/args.ts';
import { insertKind } from '../world/insert.ts';
import { badValue } from '../world/errors.ts';
import { statedFields } from '../engine/generic.ts';
import { checkLimit } from '../rules/limits.ts';
import { ownerOf } from '../engine/owner.ts';
import type { Behaviour, Fields, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { copies, GIB } from './templates.ts';

// Downloads are told in stages, the way people watch them in the web interface.
const download = (world: World, row: Resource, size: number): void => {
  const stages: [number, Fields][] = [
    [400, { status: '25% Downloaded' }],
    [800, { status: '70% Downloaded' }],
    [1200, { status: 'Installing Template' }],
    [
      1600,
      {
        status: 'Download Complete',
        isready: true,
        size,
        physicalsize: Math.round(size * 0.4),
        checksum: world.random.uuid().replaceAll('-', ''),
      },
    ],
  ];
  for (const [ms, patch] of stages) world.queue.later(ms, () => row.removed === undefined && world.update(row, patch));
};

const register =
  (iso: boolean): Behaviour =>
  (call) => {
    const { world } = call;
    const owner = ownerOf(call);
    checkLimit(world, owner, 'template');
    const zones = [...rowsArg(call, 'zoneids'), ...rowsArg(call, 'zoneid')];
    const chosen = zones.length > 0 ? zones : world.all('Zone');
    const { fields } = statedFields(call, 'Template');
    if (!/^https?:\/\/|^ftp:\/\/|^nfs:\/\//.test(textArg(call, 'url') ?? ''))
      throw badValue(`Please specify a valid URL.`);
    if (flagArg(call, 'ispublic') === false && flagArg(call, 'isfeatured') && !call.caller.root)
      delete fields['isfeatured'];
    const row = insertKind(
      world,
      'Template',
      {
        isfeatured: false,
        ispublic: false,
        isextractable: false,
        passwordenabled: false,
        sshkeyenabled: false,
        isdynamicallyscalable: false,
        crossZones: false,
        directdownload: false,
        deployasis: false,
        requireshvm: true,
        ...(iso ? { format: 'ISO', hypervisor: 'None', bootable: call.args['bootable'] !== false } : {}),
        ...fields,
        zoneid: undefined,
        zoneids: undefined,
        isready: false,
        status: 'Processing',
        templatetype: textArg(call, 'templatetype') ?? 'USER',
        sortkey: 0,
        details: mapArg(call, 'details'),
      },
      {
        owner: owner.id,
        hidden: {
          zones: chosen.map(({ id }) => id),
          ...(call.command.name === 'registerVnfTemplate' ? { vnf: true } : {}),
        },
      },
    );
    download(world, row, iso ? GIB : 8 * GIB);
    return list(copies(call, [row], undefined), chosen.length);
  };

const create: Behaviour = (call) => {
  const { world } = call;
  const owner = ownerOf(call);
  const volume = rowArg(call, 'volumeid');
  const snapshot = rowArg(call, 'snapshotid');
  const source = volume ?? snapshot;
  if (!source)
    throw badValue('Failed to create private template record, neither volume ID nor snapshot ID were specified.');
  const vm = world.get(text(volume, 'virtualmachineid'));
  if (vm && text(vm, 'state') !== 'Stopped')
    throw badValue(`Failed to create template, the VM of the volume: ${vm.id} is not stopped`);
  checkLimit(world, owner, 'template');
  const { fields } = statedFields(call, 'Template');
  const size = Number(source.fields['size'] ?? source.fields['virtualsize'] ?? GIB);
  const row = insertKind(
    world,
    'Template',
    {
      isfeatured: false,
      ispublic: false,
      isextractable: false,
      passwordenabled: false,
      crossZones: false,
      ...fields,
      isready: false,
      status: 'Creating',
      size,
      format: 'QCOW2',
      hypervisor: vm?.fields['hypervisor'] ?? 'Simulator',
      templatetype: 'USER',
      sortkey: 0,
    },
    { owner: owner.id, hidden: { zones: [String(rowArg(call, 'zoneid')?.id ?? source.fields['zoneid'])] } },
  );
  return work(row, () => {
    world.update(row, { isready: true, status: 'Download Complete' });
    return object(row);
  });
};

/** New templates and ISOs. */
export const templateMaking: Record<string, Behaviour> = {
  registerTemplate: register(false),
  registerVnfTemplate: register(false),
  registerIso: register(true),
  createTemplate: create,
};
