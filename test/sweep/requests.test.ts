import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { createFetchTransport } from '../../src/cloudstack/transport.ts';
import { CallError } from '../../src/errors.ts';
import { fillAll } from '../cache/cloud.ts';
import { openApp, requestOf, yes } from '../guard/counting.ts';
import { createSimulator } from '../support/seeded-worlds.ts';

// What a confirmation costs the cloud, for every command that needs one: counted at the cloud. What is acted on is read before
// the question, what it changes first of all once more when the answer is there; what it belongs to and what hangs on it, once.
// Who answers after more than a minute has all of it looked at again.

/** Requests beside the change. */
const usual = 3;

/**
 * Commands with more: what is acted on, what that belongs to and what this belongs to are three things, of which rules about
 * places and protection judge each, and the first is looked at again.
 */
const more: Readonly<Record<string, number>> = {
  // The disk of a snapshot, or of its schedule, and the machine of the disk.
  deleteSnapshot: 4,
  deleteSnapshotPolicies: 4,
  extractSnapshot: 4,
  revertSnapshot: 4,
  // The list of an ACL rule, and its VPC.
  deleteNetworkACL: 4,
  moveNetworkAclItem: 4,
  // A balancer rule, what is taken out of what, and the address.
  removeFromGlobalLoadBalancerRule: 4,
  removeFromLoadBalancerRule: 4,
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
  const { app, close } = await openApp({}, { transport, env, cache: true });
  const counts: Record<string, number> = {};
  let [asked, tagLists] = [0, 0];
  for (const { command, risk } of loadCatalog().tools) {
    if (risk.risk === 'read' || command.auth) continue;
    const args = fillAll(simulator, command, ({ required, name }) => required === true || name === 'id');
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
    // Which things have the protecting tag is listed once a minute, for all calls together.
    tagLists += sent.filter((one) => one === 'listTags').length;
    const beside = sent.filter((one) => ![command.name, 'queryAsyncJobResult', 'listTags'].includes(one)).length;
    if (beside > usual) counts[command.name] = beside;
  }
  await close();
  expect(counts).toEqual(more);
  expect(asked).toBeGreaterThan(300);
  // Anew after each call that may set tags.
  expect(tagLists).toBeLessThan(10);
}, 180_000);
