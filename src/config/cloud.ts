import type * as z from 'zod';
import { milliseconds, wholeNumber } from './values.ts';

/** The settings of requests to CloudStack: time-outs, connections, retries, circuit breaker. */
export const cloudSettings = {
  timeout: milliseconds(1).default(30_000).describe('Time-out of one request to CloudStack (ms)'),
  callTimeout: milliseconds(2000)
    .default(55_000)
    .describe('Time-out of one call with its look-ups, retries and job (ms); most hosts give up after 60 s'),
  connections: wholeNumber(1).default(50).describe('Maximum number of connections to one CloudStack'),
  maxWaiting: wholeNumber()
    .default(1000)
    .describe('Maximum number of requests that wait for a connection; more are refused at once'),
  maxAnswer: wholeNumber(1)
    .default(64)
    .describe('Maximum size of one answer of CloudStack (MiB); a larger one is not read'),
  keepAlive: milliseconds().default(30_000).describe('Time that an idle connection stays open (ms)'),
  retries: wholeNumber().default(3).describe('Retries of a read after a temporary error; changes are never retried'),
  retryDelay: milliseconds().default(1000).describe('Delay of the first retry (ms); doubles each time, with jitter'),
  breakerFailures: wholeNumber()
    .default(10)
    .describe('Consecutive requests without an answer that open the circuit breaker of an endpoint; 0 turns it off'),
  breakerPause: milliseconds(1)
    .default(10_000)
    .describe(
      'Time that an open circuit breaker waits before it tries one read (ms); doubles each time, up to six-fold',
    ),
  pollInterval: milliseconds(1).default(250).describe('Interval of the first job polls (ms); grows up to ten-fold'),
};

/** How a CloudStack is asked, as it was read. */
export type CloudSettings = z.output<z.ZodObject<typeof cloudSettings>>;

/** HTTP proxies, as HTTP_PROXY, HTTPS_PROXY and NO_PROXY name them; empty texts for none. */
export interface Proxies {
  http: string;
  https: string;
  none: string;
}
