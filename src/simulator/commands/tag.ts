import { listKind } from '../engine/list.ts';
import { mayUse } from '../rules/access.ts';
import { listArg, mapArg, numberArg, tagsArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../rules/call.ts';
import { list, object, success, work } from '../rules/results.ts';
import { badValue, failure, forbidden } from '../world/errors.ts';
import type { Fields, Resource } from '../world/types.ts';

const taggedKinds: Record<string, string> = {
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
  const found = Object.entries(taggedKinds).find(([name]) => name.toLowerCase() === type.toLowerCase());
  if (!found) throw badValue(`Invalid resource type ${type}`);
  return found;
};

/** A resource of a kind by id, which the caller may touch. */
const resource = (call: Call, id: string, kind: string): Resource => {
  const row = call.world.find(kind, id);
  if (!row) throw badValue(`Unable to find the resource with id ${id} and type ${kind}`);
  if (row.removed !== undefined) throw badValue(`Unable to find the resource ${id}`);
  if (!mayUse(call.world, call.caller, row)) throw forbidden();
  return row;
};

/** The resources that a call names, and their type as tags write it. */
const named = (call: Call): { type: string; rows: Resource[] } => {
  const [type, kind] = typed(textArg(call, 'resourcetype') ?? '');
  const ids = listArg(call, 'resourceids');
  const single = textArg(call, 'resourceid');
  return { type, rows: (single === undefined ? ids : [single]).map((id) => resource(call, id, kind)) };
};

const create: Behaviour = (call) => {
  const { world } = call;
  const { type, rows } = named(call);
  return work(rows[0], () => {
    const tags = tagsArg(call);
    for (const row of rows) {
      for (const [key, value] of tags) {
        // The database compares keys without letter case.
        if (
          [...world.where('ResourceTag', 'resourceid', row.id)].some(
            (tag) => text(tag, 'key').toLowerCase() === key.toLowerCase(),
          )
        )
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
      for (const [key] of given)
        if (![...world.where('ResourceTag', 'resourceid', row.id)].some((tag) => tag.fields['key'] === key))
          throw failure(`Unable to find the tag ${key} on the resource ${row.id}`);
    for (const row of rows)
      for (const tag of [...world.where('ResourceTag', 'resourceid', row.id)])
        if (
          given.length === 0 ||
          given.some(
            ([key, value]) => tag.fields['key'] === key && (value === undefined || tag.fields['value'] === value),
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

const annotatedKinds: Record<string, string> = {
  VM: 'UserVm',
  VOLUME: 'Volume',
  SNAPSHOT: 'Snapshot',
  VM_SNAPSHOT: 'VMSnapshot',
  INSTANCE_GROUP: 'InstanceGroup',
  SSH_KEYPAIR: 'SSHKeyPair',
  USER_DATA: 'UserData',
  NETWORK: 'Network',
  VPC: 'Vpc',
  PUBLIC_IP_ADDRESS: 'IPAddress',
  VPN_CUSTOMER_GATEWAY: 'Site2SiteCustomerGateway',
  TEMPLATE: 'Template',
  ISO: 'Template',
  KUBERNETES_CLUSTER: 'KubernetesCluster',
  AUTOSCALE_VM_GROUP: 'AutoScaleVmGroup',
  SERVICE_OFFERING: 'ServiceOffering',
  DISK_OFFERING: 'DiskOffering',
  NETWORK_OFFERING: 'NetworkOffering',
  DOMAIN: 'Domain',
  ZONE: 'Zone',
  POD: 'Pod',
  CLUSTER: 'Cluster',
  HOST: 'Host',
  PRIMARY_STORAGE: 'StoragePool',
  SECONDARY_STORAGE: 'ImageStore',
  VR: 'DomainRouter',
  SYSTEM_VM: 'SystemVm',
  MANAGEMENT_SERVER: 'ManagementServer',
  OBJECT_STORAGE: 'ObjectStore',
};

const annotate: Behaviour = (call) => {
  const { world, caller } = call;
  const type = (textArg(call, 'entitytype') ?? '').toUpperCase();
  const kind = annotatedKinds[type];
  if (kind === undefined) throw badValue(`Invalid entity type: ${type}`);
  const row = resource(call, textArg(call, 'entityid') ?? '', kind);
  const fields: Fields = {
    entitytype: type,
    entityid: row.id,
    entityname: row.fields['name'],
    annotation: textArg(call, 'annotation'),
    userid: caller.user.id,
    username: caller.user.fields['username'],
    adminsonly: caller.role !== 'User' && call.args['adminsonly'] === true,
    created: world.now(),
  };
  return object(world.insert('Annotation', fields, { owner: row.owner }));
};

const noteOf = (call: Call): Resource => {
  const row = call.world.find('Annotation', textArg(call, 'id') ?? '');
  if (!row || row.removed !== undefined) throw badValue(`Unable to find the annotation ${textArg(call, 'id')}`);
  return row;
};

const icons = (call: Call): Fields[] => {
  const type = textArg(call, 'resourcetype');
  return listArg(call, 'resourceids').flatMap((id) =>
    [...call.world.where('ResourceIcon', 'resourceid', id)].map(({ fields }) => ({ ...fields, resourcetype: type })),
  );
};

/** Tags, details, annotations and icons. */
export const tag: Behaviours = {
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
  addAnnotation: annotate,
  listAnnotations: (call) => {
    const { caller } = call;
    return listKind(call, 'Annotation', [
      (row) =>
        caller.role !== 'User' ||
        (row.fields['adminsonly'] !== true && (row.owner === undefined || row.owner === caller.account.id)),
      ...(textArg(call, 'annotationfilter') === 'self'
        ? [({ fields }: Resource) => fields['userid'] === caller.user.id]
        : []),
    ]);
  },
  removeAnnotation: (call) => {
    const row = noteOf(call);
    call.world.remove(row);
    return object(row);
  },
  updateAnnotationVisibility: (call) => {
    const row = noteOf(call);
    call.world.update(row, { adminsonly: call.args['adminsonly'] === true });
    return object(row);
  },
  uploadResourceIcon: (call) => {
    const { rows } = named(call);
    for (const row of rows) {
      for (const old of [...call.world.where('ResourceIcon', 'resourceid', row.id)]) call.world.remove(old);
      call.world.insert('ResourceIcon', { base64image: textArg(call, 'base64image'), resourceid: row.id });
    }
    return success();
  },
  deleteResourceIcon: (call) => {
    for (const id of listArg(call, 'resourceids'))
      for (const old of [...call.world.where('ResourceIcon', 'resourceid', id)]) call.world.remove(old);
    return success();
  },
  listResourceIcon: (call) => list(icons(call)),
};
