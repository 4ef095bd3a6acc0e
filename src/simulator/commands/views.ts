import type { Show, ResourceView } from '../engine/render.ts';
import { hostLoad } from '../rules/hosts.ts';
import { derivedId, systemNetworkId } from '../rules/derived.ts';
import { countFor, limitOf, resourceTypes } from '../rules/limits.ts';
import { routerOffering, servicesOf } from '../rules/networks.ts';
import { byAffinityGroup } from '../rules/placement.ts';
import { accountOfProject, membersOf } from '../rules/projects.ts';
import { bySecurityGroup, rulesOfGroup } from '../rules/security-groups.ts';
import { poolLoad } from '../rules/storage-pools.ts';
import type { Fields, Resource, Value } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { router, systemVm } from './system-views.ts';

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

const usingStates = new Set(['Running', 'Starting', 'Stopping', 'Migrating']);

// What a machine that runs used; the simulator's machines do nothing.
const machineLoad: Fields = {
  cpuused: '1.00%',
  diskioread: 0,
  diskiowrite: 0,
  diskkbsread: 0,
  diskkbswrite: 0,
  networkkbsread: 0,
  networkkbswrite: 0,
  memoryintfreekbs: 0,
};

const rootPool = (world: World, vm: Resource): Resource | undefined => {
  for (const { fields } of world.where('Volume', 'virtualmachineid', vm.id))
    if (fields['type'] === 'ROOT') return world.get(String(fields['storageid'] ?? ''));
  return undefined;
};

const machine: ResourceView = (world, row, show) => {
  const nat = [...world.where('IPAddress', 'virtualmachineid', row.id)].find(
    ({ fields }) => fields['isstaticnat'] === true,
  );
  const { state, memory, isoid, templateid } = row.fields;
  const on = usingStates.has(String(state));
  const nics = Array.from(world.where('Nic', 'virtualmachineid', row.id), (nic) => {
    const shown = show(nic);
    shown['virtualmachineid'] = undefined;
    if (!on) shown['broadcasturi'] = shown['isolationuri'] = undefined;
    if (nat && nat.fields['associatednetworkid'] === nic.fields['networkid']) {
      shown['publicipid'] = nat.id;
      shown['publicip'] = nat.fields['ipaddress'];
    }
    return shown;
  });
  const out: Fields = {
    tags: each(world.where('ResourceTag', 'resourceid', row.id), show),
    nic: nics,
    ipaddress: nics.find((nic) => nic['isdefault'] === true)?.['ipaddress'],
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
    pooltype: rootPool(world, row)?.fields['type'],
    arch: world.get(String(templateid ?? ''))?.fields['arch'] ?? 'x86_64',
  };
  if (nat) {
    out['publicipid'] = nat.id;
    out['publicip'] = nat.fields['ipaddress'];
  }
  if (state === 'Running') {
    Object.assign(out, machineLoad);
    out['memorykbs'] = out['memorytargetkbs'] = 1024 * Number(memory ?? 0);
  }
  const iso = isoid === undefined ? undefined : world.get(String(isoid));
  if (iso) {
    out['isoname'] = iso.fields['name'];
    out['isodisplaytext'] = iso.fields['displaytext'];
  }
  return out;
};

const vpcOf = (world: World, nic: Resource): Fields => {
  const id = world.get(String(nic.fields['networkid']))?.fields['vpcid'];
  return typeof id === 'string' ? { vpcid: id, vpcname: world.get(id)?.fields['name'] } : {};
};

