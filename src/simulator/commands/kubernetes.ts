import { statedFields } from '../engine/generic.ts';
import { entriesArg, flagArg, needRow, numberArg, rowArg, rowsArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../rules/call.ts';
import { ownerOf } from '../rules/owner.ts';
import { deployOwn } from '../rules/deployment.ts';
import { destroy, powerOff, powerOn } from '../rules/machines.ts';
import { list, object, success, work } from '../rules/results.ts';
import { checkDownloadUrl, checkFileFormat } from '../rules/urls.ts';
import { deleteUserData, registerUserData } from '../rules/user-data.ts';
import { ApiError, badParameter, badValue, inUse } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Fields, Resource } from '../world/types.ts';

const state = (cluster: Resource): string => text(cluster, 'state');

const numbers = (version: Resource | undefined): number[] => text(version, 'semanticversion').split('.').map(Number);

const members = (cluster: Resource): string[] =>
  Array.isArray(cluster.hidden['nodes']) ? cluster.hidden['nodes'].map(String) : [];

const nodesOf = ({ world }: Call, cluster: Resource): Resource[] =>
  members(cluster).flatMap((id) => {
    const vm = world.get(id);
    return vm?.removed === undefined ? (vm ?? []) : [];
  });

/** Makes nodes of a cluster, as many as there is room for. */
const addNodes = (call: Call, cluster: Resource, role: 'control' | 'node', count: number): void => {
  const { world } = call;
  const owner = world.get(cluster.owner ?? '');
  const row = (name: string): Resource | undefined => world.get(text(cluster, name));
  const zones = (template: Resource): boolean =>
    !Array.isArray(template.hidden['zones']) || template.hidden['zones'].includes(text(cluster, 'zoneid'));
  const templateid = world
    .all('Template')
    .find((one) => one.fields['isready'] !== false && one.fields['format'] !== 'ISO' && zones(one));
  for (let at = 0; at < count && owner; at++)
    try {
      const vm = deployOwn(call, {
        owner,
        rows: {
          zoneid: row('zoneid'),
          templateid,
          serviceofferingid: row('serviceofferingid'),
          networkids: row('networkid'),
        },
        name: `${text(cluster, 'name').slice(0, 40)}-${role}-${world.random.uuid().slice(0, 11).replace('-', '')}`,
        fields: { vmtype: 'cksnode' },
      });
      world.hide(cluster, { nodes: [...members(cluster), vm.id] });
    } catch (error) {
      // Where an account or the zone is full, the cluster is smaller than it should be.
      if (!(error instanceof ApiError)) throw error;
      return;
    }
};

const create: Behaviour = (call) => {
  const { world } = call;
  const owner = ownerOf(call);
  const version = rowArg(call, 'kubernetesversionid');
  const offering = rowArg(call, 'serviceofferingid');
  const name = textArg(call, 'name') ?? '';
  const managed = textArg(call, 'clustertype') !== 'ExternalManaged';
  if (managed && (!version || !offering)) throw badValue('Kubernetes version and service offering are needed');
  if (version && version.fields['state'] !== 'Enabled')
    throw badValue(`Kubernetes version ID: ${version.id} is in disabled state`);
  if (!/^[a-z0-9][a-z0-9-]*$/i.test(name)) throw badValue(`Invalid name for the Kubernetes cluster ${name}`);
  const [size, control] = [numberArg(call, 'size') ?? 1, numberArg(call, 'controlnodes') ?? 1];
  if (control > 1 && flagArg(call, 'enablecsi') && size < 1) throw badValue('Invalid cluster size');
  const nodes = size + control;
  const { fields } = statedFields(call, 'KubernetesCluster');
  const cluster = insertKind(
    world,
    'KubernetesCluster',
    {
      ...fields,
      clustertype: managed ? 'CloudManaged' : 'ExternalManaged',
      size,
      controlnodes: control,
      masternodes: control,
      serviceofferingid: offering?.id,
      kubernetesversionid: version?.id,
      state: 'Created',
      cpunumber: String(nodes * Number(offering?.fields['cpunumber'] ?? 0)),
      memory: String(nodes * Number(offering?.fields['memory'] ?? 0)),
      autoscalingenabled: false,
      csienabled: flagArg(call, 'enablecsi'),
      endpoint: '',
      consoleendpoint: '',
    },
    { owner: owner.id },
  );
  return work(cluster, () => {
    if (managed) {
      addNodes(call, cluster, 'control', control);
      addNodes(call, cluster, 'node', size);
    }
    world.update(
      cluster,
      managed ? { state: 'Running', endpoint: `https://203.0.113.1:6443/`, ipaddress: '203.0.113.1' } : {},
    );
    return object(cluster);
  });
};

