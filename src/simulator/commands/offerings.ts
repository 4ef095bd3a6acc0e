import { object, success, work } from '../engine/results.ts';
import { isWithin } from '../rules/access.ts';
import {
  entriesArg,
  flagArg,
  listArg,
  mapArg,
  needRow,
  numberArg,
  rowArg,
  rowsArg,
  text,
  textArg,
} from '../engine/args.ts';
import { insertKind } from '../world/insert.ts';
import { badValue, inUse, forbidden } from '../world/errors.ts';
import { statedFields } from '../engine/generic.ts';
import { listKind, type Test } from '../engine/list.ts';
import type { Behaviour, Call, Fields, Resource, Value } from '../world/types.ts';

const ids = (call: Call, name: string): string[] => rowsArg(call, name).map(({ id }) => id);

/** Where an offering may be used, as the API writes it: a comma list, and nothing for everywhere. */
const places = (call: Call): Fields => {
  const [domains, zones] = [ids(call, 'domainid'), ids(call, 'zoneid')];
  const names = (list: string[]): string => list.map((id) => text(call.world.get(id), 'name')).join(',');
  return {
    ...(domains.length > 0 ? { domainid: domains.join(','), domain: names(domains) } : { domainid: undefined }),
    ...(zones.length > 0 ? { zoneid: zones.join(','), zone: names(zones) } : { zoneid: undefined }),
  };
};

const createService: Behaviour = (call) => {
  const { fields } = statedFields(call, 'ServiceOffering');
  const custom =
    flagArg(call, 'customized') || ['cpunumber', 'cpuspeed', 'memory'].every((name) => call.args[name] === undefined);
  const [cpus, memory] = [numberArg(call, 'cpunumber'), numberArg(call, 'memory')];
  if (!custom && (cpus === undefined || cpus < 1))
    throw badValue(
      `Failed to create service offering ${textArg(call, 'name')}: specify the cpu number value between 1 and 2147483647, or 0 for custom.`,
    );
  if (!custom && (memory === undefined || memory < 32))
    throw badValue(
      `Failed to create service offering ${textArg(call, 'name')}: specify the memory value between 32 and 2147483647 MB.`,
    );
  const system = flagArg(call, 'issystem');
  if (system && !call.caller.root) throw forbidden();
  const row = insertKind(call.world, 'ServiceOffering', {
    storagetype: 'shared',
    provisioningtype: 'thin',
    offerha: false,
    limitcpuuse: false,
    isvolatile: false,
    ...fields,
    tags: undefined,
    storagetags: textArg(call, 'tags'),
    iscustomized: custom,
    issystem: system,
    defaultuse: false,
    dynamicscalingenabled: call.args['dynamicscalingenabled'] !== false,
    serviceofferingdetails: { ...mapArg(call, 'serviceofferingdetails') },
    ...places(call),
  });
  return object(row);
};

const createDisk: Behaviour = (call) => {
  const custom = flagArg(call, 'customized');
  const size = numberArg(call, 'disksize');
  if (!custom && (size === undefined || size < 1))
    throw badValue('Disksize is required for a non-customized disk offering');
  if (custom && size !== undefined) throw badValue('Disksize is not allowed for a customized disk offering');
  const { fields } = statedFields(call, 'DiskOffering');
  return object(
    insertKind(call.world, 'DiskOffering', {
      storagetype: 'shared',
      provisioningtype: 'thin',
      displayoffering: true,
      ...fields,
      disksize: size ?? 0,
      iscustomized: custom,
      ...places(call),
    }),
  );
};

const services = (call: Call): Value[] => {
  const chosen = new Map<string, string[]>();
  for (const { service = '', provider = '' } of entriesArg(call, 'serviceproviderlist'))
    chosen.set(service, [...(chosen.get(service) ?? []), provider]);
  for (const name of listArg(call, 'supportedservices'))
    if (!chosen.has(name)) chosen.set(name, [flagArg(call, 'forvpc') ? 'VpcVirtualRouter' : 'VirtualRouter']);
  const capabilities = entriesArg(call, 'servicecapabilitylist');
  return [...chosen]
    .filter(([name]) => name !== 'Gateway')
    .map(([name, providers]) => ({
      name,
      provider: providers.map((provider) => ({ name: provider })),
      capability: capabilities
        .filter(({ service }) => service === name)
        .map(({ capabilitytype, capabilityvalue }) => ({
          name: capabilitytype,
          value: capabilityvalue,
          canchooseservicecapability: false,
        })),
    }));
};

const createNetwork: Behaviour = (call) => {
  const type = textArg(call, 'guestiptype') ?? '';
  if (!/^(isolated|shared|l2)$/i.test(type))
    throw badValue(`Invalid "type" parameter is given; can have Shared and Isolated values`);
  if (call.world.all('NetworkOffering').some(({ fields }) => fields['name'] === textArg(call, 'name')))
    throw badValue(`Network offering with name ${textArg(call, 'name')} already exists`);
  const { fields } = statedFields(call, 'NetworkOffering');
  const row = insertKind(call.world, 'NetworkOffering', {
    ...fields,
    supportedservices: undefined,
    serviceproviderlist: undefined,
    servicecapabilitylist: undefined,
    guestiptype: type.toLowerCase() === 'l2' ? 'L2' : type.charAt(0).toUpperCase() + type.slice(1).toLowerCase(),
    traffictype: 'Guest',
    availability: textArg(call, 'availability') ?? 'Optional',
    state: flagArg(call, 'enable') ? 'Enabled' : 'Disabled',
    conservemode: call.args['conservemode'] !== false,
    specifyvlan: flagArg(call, 'specifyvlan'),
    specifyipranges: flagArg(call, 'specifyipranges'),
    ispersistent: flagArg(call, 'ispersistent'),
    egressdefaultpolicy: flagArg(call, 'egressdefaultpolicy'),
    forvpc: flagArg(call, 'forvpc'),
    networkrate: numberArg(call, 'networkrate') ?? 200,
    service: services(call),
    ...places(call),
  });
  return object(row);
};

