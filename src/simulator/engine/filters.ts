import { isLent, isWithin } from '../rules/access.ts';
import { text } from '../rules/args.ts';
import type { Call } from '../rules/call.ts';
import { byAffinityGroup } from '../rules/placement.ts';
import { bySecurityGroup } from '../rules/security-groups.ts';
import type { Resource, Value } from '../world/types.ts';

/** Whether a resource passes the value of one parameter that is not simply one of its fields. */
export type ListFilter = (row: Resource, wanted: Value, call: Call) => boolean;

const lower = (value: Value): string => String(value ?? '').toLowerCase();

const hostOf = (row: Resource, { world }: Call): Resource | undefined => world.get(text(row, 'hostid'));

const hasNic: ListFilter = (row, wanted, { world }) =>
  [...world.where('Nic', 'virtualmachineid', row.id)].some(({ fields }) => fields['networkid'] === wanted);

const inHidden =
  (name: string): ListFilter =>
  (row, wanted) =>
    Array.isArray(row.hidden[name]) && row.hidden[name].includes(wanted);

const renamed =
  (field: string): ListFilter =>
  (row, wanted) =>
    lower(row.fields[field]) === lower(wanted);

const within =
  (field: string): ListFilter =>
  (row, wanted, call) =>
    hostOf(row, call)?.fields[field] === wanted;

const machineKeyword: ListFilter = (row, wanted, { world, caller }) => {
  const part = lower(wanted);
  const { displayname, name, state, instancename } = row.fields;
  if (lower(displayname).includes(part) || lower(name).includes(part) || lower(state) === part) return true;
  if (caller.root && lower(instancename).includes(part)) return true;
  return [...world.where('Nic', 'virtualmachineid', row.id)].some(({ fields }) =>
    lower(fields['ipaddress']).includes(part),
  );
};

const vmOf = (row: Resource, { world }: Call): Resource | undefined => world.get(text(row, 'virtualmachineid'));

const serves = (row: Resource, names: Value, { world }: Call): boolean => {
  const services = world.get(text(row, 'networkofferingid') || text(row, 'vpcofferingid'))?.fields['service'];
  const has = new Set(Array.isArray(services) ? services.map((service) => (service as { name: string }).name) : []);
  return (Array.isArray(names) ? names : [names]).every((name) => has.has(String(name)));
};

/** At least so much; a custom offering has no number of its own, and fits (QueryManagerImpl). */
const atLeast =
  (field: string): ListFilter =>
  (row, wanted) =>
    row.fields[field] === undefined || Number(row.fields[field]) >= Number(wanted);

const inGroup: ListFilter = (row, wanted) => text(row, 'storageaccessgroups').split(',').includes(String(wanted));

const archOf = (row: Resource, { world }: Call): Value =>
  world.get(text(row, 'templateid'))?.fields['arch'] ?? 'x86_64';

const pass: ListFilter = () => true;

const machinesBy =
  (kind: string, field: string) =>
  ({ world }: Call, wanted: string): Resource[] =>
    Array.from(
      world.where(kind, field, wanted),
      ({ fields }) => world.get(String(fields['virtualmachineid'])) ?? [],
    ).flat();

/** By kind and parameter: where the rows that may pass are found sooner than by a look at each, in any order and also twice. */
export const foundBy: Record<string, Record<string, (call: Call, wanted: string) => Iterable<Resource>>> = {
  UserVm: {
    networkid: machinesBy('Nic', 'networkid'),
    storageid: machinesBy('Volume', 'storageid'),
    affinitygroupid: ({ world }, wanted) => world.indexed('UserVm', byAffinityGroup, wanted),
    securitygroupid: ({ world }, wanted) => world.indexed('UserVm', bySecurityGroup, wanted),
  },
};

