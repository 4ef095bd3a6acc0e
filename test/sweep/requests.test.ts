import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { createFetchTransport } from '../../src/cloudstack/transport.ts';
import { CallError } from '../../src/errors.ts';
import { fillAll } from '../cache/cloud.ts';
import { openApp, requestOf, yes } from '../guard/counting.ts';
import { createSimulator } from '../support/seeded-worlds.ts';

// What a confirmation costs the cloud, for every command that needs one: counted at the cloud, on a process that has not asked for
// one before. What is acted on is read before the question, what it changes first of all once more when the answer is there; what it
// belongs to and what hangs on it, once. The list of what has the protecting tag was read beside the first call. Who answers after
// more than a minute has all of it looked at again.

// What is listed beside calls is listed once for each start here: the clock stands still, so that no renewal is counted for a call.
beforeAll(() => void vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'], now: Date.now() }));
afterAll(() => void vi.useRealTimers());

/** Requests beside the change. */
const usual = 3;

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
  const env = { CLOUDSTACK_API_KEY: apiKey, CLOUDSTACK_SECRET_KEY: secretKey, CLOUDSTACK_MCP_DISCOVER: 'true' };
  const above: string[] = [];
  let asked = 0;
  const start = async () => {
    const opened = await openApp({}, { transport, env, cache: true });
    sent = [];
    // What role the account has is asked once, with the first list.
    await opened.app.call(requestOf('listZones', {}));
    await opened.app.call(requestOf('listVirtualMachines', {}));
    while (!['listTags', 'listApis'].every((one) => sent.includes(one))) await new Promise(setImmediate);
    return opened;
  };
  let opened = await start();
  for (const { command, risk } of loadCatalog().tools) {
    if (risk.risk === 'read' || command.auth) continue;
    const args = fillAll(simulator, command, ({ required, name }) => required === true || name === 'id');
    let message = '';
    const consent: typeof yes = (question) => {
      ({ message } = question);
      return yes(question);
    };
    for (const turn of ['first', 'next']) {
      [sent, changing] = [[], command.name];
      await opened.app.call(requestOf(command.name, args, { consent })).catch((error: unknown) => {
        if (!(error instanceof CallError)) throw error;
      });
      // What no one can see is looked for wherever it may be.
      if (!message || message.includes('which this account cannot see')) break;
      expect(sent, command.name).toContain(command.name);
      if (turn === 'first') asked++;
      const beside = sent.filter((one) => ![command.name, 'queryAsyncJobResult'].includes(one));
      if (beside.length > usual) above.push(`${command.name}, ${turn}: ${beside.join()}`);
    }
    // What may have changed tags lets the list be read again.
    if (args['tags'] === undefined && !command.entity?.includes('ResourceTag')) continue;
    await opened.close();
    opened = await start();
  }
  await opened.close();
  expect(above).toEqual([]);
  expect(asked).toBeGreaterThan(300);
});
