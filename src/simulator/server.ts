import { serve } from '@hono/node-server';
import type { AddressInfo } from 'node:net';
import type { Simulator } from './index.ts';

/** A simulator on a port. */
export interface SimulatorServer {
  url: string;
  close(): Promise<void>;
}

/** Serves a simulator over HTTP; port 0 takes any free one. */
export const serveSimulator = (
  simulator: Simulator,
  { port = 0, host = '127.0.0.1' }: { port?: number; host?: string } = {},
): Promise<SimulatorServer> =>
  new Promise((resolve, reject) => {
    const fetch = (request: Request): Promise<Response> | Response =>
      new URL(request.url).pathname.startsWith('/client/api')
        ? simulator.fetch(request)
        : new Response('Not found', { status: 404 });
    const server = serve({ fetch, port, hostname: host }, ({ port: bound }: AddressInfo) => {
      resolve({
        url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}/client/api`,
        close: () =>
          new Promise((done) => {
            server.close(() => done());
            // Clients keep connections open; closing must not wait for them.
            if ('closeAllConnections' in server) server.closeAllConnections();
          }),
      });
    });
    server.once('error', reject);
  });
