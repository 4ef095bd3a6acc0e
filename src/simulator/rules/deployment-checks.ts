import { ApiError, badValue } from '../world/errors.ts';
import { isOn } from '../world/settings.ts';
import type { Index } from '../world/table.ts';
import type { Fields, Resource } from '../world/types.ts';
import { entriesArg, rowArg, text, textArg } from './args.ts';
import type { Call } from './call.ts';
import type { ChosenNetwork } from './deployment-networks.ts';
import { checkLimit } from './limits.ts';
import { hasService } from './networks.ts';

const hostName = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

/** Machines by what they are called in their networks: case does not count. */
const byHostName: Index = { keysOf: (vm) => text(vm, 'name').toLowerCase() };

/** Refuses a name that is no host name, or that a machine of one of the networks has. */
export const checkNames = (call: Call, name: string, networks: readonly { network: Resource }[]): void => {
  const { world } = call;
  if (!hostName.test(name))
    throw badValue(
      `Invalid name. Vm name can contain ASCII letters 'a' through 'z', the digits '0' through '9', and the hyphen ('-'), must be between 1 and 63 characters long, and can't start or end with "-" and can't start with digit`,
    );
  const namesakes = [...world.indexed('UserVm', byHostName, name.toLowerCase())];
  const taken = new Set(
    namesakes.flatMap(({ id }) =>
      Array.from(world.where('Nic', 'virtualmachineid', id), ({ fields }) => fields['networkid']),
    ),
  );
  for (const { network } of networks)
    if (taken.has(network.id))
      throw badValue(
        `The vm with hostName ${name} already exists in the network domain: ${text(network, 'networkdomain')}; network=${network.id}`,
      );
};

/** Refuses data that the machine's first network has no service for (UserVmManagerImpl.getUncheckedUserVmResource). */
export const checkUserData = (
  call: Call,
  template: Resource,
  keys: readonly string[],
  first: Resource | undefined,
): void => {
  if (!first || hasService(call.world, first, 'UserData')) return;
  const place = `there is no support for UserData service in the default network ${text(first, 'name')}/${first.id}`;
  if (textArg(call, 'userdata') || rowArg(call, 'userdataid'))
    throw badValue(`Unable to deploy VM as UserData is provided while deploying the VM, but ${place}.`);
  if (keys.length > 0)
    throw badValue(`Unable to deploy VM as SSH keypair is provided while deploying the VM, but ${place}`);
  if (template.fields['passwordenabled'] === true)
    throw badValue(`Unable to deploy VM as template ${template.no} is password enabled, but ${place}`);
};

/** Refuses a template that is not ready, or not for this zone, offering or hypervisor, and a zone that is disabled. */
export const checkTemplate = (call: Call, template: Resource, zone: Resource, offering: Resource): void => {
  if (template.fields['format'] === 'ISO' && template.fields['bootable'] === false)
    throw badValue(`Installing from ISO requires an ISO that is bootable: ${template.no}`);
  if (template.fields['isready'] === false) throw badValue(`Template ${template.id} is not ready yet`);
  const zones = template.hidden['zones'];
  if (Array.isArray(zones) && !zones.includes(zone.id))
    throw badValue(`The template ${template.id} is not available for use`);
  if (
    template.fields['format'] === 'ISO' &&
    (!rowArg(call, 'diskofferingid') || textArg(call, 'hypervisor') === undefined)
  )
    throw badValue('The disk offering and the hypervisor must be given when deploying from an ISO');
  const hypervisor = textArg(call, 'hypervisor')?.toLowerCase();
  const own = text(template, 'hypervisor').toLowerCase();
  if (template.fields['format'] !== 'ISO' && hypervisor !== undefined && own !== '' && hypervisor !== own)
    throw badValue('Hypervisor passed to the deployVm call, is different from the hypervisor type of the template');
  if (offering.fields['state'] === 'Inactive') throw badValue(`Unable to find service offering: ${offering.id}`);
  if (zone.fields['allocationstate'] === 'Disabled' && !call.caller.root)
    throw new ApiError(531, `Cannot perform this operation, Zone is currently disabled: ${zone.id}`, 4365);
};

/** Refuses what goes beyond the owner's limits; disks in GiB. */
export const checkLimits = (call: Call, owner: Resource, size: Fields, disks: number[]): void => {
  checkLimit(call.world, owner, 'user_vm');
  checkLimit(call.world, owner, 'cpu', Number(size['cpunumber']));
  checkLimit(call.world, owner, 'memory', Number(size['memory']));
  checkLimit(call.world, owner, 'volume', disks.length);
  checkLimit(
    call.world,
    owner,
    'primary_storage',
    disks.reduce((sum, gb) => sum + gb, 0),
  );
};

/** Refuses configuration that a setting forbids, and DHCP options of a network that the machine is not in (UserVmManagerImpl). */
export const checkExtras = (call: Call, networks: readonly ChosenNetwork[]): void => {
  if (textArg(call, 'extraconfig') && !isOn(call.world, 'enable.additional.vm.configuration'))
    throw badValue('attempted setting extraconfig but enable.additional.vm.configuration is disabled');
  for (const { networkid } of entriesArg(call, 'dhcpoptionsnetworklist'))
    if (networkid !== undefined && !networks.some(({ network }) => network.id === networkid))
      throw badValue(
        `VM does not has a nic in the Network (${networkid}) that is specified in the extra dhcp options.`,
      );
};
