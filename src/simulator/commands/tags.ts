import { object, success, work } from '../engine/results.ts';
import { listArg, mapArg, numberArg, textArg } from '../engine/args.ts';
import { mayUse } from '../rules/access.ts';
import { badValue, failure, forbidden, unknownId } from '../world/errors.ts';
import { listKind } from '../engine/list.ts';
import type { Behaviour, Call, Resource } from '../world/types.ts';

const KINDS: Record<string, string> = {
  UserVm: 'UserVm',
  Template: 'Template',
  ISO: 'Template',
  Volume: 'Volume',
  Snapshot: 'Snapshot',
  SnapshotPolicy: 'SnapshotPolicy',
  VMSnapshot: 'VMSnapshot',
  Backup: 'Backup',
  Network: 'Network',
  Vpc: 'Vpc',
  NetworkACL: 'NetworkACLItem',
  NetworkACLList: 'NetworkACL',
  StaticRoute: 'StaticRoute',
  LoadBalancer: 'LoadBalancer',
  PortForwardingRule: 'PortForwardingRule',
  FirewallRule: 'Firewall',
  SecurityGroup: 'SecurityGroup',
  SecurityGroupRule: 'SecurityGroupRule',
  PublicIpAddress: 'IPAddress',
  RemoteAccessVpn: 'RemoteAccessVpn',
  VpnGateway: 'Site2SiteVpnGateway',
  CustomerGateway: 'Site2SiteCustomerGateway',
  Project: 'Project',
  Account: 'Account',
  User: 'User',
  Domain: 'Domain',
  Zone: 'Zone',
  Nic: 'Nic',
  ServiceOffering: 'ServiceOffering',
  DiskOffering: 'DiskOffering',
  NetworkOffering: 'NetworkOffering',
  Storage: 'StoragePool',
  Host: 'Host',
  AutoScaleVmGroup: 'AutoScaleVmGroup',
  AutoScaleVmProfile: 'AutoScaleVmProfile',
  KubernetesCluster: 'KubernetesCluster',
  Cluster: 'Cluster',
  Pod: 'Pod',
  InternalLbVm: 'DomainRouter',
  SystemVm: 'SystemVm',
  UserData: 'UserData',
  AffinityGroup: 'AffinityGroup',
  InstanceGroup: 'InstanceGroup',
  ObjectStore: 'ObjectStore',
  Bucket: 'Bucket',
  SharedFS: 'SharedFS',
};

const typed = (type: string): [name: string, kind: string] => {
  const found = Object.entries(KINDS).find(([name]) => name.toLowerCase() === type.toLowerCase());
  if (!found) throw badValue(`Invalid resource type ${type}`);
  return found;
};

/** A resource of a kind by id, which the caller may touch. */
export const resource = (call: Call, id: string, kind: string): Resource => {
  const row = call.world.find(kind, id);
  if (!row) throw unknownId(call.command.name, 'resourceids', id);
  if (row.removed !== undefined) throw badValue(`Unable to find the resource ${id}`);
  if (!mayUse(call.world, call.caller, row)) throw forbidden();
  return row;
};

/** The resources that a call names, and their type as tags write it. */
export const named = (call: Call): { type: string; rows: Resource[] } => {
  const [type, kind] = typed(textArg(call, 'resourcetype') ?? '');
  const ids = listArg(call, 'resourceids');
  const single = textArg(call, 'resourceid');
  return { type, rows: (single === undefined ? ids : [single]).map((id) => resource(call, id, kind)) };
};

const create: Behaviour = (call) => {
  const { world } = call;
  const { type, rows } = named(call);
  return work(rows[0], () => {
    for (const row of rows) {
      for (const [key, value] of Object.entries(mapArg(call, 'tags'))) {
        if ([...world.where('ResourceTag', 'resourceid', row.id)].some(({ fields }) => fields['key'] === key))
          throw failure(`tag ${key} already on ${type} with id ${row.id}`);
        world.insert(
          'ResourceTag',
          { key, value, resourcetype: type, resourceid: row.id, customer: textArg(call, 'customer') },
          { owner: row.owner ?? call.caller.account.id },
        );
      }
    }
    return success();
  });
};

const remove: Behaviour = (call) => {
  const { world } = call;
  const { rows } = named(call);
  const given = Object.entries(mapArg(call, 'tags'));
  return work(rows[0], () => {
    for (const row of rows)
      for (const tag of [...world.where('ResourceTag', 'resourceid', row.id)])
        if (
          given.length === 0 ||
          given.some(
            ([key, value]) =>
              tag.fields['key'] === key && (value === '' || value === undefined || tag.fields['value'] === value),
          )
        )
          world.remove(tag);
    return success();
  });
};

const addDetail: Behaviour = (call) => {
  const { type, rows } = named(call);
  const [row] = rows;
  return work(row, () => {
    for (const [key, value] of Object.entries(mapArg(call, 'details'))) {
      for (const old of row ? [...call.world.where('ResourceDetail', 'resourceid', row.id)] : [])
        if (old.fields['key'] === key) call.world.remove(old);
      call.world.insert(
        'ResourceDetail',
        { key, value, resourcetype: type, resourceid: row?.id },
        { owner: row?.owner },
      );
    }
    return success();
  });
};

const dropDetail: Behaviour = (call) => {
  const { rows } = named(call);
  const key = textArg(call, 'key');
  return work(rows[0], () => {
    for (const row of rows)
      for (const detail of [...call.world.where('ResourceDetail', 'resourceid', row.id)])
        if (key === undefined || detail.fields['key'] === key) call.world.remove(detail);
    return success();
  });
};

/** Tags, details, annotations and icons on anything. */
export const tags: Record<string, Behaviour> = {
  createTags: create,
  deleteTags: remove,
  addResourceDetail: addDetail,
  removeResourceDetail: dropDetail,
  listDetailOptions: (call) => {
    const [, kind] = typed(textArg(call, 'resourcetype') ?? '');
    const options =
      kind === 'UserVm'
        ? { cpuOvercommitRatio: [], rootDiskController: ['virtio', 'scsi', 'ide'], nicAdapter: ['virtio', 'e1000'] }
        : kind === 'Template'
          ? { rootDiskController: ['virtio', 'scsi', 'ide'] }
          : {};
    return object({ details: options, resource: numberArg(call, 'resource') });
  },
  listResourceDetails: (call) => {
    const [type] = typed(textArg(call, 'resourcetype') ?? '');
    return listKind({ ...call, args: { ...call.args, resourcetype: type } }, 'ResourceDetail');
  },
  listTags: (call) => {
    const given = textArg(call, 'resourcetype');
    return listKind(
      given === undefined ? call : { ...call, args: { ...call.args, resourcetype: typed(given)[0] } },
      'ResourceTag',
    );
  },
};
