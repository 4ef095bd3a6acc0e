import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { createFetchTransport } from '../../src/cloudstack/transport.ts';
import { CallError } from '../../src/errors.ts';
import { fillAll } from '../cache/cloud.ts';
import { openApp, requestOf, yes } from '../guard/counting.ts';
import { createSimulator } from '../support/seeded-worlds.ts';

// What a confirmation costs the cloud, for every command that needs one: counted at the cloud. What is acted on is read before
// the question and once more when the answer is there; what it belongs to and what hangs on it, once.

/** Requests beside the change. */
const usual = 3;

/** Commands with more: each of their two or three targets is read twice, or more than one list shows what hangs on it. */
const more: Readonly<Record<string, number>> = {
  // Two targets, or three, each of which changes.
  addCiscoAsa1000vResource: 4,
  addNodesToKubernetesCluster: 4,
  createPortForwardingRule: 4,
  enableStaticNat: 4,
  removeNodesFromKubernetesCluster: 4,
  removeVirtualMachinesFromKubernetesCluster: 4,
  replaceNetworkACLList: 4,
  updateVMAffinityGroup: 4,
  upgradeKubernetesCluster: 4,
  createGpuDevice: 6,
  createServiceInstance: 6,
  createAutoScaleVmGroup: 7,
  restoreVolumeFromBackupAndAttachToVM: 7,
  // The disk of a snapshot and its machine, the list of an ACL item and its VPC.
  deleteNetworkACL: 4,
  deleteSnapshot: 4,
  extractSnapshot: 4,
  revertSnapshot: 4,
  moveNetworkAclItem: 8,
  deleteSnapshotPolicies: 8,
  removeFromGlobalLoadBalancerRule: 5,
  removeFromLoadBalancerRule: 5,
  // One of the rules for what comes in: it is looked for among those for what goes out first.
  deleteEgressFirewallRule: 7,
  // The machine of a disk, and its snapshots.
  deleteVolume: 4,
  destroyVolume: 4,
  detachVolume: 4,
  unmanageVolume: 4,
  // The disks and the snapshots of a machine.
  destroyVirtualMachine: 4,
  expungeVirtualMachine: 4,
  removeVirtualMachineFromBackupOffering: 4,
  restoreVirtualMachine: 4,
  unmanageVirtualMachine: 4,
  // What a place, a network, an owner holds is in two to four lists.
  createManagementNetworkIpRange: 4,
  deleteStoragePool: 4,
  enableStorageMaintenance: 4,
  changeStoragePoolScope: 6,
  deleteCluster: 5,
  deleteDomain: 5,
  deleteNetwork: 5,
  deletePod: 5,
  deleteProject: 5,
  deleteVPC: 5,
  deleteZone: 5,
  disableStaticNat: 5,
  disassociateIpAddress: 5,
  migrateNetwork: 5,
  migrateVPC: 5,
  releaseIpAddress: 5,
};

test('every command that needs a confirmation', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const { apiKey, secretKey } = simulator.credentials;
  let sent: string[] = [];
  let changing = '';
  const transport = createFetchTransport(async (request: Request) => {
    const text = request.method === 'POST' ? await request.clone().text() : request.url.split('?')[1];
    const command = new URLSearchParams(text).get('command') ?? '';
    sent.push(command);
    // The change itself is refused, so that every command meets the same world.
    return command === changing
      ? new Response('{"error":{"errorcode":431,"errortext":"Not now"}}', { status: 431 })
      : simulator.fetch(request);
  });
  const env = { CLOUDSTACK_API_KEY: apiKey, CLOUDSTACK_SECRET_KEY: secretKey };
  const { app, close } = await openApp({}, { transport, env });
  const counts: Record<string, number> = {};
  let asked = 0;
  for (const { command, risk } of loadCatalog().tools) {
    if (risk.risk === 'read' || command.auth) continue;
    const args = fillAll(simulator, command, ({ required, name }) => required === true || /^ids?$/.test(name));
    let message = '';
    [sent, changing] = [[], command.name];
    const consent: typeof yes = (question) => {
      ({ message } = question);
      return yes(question);
    };
    await app.call(requestOf(command.name, args, { consent })).catch((error: unknown) => {
      if (!(error instanceof CallError)) throw error;
    });
    // What no one can see is looked for wherever it may be.
    if (!message || message.includes('which this account cannot see')) continue;
    expect(sent, command.name).toContain(command.name);
    asked++;
    const beside = sent.filter((one) => one !== command.name && one !== 'queryAsyncJobResult').length;
    if (beside > usual) counts[command.name] = beside;
  }
  await close();
  expect(counts).toEqual(more);
  expect(asked).toBeGreaterThan(6 * Object.keys(more).length);
}, 180_000);
