import { list, object, success } from '../engine/results.ts';
import { listArg, textArg } from '../engine/args.ts';
import { badValue } from '../world/errors.ts';
import { listKind } from '../engine/list.ts';
import type { Behaviour, Call, Fields, Resource } from '../world/types.ts';
import { named, resource } from './tags.ts';

const ENTITIES: Record<string, string> = {
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
};

const annotate: Behaviour = (call) => {
  const { world, caller } = call;
  const type = (textArg(call, 'entitytype') ?? '').toUpperCase();
  const kind = ENTITIES[type];
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

/** Notes and icons on anything. */
export const annotations: Record<string, Behaviour> = {
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