const power =
  (to: string, by: string, from: string[]): Behaviour =>
  (call) => {
    const cluster = needRow(call, 'id');
    const there = state(cluster) === to;
    if (!there && !from.includes(state(cluster)))
      throw badValue(
        `Kubernetes cluster : ${text(cluster, 'name')} is in ${state(cluster)} state and cannot be ${to === 'Running' ? 'started' : 'stopped'}`,
      );
    if (!there) call.world.update(cluster, { state: by });
    return work(cluster, () => {
      for (const vm of there ? [] : nodesOf(call, cluster))
        if (to === 'Running' && vm.fields['state'] === 'Stopped') powerOn(call.world, vm);
        else if (to === 'Stopped' && vm.fields['state'] === 'Running') powerOff(call.world, vm);
      call.world.update(cluster, { state: to });
      return call.command.result === 'success' ? success() : object(cluster);
    });
  };

const scale: Behaviour = (call) => {
  const cluster = needRow(call, 'id');
  if (!['Created', 'Running', 'Stopped'].includes(state(cluster)))
    throw badValue(`Kubernetes cluster : ${text(cluster, 'name')} is in ${state(cluster)} state`);
  const before = state(cluster);
  const size = numberArg(call, 'size') ?? Number(cluster.fields['size']);
  if (size < 1) throw badValue(`Kubernetes cluster : ${text(cluster, 'name')} cannot be scaled for size, ${size}`);
  const offering = rowArg(call, 'serviceofferingid') ?? call.world.get(text(cluster, 'serviceofferingid'));
  call.world.update(cluster, { state: 'Scaling' });
  return work(cluster, () => {
    const nodes = size + Number(cluster.fields['controlnodes'] ?? 1);
    const auto: Fields =
      call.args['autoscalingenabled'] === undefined
        ? {}
        : {
            autoscalingenabled: flagArg(call, 'autoscalingenabled'),
            minsize: numberArg(call, 'minsize'),
            maxsize: numberArg(call, 'maxsize'),
          };
    const more = size - Number(cluster.fields['size'] ?? 0);
    if (more > 0) addNodes(call, cluster, 'node', more);
    const surplus =
      more < 0
        ? nodesOf(call, cluster)
            .slice(Number(cluster.fields['controlnodes'] ?? 1))
            .slice(more)
        : [];
    for (const vm of surplus) destroy(call.world, vm, true);
    const gone = new Set(surplus.map(({ id }) => id));
    call.world.hide(cluster, { nodes: members(cluster).filter((id) => !gone.has(id)) });
    call.world.update(cluster, {
      state: before,
      size,
      serviceofferingid: offering?.id,
      cpunumber: String(nodes * Number(offering?.fields['cpunumber'] ?? 0)),
      memory: String(nodes * Number(offering?.fields['memory'] ?? 0)),
      ...auto,
    });
    return object(cluster);
  });
};

const upgrade: Behaviour = (call) => {
  const cluster = needRow(call, 'id');
  const version = needRow(call, 'kubernetesversionid');
  if (state(cluster) !== 'Running')
    throw badValue(`Kubernetes cluster : ${text(cluster, 'name')} is not in running state`);
  const [had, wanted] = [numbers(call.world.get(text(cluster, 'kubernetesversionid'))), numbers(version)];
  if ((wanted[1] ?? 0) < (had[1] ?? 0) || (wanted[1] ?? 0) > (had[1] ?? 0) + 1)
    throw badValue(
      `Kubernetes cluster can be upgraded to the next minor version only, not to ${text(version, 'semanticversion')}`,
    );
  call.world.update(cluster, { state: 'Upgrading' });
  return work(cluster, () => {
    call.world.update(cluster, { state: 'Running', kubernetesversionid: version.id });
    return object(cluster);
  });
};

const remove: Behaviour = (call) => {
  const cluster = needRow(call, 'id');
  call.world.update(cluster, { state: 'Destroying' });
  return work(cluster, () => {
    for (const vm of nodesOf(call, cluster)) if (vm.fields['vmtype'] === 'cksnode') destroy(call.world, vm, true);
    call.world.remove(cluster);
    return success();
  });
};

const nodeKinds = ['control', 'worker', 'etcd'];

const setAffinityGroups: Behaviour = (call) => {
  const { world } = call;
  const cluster = needRow(call, 'id');
  const patch: Fields = {};
  for (const { node = '', affinitygroup = '' } of entriesArg(call, 'nodeaffinitygroups')) {
    const kind = nodeKinds.find((one) => one === node.toLowerCase());
    if (kind === undefined) throw badValue(`Invalid node type: ${node}`);
    const groups = affinitygroup.split(',').map((id) => world.find('AffinityGroup', id));
    if (groups.some((group) => !group)) throw badValue(`Unable to find affinity group ${affinitygroup}`);
    patch[`${kind}affinitygroupids`] = groups.map((group) => group?.id).join(',');
    patch[`${kind}affinitygroupnames`] = groups.map((group) => text(group, 'name')).join(',');
  }
  world.update(cluster, patch);
  return object(cluster);
};