const shownOf = (world: World, id: Value, show: Show): Value[] => {
  const row = world.get(String(id ?? ''));
  return row ? [show(row)] : [];
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
  const states = Array.from(world.ownedBy('UserVm', row.id), ({ fields }) => fields['state']);
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
  const machines = held ? [...world.ownedBy('UserVm', held.id)] : [];
  return {
    ...(held ? totals(world, held, new Set([held.id])) : {}),
    ...tags(world, row, show),
    vmrunning: machines.filter(({ fields }) => fields['state'] === 'Running').length,
    vmstopped: machines.filter(({ fields }) => fields['state'] === 'Stopped').length,
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

// VPCs and their offerings name services and providers only.
const withoutCapabilities = (services: Value): Value =>
  Array.isArray(services)
    ? services.map((service) => {
        const { name, provider } = service as Fields;
        return { name, provider };
      })
    : services;

const vpc: ResourceView = (world, row, show) => ({
  ...tags(world, row, show),
  service: withoutCapabilities(servicesOf(world, row) as unknown as Value),
  network: each(world.where('Network', 'vpcid', row.id), show),
});

const machineAt = (world: World, address: Resource): Fields => {
  const vm = world.get(String(address.fields['virtualmachineid'] ?? ''));
  return vm ? { virtualmachinetype: vm.kind === 'UserVm' ? 'User' : vm.kind } : {};
};

const address: ResourceView = (world, row, show) => {
  const range = world.get(String(row.fields['vlanid']));
  return {
    ...tags(world, row, show),
    forvirtualnetwork: row.fields['forvirtualnetwork'] !== false,
    vlanname: range?.fields['vlan'],
    networkid: row.fields['networkid'] ?? systemNetworkId(String(row.fields['zoneid']), 'Public'),
    ...machineAt(world, row),
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
      ? Array.from(world.indexed('UserVm', bySecurityGroup, row.id), ({ id }) => id)
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
  virtualmachineIds: Array.from(world.indexed('UserVm', byAffinityGroup, row.id), ({ id }) => id),
});

const attachedVolume: ResourceView = (world, row, show) => ({
  ...tags(world, row, show),
  ...(row.fields['virtualmachineid'] === undefined
    ? {}
    : { diskioread: 0, diskiowrite: 0, diskkbsread: 0, diskkbswrite: 0 }),
});

const host: ResourceView = (world, row) => {
  const [management] = world.where('OutOfBandManagement', 'hostid', row.id);
  const [ha] = world.where('HostHA', 'hostid', row.id);
  const one = ({ fields }: Resource, names: string[]): Fields =>
    Object.fromEntries(names.map((name) => [name, fields[name]]));
  return {
    ...hostLoad(world, row),
    ...(management ? { outofbandmanagement: one(management, ['enabled', 'powerstate']) } : {}),
    ...(ha ? { hostha: one(ha, ['haenable', 'haprovider', 'hastate']) } : {}),
  };
};

const managementServer: ResourceView = (world) => {
  const hosts = world.all('Host').map(({ id }) => id);
  return { agents: hosts, agentscount: hosts.length, pendingjobscount: world.queue.waiting() };
};

const snapshotPolicy: ResourceView = (world, row, show) => {
  const volume = world.get(String(row.fields['volumeid'] ?? ''));
  const short = (target: Resource): Fields => ({ id: target.id, name: target.fields['name'] });
  const own = hiddenRows(world, row, 'zoneids');
  const zone = world.get(String(volume?.fields['zoneid'] ?? ''));
  return {
    ...tags(world, row, show),
    zone: (own.length > 0 ? own : zone ? [zone] : []).map((each) => ({
      ...short(each),
      ismultiarch: false,
      isnsxenabled: false,
      routedmodeenabled: false,
    })),
    storage: hiddenRows(world, row, 'storageids').map(short),
  };
};

const template: ResourceView = (world, row, show) => {
  const store = world.all('ImageStore').find(({ fields }) => fields['zoneid'] === row.fields['zoneid']);
  return {
    ...tags(world, row, show),
    downloaddetails: store
      ? [
          {
            datastore: store.fields['name'],
            datastoreId: store.id,
            datastoreRole: 'Image',
            downloadPercent: row.fields['isready'] === false ? '0' : '100',
            downloadState: row.fields['isready'] === false ? 'NOT_DOWNLOADED' : 'DOWNLOADED',
          },
        ]
      : [],
  };
};

/** By kind. A kind that only has tags takes them from `tags`. */
export const views: Record<string, ResourceView> = {
  UserVm: machine,
  Nic: (world, nic, show) => ({
    secondaryip: each(world.where('NicSecondaryIp', 'nicid', nic.id), show).map((ip) => ({
      id: (ip as Fields)['id'],
      ipaddress: (ip as Fields)['ipaddress'],
    })),
    extradhcpoption: [],
    ...vpcOf(world, nic),
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
  SystemVm: systemVm,
  Host: host,
  ManagementServer: managementServer,
  SnapshotPolicy: snapshotPolicy,
  Template: template,
  Volume: attachedVolume,
  ServiceOffering: (_world, row) => ({ diskofferingid: derivedId(row.id, 'DiskOffering') }),
  NetworkOffering: (world) => ({ serviceofferingid: routerOffering(world)?.id }),
  VpcOffering: (_world, row) => ({ service: withoutCapabilities(row.fields['service']) }),
  VlanIpRange: (_world, row) => ({
    networkid: row.fields['networkid'] ?? systemNetworkId(String(row.fields['zoneid']), 'Public'),
  }),
  StaticRoute: (world, row, show) => ({
    ...tags(world, row, show),
    vpcgatewayip: world.get(String(row.fields['gatewayid'] ?? ''))?.fields['gateway'],
  }),
  KubernetesCluster: (world, row, show) => ({
    virtualmachines: [row.hidden['nodes'] ?? []].flat().flatMap((id) => shownOf(world, id, show)),
  }),
  GuestVlan: (world, row, show) => ({ network: shownOf(world, row.hidden['networkid'], show) }),
  LoadBalancerRuleVmMap: (world, row, show) => ({
    loadbalancerruleinstance: shownOf(world, row.hidden['vmid'], show).map((vm) => ({
      ...(vm as Fields),
      hostid: undefined,
      hostname: undefined,
      instancename: undefined,
    }))[0],
  }),
  StoragePool: (world, row) => poolLoad(world, row),
  ApplicationLoadBalancer: (world, row, show) => ({
    ...tags(world, row, show),
    loadbalancerinstance: Array.from(world.where('LbMember', 'lbruleid', row.id), ({ fields }) => {
      const vm = world.get(String(fields['virtualmachineid']));
      return { id: vm?.id, name: vm?.fields['name'], state: vm?.fields['state'], ipaddress: fields['ipaddress'] };
    }),
  }),
  ...Object.fromEntries(
    [
      'Snapshot',
      'VMSnapshot',
      'LoadBalancer',
      'PortForwardingRule',
      'Firewall',
      'EgressFirewall',
      'NetworkACLItem',
      'Zone',
      'Backup',
      'AutoScaleVmGroup',
    ].map((kind) => [kind, tags]),
  ),
};
