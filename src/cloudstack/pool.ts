import { rootCertificates } from 'node:tls';
import type { Dispatcher } from 'undici';
// All of undici, with its fetch, would be most of what the first call loads.
import Pool from 'undici/lib/dispatcher/pool.js';
import type { Proxies } from '../config/cloud.ts';
import { isLoopback } from '../loopback.ts';
import { asProxyError } from './connection-problem.ts';
import {
  notStarted,
  proxyRefused,
  tooLarge,
  type HttpRequest,
  type HttpResponse,
  type Stop,
  type Transport,
} from './transport.ts';

/** The number of connections, and how long an idle one stays open. */
export interface PoolOptions {
  connections: number;
  /** Milliseconds. */
  keepAlive: number;
  /** MiB that one answer may have. */
  maxAnswer: number;
  proxies?: Proxies | undefined;
  /** Certificates (PEM) that are trusted beside the public ones. */
  ca?: string | undefined;
}

/** Cancelled before a connection was available. */
const unsent = (): Error => Object.assign(new Error('there was no connection yet'), { code: notStarted });

/** Before a request has started, an abort can only come from a proxy that opened no tunnel. */
const explainUnstarted = (error: Error, proxy: URL | undefined): Error => {
  if ('code' in error && error.code === 'UND_ERR_ABORTED')
    return Object.assign(new Error(error.message, { cause: error }), { code: proxyRefused });
  return proxy ? asProxyError(error, proxy) : error;
};

/** undici gives no code to some bytes that are no HTTP. */
const explainStarted = (error: Error): Error =>
  error.name === 'HTTPParserError' && !('code' in error && error.code)
    ? Object.assign(new Error(error.message, { cause: error }), { code: 'HPE_INVALID_CONSTANT' })
    : error;

/** The proxy on the way to an origin; undefined where none is. */
const proxyOf = (origin: string, { proxies }: PoolOptions): URL | undefined => {
  const { protocol, hostname } = new URL(origin);
  if (!proxies || isLoopback(hostname)) return undefined;
  const url = protocol === 'https:' ? proxies.https || proxies.http : proxies.http;
  return url ? new URL(url) : undefined;
};

/**
 * Collects one answer as text. The dispatcher's own interface instead of `request()`: answers are read whole, and a
 * stream for each would cost a fifth of a small call.
 */
const collect = (
  pool: Dispatcher,
  options: Dispatcher.DispatchOptions,
  stop: Stop,
  { maxAnswer, proxy }: { maxAnswer: number; proxy: URL | undefined },
): Promise<HttpResponse> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let status = 0;
    let headers: HttpResponse['headers'] = {};
    let controller: Dispatcher.DispatchController | undefined;
    const abort = (): void => {
      // While it waits for a connection there is nothing to abort yet; it is dropped when its turn comes, unsent.
      reject(controller ? stop.reason! : unsent());
      controller?.abort(stop.reason!);
    };
    const done = (): void => {
      stop.onStop = undefined;
    };
    stop.onStop = abort;
    pool.dispatch(options, {
      onRequestStart: (started) => {
        controller = started;
        if (stop.reason) abort();
      },
      onResponseStart: (_controller, code, received) => {
        status = code;
        headers = received;
      },
      onResponseData: (started, chunk) => {
        size += chunk.length;
        if (size <= maxAnswer * 2 ** 20) chunks.push(chunk);
        else started.abort(Object.assign(new Error(`the answer has more than ${maxAnswer} MiB`), { code: tooLarge }));
      },
      onResponseEnd: () => {
        done();
        const [only, ...others] = chunks;
        resolve({
          status,
          headers,
          body: (others.length ? Buffer.concat(chunks) : (only ?? Buffer.alloc(0))).toString(),
        });
      },
      onResponseError: (_controller, error) => {
        done();
        reject(controller ? explainStarted(error) : explainUnstarted(error, proxy));
      },
    });
  });

/** A pool of connections to an origin, or to it through the proxy that the environment names. This machine has none before it. */
const createDispatcher = async (
  origin: string,
  { connections, keepAlive, proxies, ca }: PoolOptions,
): Promise<Dispatcher> => {
  // Each request carries its own deadline.
  const options = { connections, keepAliveTimeout: keepAlive, headersTimeout: 0, bodyTimeout: 0 };
  const tls = ca === undefined ? undefined : { ca: [...rootCertificates, ca] };
  if (!proxies || isLoopback(new URL(origin).hostname))
    return new Pool(origin, { ...options, ...(tls ? { connect: tls } : {}) });
  const EnvHttpProxyAgent = (await import('undici/lib/dispatcher/env-http-proxy-agent.js')).default;
  const Dispatched = (await import('undici/lib/dispatcher/dispatcher.js')).default;
  // Its agent opens tunnels by this method, which undici's index puts there.
  Dispatched.prototype.connect = (await import('undici/lib/api/api-connect.js')).default;
  // Given empty texts, it does not look at the environment itself.
  const { http: httpProxy, https: httpsProxy, none: noProxy } = proxies;
  return new EnvHttpProxyAgent({
    ...options,
    httpProxy,
    httpsProxy,
    noProxy,
    ...(tls ? { connect: tls, requestTls: tls } : {}),
  });
};

/** A transport over a pool of connections to the endpoint's origin. */
export const openPool = async (endpoint: string, options: PoolOptions): Promise<Transport> => {
  const { origin } = new URL(endpoint);
  const pool = await createDispatcher(origin, options);
  const limit = { maxAnswer: options.maxAnswer, proxy: proxyOf(origin, options) };
  return {
    send: ({ method, url, headers, body }: HttpRequest, stop) =>
      collect(pool, { origin, method, path: url.slice(origin.length), headers, body: body ?? null }, stop, limit),
    close: () => pool.destroy(),
  };
};
