import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { createBodyBudget } from '../../src/web/body-budget.ts';
import { beginSession, openClient, startDoor } from '../support/door.ts';
import { eventually } from '../support/eventually.ts';

const asking = (length?: number): Request =>
  new Request('http://localhost/mcp', { headers: length === undefined ? {} : { 'content-length': String(length) } });

test('bodies that are arriving take room, each principal its own, until they are there', () => {
  const { reserve } = createBodyBudget({ bodyLimit: 1000 });
  const four = [400, 1000, undefined, 9_999_999].map((length) => reserve('a', asking(length)));
  expect(four.every(Boolean)).toBe(true);
  // 400 + 1000 + 1000 + 1000: what announces too much is cut off at the limit.
  expect(reserve('a', asking(601))).toBeUndefined();
  expect(reserve('a', asking())).toBeUndefined();
  expect(reserve('b', asking(1000))).toBeDefined();
  const small = reserve('a', asking(600))!;
  expect(reserve('a', asking(1))).toBeUndefined();
  small();
  four[1]!();
  expect(reserve('a', asking())).toBeDefined();
  expect(reserve('a', asking(601))).toBeUndefined();
});

test('whoever holds back the ends of large bodies is refused more of them, and served again when they are gone', async () => {
  const flags = ['--simulator', '--body-limit', '5000', '--request-timeout', '60000'];
  const door = await startDoor({ flags });
  const { hostname, port } = new URL(door.origin);
  const answers: string[] = [];
  const hold = (): Socket => {
    const socket = connect(Number(port), hostname);
    const head =
      'POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n';
    socket.write(`${head}{"jsonrpc"`);
    socket.on('data', (chunk: Buffer) => answers.push(chunk.toString('latin1')));
    socket.on('error', () => undefined);
    return socket;
  };
  const held = Array.from({ length: 4 }, hold);
  await eventually(async () => expect(await beginSession(door)).toBe('none: 429'));
  // A fifth is one too many: it is taken and dropped, and answered once it is there.
  const fifth = hold();
  fifth.write(' '.repeat(5000 - '{"jsonrpc"'.length));
  await eventually(() => expect(answers).toHaveLength(1));
  expect(answers[0]).toMatch(/^HTTP\/1\.1 429 [^]*retry-after: 1/i);
  expect(await beginSession(door)).toBe('none: 429');
  for (const socket of [...held, fifth]) socket.destroy();
  await eventually(async () => expect(await beginSession(door)).not.toContain('none'));
  await door.close();
});

test('of too many connections the further ones are closed; one address takes no more than are left for others', async () => {
  const door = await startDoor({ flags: ['--simulator', '--max-connections', '4'] });
  const { hostname, port } = new URL(door.origin);
  const open = async (localAddress?: string): Promise<Socket> => {
    const socket = connect({ port: Number(port), host: hostname, localAddress });
    await once(socket, 'connect');
    return socket;
  };
  const taken = [await open(), await open()];
  for (const further of [await open(), await open()]) await once(further.resume(), 'close');
  taken.push(await open('127.0.0.2'));
  await once((await open('127.0.0.2')).resume(), 'close');
  expect(taken.some(({ closed }) => closed)).toBe(false);
  taken[0]!.destroy();
  await eventually(async () => expect((await fetch(`${door.origin}/health/live`)).status).toBe(200));
  for (const socket of taken) socket.destroy();
  await door.close();
});

test('while proxies are given time to notice, everything is served and the server is not ready', async () => {
  const door = await startDoor({ flags: ['--simulator', '--drain', '700'] });
  const host = await openClient(door, { protocol: 'new' });
  expect((await host.call('read', { tool: 'list-zones' })).isError).toBeUndefined();
  door.stop.abort();
  const ready = await fetch(`${door.origin}/health/ready`);
  expect(ready.status).toBe(503);
  expect((await host.call('read', { tool: 'list-zones' })).isError).toBeUndefined();
  expect(await beginSession(door)).not.toContain('none');
  await host.close();
  expect(await door.close()).toBe(0);
  await expect(fetch(`${door.origin}/health/live`)).rejects.toThrow();
});