/** By kind and parameter. */
export const filters: Record<string, Record<string, ListFilter>> = {
  UserVm: {
    keyword: machineKeyword,
    name: renamed('name'),
    state: (row, wanted) =>
      lower(wanted) === 'present'
        ? !['Destroyed', 'Expunging'].includes(text(row, 'state'))
        : lower(row.fields['state']) === lower(wanted),
    networkid: hasNic,
    vpcid: (row, wanted, { world }) =>
      [...world.where('Nic', 'virtualmachineid', row.id)].some(
        ({ fields }) => world.get(String(fields['networkid']))?.fields['vpcid'] === wanted,
      ),
    clusterid: within('clusterid'),
    podid: within('podid'),
    storageid: (row, wanted, { world }) =>
      [...world.where('Volume', 'virtualmachineid', row.id)].some(({ fields }) => fields['storageid'] === wanted),
    affinitygroupid: inHidden('affinitygroupids'),
    securitygroupid: inHidden('securitygroupids'),
    keypair: (row, wanted) => text(row, 'keypairs').split(',').includes(String(wanted)),
    accumulate: pass,
    userdata: pass,
    arch: (row, wanted, call) => lower(archOf(row, call)) === lower(wanted),
  },
  Volume: {
    hostid: (row, wanted, call) => vmOf(row, call)?.fields['hostid'] === wanted,
    podid: (row, wanted, { world }) => world.get(text(row, 'storageid'))?.fields['podid'] === wanted,
    clusterid: (row, wanted, { world }) => world.get(text(row, 'storageid'))?.fields['clusterid'] === wanted,
    listsystemvms: pass,
    isencrypted: (row, wanted) => (row.fields['encryptformat'] !== undefined) === wanted,
  },
  Network: {
    forvpc: (row, wanted) => (row.fields['vpcid'] !== undefined) === wanted,
    supportedservices: serves,
    networkfilter: (row, wanted, { caller, world }) =>
      lower(wanted) === 'account'
        ? row.owner === caller.account.id
        : lower(wanted) !== 'shared' || row.fields['type'] === 'Shared' || isLent(world, row, caller.account.id),
    issystem: (row, wanted) => (row.fields['issystem'] === true) === wanted,
    specifyvlan: (row, wanted) => (row.fields['specifyvlan'] === true) === wanted,
    canusefordeploy: pass,
  },
  Vpc: { supportedservices: serves },
  DomainRouter: {
    networkid: renamed('guestnetworkid'),
    forvpc: (row, wanted) => (row.fields['vpcid'] !== undefined) === wanted,
    clusterid: within('clusterid'),
    fetchhealthcheckresults: pass,
  },
  Host: {
    storageaccessgroup: inGroup,
    virtualmachineid: (row, wanted, { world }) => world.get(String(wanted))?.fields['zoneid'] === row.fields['zoneid'],
    outofbandmanagementenabled: (row, wanted, { world }) =>
      [...world.where('OutOfBandManagement', 'hostid', row.id)].some(({ fields }) => fields['enabled'] === true) ===
      wanted,
    outofbandmanagementpowerstate: (row, wanted, { world }) =>
      [...world.where('OutOfBandManagement', 'hostid', row.id)].some(
        ({ fields }) => lower(fields['powerstate']) === lower(wanted),
      ),
    hahost: (row, wanted) => (row.fields['hahost'] === true) === wanted,
  },
  Pod: { storageaccessgroup: inGroup },
  Cluster: { storageaccessgroup: inGroup, hypervisor: renamed('hypervisortype'), showcapacities: pass },
  Zone: {
    storageaccessgroup: inGroup,
    available: (row, wanted) => wanted !== true || row.fields['allocationstate'] === 'Enabled',
    showcapacities: pass,
  },
  StoragePool: {
    storageaccessgroup: inGroup,
    status: renamed('state'),
    hostid: (row, wanted, { world }) =>
      row.fields['clusterid'] === undefined ||
      world.get(String(wanted))?.fields['clusterid'] === row.fields['clusterid'],
  },
  ImageStore: { provider: renamed('providername') },
  ObjectStore: { provider: renamed('providername') },
  IPAddress: {
    allocatedonly: pass,
    forvirtualnetwork: pass,
    forloadbalancing: pass,
    networkid: (row, wanted) => row.fields['networkid'] === wanted || row.fields['associatednetworkid'] === wanted,
    fordisplay: pass,
  },
  LoadBalancer: {
    virtualmachineid: (row, wanted, { world }) =>
      [...world.where('LbMember', 'lbruleid', row.id)].some(({ fields }) => fields['virtualmachineid'] === wanted),
  },
  VMSnapshot: {
    vmsnapshotid: (row, wanted) => row.id === wanted,
    vmsnapshotids: (row, wanted) => Array.isArray(wanted) && wanted.includes(row.id),
  },
  Event: {
    startid: (row, wanted) => row.id === wanted || row.fields['parentid'] === wanted,
    duration: pass,
    entrytime: pass,
    archived: pass,
  },
  User: {
    accounttype: (row, wanted, { world }) => world.get(row.owner ?? '')?.fields['accounttype'] === wanted,
  },
  AsyncJob: { resourceid: renamed('jobinstanceid'), resourcetype: renamed('jobinstancetype') },
  ServiceOffering: { cpunumber: atLeast('cpunumber'), cpuspeed: atLeast('cpuspeed'), memory: atLeast('memory') },
  ProjectAccount: { account: renamed('account') },
  GuestOSCategory: {
    arch: (row, wanted, { world }) =>
      world
        .all('Template')
        .some(
          ({ fields }) =>
            lower(fields['arch'] ?? 'x86_64') === lower(wanted) &&
            text(world.get(String(fields['ostypeid'])), 'oscategoryid') === row.id,
        ),
  },
  NetworkOffering: {
    // For shared networks the default offerings fit any tag (ConfigurationManagerImpl.searchForNetworkOfferings).
    tags: (row, wanted, { args }) =>
      lower(row.fields['tags']) === lower(wanted) ||
      (lower(args['guestiptype']) === 'shared' && row.fields['isdefault'] === true),
  },
  Role: { type: renamed('type') },
  GuestOS: { ids: (row, wanted) => Array.isArray(wanted) && wanted.includes(row.id) },
  HostHA: { hypervisor: pass },
  Domain: { listall: pass },
  Project: {
    account: pass,
    username: (row, wanted, { world }) =>
      [...world.where('ProjectAccount', 'projectid', row.id)].some(({ fields }) =>
        fields['userid'] === undefined
          ? [...world.where('User', 'accountid', String(fields['accountid']))].some(
              (user) => lower(user.fields['username']) === lower(wanted),
            )
          : lower(fields['username']) === lower(wanted),
      ),
  },
  VirtualRouterProvider: { enabled: (row, wanted) => (row.fields['enabled'] === true) === wanted },
  InternalLoadBalancerElement: { enabled: (row, wanted) => (row.fields['enabled'] === true) === wanted },
  DataCenterIpv4Subnet: {
    domainid: (row, wanted, { world }) => isWithin(world, text(world.get(row.owner ?? ''), 'domainid'), String(wanted)),
  },
};
