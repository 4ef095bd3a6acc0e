import { list, object, success, work } from '../engine/results.ts';
import { listArg, mapArg, needRow, text, textArg } from '../engine/args.ts';
import { insertKind } from '../world/insert.ts';
import { badValue, failure } from '../world/errors.ts';
import { servicesOf } from '../rules/networks.ts';
import type { Behaviour, Call, Fields, Resource, Value } from '../world/types.ts';

const services: Behaviour = (call) => {
  const all = new Map<string, Fields>();
  for (const offering of call.world.all('NetworkOffering'))
    for (const service of servicesOf(call.world, { ...offering, fields: { networkofferingid: offering.id } }))
      if (!all.has(service.name)) all.set(service.name, service as unknown as Fields);
  const [name, provider] = [textArg(call, 'service'), textArg(call, 'provider')];
  const has = (each: Fields): boolean =>
    Array.isArray(each['provider']) && each['provider'].some((one) => (one as Fields)['name'] === provider);
  return list(
    [...all.values()].filter(
      (each) => (name === undefined || each['name'] === name) && (provider === undefined || has(each)),
    ),
  );
};

const extensionResources = (call: Call, add: boolean): Resource => {
  const row = needRow(call, 'extensionid');
  const id = textArg(call, 'resourceid') ?? '';
  const had = Array.isArray(row.fields['resources']) ? (row.fields['resources'] as Fields[]) : [];
  const others = had.filter((each) => each['id'] !== id);
  const target = call.world.get(id);
  call.world.update(row, {
    resources: [
      ...others,
      ...(add
        ? [{ id, name: target?.fields['name'], type: textArg(call, 'resourcetype'), details: mapArg(call, 'details') }]
        : []),
    ] as Value[],
  });
  return row;
};

const runAction: Behaviour = (call) => {
  const action = needRow(call, 'customactionid');
  return work(action, () => {
    if (action.fields['enabled'] !== true) throw failure(`Custom action ${text(action, 'name')} is disabled`);
    action.hidden['runs'] = Number(action.hidden['runs'] ?? 0) + 1;
    return object({
      id: action.id,
      name: action.fields['name'],
      success: true,
      result: { message: text(action, 'successmessage') || 'The action was run', runs: String(action.hidden['runs']) },
    });
  });
};

const gpu =
  (state: string): Behaviour =>
  (call) => {
    for (const id of listArg(call, 'ids')) {
      const row = call.world.find('GpuDevice', id);
      if (row) call.world.update(row, { managedstate: state });
    }
    return success();
  };

const dropUnused =
  (field: string, kinds: string[], text: string): Behaviour =>
  (call) => {
    const row = needRow(call, 'id');
    if (kinds.some((kind) => [...call.world.where(kind, field, row.id)].length > 0)) throw failure(text);
    const drop = () => {
      call.world.remove(row);
      return success();
    };
    return call.command.async ? work(row, drop) : drop();
  };

