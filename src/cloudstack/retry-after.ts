import type { HttpResponse } from './transport.ts';

/** Milliseconds. A longer wait is no retry, and setTimeout cannot wait longer than 2^31 ms. */
const day = 86_400_000;

/**
 * Milliseconds that a response asks to wait, a day at most: `Retry-After` of a proxy (seconds or a date), or what CloudStack's own limit
 * says in its text: "please retry after [1000] ms".
 */
export const readRetryAfter = ({ headers, body }: HttpResponse, now = Date.now()): number | undefined => {
  const fromCloudStack = /retry after \[(\d+)\] ms/i.exec(body)?.[1];
  if (fromCloudStack !== undefined) return Math.min(Number(fromCloudStack), day);
  const header = headers['retry-after'];
  const text = (Array.isArray(header) ? header[0] : header)?.trim();
  if (!text) return undefined;
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(0, wait), day);
};
