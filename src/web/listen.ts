import { getRequestListener } from '@hono/node-server';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HttpSettings } from '../config/http.ts';
import { CallError } from '../errors.ts';
import { hasPlace } from '../limits.ts';
import type { ClientAddresses } from './client-address.ts';
import { handOver, type Peers } from './peers.ts';

/** Where to listen, and the limits of connections. */
export type ListenOptions = Pick<HttpSettings, 'host' | 'port' | 'requestTimeout' | 'maxConnections'>;

/** Milliseconds for which an idle connection stays open: longer than at a proxy, which would send on one that closes. */
const keepAliveMs = 75_000;

/** A port that is listened on. */
export interface Listening {
  /** `http://host:port` as it can be asked from here. */
  origin: string;
  /** Takes no more connections; those that wait for nothing are closed. */
  stop(): void;
  /** Lets answers that have been given leave, and closes what is still open. */
  close(): Promise<void>;
}

const taken = (host: string, port: number, error: NodeJS.ErrnoException): CallError =>
  new CallError(
    'configuration',
    `Nothing can listen on ${host}:${port} (${error.code ?? error.message}).`,
    'Give another --host or --port; --port 0 takes a free one.',
    { cause: error },
  );

/** Milliseconds for an answer to leave. */
const closeGraceMs = 1000;

/** One address takes no more connections than are left; a proxy comes for many. */
const shareConnections = (server: Server, max: number, isProxy: (address: string) => boolean): void => {
  const open = new Map<string, number>();
  let all = 0;
  server.on('connection', (socket) => {
    const { remoteAddress = '' } = socket;
    const own = open.get(remoteAddress) ?? 0;
    if (!isProxy(remoteAddress) && !hasPlace(own, all, { each: max, max })) {
      socket.destroy();
      return;
    }
    open.set(remoteAddress, own + 1);
    all++;
    socket.once('close', () => {
      all--;
      const left = (open.get(remoteAddress) ?? 1) - 1;
      if (left) open.set(remoteAddress, left);
      else open.delete(remoteAddress);
    });
  });
};

/** Another port, on loopback, for what belongs to this process and came to another. */
const listenForPeers = async (server: Server, peers: Peers): Promise<void> => {
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0, exclusive: true }, resolve));
  peers.announce((server.address() as AddressInfo).port);
};

/** Serves a fetch function on a port. Throws a configuration error when the port cannot be had. */
export const listen = async (
  fetch: (request: Request, remote: string | undefined) => Response | Promise<Response>,
  { host, port, requestTimeout, maxConnections }: ListenOptions,
  { isProxy }: Pick<ClientAddresses, 'isProxy'>,
  peers?: Peers,
): Promise<Listening> => {
  const limits = {
    headersTimeout: requestTimeout,
    // The door answers a body that is late; this closes what does not even get that far.
    requestTimeout: 2 * requestTimeout,
    connectionsCheckingInterval: Math.min(requestTimeout, 5000),
    keepAliveTimeout: keepAliveMs,
  };
  // What cannot be a request (no Host, a target that is no URL) does not get as far as a route.
  const answer = getRequestListener(
    (request, { incoming }) => fetch(request, (incoming as IncomingMessage).socket.remoteAddress),
    { errorHandler: () => new Response('Bad request', { status: 400 }) },
  ) as (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  const server: Server = createServer(limits, (request, response) => {
    if (!peers || !handOver(peers, request, response)) void answer(request, response);
  });
  const inside = peers && createServer(limits, (request, response) => void answer(request, response));
  if (inside) await listenForPeers(inside, peers);
  server.maxConnections = maxConnections;
  shareConnections(server, maxConnections, isProxy);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(taken(host, port, error)));
    server.listen(port, host.replace(/^\[|\]$/g, ''), resolve);
  });
  const { address, port: bound, family } = server.address() as AddressInfo;
  const closed = new Promise<void>((resolve) => server.once('close', resolve));
  return {
    origin: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    stop: () => {
      server.close();
      inside?.close();
    },
    close: async () => {
      server.close();
      const idle = setInterval(() => server.closeIdleConnections(), 10);
      const all = setTimeout(() => server.closeAllConnections(), closeGraceMs);
      inside?.close();
      inside?.closeAllConnections();
      await closed;
      clearInterval(idle);
      clearTimeout(all);
    },
  };
};
