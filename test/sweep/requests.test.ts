import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { createFetchTransport } from '../../src/cloudstack/transport.ts';
import { CallError } from '../../src/errors.ts';
import { fillAll } from '../cache/cloud.ts';
import { openApp, requestOf, yes } from '../guard/counting.ts';
import { createSimulator } from '../support/seeded-worlds.ts';

// What a confirmation costs the cloud, for every command that needs one: counted at the cloud, on a process that has not asked for
// one before. What is acted on is read before the question, what it changes first of all once more when the answer is there; what it
// belongs to and what hangs on it, once. Who answers after more than a minute has all of it looked at again.

/** Requests beside the change. */
const usual = 3;

/**
 * Where one more may be needed: the list of what has the protecting tag, which is believed for a minute. It tells of what is too far
 * above a target to be read, and which lists of what ends with it need not be read.
 */
const withTagList = [
  // The machine of a snapshot's disk, the VPC of an ACL rule, the address of a balancer rule.
  'deleteNetworkACL',
  'deleteSnapshot',
  'deleteSnapshotPolicies',
  'extractSnapshot',
  'moveNetworkAclItem',
  'removeFromGlobalLoadBalancerRule',
  'removeFromLoadBalancerRule',
  'revertSnapshot',
  // What else goes for good with what is deleted.
  'deleteDomain',
  'deleteNetwork',
  'deleteProject',
  'deleteStoragePool',
  'deleteVPC',
  'deleteVolume',
  'disassociateIpAddress',
  'enableStorageMaintenance',
  'expungeVirtualMachine',
  'restoreVirtualMachine',
];

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
  const [first, next]: Record<string, number>[] = [{}, {}];
  const tagLists: string[] = [];
  let asked = 0;
  for (const { command, risk } of loadCatalog().tools) {
    if (risk.risk === 'read' || command.auth) continue;
    const { app, close } = await openApp({}, { transport, env, cache: true });
    const args = fillAll(simulator, command, ({ required, name }) => required === true || name === 'id');
    let message = '';
    const consent: typeof yes = (question) => {
      ({ message } = question);
      return yes(question);
    };
    // What role the account has is asked once, with the first list.
    await app.call(requestOf('listZones', {}));
    await app.call(requestOf('listVirtualMachines', {}));
    for (const counts of [first!, next!]) {
      [sent, changing] = [[], command.name];
      await app.call(requestOf(command.name, args, { consent })).catch((error: unknown) => {
        if (!(error instanceof CallError)) throw error;
      });
      // What no one can see is looked for wherever it may be.
      if (!message || message.includes('which this account cannot see')) break;
      expect(sent, command.name).toContain(command.name);
      if (counts === first) asked++;
      const beside = sent.filter((one) => ![command.name, 'queryAsyncJobResult'].includes(one));
      if (beside.length > usual) counts[command.name] = beside.length;
      if (beside.length > usual && beside.includes('listTags')) tagLists.push(command.name);
      if (message) expect(beside.length, `${command.name}: ${beside.join()}`).toBeLessThanOrEqual(usual + 1);
    }
    await close();
  }
  expect(next).toEqual({});
  expect(Object.keys(first!).sort()).toEqual([...withTagList].sort());
  expect(tagLists.sort()).toEqual([...withTagList].sort());
  expect(asked).toBeGreaterThan(300);
}, 180_000);
