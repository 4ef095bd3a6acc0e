import type { HttpResponse } from './transport.ts';

/** Milliseconds: whoever asks for more asks not to be asked again, and no timer holds a month. */
const day = 86_400_000;

/**
 * Milliseconds that an answer asks to wait, a day at most: `Retry-After` of a proxy (seconds or a date), or what CloudStack's own limit
 * says in its text: "please retry after [1000] ms".
 */
export const readRetryAfter = ({ headers, body }: HttpResponse, now = Date.now()): number | undefined => {
  const told = /retry after \[(\d+)\] ms/i.exec(body)?.[1];
  if (told !== undefined) return Math.min(Number(told), day);
  const header = headers['retry-after'];
  const text = (Array.isArray(header) ? header[0] : header)?.trim();
  if (!text) return undefined;
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(0, wait), day);
};
