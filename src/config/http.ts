import * as z from 'zod';
import { cacheSettings } from './cache.ts';
import { telemetrySettings } from './telemetry.ts';

// A timer that is set for longer rings at once.
const whole = z.coerce
  .number()
  .int()
  .min(0)
  .max(2 ** 31 - 1);
/** Names with commas between them; in the file also a list. */
const names = z.union([z.string(), z.array(z.string()).transform((list) => list.join(','))]).default('');

/** The settings of `serve`: stdio or HTTP, and what the HTTP door lets in. */
export const httpSettings = {
  transport: z.enum(['stdio', 'http']).default('stdio').describe('stdio for one host, http for many users'),
  host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('HTTP: address to listen on; beyond loopback only with `auth` in the file'),
  port: whole.max(65_535).default(3000).describe('HTTP: port to listen on; 0 takes a free one'),
  allowedHosts: names.describe('HTTP: host names, beside loopback, that requests may be for'),
  allowedOrigins: names.describe('HTTP: host names of web pages, beside loopback, that may send requests'),
  bodyLimit: whole
    .min(1)
    .default(4 * 2 ** 20)
    .describe('HTTP: bytes that one request may have'),
  requestTimeout: whole.min(1).default(30_000).describe('HTTP: milliseconds in which a request must have arrived'),
  sessionIdle: whole.min(1).default(1_800_000).describe('HTTP: milliseconds after which an unused session ends'),
  sessionLifetime: whole
    .min(1)
    .default(43_200_000)
    .describe('HTTP: milliseconds after which a session ends however much it is used, for a new id'),
  maxConnections: whole.min(1).default(5000).describe('HTTP: connections at most; further ones are closed at once'),
  maxSessions: whole.min(1).default(1000).describe('HTTP: sessions of older clients in all'),
  maxSessionsEach: whole.min(1).default(50).describe('HTTP: sessions of older clients of one principal'),
  rateLimit: whole.min(1).default(1200).describe('HTTP: requests that one principal may send in a minute'),
  maxInFlight: whole.min(1).default(64).describe('HTTP: requests of one principal that may run at once'),
  drain: whole
    .default(0)
    .describe('HTTP: milliseconds that all is still served when asked to stop, while /health/ready says no to proxies'),
  grace: whole.default(25_000).describe('HTTP: milliseconds that running calls get when the server is asked to stop'),
};

/** Settings that only `serve` has flags for. */
export const serveOnly: ReadonlySet<string> = new Set([
  ...Object.keys(httpSettings),
  ...Object.keys(cacheSettings),
  ...Object.keys(telemetrySettings),
]);
