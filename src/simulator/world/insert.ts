import type { Field } from '../../catalog/types.ts';
import { kindOfId } from './references.ts';
import { typeOf } from './kinds.ts';
import type { Fields, Resource, Value } from './types.ts';
import type { InsertOptions, World } from './world.ts';

/** The state that a new resource of a kind is in, where its type has one; `field` where it is not `state`. */
const firstStates: Record<string, Fields> = {
  Alert: {},
  AutoScaleVmGroup: { state: 'ENABLED' },
  BackupSchedule: {},
  Bucket: { state: 'Created' },
  Cluster: {
    allocationstate: 'Enabled',
    managedstate: 'Managed',
    clustertype: 'CloudManaged',
    cpuovercommitratio: '1.0',
    memoryovercommitratio: '1.0',
  },
  DiskOffering: { state: 'Active' },
  Domain: { state: 'Active' },
  Extension: { state: 'Enabled' },
  GpuDevice: { state: 'Free', managedstate: 'Managed' },
  Host: { state: 'Up', resourcestate: 'Enabled', type: 'Routing' },
  KubernetesCluster: { state: 'Created' },
  KubernetesSupportedVersion: { state: 'Enabled', isostate: 'Ready' },
  NetworkOffering: { state: 'Disabled', availability: 'Optional', traffictype: 'Guest', isdefault: false },
  PhysicalNetwork: { state: 'Disabled' },
  Pod: { allocationstate: 'Enabled' },
  Provider: { state: 'Disabled' },
  Role: { state: 'enabled', isdefault: false },
  ServiceOffering: { state: 'Active', issystem: false, defaultuse: false },
  SharedFS: { state: 'Ready' },
  StaticRoute: { state: 'Active' },
  StoragePool: { state: 'Up' },
  VpcOffering: { state: 'Disabled', isdefault: false },
  VpnUsers: { state: 'Active' },
  Webhook: { state: 'Enabled' },
  Site2SiteVpnConnection: { state: 'Connected' },
  PrivateGateway: { state: 'Ready' },
  Zone: { allocationstate: 'Disabled' },
};

const likelyStates = ['Enabled', 'Active', 'Ready', 'Up', 'Running', 'Allocated', 'Created', 'enabled', 'ENABLED'];

const stateOf = (kind: string, fields: ReadonlyMap<string, Field>): Fields => {
  const known = firstStates[kind];
  if (known) return known;
  const values = fields.get('state')?.values ?? [];
  const state = likelyStates.find((value) => values.includes(value)) ?? values[0];
  return fields.has('state') ? { state: state ?? 'Enabled' } : {};
};

/** Moments at which a resource is made, or begins to run. */
const beginnings = ['created', 'lastboottime', 'lastserverstart'];

const plausible = (world: World, kind: string, no: number, field: Field): Value => {
  if (field.name === 'name') return `${kind.toLowerCase()}-${no}`;
  if (beginnings.includes(field.name)) return world.now();
  return undefined;
};

/** Makes a resource of a kind: what is given, and what every such resource has besides. */
export const insertKind = (world: World, kind: string, given: Fields, options: InsertOptions = {}): Resource => {
  const fields = world.catalog.fields(typeOf(kind));
  const no = options.no ?? world.count(kind);
  const filled: Fields = { ...stateOf(kind, fields), ...given };
  for (const field of fields.values()) {
    if (filled[field.name] !== undefined) continue;
    const value = plausible(world, kind, no, field);
    if (value !== undefined) filled[field.name] = value;
  }
  if (fields.has('displaytext') && filled['displaytext'] === undefined) filled['displaytext'] = filled['name'];
  return world.insert(kind, filled, { ...options, no });
};

const neededIds = ['userid', 'zoneid', 'networkid', 'accountid', 'projectid', 'roleid'];

/** A resource of any kind where one has to exist, belonging to the root administrator. */
export const makeAny = (world: World, kind: string): Resource => {
  const fields = world.catalog.fields(typeOf(kind));
  const given: Fields = {};
  for (const name of neededIds) {
    const target = kindOfId[name];
    if (fields.has(name) && target !== undefined && target !== kind) given[name] = world.all(target)[0]?.id;
  }
  const owned = fields.has('account') || fields.has('projectid');
  const owner = world.all('Account').find(({ fields: { name } }) => name === 'admin');
  return insertKind(world, kind, given, owned ? { owner: owner?.id } : {});
};