const createVpc: Behaviour = (call) => {
  const { fields } = statedFields(call, 'VpcOffering');
  const row = insertKind(call.world, 'VpcOffering', {
    ...fields,
    supportedservices: undefined,
    state: flagArg(call, 'enable') ? 'Enabled' : 'Disabled',
    distributedvpcrouter: false,
    service: services(call),
    ...places(call),
  });
  return work(row, () => object(row));
};

const retire: Behaviour = (call) => {
  const row = needRow(call, 'id');
  if (row.fields['state'] === 'Inactive') throw badValue(`Unable to delete ${row.id}: it is inactive already`);
  call.world.update(row, { state: 'Inactive' });
  return success();
};

const dropNetwork: Behaviour = (call) => {
  const row = needRow(call, 'id');
  const [field, kind, noun] =
    row.kind === 'VpcOffering' ? ['vpcofferingid', 'Vpc', 'VPC'] : ['networkofferingid', 'Network', 'network'];
  const users = [...call.world.where(kind, field, row.id)].length;
  if (row.fields['isdefault'] === true) throw badValue(`Default ${noun} offering can't be deleted`);
  if (users > 0)
    throw inUse(
      `Can't delete ${noun} offering ${row.id} as its used by ${users} ${noun}s. To make the network offering unavailable, disable it`,
    );
  const drop = () => {
    call.world.remove(row);
    return success();
  };
  return call.command.async ? work(row, drop) : drop();
};

const update: Behaviour = (call) => {
  const row =
    rowArg(call, 'id') ??
    call.world.all(call.command.response).find(({ fields }) => fields['name'] === textArg(call, 'name'));
  if (!row) throw badValue('Unable to find the offering');
  const { id: _, domainid, zoneid, tags, ...fields } = statedFields(call, row.kind).fields;
  const state = textArg(call, 'state');
  const apply = () => {
    call.world.update(row, {
      ...fields,
      ...(state === undefined ? {} : { state: state.charAt(0).toUpperCase() + state.slice(1).toLowerCase() }),
      ...(tags === undefined ? {} : { tags }),
      ...(domainid === undefined ? {} : { domainid: domainid === 'public' ? undefined : domainid }),
      ...(zoneid === undefined ? {} : { zoneid: zoneid === 'all' ? undefined : zoneid }),
    });
    return object(row);
  };
  return call.command.async ? work(row, apply) : apply();
};

/** Domain-scoped offerings are seen in those domains and below. */
const visible = (call: Call): Test[] => {
  const { world, caller, args } = call;
  const zone = rowArg(call, 'zoneid');
  const inDomain = ({ fields }: Resource): boolean =>
    typeof fields['domainid'] !== 'string' ||
    fields['domainid']
      .split(',')
      .some((id) => isWithin(world, caller.domain.id, id) || isWithin(world, id, caller.domain.id));
  const inZone = ({ fields }: Resource): boolean =>
    !zone || typeof fields['zoneid'] !== 'string' || fields['zoneid'].split(',').includes(zone.id);
  const tests: Test[] = [inZone];
  if (!caller.root) tests.push(inDomain);
  if (args['id'] === undefined && args['state'] === undefined)
    tests.push(({ fields }) => fields['state'] !== 'Inactive');
  return tests;
};

const lists =
  (kind: string): Behaviour =>
  (call) => {
    const { zoneid: _zone, domainid: _domain, supportedservices: _services, ...args } = call.args;
    const wanted = listArg(call, 'supportedservices');
    const nat = call.args['sourcenatsupported'];
    const has = (row: Resource, name: string): boolean =>
      Array.isArray(row.fields['service']) &&
      row.fields['service'].some((service) => (service as Fields)['name'] === name);
    const tests: Test[] = [...visible(call)];
    if (wanted.length > 0) tests.push((row) => wanted.every((name) => has(row, name)));
    if (nat !== undefined) tests.push((row) => has(row, 'SourceNat') === nat);
    if (kind === 'ServiceOffering' && call.args['issystem'] === undefined && call.args['id'] === undefined)
      tests.push(({ fields }) => fields['issystem'] !== true);
    if (kind === 'NetworkOffering' && !call.caller.root) tests.push(({ fields }) => fields['state'] === 'Enabled');
    // Offerings belong to nobody: listall and account say nothing about them.
    return listKind(
      {
        ...call,
        args,
        command: {
          ...call.command,
          params: call.command.params.filter(({ name }) => !['listall', 'account', 'projectid'].includes(name)),
        },
      },
      kind,
      tests,
    );
  };

/** Service, disk, network and VPC offerings. */
export const offerings: Record<string, Behaviour> = {
  createServiceOffering: createService,
  createDiskOffering: createDisk,
  createNetworkOffering: createNetwork,
  createVPCOffering: createVpc,
  deleteServiceOffering: retire,
  deleteDiskOffering: retire,
  deleteNetworkOffering: dropNetwork,
  deleteVPCOffering: dropNetwork,
  updateServiceOffering: update,
  updateDiskOffering: update,
  updateNetworkOffering: update,
  updateVPCOffering: update,
  listServiceOfferings: lists('ServiceOffering'),
  listDiskOfferings: lists('DiskOffering'),
  listNetworkOfferings: lists('NetworkOffering'),
  listVPCOfferings: lists('VpcOffering'),
};
