import * as z from 'zod';

// A timer that is set for longer rings at once.
const whole = z.coerce
  .number()
  .int()
  .min(0)
  .max(2 ** 31 - 1);

/** How a CloudStack is asked: how patiently, how often, with how much at once. */
export const cloudSettings = {
  timeout: whole.min(1).default(30_000).describe('Milliseconds to wait for one answer of CloudStack'),
  callTimeout: whole
    .min(2000)
    .default(55_000)
    .describe(
      'Milliseconds for one call in all, with look-ups, retries and waiting for its job; hosts give up after 60 s',
    ),
  connections: whole.min(1).default(50).describe('Connections to one CloudStack at most'),
  maxWaiting: whole.default(1000).describe('Requests that may wait for a connection; more are refused at once'),
  keepAlive: whole.default(30_000).describe('Milliseconds to keep an idle connection'),
  retries: whole.default(3).describe('Further attempts of a read that failed in passing; changes are sent once'),
  retryDelay: whole.default(1000).describe('Milliseconds before the first retry; doubled each time, with jitter'),
  breakerFailures: whole
    .default(10)
    .describe(
      'Requests without an answer in a row after which nothing is sent to that CloudStack for a while; 0: never',
    ),
  breakerPause: whole
    .min(1)
    .default(10_000)
    .describe('Milliseconds until it is tried again with one read; doubled each time it fails, to six times'),
  pollInterval: whole
    .min(1)
    .default(250)
    .describe('Milliseconds before the first look at a job; grows to ten times that'),
};

/** How a CloudStack is asked, as it was read. */
export type CloudSettings = z.output<z.ZodObject<typeof cloudSettings>>;