const changeNodes = (call: Call, name: string, add: boolean): Resource => {
  const cluster = needRow(call, 'id');
  const given = rowsArg(call, name).map(({ id }) => id);
  const had = members(cluster);
  call.world.hide(cluster, { nodes: add ? [...new Set([...had, ...given])] : had.filter((id) => !given.includes(id)) });
  return cluster;
};

const addVersion: Behaviour = (call) => {
  const version = textArg(call, 'semanticversion') ?? '';
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw badValue(`Invalid version format: ${version}. Semantic version needed`);
  const { fields } = statedFields(call, 'KubernetesSupportedVersion');
  const numbersOf = version.split('.').map(Number);
  if (numbersOf[0] === 0 || (numbersOf[0] === 1 && (numbersOf[1] ?? 0) < 11))
    throw badValue(
      'New supported Kubernetes version cannot be added as 1.11.0 is minimum version supported by Kubernetes Service',
    );
  const url = textArg(call, 'url') ?? '';
  if (url === '') throw badValue('Invalid URL for ISO specified, null');
  checkDownloadUrl(url, badParameter);
  checkFileFormat(url, 'iso', badParameter);
  const row = insertKind(call.world, 'KubernetesSupportedVersion', {
    ...fields,
    name: textArg(call, 'name') ?? `v${version}`,
    isostate: 'Ready',
    state: 'Enabled',
    isoid: call.world.random.uuid(),
    isoname: `${version}-Kubernetes-Binaries-ISO`,
    supportsha: (numbersOf[1] ?? 0) >= 16,
    supportsautoscaling: (numbersOf[1] ?? 0) >= 15,
  });
  return object(row);
};

/** Kubernetes clusters. */
export const kubernetes: Behaviours = {
  updateKubernetesClusterAffinityGroups: setAffinityGroups,
  registerCniConfiguration: registerUserData('CniConfiguration', 'cniconfig'),
  deleteCniConfiguration: deleteUserData,
  createKubernetesCluster: create,
  startKubernetesCluster: power('Running', 'Starting', ['Stopped', 'Created']),
  stopKubernetesCluster: power('Stopped', 'Stopping', ['Running', 'Alert']),
  scaleKubernetesCluster: scale,
  upgradeKubernetesCluster: upgrade,
  deleteKubernetesCluster: remove,
  getKubernetesClusterConfig: (call) => {
    const cluster = needRow(call, 'id');
    if (state(cluster) !== 'Running')
      throw badValue(`Kubernetes cluster : ${text(cluster, 'name')} is not running, so it has no configuration`);
    const config = `apiVersion: v1\nkind: Config\nclusters:\n- name: ${text(cluster, 'name')}\n  cluster:\n    server: ${text(cluster, 'endpoint')}\n`;
    return object({ id: cluster.id, name: cluster.fields['name'], configdata: config });
  },
  addNodesToKubernetesCluster: (call) => {
    const cluster = needRow(call, 'id');
    return work(cluster, () => object(changeNodes(call, 'nodeids', true)));
  },
  removeNodesFromKubernetesCluster: (call) => {
    const cluster = needRow(call, 'id');
    return work(cluster, () => object(changeNodes(call, 'nodeids', false)));
  },
  addVirtualMachinesToKubernetesCluster: (call) => {
    changeNodes(call, 'virtualmachineids', true);
    return success();
  },
  removeVirtualMachinesFromKubernetesCluster: (call) => {
    changeNodes(call, 'virtualmachineids', false);
    return list(rowsArg(call, 'virtualmachineids').map(({ id }) => ({ id, success: true })));
  },
  addKubernetesSupportedVersion: addVersion,
  getUploadParamsForKubernetesSupportedVersion: (call) => {
    const row = insertKind(call.world, 'KubernetesSupportedVersion', {
      ...statedFields(call, 'KubernetesSupportedVersion').fields,
      isostate: 'Creating',
      state: 'Disabled',
    });
    return object({
      id: row.id,
      postURL: `https://127.0.0.1/upload/${row.id}`,
      metadata: call.world.random.key(60),
      expires: call.world.now(),
      signature: call.world.random.key(40),
    });
  },
  deleteKubernetesSupportedVersion: (call) => {
    const row = needRow(call, 'id');
    if ([...call.world.where('KubernetesCluster', 'kubernetesversionid', row.id)].length > 0)
      throw inUse(`Unable to delete Kubernetes version ID: ${row.id}. Existing clusters currently using the version.`);
    return work(row, () => {
      call.world.remove(row);
      return success();
    });
  },
};
