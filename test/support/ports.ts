import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';

// Below those that a system gives to who asks for any, and to connections that go out: between the look and the use, none
// of these is taken by chance.
const [first, last] = [20_000, 32_000];

const listen = async (): Promise<Server> => {
  for (;;) {
    const server = createServer().listen(randomInt(first, last), '127.0.0.1');
    try {
      await once(server, 'listening');
      return server;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
};

/** Ports on loopback that nobody uses at the moment. All are found before the first is used, so that none comes twice. */
export const findPorts = async (count: number): Promise<number[]> => {
  const servers = await Promise.all(Array.from({ length: count }, listen));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
};

/** A port on loopback that nobody uses at the moment. */
export const findPort = async (): Promise<number> => (await findPorts(1))[0]!;
