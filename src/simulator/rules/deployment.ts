import { badValue, forbidden } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import { settingOf } from '../world/settings.ts';
import type { Fields, Resource, Value } from '../world/types.ts';
import { flagArg, listArg, mapArg, needRow, numberArg, rowArg, rowsArg, text, textArg } from './args.ts';
import type { Behaviour, Call } from './call.ts';
import { gib } from './figures.ts';
import { checkExtras, checkLimits, checkNames, checkTemplate, checkUserData } from './deployment-checks.ts';
import { networksFor } from './deployment-networks.ts';
import { checkRootSize, dataDiskSize, sizeOf } from './machine-size.ts';
import { addVolume, expunge, powerOn } from './machines.ts';
import { addNic, standardMac } from './networks.ts';
import { ownerOf } from './owner.ts';
import { object, work } from './results.ts';
import { defaultSecurityGroup } from './security-groups.ts';

const groupOf = (call: Call, owner: Resource): string | undefined => {
  const name = textArg(call, 'group');
  if (name === undefined) return undefined;
  const known = [...call.world.ownedBy('InstanceGroup', owner.id)].find((row) => row.fields['name'] === name);
  return (known ?? insertKind(call.world, 'InstanceGroup', { name }, { owner: owner.id })).id;
};

const affinityIds = (call: Call, owner: Resource): Value[] => {
  const names = listArg(call, 'affinitygroupnames');
  const own = [...call.world.ownedBy('AffinityGroup', owner.id)];
  const unknown = names.find((name) => !own.some((row) => text(row, 'name') === name));
  if (unknown !== undefined) throw badValue(`Unable to find group by name ${unknown}`);
  const named = own.filter((row) => names.includes(text(row, 'name')));
  const given = rowsArg(call, 'affinitygroupids');
  const foreign = given.find((group) => group.owner !== owner.id && group.fields['type'] !== 'ExplicitDedication');
  if (foreign) throw forbidden(`Affinity Group ${text(foreign, 'name')} does not belong to the VM's account`);
  return [...given, ...named].map(({ id }) => id);
};

const securityIds = (call: Call, zone: Resource, owner: Resource): Value[] => {
  const given = rowsArg(call, 'securitygroupids').map(({ id }) => id);
  if (
    zone.fields['securitygroupsenabled'] !== true &&
    (given.length > 0 || listArg(call, 'securitygroupnames').length > 0)
  )
    throw badValue(
      `Can't create VM with security groups; security group feature is not enabled for zone ${text(zone, 'name')}`,
    );
  if (given.length > 0 || zone.fields['securitygroupsenabled'] !== true) return given;
  return [defaultSecurityGroup(call.world, owner).id];
};

/** What CloudStack itself writes into a new machine's details. */
const deployDetails = (call: Call, owner: Resource, keys: readonly string[]): Fields => {
  const pairs = [...call.world.ownedBy('SSHKeyPair', owner.id)].filter((row) => keys.includes(text(row, 'name')));
  const size = numberArg(call, 'rootdisksize');
  return {
    ...(size === undefined ? {} : { rootdisksize: String(size) }),
    ...(keys.length > 0
      ? {
          'SSH.KeyPairNames': keys.join(','),
          'SSH.PublicKey': pairs.map(({ hidden }) => String(hidden['publickey'] ?? '')).join('\n'),
        }
      : {}),
  };
};

