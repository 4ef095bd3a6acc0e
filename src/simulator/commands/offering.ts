import { statedFields } from '../engine/generic.ts';
import { loadInstallation } from '../engine/installation.ts';
import {
  cloneOffering,
  deleteOffering,
  listOfferings,
  places,
  servicesOffered,
  updateOffering,
} from '../engine/offerings.ts';
import { flagArg, mapArg, needRow, numberArg, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../rules/call.ts';
import { object, success } from '../rules/results.ts';
import { badValue, forbidden } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Fields } from '../world/types.ts';

/** The bounds of a custom offering, which CloudStack keeps among its details. */
const bounds = (call: Call): Fields =>
  Object.fromEntries(
    ['mincpunumber', 'maxcpunumber', 'minmemory', 'maxmemory'].flatMap((name) =>
      call.args[name] === undefined ? [] : [[name, String(call.args[name])]],
    ),
  );

/** Refuses a way of caching that no hypervisor knows. */
const checkCache = (call: Call): void => {
  const mode = textArg(call, 'cachemode');
  if (mode !== undefined && !['NONE', 'WRITEBACK', 'WRITETHROUGH', 'HYPERVISOR_DEFAULT'].includes(mode.toUpperCase()))
    throw badValue(
      `Invalid cache mode (${mode}). Please specify one of the valid cache modes [none, writeback, writethrough, hypervisor_default]`,
    );
};

/**
 * IOPS that a call states are kept where it says that machines choose none: without a word they may, and then an offering
 * has none of its own (ConfigurationManagerImpl.createDiskOffering).
 */
const iops = (call: Call): Fields =>
  call.args['customizediops'] === false ? {} : { miniops: undefined, maxiops: undefined };

/** What createServiceOffering of ConfigurationManagerImpl refuses besides the size. */
const checkService = (call: Call, custom: boolean): void => {
  const failed = `Failed to create service offering ${textArg(call, 'name')}`;
  const rate = numberArg(call, 'networkrate');
  if ((numberArg(call, 'cpuspeed') ?? 0) < 0)
    throw badValue(`${failed}: specify the cpu speed value between ${custom ? 1 : 0} and 2147483647`);
  if (textArg(call, 'storagetype')?.toLowerCase() === 'local' && flagArg(call, 'offerha'))
    throw badValue('HA offering with local storage is not supported. ');
  if (flagArg(call, 'issystem')) {
    if (rate !== undefined && (textArg(call, 'systemvmtype') ?? 'domainrouter') !== 'domainrouter')
      throw badValue(
        'Network rate can be specified only for non-System offering and system offerings having "domainrouter" systemvmtype',
      );
    if (call.args['customizediops'] !== undefined)
      throw badValue('Customized IOPS is not a valid parameter for a system VM.');
    if (call.args['hypervisorsnapshotreserve'] !== undefined)
      throw badValue('Hypervisor Snapshot reserve is not a valid parameter for a system VM.');
  }
  if ((rate ?? 0) < 0) throw badValue(`${failed}: specify the network rate value more than 0`);
  const planner = textArg(call, 'deploymentplanner');
  if (planner !== undefined && !loadInstallation().deploymentPlanners.includes(planner))
    throw badValue(
      'Invalid name for Deployment Planner specified, please use listDeploymentPlanners to get the valid set',
    );
};

const createService: Behaviour = (call) => {
  checkCache(call);
  const { fields } = statedFields(call, 'ServiceOffering');
  // Without a word about it, an offering is custom where its size is not whole (CreateServiceOfferingCmd.isCustomized).
  const stated = call.args['customized'];
  const custom =
    stated === undefined ? ['cpunumber', 'memory'].some((name) => call.args[name] === undefined) : stated === true;
  const [cpus, memory] = [numberArg(call, 'cpunumber'), numberArg(call, 'memory')];
  if (!custom && (cpus === undefined || cpus < 1))
    throw badValue(
      `Failed to create service offering ${textArg(call, 'name')}: specify the cpu number value between 1 and 2147483647, or 0 for custom.`,
    );
  if (!custom && (memory === undefined || memory < 32))
    throw badValue(
      `Failed to create service offering ${textArg(call, 'name')}: specify the memory value between 32 and 2147483647 MB.`,
    );
  checkService(call, custom);
  const system = flagArg(call, 'issystem');
  if (system && !call.caller.root) throw forbidden();
  const row = insertKind(call.world, 'ServiceOffering', {
    storagetype: 'shared',
    provisioningtype: 'thin',
    offerha: false,
    limitcpuuse: false,
    isvolatile: false,
    ...fields,
    ...iops(call),
    tags: undefined,
    storagetags: textArg(call, 'tags'),
    iscustomized: custom,
    issystem: system,
    defaultuse: false,
    dynamicscalingenabled: call.args['dynamicscalingenabled'] !== false,
    serviceofferingdetails: { ...mapArg(call, 'serviceofferingdetails'), ...bounds(call) },
    ...places(call),
  });
  return object(row);
};

const createDisk: Behaviour = (call) => {
  const custom = flagArg(call, 'customized');
  const size = numberArg(call, 'disksize');
  if (!custom && size === undefined) throw badValue('Disksize is required for a non-customized disk offering');
  if (custom && size !== undefined) throw badValue('Disksize is not allowed for a customized disk offering');
  checkCache(call);
  const { fields } = statedFields(call, 'DiskOffering');
  return object(
    insertKind(call.world, 'DiskOffering', {
      storagetype: 'shared',
      provisioningtype: 'thin',
      displayoffering: true,
      ...fields,
      ...iops(call),
      disksize: size ?? 0,
      iscustomized: custom,
      ...places(call),
    }),
  );
};

const createNetwork: Behaviour = (call) => {
  const type = textArg(call, 'guestiptype') ?? '';
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
    service: servicesOffered(call),
    ...places(call),
  });
  return object(row);
};

/** A copy of an offering under a new name, with what else the call states. */
const clone =
  (kind: 'ServiceOffering' | 'DiskOffering' | 'NetworkOffering'): Behaviour =>
  (call) => {
    checkCache(call);
    const copy = cloneOffering(call, kind);
    return object(copy);
  };

const retire: Behaviour = (call) => {
  const row = needRow(call, 'id');
  if (row.fields['defaultuse'] === true) throw badValue('Default service offerings cannot be deleted');
  if (row.fields['state'] === 'Inactive') throw badValue(`Unable to delete ${row.id}: it is inactive already`);
  call.world.update(row, { state: 'Inactive' });
  return success();
};

/** Compute, disk and network offerings. */
export const offering: Behaviours = {
  createServiceOffering: createService,
  createDiskOffering: createDisk,
  createNetworkOffering: createNetwork,
  cloneServiceOffering: clone('ServiceOffering'),
  cloneDiskOffering: clone('DiskOffering'),
  cloneNetworkOffering: clone('NetworkOffering'),
  deleteServiceOffering: retire,
  deleteDiskOffering: retire,
  deleteNetworkOffering: deleteOffering,
  updateServiceOffering: updateOffering,
  updateDiskOffering: updateOffering,
  updateNetworkOffering: updateOffering,
  listServiceOfferings: listOfferings('ServiceOffering'),
  listDiskOfferings: listOfferings('DiskOffering'),
  listNetworkOfferings: listOfferings('NetworkOffering'),
};
