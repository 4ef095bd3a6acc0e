import { Pool } from 'undici';
import type { Transport } from './transport.ts';

export interface PoolOptions {
  connections: number;
  /** Milliseconds. */
  keepAlive: number;
}

/** A transport over a pool of connections to the endpoint's origin. */
export const openPool = (endpoint: string, { connections, keepAlive }: PoolOptions): Transport => {
  const { origin } = new URL(endpoint);
  // Each request carries its own deadline.
  const pool = new Pool(origin, { connections, keepAliveTimeout: keepAlive, headersTimeout: 0, bodyTimeout: 0 });
  return {
    send: async ({ method, url, headers, body, signal }) => {
      const path = url.slice(origin.length);
      const response = await pool.request({ method, path, headers, body: body ?? null, signal });
      return { status: response.statusCode, headers: response.headers, body: await response.body.text() };
    },
    close: () => pool.destroy(),
  };
};
