import { badValue } from '../world/errors.ts';
import { isOn } from '../world/settings.ts';
import type { Resource } from '../world/types.ts';
import { text, textArg } from './args.ts';
import type { Call } from './call.ts';
import { blockOf, contains, overlap, toNumber } from './ip.ts';

/** Refuses addresses of a pod that are none; an edge zone needs none (ConfigurationManagerImpl.createPod). */
export const checkPodAddresses = (call: Call, zone: Resource): void => {
  const [gateway = '', netmask = ''] = [textArg(call, 'gateway'), textArg(call, 'netmask')];
  const [start, end] = [textArg(call, 'startip'), textArg(call, 'endip')];
  if (zone.fields['type'] === 'Edge') return;
  if (Number.isNaN(toNumber(start ?? ''))) throw badValue('The start IP is invalid');
  if (end !== undefined && Number.isNaN(toNumber(end))) throw badValue('The end IP is invalid');
  if (Number.isNaN(toNumber(gateway))) throw badValue('The gateway is invalid');
  if (!blockOf(gateway, netmask)) throw badValue('The netmask is invalid');
};

/** The address ranges of a pod. */
export const rangesOf = (pod: Resource): { start: string; end: string }[] => {
  const [starts, ends] = ['startip', 'endip'].map((name) => pod.fields[name]);
  return Array.isArray(starts) && Array.isArray(ends)
    ? starts.map((start, i) => ({ start: String(start), end: String(ends[i]) }))
    : [];
};

/** Refuses a range outside its block, backwards, or with the gateway or public addresses in it (checkPodAttributes). */
export const checkRange = (
  call: Call,
  zoneId: string,
  gateway: string,
  netmask: string,
  start: string,
  end: string,
): void => {
  const block = blockOf(gateway, netmask);
  if (!block) return;
  if (!contains(block, start)) throw badValue('The start address of the IP range is not in the CIDR subnet.');
  if (!contains(block, end)) throw badValue('The end address of the IP range is not in the CIDR subnet.');
  const [first, last] = [toNumber(start), toNumber(end)];
  if (first > last) throw badValue('The start IP address must have a lower value than the end IP address.');
  const isInside = (address: string): boolean => toNumber(address) >= first && toNumber(address) <= last;
  const taken = [...call.world.where('IPAddress', 'zoneid', zoneId)].find((row) => isInside(text(row, 'ipaddress')));
  if (taken) throw badValue(`The Start IP and endIP address range overlap with Public IP :${text(taken, 'ipaddress')}`);
  if (isInside(gateway)) throw badValue("The gateway shouldn't overlap start/end ip addresses");
};

/** Refuses the block of another pod, unless a setting says otherwise (checkPodCidrSubnets). */
export const checkPodBlock = (call: Call, zone: Resource, gateway: string, netmask: string, self?: Resource): void => {
  const block = blockOf(gateway, netmask);
  if (!block || !isOn(call.world, 'check.pod.cidrs')) return;
  for (const pod of call.world.where('Pod', 'zoneid', zone.id)) {
    const other = pod === self ? undefined : blockOf(text(pod, 'gateway'), text(pod, 'netmask'));
    if (other && overlap(block, other))
      throw badValue(
        `The subnet of the pod you are adding conflicts with the subnet of the Pod: ${text(pod, 'name')}. Please specify a different CIDR.`,
      );
  }
};

/** Refuses a range of another block than the pod's, or that shares addresses with one (createPodIpRange). */
export const checkManagementRange = (call: Call, pod: Resource, start: string, end: string): void => {
  const [gateway, netmask] = [textArg(call, 'gateway') ?? '', textArg(call, 'netmask') ?? ''];
  if (gateway !== text(pod, 'gateway'))
    throw badValue(
      `Multiple gateways for the POD: ${pod.no} are not allowed. The Gateway should be same as the existing Gateway ${text(pod, 'gateway')}`,
    );
  if (netmask !== text(pod, 'netmask'))
    throw badValue(
      `Multiple subnets for the POD: ${pod.no} are not allowed. The Netmask should be same as the existing Netmask ${text(pod, 'netmask')}`,
    );
  checkRange(call, text(pod, 'zoneid'), gateway, netmask, start, end);
  if (rangesOf(pod).some((range) => toNumber(range.start) <= toNumber(end) && toNumber(start) <= toNumber(range.end)))
    throw badValue('The new range overlaps with existing range. Please add a mutually exclusive range.');
};
