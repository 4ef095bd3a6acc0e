import type { Show, ResourceView } from '../engine/render.ts';
import { hostLoad } from '../rules/hosts.ts';
import { countFor, limitOf, resourceTypes } from '../rules/limits.ts';
import { servicesOf } from '../rules/networks.ts';
import { accountOfProject, membersOf } from '../rules/projects.ts';
import { rulesOfGroup } from '../rules/security-groups.ts';
import { poolLoad } from '../rules/storage-pools.ts';
import type { Fields, Resource, Value } from '../world/types.ts';
import type { World } from '../world/world.ts';

const each = (rows: Iterable<Resource>, show: Show, type?: string): Value[] =>
  Array.from(rows, (row) => show(row, type));

const tags: ResourceView = (world, row, show) => ({
  tags: each(world.where('ResourceTag', 'resourceid', row.id), show),
});

const hiddenRows = (world: World, row: Resource, name: string): Resource[] => {
  const ids = row.hidden[name];
  return Array.isArray(ids)
    ? ids.flatMap((id) => world.get(String(id)) ?? []).filter(({ removed }) => removed === undefined)
    : [];
};

const machine: ResourceView = (world, row, show) => {
  const nat = [...world.where('IPAddress', 'virtualmachineid', row.id)].find(
    ({ fields }) => fields['isstaticnat'] === true,
  );
  const nics = Array.from(world.where('Nic', 'virtualmachineid', row.id), (nic) => ({
    ...show(nic),
    virtualmachineid: undefined,
  }));
  const gotten = nics.find((nic) => (nic as Fields)['isdefault'] === true) as Fields | undefined;
  return {
    ...tags(world, row, show),
    nic: nics,
    ipaddress: gotten?.['ipaddress'],
    securitygroup: hiddenRows(world, row, 'securitygroupids').map(({ id, fields }) => ({
      id,
      name: fields['name'],
      description: fields['description'],
    })),
    affinitygroup: hiddenRows(world, row, 'affinitygroupids').map(({ id, fields }) => ({
      id,
      name: fields['name'],
      type: fields['type'],
    })),
    ...(nat ? { publicipid: nat.id, publicip: nat.fields['ipaddress'] } : {}),
  };
};

const isoOf = (world: World, row: Resource): Fields => {
  const iso = world.get(String(row.fields['isoid'] ?? ''));
  return iso ? { isoname: iso.fields['name'], isodisplaytext: iso.fields['displaytext'] } : {};
};

const totals = (world: World, holder: Resource, owners: ReadonlySet<string>): Fields => {
  const out: Fields = {};
  for (const { name, stem } of resourceTypes) {
    const limit = limitOf(world, holder, name);
    const total = countFor(world, name, owners);
    out[`${stem}limit`] = limit < 0 ? 'Unlimited' : String(limit);
    out[`${stem}total`] = total;
    out[`${stem}available`] = limit < 0 ? 'Unlimited' : String(Math.max(0, limit - total));
  }
  return out;
};

const account: ResourceView = (world, row, show) => {
  const domain = world.get(String(row.fields['domainid']));
  const states = world
    .all('UserVm')
    .filter(({ owner }) => owner === row.id)
    .map(({ fields }) => fields['state']);
  return {
    ...totals(world, row, new Set([row.id])),
    domainpath: domain?.fields['path'],
    vmrunning: states.filter((state) => state === 'Running').length,
    vmstopped: states.filter((state) => state === 'Stopped').length,
    user: each(world.where('User', 'accountid', row.id), show),
    groups: [],
  };
};

const domain: ResourceView = (world, row) => ({
  ...totals(world, row, new Set(Array.from(world.where('Account', 'domainid', row.id), ({ id }) => id))),
  haschild: [...world.where('Domain', 'parentdomainid', row.id)].length > 0,
  parentdomainname: world.get(String(row.fields['parentdomainid'] ?? ''))?.fields['name'],
});

const project: ResourceView = (world, row, show) => {
  const held = accountOfProject(world, row.id);
  const admins = membersOf(world, row).filter(({ fields }) => fields['role'] === 'Admin');
  return {
    ...(held ? totals(world, held, new Set([held.id])) : {}),
    ...tags(world, row, show),
    projectaccountname: held?.fields['name'],
    account: admins[0]?.fields['account'],
    owner: admins.map(({ fields }) => ({
      account: fields['account'],
      ...(fields['userid'] === undefined ? {} : { userid: fields['userid'], user: fields['username'] }),
    })),
  };
};

