import * as z from 'zod';
import { flag, milliseconds, wholeNumber } from './values.ts';

/** Names with commas between them; in the file also a list. */
const names = z.union([z.string(), z.array(z.string()).transform((list) => list.join(','))]).default('');

/** The settings of `serve`: the transport, and the limits of the HTTP door. */
export const httpSettings = {
  transport: z.enum(['stdio', 'http']).default('stdio').describe('stdio for one host, http for many users'),
  host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('HTTP: address to listen on; off loopback, `auth` is required in the file'),
  port: wholeNumber(0, 65_535).default(3000).describe('HTTP: port to listen on; 0 takes a free one'),
  workers: wholeNumber(1, 64).default(1).describe('HTTP: number of processes, for a machine with several cores'),
  page: flag
    .default(true)
    .describe('HTTP: serve the web page at /, where people look and approve; needs `auth` in the file'),
  allowedHosts: names.describe('HTTP: accepted Host names besides loopback, comma-separated'),
  allowedOrigins: names.describe('HTTP: accepted Origin host names besides loopback, comma-separated'),
  trustedProxies: names.describe(
    'HTTP: addresses and networks (CIDR) of proxies whose X-Forwarded-For is believed, comma-separated',
  ),
  bodyLimit: wholeNumber(1)
    .default(4 * 2 ** 20)
    .describe('HTTP: maximum size of a request body (bytes)'),
  requestTimeout: milliseconds(1).default(30_000).describe('HTTP: time in which a request must arrive (ms)'),
  sessionIdle: milliseconds(1).default(1_800_000).describe('HTTP: time after which an unused session ends (ms)'),
  sessionLifetime: milliseconds(1)
    .default(43_200_000)
    .describe('HTTP: maximum age of a session (ms); its client then starts a new one'),
  maxConnections: wholeNumber(1).default(5000).describe('HTTP: maximum number of connections; more are closed at once'),
  maxSessions: wholeNumber(1).default(1000).describe('HTTP: maximum number of sessions (older clients only)'),
  maxSessionsEach: wholeNumber(1)
    .default(50)
    .describe('HTTP: maximum number of sessions of one principal (older clients only)'),
  rateLimit: wholeNumber(1).default(1200).describe('HTTP: maximum number of requests of one principal per minute'),
  maxInFlight: wholeNumber(1).default(64).describe('HTTP: maximum number of concurrent requests of one principal'),
  drain: milliseconds()
    .default(0)
    .describe('HTTP: drain time (ms): requests are served after SIGTERM while /health/ready returns 503'),
  grace: milliseconds().default(25_000).describe('HTTP: time that running calls get to end after SIGTERM (ms)'),
};

/** The settings of `serve`, as they were read. */
export type HttpSettings = z.output<z.ZodObject<typeof httpSettings>>;
