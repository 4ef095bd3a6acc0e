import { badValue } from '../world/errors.ts';
import { numberSetting } from '../world/settings.ts';
import type { Fields, Resource } from '../world/types.ts';
import { mapArg, numberArg } from './args.ts';
import type { Call } from './call.ts';
import { gib } from './figures.ts';

/** Processor and memory of a machine, from its offering or, for a custom one, from the call's details. */
export const sizeOf = (call: Call, offering: Resource): Fields => {
  const details = mapArg(call, 'details');
  const given = { cpunumber: details['cpuNumber'], cpuspeed: details['cpuSpeed'], memory: details['memory'] };
  const { iscustomized, cpunumber, cpuspeed, memory } = offering.fields;
  if (iscustomized !== true) {
    if (given.cpunumber !== undefined || given.memory !== undefined)
      throw badValue('The offering has a fixed size; cpuNumber, cpuSpeed and memory cannot be given');
    return { cpunumber: Number(cpunumber ?? 1), cpuspeed: Number(cpuspeed ?? 500), memory: Number(memory ?? 512) };
  }
  if ((given.cpunumber ?? cpunumber) === undefined || (given.memory ?? memory) === undefined)
    throw badValue('Need to specify custom parameter values cpu, cpu speed and memory when using custom offering');
  const size = {
    cpunumber: Number(given.cpunumber ?? cpunumber),
    cpuspeed: Number(given.cpuspeed ?? cpuspeed ?? 1000),
    memory: Number(given.memory ?? memory),
  };
  checkCustomSize(offering, size);
  return size;
};

const maxInteger = 2_147_483_647;

/** Refuses a size outside what a custom offering allows (UserVmManagerImpl.validateCustomParameters). */
const checkCustomSize = (offering: Resource, size: { cpunumber: number; cpuspeed: number; memory: number }): void => {
  const details = offering.fields['serviceofferingdetails'] as Fields | undefined;
  const within = (value: number, min: number, max: number): boolean => value >= min && value <= max;
  const [minCpu, maxCpu] = [Number(details?.['mincpunumber'] ?? 1), Number(details?.['maxcpunumber'] ?? maxInteger)];
  if (!within(size.cpunumber, minCpu, maxCpu))
    throw badValue(`Invalid CPU cores value, specify a value between ${minCpu} and ${maxCpu}`);
  if (!within(size.cpuspeed, 1, maxInteger))
    throw badValue(`Invalid CPU speed value, specify a value between 1 and ${maxInteger}`);
  const [minMemory, maxMemory] = [Number(details?.['minmemory'] ?? 32), Number(details?.['maxmemory'] ?? maxInteger)];
  if (!within(size.memory, minMemory, maxMemory))
    throw badValue(`Invalid memory value, specify a value between ${minMemory} and ${maxMemory}`);
};

/** GiB of the data disk; of a fixed offering, what a call asks for counts for nothing (UserVmManagerImpl.verifyAndGetDiskSize). */
export const dataDiskSize = (call: Call, disk: Resource | undefined): number => {
  if (!disk) return 0;
  if (disk.fields['iscustomized'] !== true) return Number(disk.fields['disksize'] ?? 0);
  const asked = numberArg(call, 'size');
  if (asked === undefined) throw badValue('This disk offering requires a custom size specified');
  const [min, max] = [
    numberSetting(call.world, 'custom.diskoffering.size.min', 1),
    numberSetting(call.world, 'custom.diskoffering.size.max', 1024),
  ];
  if (asked < min || asked > max)
    throw badValue(`Volume size: ${asked} GB is out of allowed range. Min: ${min}. Max: ${max}`);
  return asked;
};

/** Refuses a root disk that is empty, or smaller than the template it is made of. */
export const checkRootSize = (asked: number | undefined, template: Resource): void => {
  if (asked === undefined) return;
  if (asked <= 0) throw badValue('Root disk size should be a positive number.');
  const size = Number(template.fields['size'] ?? 0);
  if (template.fields['format'] !== 'ISO' && asked * gib < size)
    throw badValue(`Unsupported: rootdisksize override is smaller than template size ${(size / gib).toFixed(2)} GB`);
};
