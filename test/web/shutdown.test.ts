import { once } from 'node:events';
import { request as httpRequest, Agent } from 'node:http';
import { expect, test } from 'vitest';
import { startCloud, startFake } from '../support/harness.ts';
import { openClient, startDoor } from '../support/door.ts';
import { eventually, promptMs } from '../support/eventually.ts';

const protocols = ['old', 'new'] as const;
const quiet = { CLOUDSTACK_MCP_DISCOVER: 'false' };

test.each(protocols)('%s protocol: a running call is finished, then the server ends with 0', async (protocol) => {
  let answer = (): void => undefined;
  const fake = await startFake(
    (_command, response) =>
      (answer = () => response.end('{"listzonesresponse":{"count":1,"zone":[{"id":"1","name":"late-zone"}]}}')),
  );
  const door = await startDoor({ env: { ...fake.env, ...quiet } });
  const host = await openClient(door, { protocol });
  const call = host.call('read', { tool: 'list-zones' });
  await eventually(() => expect(fake.counts.get('listZones')).toBe(1));
  door.stop.abort();
  answer();
  expect((await call).text).toContain('late-zone');
  expect(await door.close()).toBe(0);
  await expect(fetch(`${door.origin}/health/live`)).rejects.toThrow();
  await host.close();
  await fake.close();
});

test.each(protocols)('%s protocol: a call that waits for its job hands it out', async (protocol) => {
  const cloud = await startCloud({ jobMillis: 60_000 });
  const door = await startDoor({ env: cloud.env });
  const host = await openClient(door, { protocol });
  const [vm] = (
    await host.call('read', { tool: 'list-virtual-machines', arguments: { listall: true, state: 'Running' } })
  ).structured['items'] as { id: string }[];
  const call = host.call('change', { tool: 'createSnapshot', arguments: { volumeid: await rootOf(vm!.id) } });
  await eventually(() => expect(cloud.calls.map(({ command }) => command)).toContain('queryAsyncJobResult'));
  const begun = Date.now();
  door.stop.abort();
  const { structured, text } = await call;
  expect(structured['job'], text).toMatchObject({ status: 'pending' });
  expect(await door.close()).toBe(0);
  expect(Date.now() - begun).toBeLessThan(promptMs);
  await host.close();
  await cloud.close();

  async function rootOf(id: string): Promise<string> {
    const { structured: found } = await host.call('read', {
      tool: 'list-volumes',
      arguments: { virtualmachineid: id, listall: true },
    });
    return (found['items'] as { id: string }[])[0]!.id;
  }
});

test('while it stops, new work is sent away and the server is not ready', async () => {
  let answer = (): void => undefined;
  const fake = await startFake((_command, response) => (answer = () => response.end('{"listzonesresponse":{}}')));
  const door = await startDoor({ env: { ...fake.env, ...quiet } });
  // A connection that is open before it stops.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (path: string, method = 'GET', body?: string) =>
    new Promise<{ status: number; retry: unknown }>((resolve, reject) => {
      const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
      const sent = httpRequest(`${door.origin}${path}`, { agent, method, headers }, (response) => {
        response.resume();
        response.on('end', () => resolve({ status: response.statusCode!, retry: response.headers['retry-after'] }));
      });
      sent.on('error', reject);
      sent.end(body);
    });
  const host = await openClient(door);
  const call = host.call('read', { tool: 'list-zones' });
  await eventually(() => expect(fake.counts.get('listZones')).toBe(1));
  const slow = ask('/health/ready');
  expect((await slow).status).toBe(200);
  // Half a request keeps the connection from being idle when the server stops.
  const late = httpRequest(`${door.origin}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
  });
  const answered = once(late, 'response') as Promise<[{ statusCode: number; headers: Record<string, string> }]>;
  await new Promise((written) => late.write('{"jsonrpc":"2.0",', written));
  // What was asked later was answered: the half request has arrived.
  expect((await ask('/health/ready')).status).toBe(200);
  door.stop.abort();
  await eventually(async () =>
    expect(
      await ask('/health/ready').then(
        ({ status }) => status,
        () => 'not reachable',
      ),
    ).not.toBe(200),
  );
  late.end('"id":1,"method":"tools/list"}');
  const [{ statusCode, headers }] = await answered;
  expect(statusCode).toBe(503);
  expect(headers['retry-after']).toBe('5');
  answer();
  expect((await call).isError).toBeUndefined();
  expect(await door.close()).toBe(0);
  agent.destroy();
  await host.close();
  await fake.close();
});

test('what does not end within the grace period is cut off, and its entry is written', async () => {
  const fake = await startFake((_command, response) => void setTimeout(() => response.end('{}'), 20_000).unref());
  const door = await startDoor({ env: { ...fake.env, ...quiet }, flags: ['--grace', '100'] });
  const host = await openClient(door);
  const call = host.call('read', { tool: 'list-zones' }).catch(() => undefined);
  await eventually(() => expect(fake.counts.get('listZones')).toBe(1));
  door.stop.abort();
  expect(await door.exited).toBe(0);
  await eventually(() => expect(door.audit()).toMatchObject([{ command: 'listZones', result: 'cancelled' }]));
  await host.close();
  await call;
  await fake.close();
});
