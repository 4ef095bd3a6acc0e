import type { CloudSettings, Proxies } from '../config/cloud.ts';
import type { Observe, Tracing } from '../observe.ts';
import { createCircuit, type Circuit } from './circuit.ts';
import type { KnownAlgorithm } from './credential.ts';
import { createSemaphore, type Semaphore } from './semaphore.ts';
import type { PoolOptions } from './pool.ts';
import type { Transport } from './transport.ts';

/** One CloudStack, for all credentials. */
export interface EndpointOptions extends CloudSettings {
  /** Such as `https://cloud.example.com/client/api`; from the configuration only. */
  url: string;
  proxies?: Proxies | undefined;
  /** Certificates (PEM) that are trusted beside the public ones. */
  ca?: string | undefined;
  /** The configuration's profile that asked first, for metrics. */
  name: string;
  observe?: Observe | undefined;
  tracing?: Tracing | undefined;
}

/** What all credentials of one CloudStack share: its connections, their semaphore and the circuit. */
export interface Endpoint {
  url: string;
  transport: Transport;
  semaphore: Semaphore;
  circuit: Circuit;
  algorithm: KnownAlgorithm;
  observe?: Observe | undefined;
  tracing?: Tracing | undefined;
  close(): Promise<void>;
}

/** A pooled transport to the endpoint's origin. The HTTP client is loaded with the first request. */
const createPool = (endpoint: string, options: PoolOptions): Transport => {
  let opening: Promise<Transport> | undefined;
  let pool: Transport | undefined;
  const open = (): Promise<Transport> =>
    (opening ??= import('./pool.ts').then(async ({ openPool }) => (pool = await openPool(endpoint, options))));
  return {
    send: (...request) => (pool ? pool.send(...request) : open().then((opened) => opened.send(...request))),
    close: async () => (await opening)?.close(),
  };
};

/** An endpoint over a pool of connections. `transport` replaces the network, for the simulator and for tests. */
export const createEndpoint = (options: EndpointOptions, transport?: Transport): Endpoint => {
  const { url, name: profile, observe, tracing } = options;
  const connections = transport ?? createPool(url, options);
  return {
    url,
    transport: connections,
    semaphore: createSemaphore({
      ...options,
      onChange: observe && ((running, waiting) => observe({ type: 'pool', profile, running, waiting })),
    }),
    circuit: createCircuit({
      ...options,
      host: new URL(url).host,
      onState: observe && ((state) => observe({ type: 'circuit', profile, state })),
    }),
    algorithm: {},
    observe,
    tracing,
    close: () => connections.close(),
  };
};

/** The endpoints of all profiles, each opened once however many credentials it is asked with. */
export interface Endpoints {
  /** `name` is the profile that asks, with the certificates that it trusts; `transport` replaces the network. */
  of(
    url: string,
    { name, ca, transport }: Pick<EndpointOptions, 'name' | 'ca'> & { transport?: Transport | undefined },
  ): Endpoint;
  /** Closes all connections. */
  close(): Promise<void>;
}

/** Endpoints with what they have in common. */
export const createEndpoints = (options: Omit<EndpointOptions, 'url' | 'name'>): Endpoints => {
  const opened = new Map<string, Endpoint>();
  return {
    of: (url, { name, ca, transport }) => {
      const key = ca === undefined ? url : `${url}\n${ca}`;
      let endpoint = opened.get(key);
      if (!endpoint) opened.set(key, (endpoint = createEndpoint({ ...options, url, name, ca }, transport)));
      return endpoint;
    },
    close: async () => {
      await Promise.all([...opened.values()].map((endpoint) => endpoint.close()));
    },
  };
};