/** Makes a virtual machine's row, disks and interfaces; it is Stopped until it is started. */
const makeMachine = (
  call: Call,
  template: Resource,
  offering: Resource,
): { vm: Resource; password: string | undefined } => {
  const { world } = call;
  const zone = needRow(call, 'zoneid');
  const owner = ownerOf(call);
  checkTemplate(call, template, zone, offering);
  checkRootSize(numberArg(call, 'rootdisksize'), template);
  const size = sizeOf(call, offering);
  const disk = rowArg(call, 'diskofferingid');
  const iso = template.fields['format'] === 'ISO';
  const rootGb = numberArg(call, 'rootdisksize') ?? Math.max(1, Math.ceil(Number(template.fields['size'] ?? 0) / gib));
  const dataGb = dataDiskSize(call, disk);
  checkLimits(call, owner, size, iso ? [dataGb] : disk ? [rootGb, dataGb] : [rootGb]);
  const networks = networksFor(call, zone, owner);
  checkExtras(call, networks);
  const id = textArg(call, 'customid') ?? world.random.uuid();
  const name = textArg(call, 'name') ?? `VM-${id}`;
  checkNames(call, name, networks);
  const number = world.count('vm');
  const account = world.get(owner.id)?.no ?? 0;
  const enabled = template.fields['passwordenabled'] === true;
  const keys = [textArg(call, 'keypair'), ...listArg(call, 'keypairs')].filter((key) => key !== undefined);
  const known = new Set(Array.from(world.ownedBy('SSHKeyPair', owner.id), (row) => text(row, 'name')));
  if (keys.some((key) => !known.has(key))) throw badValue('Not all specified keypairs exist');
  checkUserData(call, template, keys, networks[0]?.network);
  const userdata = textArg(call, 'userdata');
  const vm = insertKind(
    world,
    'UserVm',
    {
      ...size,
      name,
      displayname: textArg(call, 'displayname') ?? name,
      state: 'Stopped',
      zoneid: zone.id,
      templateid: template.id,
      serviceofferingid: offering.id,
      ...(disk ? { diskofferingid: disk.id } : {}),
      ...(iso ? { isoid: template.id } : {}),
      guestosid: template.fields['ostypeid'],
      ostypeid: template.fields['ostypeid'],
      hypervisor: textArg(call, 'hypervisor') ?? template.fields['hypervisor'],
      instancename: `i-${account}-${number}-${settingOf(world, 'instance.name')}`,
      haenable: offering.fields['offerha'] === true,
      passwordenabled: enabled,
      rootdeviceid: 0,
      rootdevicetype: 'ROOT',
      isdynamicallyscalable:
        flagArg(call, 'dynamicscalingenabled') && offering.fields['dynamicscalingenabled'] === true,
      deleteprotection: false,
      displayvm: call.args['displayvm'] !== false,
      details: { ...mapArg(call, 'details'), ...deployDetails(call, owner, keys) },
      userid: call.caller.user.id,
      groupid: groupOf(call, owner),
      userdata,
      userdataid: rowArg(call, 'userdataid')?.id,
      vmtype: 'UserVm',
      ...(keys.length > 0 ? { keypairs: keys.join(',') } : {}),
    },
    {
      id,
      owner: owner.id,
      no: number,
      hidden: { affinitygroupids: affinityIds(call, owner), securitygroupids: securityIds(call, zone, owner) },
    },
  );
  const mac = standardMac(textArg(call, 'macaddress'));
  networks.forEach(({ network, ...wishes }, i) => addNic(world, vm, network, i === 0 ? { mac, ...wishes } : wishes));
  const rootOffering = iso ? disk : undefined;
  addVolume(world, vm, {
    type: 'ROOT',
    size: (iso ? dataGb : rootGb) * gib,
    serviceofferingid: String(offering.no),
    ...(rootOffering ? { diskofferingid: rootOffering.id } : { templateid: template.id }),
  });
  if (disk && !iso) addVolume(world, vm, { type: 'DATADISK', size: dataGb * gib, diskofferingid: disk.id });
  const password = enabled ? world.random.key(6) : undefined;
  if (password !== undefined) world.hide(vm, { password });
  return { vm, password };
};

/** deployVirtualMachine, for every command that ends in a new machine. */
export const deploy: Behaviour = (call) => {
  const { world } = call;
  const template = needRow(call, 'templateid');
  if (template.fields['templatetype'] === 'SYSTEM')
    throw badValue(`Unable to use system template ${template.no} to deploy a user vm`);
  const { vm, password } = makeMachine(call, template, needRow(call, 'serviceofferingid'));
  const start = call.args['startvm'] !== false;
  if (start) world.update(vm, { state: 'Starting' });
  return work(vm, () => {
    if (start && vm.removed === undefined && vm.fields['state'] === 'Starting') {
      try {
        powerOn(world, vm, rowArg(call, 'hostid'));
      } catch (error) {
        world.update(vm, { state: 'Error' });
        throw error;
      }
    }
    return password === undefined ? object(vm) : { form: 'object', item: vm, extra: { password } };
  });
};

/** A machine that the cloud itself wants for an account, such as a member of an autoscale group. */
export interface OwnMachine {
  owner: Resource;
  /** What deployVirtualMachine would be given by these names. */
  rows: Partial<Record<'zoneid' | 'templateid' | 'serviceofferingid' | 'networkids', Resource | undefined>>;
  name: string;
  fields: Fields;
}

/** Makes and starts such a machine. Throws what deployVirtualMachine would fail with. */
export const deployOwn = (call: Call, { owner, rows, name, fields }: OwnMachine): Resource => {
  const { world, caller } = call;
  const named = Object.entries(rows).flatMap(([parameter, row]) =>
    row ? [[parameter, [row]] as [string, Resource[]]] : [],
  );
  const asked: Call = {
    ...call,
    args: { name },
    rows: new Map(named),
    caller: { ...caller, account: owner, domain: world.get(text(owner, 'domainid')) ?? caller.domain },
  };
  const { vm } = makeMachine(asked, needRow(asked, 'templateid'), needRow(asked, 'serviceofferingid'));
  world.update(vm, { ...fields, state: 'Starting' });
  try {
    powerOn(world, vm);
  } catch (error) {
    expunge(world, vm);
    throw error;
  }
  return vm;
};