/** Certificates, directories of people, extensions, GPUs and smaller lists. */
export const directories: Record<string, Behaviour> = {
  listSupportedNetworkServices: services,
  listRegions: (call) =>
    list(
      call.world
        .all('Region')
        .filter(
          (row) =>
            (call.args['id'] === undefined || row.id === String(call.args['id'])) &&
            (textArg(call, 'name') === undefined || text(row, 'name') === textArg(call, 'name')),
        ),
    ),
  addRegion: (call) =>
    object(
      insertKind(
        call.world,
        'Region',
        { name: textArg(call, 'name'), endpoint: textArg(call, 'endpoint') },
        { id: String(call.args['id']) },
      ),
    ),
  updateRegion: (call) => {
    const row = call.world.find('Region', String(call.args['id']));
    if (!row) throw badValue(`Region with id: ${String(call.args['id'])} does not exist`);
    const { id: _, ...fields } = call.args;
    call.world.update(row, fields);
    return object(row);
  },
  removeRegion: (call) => {
    const row = call.world.find('Region', String(call.args['id']));
    if (!row) throw badValue(`Region with id: ${String(call.args['id'])} does not exist`);
    call.world.remove(row);
    return success();
  },
  registerExtension: (call) => object(extensionResources(call, true)),
  unregisterExtension: (call) => object(extensionResources(call, false)),
  runCustomAction: runAction,
  manageGpuDevice: gpu('Managed'),
  unmanageGpuDevice: gpu('Unmanaged'),
  discoverGpuDevices: (call) => list([...call.world.where('GpuDevice', 'hostid', needRow(call, 'id').id)]),
  getHypervisorGuestOsNames: (call) =>
    work(undefined, () => {
      const names = call.world
        .all('GuestOS')
        .map((row) => ({ osdisplayname: row.fields['description'], osnameforhypervisor: row.fields['description'] }));
      return object({
        hypervisor: textArg(call, 'hypervisor'),
        hypervisorversion: textArg(call, 'hypervisorversion'),
        guestoscount: names.length,
        guestoslist: names,
      });
    }),
  removeGuestOs: dropUnused('ostypeid', ['Template'], 'The guest OS is used by templates'),
  deleteOsCategory: dropUnused('oscategoryid', ['GuestOS'], 'The OS category has guest OSes'),
  deleteGpuCard: dropUnused('gpucardid', ['GpuDevice', 'VgpuProfile'], 'The GPU card has devices or profiles'),
  deleteVgpuProfile: dropUnused('vgpuprofileid', ['GpuDevice', 'ServiceOffering'], 'The vGPU profile is used'),
  deleteGpuDevice: (call) => {
    for (const id of listArg(call, 'ids')) {
      const row = call.world.find('GpuDevice', id);
      if (row) call.world.remove(row);
    }
    return success();
  },
  listUnmanagedInstances: (call) => {
    const cluster = needRow(call, 'clusterid');
    const name = textArg(call, 'name');
    return list(
      [
        {
          name: 'legacy-vm-1',
          clusterid: cluster.id,
          clustername: cluster.fields['name'],
          powerstate: 'PowerOff',
          cpunumber: 2,
          cpuspeed: 1000,
          memory: 2048,
          hypervisor: 'Simulator',
          osdisplayname: 'Other Linux (64-bit)',
          disk: [],
          nic: [],
        },
      ].filter((vm) => name === undefined || vm.name === name),
    );
  },
  listVolumesForImport: (call) => {
    const pool = needRow(call, 'storageid');
    return list([
      {
        name: 'orphan.qcow2',
        path: 'orphan.qcow2',
        fullpath: `${text(pool, 'path')}/orphan.qcow2`,
        format: 'QCOW2',
        size: 2 ** 30,
        virtualsize: 10 * 2 ** 30,
        storageid: pool.id,
        storage: pool.fields['name'],
        storagetype: pool.fields['type'],
      },
    ]);
  },
  cloudianIsEnabled: () => object({ enabled: false, url: '' }),
  configureSimulator: (call) =>
    object(
      insertKind(call.world, 'Mock', {
        name: textArg(call, 'name'),
        value: textArg(call, 'value'),
        count: call.args['count'],
      }),
    ),
  querySimulatorMock: (call) => {
    const row = call.world.all('Mock').find(({ no }) => no === call.args['id']) ?? call.world.all('Mock').at(-1);
    if (!row) throw badValue('There is no such mock');
    return object(row);
  },
  cleanupSimulatorMock: (call) => {
    for (const row of [...call.world.all('Mock')])
      if (call.args['id'] === undefined || row.no === call.args['id']) call.world.remove(row);
    return success();
  },
  purgeExpungedResources: () => work(undefined, () => object({ success: true })),
  updateProjectRole: (call) => {
    const row = needRow(call, 'id');
    const { name, description } = call.args;
    call.world.update(row, {
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
    });
    return object(row);
  },
};
