import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openHost, runCommand, startCloud, type Cloud } from '../support/harness.ts';

/** A proxy that knows one way, whatever name it is asked for: CONNECT, then bytes. `password`: it wants one. */
const startProxy = async (to: string, password?: string) => {
  const tunnels: string[] = [];
  const sockets = new Set<Socket>();
  const { hostname, port } = new URL(to);
  const server = createServer((_request, response) => response.writeHead(405).end());
  server.on('connect', ({ url, headers }, socket: Socket) => {
    tunnels.push(url ?? '');
    socket.on('error', () => undefined);
    const wanted = password && `Basic ${Buffer.from(`me:${password}`).toString('base64')}`;
    if (wanted !== undefined && headers['proxy-authorization'] !== wanted)
      return socket.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n');
    const there = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      there.pipe(socket).pipe(there);
    });
    for (const end of [socket, there]) {
      sockets.add(end);
      end.on('close', () => sockets.delete(end)).on('error', () => undefined);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    url: `http://${host}`,
    tunnels,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

let cloud: Cloud;
let proxy: Awaited<ReturnType<typeof startProxy>>;
/** A cloud that only the proxy finds. */
let far: Record<string, string>;
beforeAll(async () => {
  cloud = await startCloud();
  far = { ...cloud.env, CLOUDSTACK_API_URL: 'http://cloud.invalid:8080/client/api', CLOUDSTACK_MCP_RETRIES: '0' };
});
afterAll(() => cloud.close());
beforeEach(async () => {
  proxy = await startProxy(cloud.url);
});
afterEach(() => proxy.close());

test.each(['HTTP_PROXY', 'http_proxy'])(
  'M20, D13: %s leads to the cloud, with as many connections as are allowed, which stay open',
  async (name) => {
    const host = await openHost({ env: { ...far, [name]: proxy.url, CLOUDSTACK_MCP_CONNECTIONS: '2' } });
    for (let round = 0; round < 3; round++) {
      const calls = Array.from({ length: 8 }, (_, at) =>
        host.call('read', { tool: 'list-zones', arguments: { keyword: `${round}-${at}` } }),
      );
      expect((await Promise.all(calls)).map(({ isError }) => isError)).toEqual(calls.map(() => undefined));
    }
    expect((await host.call('change', { tool: 'create-security-group', arguments: { name } })).isError).toBeUndefined();
    await host.close();
    expect(new Set(proxy.tunnels)).toEqual(new Set(['cloud.invalid:8080']));
    expect(proxy.tunnels.length).toBeLessThanOrEqual(2);
  },
);

test('https goes to the proxy of HTTPS_PROXY, else of HTTP_PROXY', async () => {
  const https = { ...far, CLOUDSTACK_API_URL: 'https://cloud.invalid/client/api', HTTP_PROXY: proxy.url };
  const other = await startProxy(cloud.url);
  // The simulator speaks no TLS: where the tunnel leads is all there is to see.
  for (const env of [https, { ...https, HTTPS_PROXY: other.url }])
    expect((await runCommand(['call', 'list-zones'], { env })).status).toBe(2);
  expect(new Set(proxy.tunnels)).toEqual(new Set(['cloud.invalid:443']));
  expect(new Set(other.tunnels)).toEqual(new Set(['cloud.invalid:443']));
  await other.close();
});

test.each(['cloud.invalid', 'invalid', '.invalid', '*', 'other.example.com, cloud.invalid:8080'])(
  'NO_PROXY=%s: the host is asked directly',
  async (none) => {
    const { status, stderr } = await runCommand(['call', 'list-zones'], {
      env: { ...far, HTTP_PROXY: proxy.url, NO_PROXY: none },
    });
    expect({ status, stderr }).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/) as string,
    });
    expect(proxy.tunnels).toEqual([]);
  },
);

test('this machine is asked directly, whatever the proxy', async () => {
  const env = { ...cloud.env, HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url };
  expect((await runCommand(['call', 'list-zones'], { env })).status).toBe(0);
  expect(proxy.tunnels).toEqual([]);
});

test('a proxy that wants a password gets the one of its address; refused, nothing was sent', async () => {
  const strict = await startProxy(cloud.url, 'p@ss');
  const env = { ...far, HTTP_PROXY: `http://me:p%40ss@${strict.host}` };
  expect((await runCommand(['call', 'list-zones'], { env })).status).toBe(0);
  cloud.calls.length = 0;
  const host = await openHost({ env: { ...far, HTTP_PROXY: `http://me:hunter2@${strict.host}` } });
  const refused = await host.call('change', { tool: 'create-security-group', arguments: { name: 'x' } });
  expect(refused.structured['error']).toMatchObject({ kind: 'unavailable' });
  expect(refused.text).toMatch(/nothing was sent.*NO_PROXY/is);
  expect(refused.text + host.stderr()).not.toContain('hunter2');
  await host.close();
  expect(cloud.calls).toEqual([]);
  await strict.close();
});

test('a proxy that is no address stops the start, without its words', async () => {
  const { status, stderr } = await runCommand(['call', 'list-zones'], {
    env: { ...far, HTTPS_PROXY: 'me:hunter2@proxy' },
  });
  expect(status).toBe(2);
  expect(stderr).toContain('HTTPS_PROXY is not an http(s) URL');
  expect(stderr).not.toContain('hunter2');
});
