import { serve, type HttpBindings } from '@hono/node-server';
import type { AddressInfo } from 'node:net';
import type { Simulator } from './index.ts';

/** A simulator on a port. */
export interface SimulatorServer {
  url: string;
  close(): Promise<void>;
}

const servedPaths = /^https?:\/\/[^/]+\/(client\/api|simulator\/faults)\/?($|\?)/;

/**
 * Serves a simulator over HTTP; port 0 takes any free one. Rejects when the port is taken. A `trusted` port takes requests
 * without a signature, by any path, as CloudStack's integration.api.port does.
 */
export const serveSimulator = (
  simulator: Simulator,
  { port = 0, host = '127.0.0.1', trusted = false }: { port?: number; host?: string; trusted?: boolean } = {},
): Promise<SimulatorServer> =>
  new Promise((resolve, reject) => {
    const fetch = async (request: Request, { outgoing }: HttpBindings): Promise<Response> => {
      if (!trusted && !servedPaths.test(request.url)) return new Response('Not found', { status: 404 });
      try {
        return await (trusted ? simulator.fetchTrusted(request) : simulator.fetch(request));
      } catch (error) {
        // The fault "reset": the client is to see a connection that breaks, not an answer.
        if (error instanceof TypeError && error.message === 'fetch failed') outgoing.socket?.destroy();
        throw error;
      }
    };
    const server = serve(
      { fetch: fetch as Parameters<typeof serve>[0]['fetch'], port, hostname: host },
      ({ port: bound }: AddressInfo) => {
        resolve({
          url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}/client/api`,
          close: () =>
            new Promise((done) => {
              simulator.close();
              server.close(() => done());
              // Clients keep connections open; closing must not wait for them.
              if ('closeAllConnections' in server) server.closeAllConnections();
            }),
        });
      },
    );
    server.once('error', reject);
  });