const user: ResourceView = (world, row) => {
  const held = world.get(String(row.fields['accountid']));
  const role = world.get(String(held?.fields['roleid']));
  return {
    account: held?.fields['name'],
    accounttype: held?.fields['accounttype'],
    roleid: role?.id,
    rolename: role?.fields['name'],
    roletype: role?.fields['type'],
  };
};

const network: ResourceView = (world, row, show) => {
  const vpc = world.get(String(row.fields['vpcid'] ?? ''));
  return {
    ...tags(world, row, show),
    service: servicesOf(world, row) as unknown as Value,
    ...(vpc ? { vpcname: vpc.fields['name'] } : {}),
  };
};

const vpc: ResourceView = (world, row, show) => ({
  ...tags(world, row, show),
  service: servicesOf(world, row) as unknown as Value,
  network: Array.from(world.where('Network', 'vpcid', row.id), (tier) => ({
    id: tier.id,
    name: tier.fields['name'],
    cidr: tier.fields['cidr'],
    gateway: tier.fields['gateway'],
    netmask: tier.fields['netmask'],
    state: tier.fields['state'],
    aclid: tier.fields['aclid'],
  })),
});

const address: ResourceView = (world, row, show) => {
  const range = world.get(String(row.fields['vlanid']));
  return {
    ...tags(world, row, show),
    forvirtualnetwork: row.fields['forvirtualnetwork'] !== false,
    vlanname: range?.fields['vlan'],
    hasrules:
      [
        ...world.where('PortForwardingRule', 'ipaddressid', row.id),
        ...world.where('LoadBalancer', 'publicipid', row.id),
      ].length > 0,
  };
};

const securityGroup: ResourceView = (world, row, show) => {
  const ids =
    row.hidden['machines'] === undefined
      ? world
          .all('UserVm')
          .filter(
            ({ hidden }) => Array.isArray(hidden['securitygroupids']) && hidden['securitygroupids'].includes(row.id),
          )
          .map(({ id }) => id)
      : [];
  return {
    ...tags(world, row, show),
    ingressrule: rulesOfGroup(world, row, 'ingress'),
    egressrule: rulesOfGroup(world, row, 'egress'),
    virtualmachinecount: ids.length,
    virtualmachineids: ids,
  };
};

const affinity: ResourceView = (world, row) => ({
  virtualmachineIds: world
    .all('UserVm')
    .filter(({ hidden }) => Array.isArray(hidden['affinitygroupids']) && hidden['affinitygroupids'].includes(row.id))
    .map(({ id }) => id),
});

const router: ResourceView = (world, row) => {
  const target = world.get(String(row.fields['guestnetworkid'] ?? ''));
  const source = [
    ...world.where(
      'IPAddress',
      row.fields['vpcid'] === undefined ? 'associatednetworkid' : 'vpcid',
      String(row.fields['vpcid'] ?? target?.id),
    ),
  ].find(({ fields }) => fields['issourcenat'] === true);
  return { nic: [], publicip: source?.fields['ipaddress'] };
};

/** By kind. A kind that only has tags takes them from `tags`. */
export const views: Record<string, ResourceView> = {
  UserVm: (world, row, show) => ({ ...machine(world, row, show), ...isoOf(world, row) }),
  Nic: (world, row, show) => ({
    secondaryip: each(world.where('NicSecondaryIp', 'nicid', row.id), show).map((ip) => ({
      id: (ip as Fields)['id'],
      ipaddress: (ip as Fields)['ipaddress'],
    })),
    extradhcpoption: [],
  }),
  Account: account,
  Domain: domain,
  Project: project,
  User: user,
  Network: network,
  Vpc: vpc,
  IPAddress: address,
  SecurityGroup: securityGroup,
  AffinityGroup: affinity,
  DomainRouter: router,
  Host: (world, row) => hostLoad(world, row),
  StoragePool: (world, row) => poolLoad(world, row),
  ...Object.fromEntries(
    [
      'Volume',
      'Snapshot',
      'Template',
      'VMSnapshot',
      'LoadBalancer',
      'PortForwardingRule',
      'Firewall',
      'EgressFirewall',
      'NetworkACLItem',
      'Zone',
      'StaticRoute',
      'Backup',
      'SnapshotPolicy',
      'AutoScaleVmGroup',
    ].map((kind) => [kind, tags]),
  ),
};
