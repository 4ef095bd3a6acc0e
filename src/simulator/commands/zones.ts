import { list, object, success } from '../engine/results.ts';
import { flagArg, mapArg, needRow, text, textArg } from '../engine/args.ts';
import { insertKind } from '../world/insert.ts';
import { badValue, failure } from '../world/errors.ts';
import { statedFields } from '../engine/generic.ts';
import { blockOf } from '../rules/ip.ts';
import { listKind } from '../engine/list.ts';
import { settingOf } from '../world/settings.ts';
import type { Behaviour, Fields, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { ensureSystemVms } from './system-vms.ts';

/** Whether any resource of a kind has that field. */
export const any = (world: World, kind: string, field: string, id: string): boolean =>
  [...world.where(kind, field, id)].length > 0;

const unique = (
  world: World,
  kind: string,
  name: string | undefined,
  text: string,
  among: (row: Resource) => boolean = () => true,
): void => {
  if (world.all(kind).some((row) => row.fields['name'] === name && among(row))) throw badValue(text);
};

const createZone: Behaviour = (call) => {
  const { world } = call;
  const name = textArg(call, 'name');
  const type = textArg(call, 'networktype') ?? '';
  if (!/^(basic|advanced)$/i.test(type)) throw badValue('Unsupported network type ' + type);
  unique(world, 'Zone', name, `A zone with that name already exists. Please specify a unique zone name.`);
  const { fields } = statedFields(call, 'Zone');
  const zone = insertKind(world, 'Zone', {
    ...fields,
    networktype: type.charAt(0).toUpperCase() + type.slice(1).toLowerCase(),
    type: flagArg(call, 'isedge') ? 'Edge' : 'Core',
    securitygroupsenabled: flagArg(call, 'securitygroupenabled'),
    localstorageenabled: flagArg(call, 'localstorageenabled'),
    allocationstate: textArg(call, 'allocationstate') ?? 'Disabled',
    dhcpprovider: 'VirtualRouter',
    zonetoken: world.random.uuid(),
    allowuserspecifyvrmtu: false,
    routerprivateinterfacemaxmtu: 1500,
    routerpublicinterfacemaxmtu: 1500,
    sortkey: 0,
  });
  // CloudStack's own templates come with a zone's secondary storage; the simulator has them at once.
  for (const template of world.all('Template'))
    if (['SYSTEM', 'BUILTIN'].includes(text(template, 'templatetype')))
      template.hidden['zones'] = [
        ...(Array.isArray(template.hidden['zones']) ? template.hidden['zones'] : []),
        zone.id,
      ];
  return object(zone);
};

const updateZone: Behaviour = (call) => {
  const zone = needRow(call, 'id');
  const { id: _, details, ...fields } = statedFields(call, 'Zone').fields;
  const state = textArg(call, 'allocationstate');
  if (state !== undefined && !/^(enabled|disabled)$/i.test(state))
    throw badValue(`Unable to resolve Allocation State '${state}' to a supported state`);
  call.world.update(zone, { ...fields, ...(details ? { resourcedetails: mapArg(call, 'details') } : {}) });
  if (state !== undefined && /^enabled$/i.test(state)) ensureSystemVms(call.world, zone);
  return object(zone);
};

const HOLDS: Record<string, [kind: string, field: string, what: string][]> = {
  Zone: [
    ['Pod', 'zoneid', 'pods'],
    ['Host', 'zoneid', 'hosts'],
    ['UserVm', 'zoneid', 'virtual machines'],
    ['Volume', 'zoneid', 'volumes'],
    ['PhysicalNetwork', 'zoneid', 'physical networks'],
  ],
  Pod: [
    ['Cluster', 'podid', 'clusters'],
    ['Host', 'podid', 'hosts'],
  ],
  Cluster: [
    ['Host', 'clusterid', 'hosts'],
    ['StoragePool', 'clusterid', 'storage pools'],
  ],
};

const drop: Behaviour = (call) => {
  const row = needRow(call, 'id');
  for (const [kind, field, what] of HOLDS[row.kind] ?? [])
    if (any(call.world, kind, field, row.id))
      throw failure(
        `The ${row.kind.toLowerCase()} is not deletable because there are ${what} running in this ${row.kind.toLowerCase()}`,
      );
  call.world.remove(row);
  return success();
};

const createPod: Behaviour = (call) => {
  const { world } = call;
  const zone = needRow(call, 'zoneid');
  const [gateway = '', netmask = ''] = [textArg(call, 'gateway'), textArg(call, 'netmask')];
  if (gateway !== '' && !blockOf(gateway, netmask))
    throw badValue(`The gateway ${gateway} or netmask ${netmask} is invalid.`);
  unique(
    world,
    'Pod',
    textArg(call, 'name'),
    `A pod with name: ${textArg(call, 'name')} already exists in zone ${zone.id}. Please specify a different pod name. `,
    (row) => row.fields['zoneid'] === zone.id,
  );
  const [start = '', end = start] = [textArg(call, 'startip'), textArg(call, 'endip')];
  const fields: Fields = {
    name: textArg(call, 'name'),
    zoneid: zone.id,
    gateway,
    netmask,
    allocationstate: textArg(call, 'allocationstate') ?? 'Enabled',
    startip: start === '' ? [] : [start],
    endip: start === '' ? [] : [end],
    vlanid: start === '' ? [] : ['vlan://untagged'],
    forsystemvms: start === '' ? [] : ['0'],
    ipranges:
      start === ''
        ? []
        : [
            {
              startip: start,
              endip: end,
              gateway,
              cidr: blockOf(gateway, netmask)?.text,
              forsystemvms: '0',
              vlanid: 'vlan://untagged',
            },
          ],
  };
  return object(insertKind(world, 'Pod', fields));
};

/** Zones and their networks beneath the guests'. */
export const zones: Record<string, Behaviour> = {
  createZone,
  updateZone,
  deleteZone: drop,
  deletePod: drop,
  deleteCluster: drop,
  createPod,
  listHypervisors: (call) => listKind(call, 'Hypervisor'),
  listDeploymentPlanners: () =>
    list(
      ['FirstFitPlanner', 'UserDispersingPlanner', 'UserConcentratedPodPlanner', 'ImplicitDedicationPlanner'].map(
        (name) => ({ name }),
      ),
    ),
  listNetworkProtocols: (call) => {
    const protocols =
      textArg(call, 'option') === 'icmptype'
        ? [
            { index: 8, name: 'Echo' },
            { index: 0, name: 'Echo Reply' },
          ]
        : [
            { index: 1, name: 'ICMP' },
            { index: 6, name: 'TCP' },
            { index: 17, name: 'UDP' },
          ];
    return list(protocols);
  },
  updateSiocInfo: (call) => {
    const pool = needRow(call, 'storageid');
    call.world.update(pool, { sioc: { ...call.args } });
    return object({ msg: `Storage I/O control set on ${settingOf(call.world, 'host')}` });
  },
};
